"""A reload with another interval, by the daemon's own parts: every look keeps the interval it was made with."""

import asyncio
from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.arithmetic import oracle
from tests.support.by_hand import BAD, GOOD, LEISURELY, Answer, by_hand, edges
from wamon.core.finding import Mark
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, parse_iso
from wamon.ledger.words import Publication

NAME = "graph"
MIDNIGHT = parse_iso("2026-06-10T00:00:00Z")
NOON = MIDNIGHT + 12 * HOUR
TODAY = Span(MIDNIGHT, MIDNIGHT + DAY)
OFTEN, SELDOM = MINUTE, 5 * MINUTE
OUTAGES = [Span(start, start + 10 * MINUTE) for start in (MIDNIGHT + 9 * HOUR, MIDNIGHT + 15 * HOUR)]
LENGTHS = (*oracle.Sums.__dataclass_fields__,)


def says(_name: str, at_ms: int) -> Answer:
    return BAD if any(one.holds(at_ms) for one in OUTAGES) else GOOD


async def a_day(database: Path) -> tuple[list[Mark], Publication]:
    """Watched once a minute until noon, then every five minutes: two configurations, one book."""
    for interval, start_ms, end_ms in (
        ("1m", MIDNIGHT - HOUR, NOON),
        ("5m", NOON, TODAY.end_ms + HOUR),
    ):
        async with by_hand(edges(NAME, interval=interval), database, start_ms, says, pace=LEISURELY) as hand:
            await hand.pass_time(end_ms - start_ms)
            marks = await hand.ledger.marks(NAME, Span(0, 1 << 62))
            rows = await hand.ledger.read(lambda book: book.publications(target=NAME, day=date(2026, 6, 10)))
    [row] = rows
    return list(marks), row


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Mark], Publication]:
    return asyncio.run(a_day(tmp_path_factory.mktemp("reload") / "wamon.db"))


def test_each_look_keeps_the_interval_that_held_when_it_was_made(watched: tuple[list[Mark], Publication]) -> None:
    marks, _ = watched
    assert {mark.interval_ms for mark in marks if mark.at_ms < NOON} == {OFTEN}
    assert {mark.interval_ms for mark in marks if mark.at_ms >= NOON} == {SELDOM}


def test_a_day_of_two_intervals_counts_both_halves_as_they_were_watched(
    watched: tuple[list[Mark], Publication],
) -> None:
    """What was published equals the oracle, and would not if all looks had either interval."""
    marks, row = watched
    sums = {name: row.figures[name] for name in LENGTHS}
    assert sums == counted(marks)
    assert sums["unobserved_ms"] <= MINUTE, "what lies between the last look before and the first one after"
    assert 2 * 7 * MINUTE < sums["down_ms"] < 2 * 13 * MINUTE
    hasty = [
        msgspec.structs.replace(one, context=msgspec.structs.replace(one.context, interval_ms=OFTEN))
        for one in marks
    ]
    assert counted(hasty)["unobserved_ms"] > 6 * HOUR, (
        "five minutes apart, no look reaches the next at a minute's P"
    )


def counted(marks: list[Mark]) -> dict[str, int]:
    """The day by the oracle."""
    found = oracle.reckon(oracle.tell(marks, TODAY.end_ms + 15 * MINUTE), TODAY)
    return {name: getattr(found, name) for name in LENGTHS}
