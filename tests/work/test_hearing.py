"""Webhooks on record turn verdicts in a weekly pass over the same ledger, and their absence turns nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.hindsight import START, Said, Target, minute_ms, said, statuses, token
from wamon.core.account_facts import MissingFact, Stated, TemplateFact, UnreadFact
from wamon.core.finding import Origin, Ruling
from wamon.core.heard import unattended
from wamon.core.knowledge import knowledge
from wamon.core.receipt import gist
from wamon.core.roundtrip import Canary
from wamon.core.timeline import DAY, MINUTE, SECOND, Span
from wamon.ledger import memory_ledger
from wamon.ledger.words import Arrival
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.reclassify import Pass, reclassify

UTC = ZoneInfo("UTC")
WITHIN = Span(START - DAY, START + DAY)
NOW_MS = START + 2 * DAY
bodies = count(1)


def event(
    minute: float, field: str, waba: str = "1", came: float | None = None, door: str = "graph", **value: Any
) -> tuple[str, float, dict[str, Any]]:
    """A webhook about an account, written at a minute; where it came in, and at which minute."""
    seconds = minute_ms(minute) // SECOND
    entry = {"id": waba, "time": seconds, "changes": [{"field": field, "value": value}]}
    return door, minute if came is None else came, {"object": "whatsapp_business_account", "entry": [entry]}


def status(minute: float, word: str, canary: str) -> tuple[str, float, dict[str, Any]]:
    return "graph", minute, statuses(minute, {"id": f"wamid.{canary}", "status": word, ALONG: canary})["body"]


ALONG = "biz_opaque_callback_data"
Letters = Sequence[tuple[str, float, Mapping[str, Any]]]


def turned(
    targets: Sequence[Target],
    letters: Letters,
    listening: Sequence[Span] = (),
    facts: Sequence[Stated] = (),
    canaries: Sequence[Canary] = (),
) -> list[str]:
    """``target rule`` of every verdict that a pass turns over a ledger that holds all this."""

    async def passing() -> list[str]:
        ledger = memory_ledger()
        await ledger.activate([one.name for one in targets], START - 2 * DAY)
        for target in targets:
            account = target.account_of()
            for mark, seen in zip(account.marks, target.exchanges(), strict=True):
                first = Ruling(target.name, mark.at_ms, mark.finding, Origin.LIVE, "e", seen.end_ms)
                await ledger.record(seen, mark.context, first, keep_exchange=target.probe == "token")
        key = await ledger.write(lambda book: book.hash_key()) if letters or listening else b""
        for door, minute, body in letters:
            kept = gist(body, key)
            assert kept is not None
            await ledger.receive([Arrival(door, minute_ms(minute), next(bodies).to_bytes(32, "big"), kept)])
        await ledger.write(lambda book: book.keep_account_facts(facts))
        for one in canaries:
            await ledger.write(lambda book, one=one: book.launch(one))
        for period in listening:
            await ledger.write(lambda book, period=period: book.listen(*period))
        watched = [one.watched for one in targets]
        plan = Pass(WITHIN, UTC, 1, NOW_MS)
        found = await reclassify(Bookkeeper(ledger, {}), watched, knowledge(), await ledger.targets(), plan)
        await ledger.close()
        return [f"{one.target} {one.rule}" for one in found.review.turns]

    return asyncio.run(passing())


def canary(*looks: Said, number: str = "N", **identity: str) -> Target:
    return Target("send", "message", looks, identity={"number": number, **identity})


SENT = {"messaging_product": "whatsapp", "messages": [{"id": "w"}]}
PEER = Target("peer", "message", [said(minute, body=SENT) for minute in (4, 5, 6)], identity={"number": "P"})
GENERIC = canary(said(3, body=SENT), said(5, 131000), said(7, body=SENT), template="canary/en_US")
STATUS, CHANGED = "message_template_status_update", "message_template_components_update"
NAMED = {"message_template_name": "canary", "message_template_language": "en_US"}
STOPPED = event(1, STATUS, event="PAUSED", **NAMED)
TURNED = ["send only_us"]


@pytest.mark.parametrize(
    ("letters", "expected"),
    {
        "nothing": ([], []),
        "our template was paused": ([STOPPED], TURNED),
        "told two hours late, of an instant before": (
            [event(1, STATUS, came=125, event="PAUSED", **NAMED)],
            TURNED,
        ),
        "and used again": ([STOPPED, event(2, STATUS, event="APPROVED", **NAMED)], []),
        "paused afterwards": ([event(6, STATUS, event="PAUSED", **NAMED)], []),
        "another template": ([event(1, STATUS, event="PAUSED", **NAMED | {"message_template_name": "x"})], []),
        "another language": (
            [event(1, STATUS, event="PAUSED", **NAMED | {"message_template_language": "de"})],
            [],
        ),
        "at another account's door": ([event(1, STATUS, door="theirs", event="PAUSED", **NAMED)], []),
    }.values(),
)
def test_a_webhook_may_say_that_our_template_was_stopped(letters: Letters, expected: list[str]) -> None:
    assert turned([GENERIC, PEER], letters) == expected


def test_a_known_account_hears_of_its_own_templates_only() -> None:
    mine = canary(*GENERIC.looks, template="canary/en_US", waba="1")
    assert turned([mine, PEER], [STOPPED]) == TURNED
    other = canary(*GENERIC.looks, template="canary/en_US", waba="2")
    assert turned([other, PEER], [STOPPED]) == []
    theirs = Target("theirs", "api", [said(1)], account="theirs", identity={"waba": "1"})
    nameless = canary(*GENERIC.looks, template="canary/en_US")
    assert turned([nameless, PEER, theirs], [STOPPED]) == [], "it came to our door and is about them"


REFUSED = Target("cloud-api", "api", [said(1), *(said(minute, 190) for minute in (3, 4, 5)), said(7)])
VALID = Target("token", "token", [token(4)])


@pytest.mark.parametrize(
    ("letters", "turns"),
    {
        "nothing": ([], True),
        "an event meanwhile": ([event(4, "account_update", event="ACCOUNT_RESTRICTION")], False),
        "one that came a day later": ([event(4, "account_review_update", came=1500, decision="PENDING")], False),
        "one that happened the day before": ([event(-1440, "account_update", came=4, event="X")], True),
        "at another door, of an account nobody names": ([event(4, "account_update", door="b", event="X")], False),
        "of the number's quality": ([event(4, "phone_number_quality_update", event="ONBOARDING")], True),
    }.values(),
)
def test_an_event_of_the_account_speaks_against_metas_fault(letters: Letters, turns: bool) -> None:
    assert turned([REFUSED, VALID], letters) == (["cloud-api same_token_valid"] if turns else [])


@pytest.mark.parametrize(("waba", "turns"), [("1", False), ("2", True)])
def test_an_account_that_is_named_is_not_charged_with_another_ones_events(waba: str, turns: bool) -> None:
    own = Target("cloud-api", "api", REFUSED.looks, identity={"waba": waba})
    letters = [event(4, "account_update", event="DISABLED_UPDATE")]
    assert bool(turned([own, Target("token", "token", VALID.looks, identity={"waba": waba})], letters)) is turns


def test_an_event_that_names_another_known_account_is_that_ones_alone() -> None:
    theirs = Target("theirs", "api", [said(1)], account="theirs", identity={"waba": "1"})
    meanwhile = event(4, "account_update", event="DISABLED_UPDATE")
    assert turned([REFUSED, VALID, theirs], [meanwhile]) == ["cloud-api same_token_valid"]


CANARY = "wamon:canary:7"
FAILED = statuses(5, {"id": "w", "status": "failed", ALONG: CANARY, "errors": [{"code": 131000}]})
FINE = statuses(3, {"id": "v", "status": "delivered", ALONG: "wamon:canary:6"})
BACK = Target("send.roundtrip", "roundtrip", [FINE, FAILED])


@pytest.mark.parametrize(
    ("letters", "turns"),
    {
        "nothing": ([], False),
        "delivered after all": ([status(200, "delivered", CANARY)], True),
        "read after all": ([status(200, "read", CANARY)], True),
        "sent only": ([status(200, "sent", CANARY)], False),
        "another canary": ([status(200, "delivered", "wamon:canary:8")], False),
    }.values(),
)
def test_a_canary_that_was_reported_failed_may_have_been_delivered_after_all(
    letters: Letters, turns: bool
) -> None:
    assert turned([BACK], letters) == (["send.roundtrip delivered_wins"] if turns else [])


SILENT = said(
    5, reached="sent", failure="read_timeout", http_status=None, body=None, durations_ms={"total": 120_000}
)
MISSED = Target("send.roundtrip", "roundtrip", [FINE, SILENT])


@pytest.mark.parametrize(
    ("listening", "turns"),
    {
        "nobody ever listened": ([], False),
        "listened all along": ([Span(START - DAY, NOW_MS)], False),
        "stopped for a minute": ([Span(START - DAY, minute_ms(6)), Span(minute_ms(6.9), NOW_MS)], True),
        "began later": ([Span(minute_ms(30), NOW_MS)], True),
        "stopped before and never again": ([Span(START - DAY, minute_ms(2))], True),
        "stopped the hour after": ([Span(START - DAY, minute_ms(8)), Span(minute_ms(60), NOW_MS)], False),
    }.values(),
)
def test_silence_while_nobody_listened_is_ours(listening: list[Span], turns: bool) -> None:
    assert turned([MISSED], [], listening) == (["send.roundtrip endpoint_was_down"] if turns else [])


def test_a_receiver_that_gave_a_sign_of_life_just_now_still_listens() -> None:
    within = Span(0, DAY)
    assert unattended([Span(0, DAY - 20 * SECOND)], within) == ()
    assert unattended([Span(0, DAY - 2 * MINUTE)], within) == (Span(DAY - 2 * MINUTE, DAY),)


def shown(minute: float, word: str = "APPROVED", digest: str = "d", account: str = "graph") -> Stated:
    """The template as the account's list showed it at a minute."""
    return Stated(
        minute_ms(minute), account, "template canary/en_US", TemplateFact("canary", "en_US", word, digest)
    )


@pytest.mark.parametrize(
    ("facts", "turns"),
    {
        "shown as paused": ([shown(1, "PAUSED")], True),
        "paused, then shown as usable": ([shown(1, "PAUSED"), shown(4)], False),
        "shown as paused afterwards": ([shown(6, "PAUSED")], False),
        "another account's": ([shown(1, "PAUSED", account="theirs")], False),
        "not in the list": ([shown(1)._replace(fact=MissingFact())], False),
        "it could not be read": ([shown(1)._replace(fact=UnreadFact(190))], False),
    }.values(),
)
def test_the_accounts_own_list_may_say_that_our_template_was_stopped(facts: list[Stated], turns: bool) -> None:
    assert turned([GENERIC, PEER], [], facts=facts) == (TURNED if turns else [])


PARAMETERS = canary(said(3, body=SENT), said(5, 132000), said(7, body=SENT), template="canary/en_US")


@pytest.mark.parametrize(
    ("facts", "letters", "turns"),
    {
        "nobody looked at the template": ([], [], False),
        "the same before and after": ([shown(2), shown(8)], [], True),
        "shown before only": ([shown(2)], [], False),
        "shown after only": ([shown(8)], [], False),
        "its components changed": ([shown(2), shown(8, digest="e")], [], False),
        "changed and changed back": ([shown(2), shown(5, digest="e"), shown(8)], [], False),
        "a webhook told of a change": ([shown(2), shown(8)], [event(5, CHANGED, **NAMED)], False),
    }.values(),
)
def test_parameters_refused_once_were_right_where_the_template_is_known_unchanged(
    facts: list[Stated], letters: Letters, turns: bool
) -> None:
    assert turned([PARAMETERS], letters, facts=facts) == (["send same_request_accepted"] if turns else [])


LEFT = Canary(CANARY, "send", minute_ms(5), minute_ms(5), 2 * MINUTE)


def late_status(came: float, happened: float | None, mark: str = CANARY) -> tuple[str, float, dict[str, Any]]:
    """A status that came at a minute, of what Meta says happened at another."""
    row = {"id": f"wamid.{mark}", "status": "delivered", ALONG: mark}
    stamp = {} if happened is None else {"timestamp": str(minute_ms(happened) // SECOND)}
    return "graph", came, statuses(came, row | stamp)["body"]


def door(*looks: tuple[float, int]) -> Target:
    """Looks at our endpoint: at a minute, and what it answered."""
    return Target("hook", "webhook", [said(minute, http_status=code, body=None) for minute, code in looks])


SHUT = door((4.5, 200), (5, 503), (5.5, 503), (6.5, 200))


@pytest.mark.parametrize(
    ("hook", "letters", "turns"),
    {
        "it never came": (SHUT, [], False),
        "due while the door was shut": (SHUT, [late_status(9, 5.2)], True),
        "due when it was open again": (SHUT, [late_status(9, 6.7)], False),
        "due while it opened": (SHUT, [late_status(9, 6)], False),
        "nobody says when it was due": (SHUT, [late_status(9, None)], False),
        "another canary's": (SHUT, [late_status(9, 5.2, "wamon:canary:8")], False),
        "it came in time": (SHUT, [late_status(6, 5.2)], False),
        "the door was open": (door((4.5, 200), (5.5, 200), (6.5, 200)), [late_status(9, 5.2)], False),
        "Meta itself was late, and then the door was shut": (
            door((4.5, 200), (6.5, 200), (7.2, 503), (7.8, 503), (8.5, 200)),
            [late_status(9, 7.5)],
            False,
        ),
        "nobody looked at the door": (door((1, 200)), [late_status(9, 5.2)], False),
        "the door was shut all along": (door((4.5, 503), (5.5, 503), (6.5, 503), (7.5, 503)), [], True),
    }.values(),
)
def test_a_canary_that_came_late_is_ours_where_our_door_was_shut_when_it_was_due(
    hook: Target, letters: Letters, turns: bool
) -> None:
    found = turned([MISSED, hook], letters, [Span(START - DAY, NOW_MS)], canaries=[LEFT])
    assert found == (["send.roundtrip endpoint_was_down"] if turns else [])


def test_of_a_canary_that_was_due_nobody_listening_is_ours_at_that_instant_only() -> None:
    gap = [Span(START - DAY, minute_ms(6)), Span(minute_ms(6.5), NOW_MS)]
    assert turned([MISSED], [late_status(9, 6.2)], gap, canaries=[LEFT]) == ["send.roundtrip endpoint_was_down"]
    assert turned([MISSED], [late_status(9, 5.2)], gap, canaries=[LEFT]) == []
