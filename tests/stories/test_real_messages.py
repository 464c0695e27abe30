"""A working day of a shop's own messages: an outage that only they see, an outage of our own door, silence."""

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.raw import octets
from tests.stories.staged import SETTINGS, START_MS, Story, at_minute, play
from tests.support.contents import contents
from tests.support.door import Door
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.incident import Lasting
from wamon.core.observation import ProbeKind
from wamon.core.segments import account
from wamon.core.timeline import MINUTE, SECOND, Span, iso
from wamon.core.uptime import Figures, figures
from wamon.core.watched import Watched
from wamon.evidence.case import read_case
from wamon.evidence.ticket import ticket_text
from wamon.ledger import open_book
from wamon.replay import Plan, replay
from wamon.simulator.scenario import (
    FAILED_THEN_DELIVERED,
    OUT_OF_ORDER,
    SILENT,
    TWICE,
    UNDELIVERABLE,
    Episode,
    Reporting,
    Told,
)
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, PHONE_NUMBER_ID, SMALL_WORLD

CUSTOMERS = tuple(f"1555000{n:04}" for n in range(40))
MINUTES = 98
A_MINUTE = 6
"""Messages that the shop sends."""

OUTAGE, SHUT, DEVICES, LATER, MUCH_LATER, WRONG, QUIET = (
    Span(START_MS + begin * MINUTE, START_MS + end * MINUTE)
    for begin, end in ((12, 25), (34, 44), (52, 55), (58, 61), (63, 66), (70, 75), (80, 85))
)
BROKEN = (Told("sent", 900), Told("failed", 1_500, code=131016))
DELIVERED_LATER = (Told("sent", 900), Told("failed", 1_500, code=131000), Told("delivered", 6 * MINUTE))
DELIVERED_MUCH_LATER = (*DELIVERED_LATER[:2], Told("delivered", 25 * MINUTE))
REPORTINGS = (
    Reporting(START_MS, START_MS + 4 * MINUTE, TWICE),
    Reporting(START_MS + 4 * MINUTE, START_MS + 8 * MINUTE, OUT_OF_ORDER),
    Reporting(*OUTAGE, BROKEN),
    Reporting(*DEVICES, FAILED_THEN_DELIVERED),
    Reporting(*LATER, DELIVERED_LATER),
    Reporting(*MUCH_LATER, DELIVERED_MUCH_LATER),
    Reporting(*WRONG, UNDELIVERABLE),
    Reporting(*QUIET, SILENT),
)
TARGETS = """
[[targets]]
name = "real"
probe = "traffic"
[[targets]]
name = "number"
probe = "traffic"
phone_number_id = "{number}"
[[targets]]
name = "another"
probe = "traffic"
phone_number_id = "999999"
[[targets]]
name = "incoming"
probe = "traffic"
direction = "receive"
[[targets]]
name = "webhook"
probe = "webhook"
url = "DOOR"
verify_token = "env:VERIFY"
interval = "1m"
"""


async def shop(simulator: Simulator) -> None:
    """Sends to one customer after the other, as applications do: over HTTP, with a token."""
    url = f"{simulator.base_url}/v25.0/{PHONE_NUMBER_ID}/messages"
    for n in range(MINUTES * A_MINUTE):
        await at_minute((n + 0.2) / A_MINUTE)
        message = {
            "messaging_product": "whatsapp",
            "to": CUSTOMERS[n % len(CUSTOMERS)],
            "type": "template",
            "template": {"name": "wamon_canary", "language": {"code": "en_US"}},
        }
        answer = await octets(url, ACCESS_TOKEN, "POST", json.dumps(message).encode())
        assert b" 200 " in answer.splitlines()[0], answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def story(folder: Path) -> Story:
    door = Door()

    async def meanwhile(simulator: Simulator) -> None:
        selling = asyncio.create_task(shop(simulator))
        await at_minute((SHUT.start_ms - START_MS) / MINUTE)
        await door.shut()
        await at_minute((SHUT.end_ms - START_MS) / MINUTE)
        await door.open()
        await selling

    settings = SETTINGS.replace('"1m"', '"10m"').replace('"5m"', '"10m"') + TARGETS.replace("DOOR", door.url)
    span = Span(START_MS, START_MS + MINUTES * MINUTE)
    episode = Episode("a shop", "", span, Verdict.SYSTEM_ERROR, Cause.SERVICE, reportings=REPORTINGS)
    world = replace(SMALL_WORLD, handsets=CUSTOMERS)
    return play(folder, episode, MINUTES, settings=settings, meanwhile=meanwhile, door=door, world=world)


def columns(story: Story, span: Span, target: str = "real", *, first: bool = False) -> list[str]:
    """The column of every minute of a span that was one; without its edges, where messages are under way."""
    within = Span(span.start_ms + MINUTE, span.end_ms - MINUTE)
    marks = (story.first if first else story.marks)[target]
    return [one.finding.column.value for one in marks if within.holds(one.at_ms)]


def test_a_working_morning_is_up_however_often_and_in_whatever_order_it_is_told(story: Story) -> None:
    morning = columns(story, Span(START_MS, OUTAGE.start_ms))
    assert morning == ["up"] * 10


def test_an_outage_that_only_real_messages_see_is_metas(story: Story) -> None:
    assert columns(story, OUTAGE) == ["down"] * 11
    found = {one.finding.code for one in story.marks["real"] if OUTAGE.holds(one.at_ms)}
    assert 131016 in found
    for other in ("cloud-api", "webhook"):
        assert {one.finding.verdict for one in story.marks[other] if OUTAGE.holds(one.at_ms)} == {Verdict.OK}
    assert sum("real" in title or "sending" in title.lower() for title in story.notices) >= 2, story.notices


def test_a_number_has_minutes_of_its_own_and_nobody_counts_anothers(story: Story) -> None:
    assert story.marks["number"] == story.marks["real"]
    assert story.marks["another"] == story.marks["incoming"] == []


def test_an_outage_of_our_own_door_is_the_doors_and_the_late_events_show_that_meta_was_well(story: Story) -> None:
    assert columns(story, SHUT) == ["up"] * 8, "told late, at the instants at which it happened"
    shut = [one.finding for one in story.marks["webhook"] if SHUT.holds(one.at_ms)]
    assert {(one.cause, one.column) for one in shut} == {(Cause.ENDPOINT, Column.DOWN)}


def test_failed_on_one_device_and_delivered_on_another_is_delivered(story: Story) -> None:
    assert set(columns(story, DEVICES, first=True)) == {"up"}


def test_what_was_delivered_minutes_after_it_failed_is_acquitted_at_once_or_by_the_weekly_pass(
    story: Story,
) -> None:
    assert columns(story, LATER, first=True) == columns(story, LATER) == ["up"]
    assert columns(story, MUCH_LATER, first=True) == ["down"]
    assert columns(story, MUCH_LATER) == ["up"]
    assert {one for one in story.turned if one.startswith("real")} == {"real: delivered_wins"}


def test_messages_to_nobody_are_refused_and_no_downtime(story: Story) -> None:
    assert columns(story, WRONG) == ["user"] * 3


def test_silence_is_no_downtime_by_itself(story: Story) -> None:
    assert columns(story, QUIET) == []


def test_nothing_of_a_customer_is_in_the_database(story: Story, folder: Path) -> None:
    assert story.reported > 900
    octets = contents(folder / "story.db")
    for one in (*CUSTOMERS, "wamid."):
        assert one.encode() not in octets


def test_the_ticket_counts_messages_and_not_minutes(story: Story, folder: Path) -> None:
    assert story.marks["real"]
    book = open_book(folder / "story.db", readonly=True)
    ticket = ticket_text(read_case(book, f"real@{iso(OUTAGE.start_ms)}", Lasting()), [], {})
    book.close()
    every = 13 * A_MINUTE
    assert f"How many: {every} of {every} real messages and calls failed, in 13 of 13 minutes." in ticket
    assert "Level 1, Critical" in ticket
    assert "What: messages sent through the WhatsApp Business Cloud API failed." in ticket


def sums(story: Story) -> Figures:
    end_ms = story.marks["real"][-1].at_ms
    return figures(account(story.marks["real"], end_ms), Span(START_MS, end_ms))


def test_a_replay_of_the_webhooks_counts_what_the_watch_counted(story: Story, folder: Path) -> None:
    book = open_book(folder / "story.db", readonly=True)
    reports = book.reports_after(0, 1_000_000)
    book.close()
    recording = folder / "webhooks.jsonl"
    recording.write_text("".join(json.dumps(_line(one)) + "\n" for one in reports))
    plan = Plan((Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="send"),))
    document = replay(recording, plan, io.StringIO())
    (row,) = [one for one in document["days"] if one["target"] == "real"]
    counted = sums(story)
    assert row["user_error_s"] * SECOND == counted.user_error_ms
    assert row["down_s"] * SECOND == counted.down_ms == 13 * MINUTE
    assert row["meta_down_s"] * SECOND == counted.meta_down_ms
    assert [(one["verdict"], one["cause"]) for one in document["incidents"]][:1] == [("system_error", "service")]


def _line(one: Any) -> dict[str, Any]:
    """One status as a webhook line of a recording."""
    report = one.report
    status = {
        "id": (report.message + report.recipient).hex(),
        "status": report.message_status,
        "timestamp": str(report.at_ms // SECOND),
        **({"errors": [{"code": code} for code in report.codes]} if report.codes else {}),
    }
    value = {"metadata": {"phone_number_id": report.number}, "statuses": [status]}
    body = {"entry": [{"changes": [{"field": "messages", "value": value}]}]}
    return {"target": "real", "probe": "traffic", "at": iso(one.received_at_ms), "body": body}
