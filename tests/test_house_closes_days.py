"""Days are closed once, from the book: after a night, after weeks off, after a jump of the clock, across zones."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.by_hand import BAD, GOOD, LEISURELY, Answer, Hand, by_hand, edges
from wamon.core.publication import DayState
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.ledger.words import Publication
from wamon.settings import Settings
from wamon.work.close import AHEAD

NAME = "graph"
NOON = parse_iso("2026-06-10T12:00:00Z")
TENTH = date(2026, 6, 10)
SETTINGS = edges(NAME, interval="10m")
SELDOM = "30m"

Story = Callable[[Hand], Awaitable[None]]


def good(_name: str, _at_ms: int) -> Answer:
    return GOOD


def played(
    folder: Path,
    start_ms: int,
    story: Story,
    settings: Settings = SETTINGS,
    says: Callable[[str, int], Answer] = good,
    *,
    killed: bool = False,
) -> Hand:
    """One run of the watch on the database of the folder."""

    async def run() -> Hand:
        async with by_hand(settings, folder / "wamon.db", start_ms, says, killed=killed, pace=LEISURELY) as hand:
            await story(hand)
            await hand.settle()
            return hand

    return asyncio.run(run())


def lasting(length_ms: int) -> Story:
    return lambda hand: hand.pass_time(length_ms)


async def trail(hand: Hand, target: str = NAME) -> list[Publication]:
    return await hand.ledger.read(lambda book: book.publications(target=target))


def days_of(rows: Sequence[Publication]) -> list[date]:
    return [row.day for row in rows]


@pytest.mark.parametrize("off_days", [10, 60])
def test_days_that_ended_while_nothing_ran_are_closed_once_however_long_ago(tmp_path: Path, off_days: int) -> None:
    """The last day observed has an outage across its midnight; of the others there is no data."""
    midnight = parse_iso("2026-06-11T00:00:00Z")

    def says(_name: str, at_ms: int) -> Answer:
        return BAD if at_ms >= midnight - 30 * MINUTE else GOOD

    async def story(hand: Hand) -> None:
        assert await trail(hand) == [], "the start does not wait for it"
        await hand.pass_time(5 * MINUTE)
        rows = await trail(hand)
        assert days_of(rows) == [TENTH + timedelta(days=step) for step in range(off_days)]
        assert {(row.revision, row.reason) for row in rows} == {(1, "closed")}
        assert await trail(hand, "platform") != []
        down_ms = rows[0].figures["down_ms"]
        assert 30 * MINUTE <= down_ms < 38 * MINUTE, "counted as if it had been closed in that night"
        assert rows[0].figures["total_ms"] == 12 * HOUR
        assert all(row.figures["unobserved_ms"] == row.figures["total_ms"] == DAY for row in rows[2:])
        target = hand.house.report().targets[0]
        shown = {day.date: (day.state, day.figures.availability) for day in target.days}
        assert [day.date for day in target.days if day.partial] == [TENTH, target.days[-1].date], "began, not over"
        frozen_too = DayState.CLOSED if off_days == 10 else DayState.FROZEN
        assert shown[TENTH][0] is frozen_too
        assert shown[TENTH + timedelta(days=off_days - 1)] == (DayState.CLOSED, None)
        await hand.pass_time(2 * HOUR)
        assert len(await trail(hand)) == off_days, "each is closed once"

    played(tmp_path, NOON, lasting(12 * HOUR + 10 * MINUTE), says=says, killed=True)
    played(tmp_path, NOON + off_days * DAY, story)


def test_a_day_closed_late_says_what_it_would_have_said_in_its_night(tmp_path: Path) -> None:
    """The same looks, closed by the daemon that ran on, and by one that was started a week later."""
    start_ms = parse_iso("2026-06-10T18:00:00Z")

    def says(_name: str, at_ms: int) -> Answer:
        return BAD if at_ms // MINUTE % 97 < 20 else GOOD

    async def closed_at_once(hand: Hand) -> None:
        await hand.pass_time(7 * HOUR)
        hand.at_once = await trail(hand)  # type: ignore[attr-defined]

    async def closed_late(hand: Hand) -> None:
        await hand.pass_time(MINUTE)
        hand.late = (await trail(hand))[:1]  # type: ignore[attr-defined]

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    at_once = played(tmp_path / "a", start_ms, closed_at_once, says=says).at_once  # type: ignore[attr-defined]
    played(tmp_path / "b", start_ms, lasting(6 * HOUR + 14 * MINUTE), says=says)
    late = played(tmp_path / "b", start_ms + 7 * DAY, closed_late).late  # type: ignore[attr-defined]
    assert [(row.day, row.figures) for row in late] == [(row.day, row.figures) for row in at_once]
    assert at_once[0].figures["down_ms"] > 0


def test_a_machine_that_sleeps_over_midnight_closes_the_day_when_it_has_been_awake_for_a_while(
    tmp_path: Path,
) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(11 * HOUR)
        hand.sleep(3 * DAY)
        await hand.pass_time(14 * MINUTE)
        assert await trail(hand) == []
        await hand.pass_time(5 * MINUTE)
        assert days_of(await trail(hand)) == [TENTH, TENTH + timedelta(days=1), TENTH + timedelta(days=2)]
        await hand.pass_time(DAY)
        assert len(await trail(hand)) == 4

    played(tmp_path, NOON, story)


def test_a_clock_that_is_ahead_for_minutes_closes_nothing(tmp_path: Path) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(HOUR)
        hand.set_clock(365 * DAY)
        await hand.pass_time(10 * MINUTE)
        hand.set_clock(-365 * DAY)
        await hand.pass_time(HOUR)
        assert await trail(hand) == []

    played(tmp_path, NOON, story)


def test_days_that_a_clock_ahead_has_closed_are_said_again_when_they_really_end(tmp_path: Path) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(HOUR)
        hand.set_clock(5 * DAY)
        await hand.pass_time(30 * MINUTE)
        assert days_of(await trail(hand)) == [TENTH + timedelta(days=step) for step in range(5)]
        hand.set_clock(-5 * DAY)
        await hand.pass_time(2 * DAY)
        rows = await trail(hand)
        again = rows[5:]
        assert [(row.day, row.revision, row.reason) for row in again] == [
            (TENTH, 2, AHEAD),
            (TENTH + timedelta(days=1), 2, AHEAD),
        ]
        assert rows[1].figures["unobserved_ms"] == DAY
        assert again[1].figures["unobserved_ms"] == 0

    played(tmp_path, NOON, story)


def test_the_last_day_of_a_target_that_was_taken_out_is_closed_too(tmp_path: Path) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(13 * HOUR)
        assert days_of(await trail(hand, "gone")) == [TENTH]
        assert days_of(await trail(hand)) == [TENTH]

    played(tmp_path, NOON, lasting(3 * HOUR), edges(NAME, "gone", interval="10m"))
    played(tmp_path, NOON + 4 * HOUR, story)


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        ("Europe/Berlin", "2026-03-28T22:00:00Z", [1, 23, 24]),
        ("Europe/Berlin", "2026-10-24T21:00:00Z", [1, 25, 24]),
        ("Australia/Lord_Howe", "2026-04-04T12:00:00Z", [1, 24.5, 24]),
        ("Australia/Lord_Howe", "2026-10-03T12:30:00Z", [1, 23.5, 24]),
    ],
)
def test_days_on_which_clocks_change_go_through_close_and_report(
    tmp_path: Path, zone: str, start: str, hours: list[float]
) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(3 * DAY)
        rows = await trail(hand)
        assert [row.figures["total_ms"] / HOUR for row in rows[: len(hours)]] == hours
        assert all(row.figures["unobserved_ms"] == 0 for row in rows[1:])
        shown = hand.house.report().targets[0].days
        assert [day.figures.total_ms for day in shown[:-1]] == [row.figures["total_ms"] for row in rows]
        assert sum(day.figures.total_ms for day in shown) == hand.now_ms - parse_iso(start)

    played(tmp_path, parse_iso(start), story, edges(NAME, interval=SELDOM, zone=zone))


@pytest.mark.parametrize(
    ("zone", "changed_at", "expected"),
    [
        ("Asia/Tokyo", "2026-06-13T08:00:00Z", {"2026-06-13": 15, "2026-06-14": 24}),
        ("America/Los_Angeles", "2026-06-13T08:00:00Z", {"2026-06-13": 31, "2026-06-14": 24}),
        ("Asia/Tokyo", "2026-06-12T20:00:00Z", {"2026-06-12": 15, "2026-06-13": 24}),
        ("Pacific/Kiritimati", "2026-06-13T08:00:00Z", {"2026-06-13": 10, "2026-06-14": 24}),
    ],
)
def test_a_change_of_zone_moves_no_closed_day_and_neither_doubles_nor_loses_an_instant(
    tmp_path: Path, zone: str, changed_at: str, expected: dict[str, float]
) -> None:
    before, changed_ms = edges(NAME, interval=SELDOM), parse_iso(changed_at)

    async def story(hand: Hand) -> None:
        await hand.pass_time(3 * DAY)
        rows = await trail(hand)
        assert len(set(days_of(rows))) == len(rows), "no day is published twice under one name"
        lengths = {row.day.isoformat(): row.figures["total_ms"] / HOUR for row in rows}
        assert {day: lengths[day] for day in expected} == expected
        assert {row.zone for row in rows} == {"UTC", zone}
        days = hand.house.report().targets[0].days
        assert sum(day.figures.total_ms for day in days) == hand.now_ms - NOON
        assert sum(day.figures.unobserved_ms for day in days) < 40 * MINUTE
        outcome = await hand.house.reclassify(hand_window(hand), dry_run=True, reopen=True)
        assert outcome.review.publications == (), "the weekly pass cuts every day as it was cut"

    played(tmp_path, NOON, lasting(changed_ms - NOON - SECOND), before)
    played(tmp_path, changed_ms, story, edges(NAME, interval=SELDOM, zone=zone))


def hand_window(hand: Hand) -> Span:
    return Span(NOON - DAY, hand.now_ms)


def test_looks_are_forgotten_once_their_days_are_settled_and_published_and_the_days_stay(tmp_path: Path) -> None:
    """Nothing goes while a weekly pass may still turn it; what is rebuilt afterwards says the same."""

    def says(_name: str, at_ms: int) -> Answer:
        return BAD if at_ms < NOON + 2 * HOUR or NOON + 25 * DAY < at_ms < NOON + 26 * DAY else GOOD

    async def story(hand: Hand) -> None:
        await hand.pass_time(20 * DAY)
        first, _ = await hand.ledger.read(lambda book: book.reach())
        assert first < NOON + HOUR, "older than is wanted, and not settled by any pass"
        await hand.pass_time(10 * DAY)
        first, _ = await hand.ledger.read(lambda book: book.reach())
        assert first >= NOON + 6 * DAY
        shown = hand.house.report().targets[0].days
        assert shown[0].date == TENTH
        assert shown[0].figures.down_ms > HOUR
        before = await hand.ledger.read(lambda book: book.trails(TENTH, TENTH + timedelta(days=40)))
        assert await hand.ledger.write(lambda book: book.rebuild_days()) == len(before) == 60
        assert await hand.ledger.read(lambda book: book.trails(TENTH, TENTH + timedelta(days=40))) == before
        again = await hand.house.reclassify(Span(NOON - DAY, hand.now_ms), dry_run=True, reopen=True)
        assert again.review.publications == (), "what is gone cannot be judged again, and is not"

    few = edges(NAME, interval=SELDOM, more="observation_days = 15")
    played(tmp_path, NOON, story, few, says)


def test_a_clock_that_was_set_ahead_forgets_nothing_for_a_day(tmp_path: Path) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(2 * DAY)
        looks = await hand.ledger.read(lambda book: book.sizes().rows["observations"])
        hand.set_clock(200 * DAY)
        await hand.pass_time(23 * HOUR)
        hand.set_clock(-200 * DAY)
        await hand.pass_time(HOUR)
        assert await hand.ledger.read(lambda book: book.sizes().rows["observations"]) >= looks

    played(tmp_path, NOON, story, edges(NAME, interval=SELDOM))


def test_a_clock_that_was_never_set_makes_no_days_of_the_years_before_it_was(tmp_path: Path) -> None:
    """A board without a battery starts in 1970; its looks there are kept, and no day is made of fifty years."""
    unset_ms = MINUTE

    async def story(hand: Hand) -> None:
        await hand.pass_time(HOUR)
        assert [row.days for row in hand.house.report().targets] == [()]
        hand.set_clock(NOON - hand.now_ms)
        await hand.pass_time(DAY)
        rows = await trail(hand)
        assert [(row.day, row.figures["total_ms"]) for row in rows] == [(TENTH, 12 * HOUR)]
        assert len(hand.house.report().targets[0].days) == 2
        assert len(await hand.book.marks(NAME, Span(0, DAY))) == 6, "a look is a fact"

    played(tmp_path, unset_ms, story)


def test_a_first_start_with_a_clock_that_was_never_set_is_forgotten_by_the_next(tmp_path: Path) -> None:
    async def story(hand: Hand) -> None:
        await hand.pass_time(DAY)
        assert days_of(await trail(hand)) == [TENTH]

    played(tmp_path, MINUTE, lasting(HOUR))
    played(tmp_path, NOON, story)
