"""What people say beside the verdicts: read with care, kept for good, taken back visibly."""

import asyncio
from zoneinfo import ZoneInfo

import msgspec
import pytest

from wamon.core.incident import Kind, Severity
from wamon.core.observation import ProbeKind
from wamon.core.silence import Silence
from wamon.core.timeline import HOUR, MINUTE, parse_iso
from wamon.core.watched import Watched
from wamon.ledger import LedgerError, memory_ledger
from wamon.ledger.words import Notice
from wamon.work.maintenance import RemovalAsked
from wamon.work.recalling import recalled
from wamon.work.saying import People, Place, RemarkAsked, SilenceAsked

NOW = parse_iso("2026-11-03T10:00:00Z")
PLACE = Place([Watched("cloud-api", ProbeKind.API, MINUTE, "acme")], ZoneInfo("Europe/Berlin"), NOW)


def asked(**words: object) -> SilenceAsked:
    return SilenceAsked(**({"because": "night shift", "author": "anna"} | words))  # type: ignore[arg-type]


def said(wanted: SilenceAsked) -> Silence:
    async def story() -> Silence:
        ledger = memory_ledger()
        people = People(ledger)
        assert (await people.add(wanted, PLACE))["number"] == 1
        (silence,) = await people.silences()
        await ledger.close()
        return silence

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"for_": "2h"}, Silence(NOW, NOW + 2 * HOUR)),
        ({"to": "2026-11-03T12:00"}, Silence(NOW, NOW + HOUR)),
        ({"from_": "2026-11-03T12:00", "for_": "1h"}, Silence(NOW + HOUR, NOW + 2 * HOUR)),
        (
            {"for_": "1h", "targets": ("cloud-api",), "kinds": ("outage",), "severities": ("standard",)},
            Silence(NOW, NOW + HOUR, ("cloud-api",), (), (Kind.OUTAGE,), (Severity.STANDARD,)),
        ),
        ({"for_": "1h", "accounts": ("acme",)}, Silence(NOW, NOW + HOUR, (), ("acme",))),
    ],
)
def test_a_silence_is_what_was_said(words: dict[str, object], expected: Silence) -> None:
    named = {"number": 1, "author": "anna", "because": "night shift"}
    assert said(asked(**words)) == msgspec.structs.replace(expected, **named)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({}, "a silence needs one end: --for 2h, or --to 2026-11-01T04:00"),
        ({"for_": "1h", "to": "2026-11-04T10:00"}, "a silence needs one end: --for 2h, or --to 2026-11-01T04:00"),
        ({"for_": "1h", "because": " "}, "--because needs a reason, such as --because 'database moves'"),
        ({"to": "2026-11-03T10:30"}, "is over before it begins: name a later end"),
        (
            {"for_": "1h", "targets": ("cloud-ap",)},
            "--target 'cloud-ap' is not watched; did you mean cloud-api?",
        ),
        ({"for_": "1h", "accounts": ("beta",)}, "--account 'beta' is not watched"),
        ({"for_": "1h", "kinds": ("outages",)}, "--kind 'outages' is none of outage, disruption, degraded"),
        ({"for_": "1h", "severities": ("high",)}, "--severity 'high' is none of critical, urgent, standard"),
    ],
)
def test_what_is_wrong_with_a_silence_is_said_with_a_right_word(words: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        said(asked(**words))
    assert sentence in str(refused.value)


def test_what_is_taken_back_stays_on_record_and_holds_no_more() -> None:
    async def story() -> None:
        ledger = memory_ledger()
        people = People(ledger)
        await people.add(asked(for_="1h"), PLACE)
        with pytest.raises(ValueError, match="there is no silence 2: wamon silence list shows the numbers"):
            await people.remove(RemovalAsked(2, "bob"), PLACE)
        await people.remove(RemovalAsked(1, "bob", "back at the desk"), PLACE)
        assert await people.silences() == [], "it never held: it was taken back at once"
        (kept,) = await ledger.read(lambda book: book.declarations("silence"))
        assert (kept.withdrawn_by, kept.withdrawn_because) == ("bob", "back at the desk")
        with pytest.raises(LedgerError, match="bob has withdrawn declaration 1 before"):
            await people.remove(RemovalAsked(1, "anna"), PLACE)
        await ledger.close()

    asyncio.run(story())


def test_a_silence_that_was_taken_back_held_until_then() -> None:
    async def story() -> None:
        ledger = memory_ledger()
        people = People(ledger)
        await people.add(asked(for_="2h"), PLACE)
        await people.remove(RemovalAsked(1, "bob"), PLACE._replace(now_ms=NOW + HOUR))
        (silence,) = await people.silences()
        assert (silence.start_ms, silence.end_ms) == (NOW, NOW + HOUR)
        await ledger.close()

    asyncio.run(story())


def test_remarks_name_their_incident_and_keep_who_and_when() -> None:
    async def story() -> None:
        ledger = memory_ledger()
        people = People(ledger)
        name = "cloud-api@2026-11-03T09:00:00.000Z"
        await people.remark(RemarkAsked(name, "anna", "", ack=True), PLACE)
        await people.remark(RemarkAsked(name, "bob", "case 1234"), PLACE)
        first, second = await people.remarks()
        assert (first.target, first.incident_ms, first.ack, first.author) == (
            "cloud-api",
            NOW - HOUR,
            True,
            "anna",
        )
        assert (second.text, second.ack, second.at_ms) == ("case 1234", False, NOW)
        with pytest.raises(ValueError, match="'cloud-api' names no incident; wamon incidents list shows them"):
            await people.remark(RemarkAsked("cloud-api", "anna", "x"), PLACE)
        with pytest.raises(ValueError, match="a note needs words"):
            await people.remark(RemarkAsked(name, "anna", " "), PLACE)
        await ledger.close()

    asyncio.run(story())


def line(phase: str, after_min: int, key: str = "") -> Notice:
    name = "send@2026-11-03T10:00:00.000Z"
    return Notice(
        f"{name}:{key or phase}", "outage", phase, "send", "critical", "t", "b", NOW + after_min * MINUTE,
        evidence=(name,),
    )  # fmt: skip


def test_what_was_told_is_recalled_and_reminders_count_apart() -> None:
    (told,) = recalled(
        [line("opened", 2), line("reminder", 60, "reminder:1"), line("reminder", 240, "reminder:2")]
    )
    assert (told.count, told.reminded, told.closed_ms, told.severity) == (1, 2, None, Severity.CRITICAL)
    (told,) = recalled([line("opened", 2), line("reminder", 60, "reminder:1"), line("resolved", 70)])
    assert (told.count, told.reminded, told.closed_ms) == (2, 1, NOW + 70 * MINUTE)
