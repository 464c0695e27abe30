"""Meta's sender as a scenario wants it: twice, out of order, late, silent, failed and then delivered, and news."""

import asyncio
import json
from typing import Any

import pytest

from tests.simulator.raw import send
from tests.support.receiver import listening
from wamon.core.finding import Cause, Verdict
from wamon.core.receipt import Gist, gist
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.simulator.faults import EmptyBody
from wamon.simulator.postman import pauses_s
from wamon.simulator.scenario import (
    FAILED_THEN_DELIVERED,
    OUT_OF_ORDER,
    SILENT,
    TWICE,
    Call,
    Episode,
    News,
    Reporting,
    Scenario,
    Spell,
    Told,
    late,
)
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual
from wamon.simulator.world import ACCOUNT_ID, APP_SECRET
from wamon.web.webhook import Door

START_MS = parse_iso("2026-11-02T00:00:00Z")
SPAN = Span(START_MS, START_MS + 10 * DAY)


def scenario(*reportings: Reporting, news: tuple[News, ...] = (), spells: tuple[Spell, ...] = ()) -> Scenario:
    one = Episode("mail", "", SPAN, Verdict.OK, Cause.NONE, reportings=reportings, news=news, spells=spells)
    return Scenario(SPAN, (one,))


def always(reports: tuple[Told, ...]) -> Scenario:
    return scenario(Reporting(*SPAN, reports))


def received(played: Scenario, wait_ms: int = 5 * MINUTE, messages: int = 1) -> list[dict[str, Any]]:
    """What the endpoint accepted after messages were sent, in its order."""

    async def story() -> list[dict[str, Any]]:
        async with Simulator(played) as sim:
            sim.callback_url = sim.webhook_url
            for _ in range(messages):
                await send(sim.base_url)
            await asyncio.sleep(wait_ms / SECOND)
            return [json.loads(body) for body in sim.receiver.received]

    return run_virtual(story(), START_MS)


def rows(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Each status with the second after the start in which it happened, as Meta says."""
    found = [event["entry"][0]["changes"][0]["value"]["statuses"][0] for event in events]
    return [(row["status"], int(row["timestamp"]) - START_MS // SECOND) for row in found]


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        (SILENT, []),
        (TWICE, [("sent", 0)] * 2 + [("delivered", 2)] * 3),
        (OUT_OF_ORDER, [("delivered", 2), ("read", 4), ("sent", 0)]),
        (FAILED_THEN_DELIVERED, [("sent", 0), ("failed", 1), ("delivered", 2)]),
        (late(2 * MINUTE), [("sent", 0), ("delivered", 2)]),
        ((Told("failed", 1_500, code=131016),), [("failed", 1)]),
    ],
    ids=["silent", "twice", "out of order", "failed then delivered", "late", "failed"],
)
def test_a_message_is_reported_as_the_scenario_wants_it(
    reports: tuple[Told, ...], told: list[tuple[str, int]]
) -> None:
    assert rows(received(always(reports))) == told


def test_a_report_that_is_late_has_the_time_at_which_it_happened() -> None:
    assert rows(received(always(late(2 * MINUTE)), wait_ms=MINUTE)) == []
    assert rows(received(always(late(2 * MINUTE)), wait_ms=3 * MINUTE)) == [("sent", 0), ("delivered", 2)]


def test_a_failure_has_its_code_and_a_scenario_of_another_time_changes_nothing() -> None:
    (event,) = received(always((Told("failed", 1_500, code=131016),)))
    (error,) = event["entry"][0]["changes"][0]["value"]["statuses"][0]["errors"]
    assert (error["code"], error["title"]) == (131016, "Service unavailable")
    tomorrow = Reporting(START_MS + DAY, START_MS + 2 * DAY, SILENT)
    assert rows(received(scenario(tomorrow))) == [("sent", 0), ("delivered", 2)]


def test_news_of_the_account_and_messages_of_users_come_at_their_instants() -> None:
    banned = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    hello = {"metadata": {"phone_number_id": "1"}, "messages": [{"id": "wamid.I", "from": "1", "timestamp": "1"}]}
    news = (News(START_MS + MINUTE, "account_update", banned), News(START_MS + HOUR, "messages", hello))
    assert received(scenario(news=news), wait_ms=MINUTE // 2, messages=0) == []
    first, second = received(scenario(news=news), wait_ms=2 * HOUR, messages=0)
    assert first["entry"] == [
        {
            "id": ACCOUNT_ID,
            "time": START_MS // SECOND + 60,
            "changes": [{"field": "account_update", "value": banned}],
        }
    ]
    assert "time" not in second["entry"][0]
    kept = [gist(event, b"key") for event in (first, second)]
    assert [(len(one.events), len(one.inbound)) for one in kept if one] == [(1, 0), (0, 1)]


def test_what_nobody_takes_comes_again_at_once_then_ever_more_seldom_for_a_week() -> None:
    pauses = list(pauses_s())
    assert pauses[:5] == [0, 10, 20, 40, 80]
    assert 7 * DAY / SECOND <= sum(pauses) < 14 * DAY / SECOND

    def attempts(down_ms: int, wait_ms: int) -> tuple[int, int]:
        async def story() -> tuple[int, int]:
            down = Spell(
                START_MS, START_MS + down_ms, frozenset({Call.SIGNED_EVENT}), (EmptyBody(500), EmptyBody(202))
            )
            async with Simulator(scenario(Reporting(*SPAN, (Told("sent", 0),)), spells=(down,))) as sim:
                sim.callback_url = sim.webhook_url
                await send(sim.base_url)
                await asyncio.sleep(wait_ms / SECOND)
                return sim.postman.posted, len(sim.receiver.received)

        return run_virtual(story(), START_MS)

    assert attempts(0, MINUTE) == (1, 1)
    assert attempts(MINUTE, 2 * MINUTE) == (5, 1), "at 0, 0, 10, 30 and 70 seconds; 202 is no 200"
    assert attempts(5 * HOUR, 10 * HOUR)[1] == 1, "and after hours all the same"


def test_the_receiver_takes_whatever_the_sender_does_and_each_status_once() -> None:
    """Over real sockets into a real ledger: repeats, disorder, a report late by an hour, an account event."""

    async def story() -> tuple[list[str], dict[str, int], list[str]]:
        parts = (
            Reporting(START_MS, START_MS + MINUTE, TWICE),
            Reporting(START_MS + MINUTE, START_MS + 2 * MINUTE, FAILED_THEN_DELIVERED),
            Reporting(START_MS + 2 * MINUTE, START_MS + 3 * MINUTE, late(HOUR, OUT_OF_ORDER)),
        )
        news = (News(START_MS + MINUTE, "account_update", {"event": "ACCOUNT_RESTRICTION"}),)
        keyed = {"/webhook": Door("graph", (APP_SECRET.encode(),))}
        async with listening(more=keyed) as receiver, Simulator(scenario(*parts, news=news)) as sim:
            sim.callback_url = f"http://{receiver.host}:{receiver.port}/webhook"
            for minute in range(3):
                await send(sim.base_url, biz_opaque_callback_data=f"wamon:canary:{minute}")
                await asyncio.sleep(MINUTE / SECOND)
            await asyncio.sleep(2 * HOUR / SECOND)
            told = await receiver.reports()
            events = await receiver.ledger.read(lambda book: book.account_events(SPAN._replace(start_ms=0)))
            return (
                [f"{one.report.canary} {one.report.message_status}" for one in told],
                dict(receiver.counted()),
                [str(one.event.facts["event"]) for one in events],
            )

    statuses, counted, events = run_virtual(story(), START_MS)
    assert statuses == [
        *("wamon:canary:0 sent", "wamon:canary:0 delivered"),
        *("wamon:canary:1 sent", "wamon:canary:1 failed", "wamon:canary:1 delivered"),
        *("wamon:canary:2 delivered", "wamon:canary:2 read", "wamon:canary:2 sent"),
    ]
    assert counted == {"stored": 9, "duplicate": 3}
    assert events == ["ACCOUNT_RESTRICTION"]


def test_every_body_of_the_sender_is_in_metas_frame() -> None:
    for event in received(always(FAILED_THEN_DELIVERED)):
        found = gist(event, b"key")
        assert isinstance(found, Gist)
        assert (found.fields, len(found.reports), found.unread) == (("messages",), 1, 0)
