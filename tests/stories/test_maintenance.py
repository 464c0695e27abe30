"""Maintenance over a real ledger: declared before and after, removed to the millisecond, killed in the middle."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from tests.support.past import SYSTEM, Past, Told, span
from wamon.assembly import House
from wamon.core.report import State
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, parse_iso
from wamon.ledger import LedgerError
from wamon.settings import parse
from wamon.work.maintenance import MaintenanceAsked, RemovalAsked, add, remove
from wamon.work.restate import Restated

BAD = {"cloud-api": [(span("2026-11-02T10:10", 30), SYSTEM)]}


def asked(start: str, end: str, *targets: str, reopen: bool = False) -> MaintenanceAsked:
    return MaintenanceAsked("database moves", "anna", from_=start, to=end, targets=targets, reopen=reopen)


async def declare(house: House, window: MaintenanceAsked) -> Restated:
    return await house.restate(lambda plan: add(house.book, window, plan), reopen=window.reopen)


async def withdraw(house: House, number: int, *, reopen: bool = False) -> Restated:
    removal = RemovalAsked(number, "ben", "it was no maintenance", reopen)
    return await house.restate(lambda plan: remove(house.book, removal, plan), reopen=reopen)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return Past(tmp_path_factory.mktemp("watched"), BAD)


@pytest.fixture(scope="module")
def closed(watched: Past, tmp_path_factory: pytest.TempPathFactory) -> Past:
    """The same with its last two days closed, as a watch does that wakes up."""
    past = watched.copied(tmp_path_factory.mktemp("closed"))
    past.watch(lambda house: house.refresh(past.now_ms))
    return past


@pytest.fixture
def past(closed: Past, tmp_path: Path) -> Past:
    return closed.copied(tmp_path)


def of_day(told: list[Told], day: str = "2026-11-02") -> list[Told]:
    return [one for one in told if one.day == day]


HOUR_OF_IT = asked("2026-11-02T10:00", "2026-11-02T11:00")


def test_vector_8_declared_before_the_day_is_closed(watched: Past, tmp_path: Path) -> None:
    past = watched.copied(tmp_path)
    past.now_ms = parse_iso("2026-11-02T09:00:00Z")
    past.watch(lambda house: declare(house, HOUR_OF_IT))
    past.now_ms = parse_iso("2026-11-03T01:00:00Z")
    past.watch(lambda house: house.refresh(past.now_ms))
    (row,) = of_day(past.published("cloud-api"))
    assert (row.figures.down_ms, row.figures.maintenance_ms, row.figures.availability) == (0, HOUR, 1.0)
    assert (row.revision, row.reason, row.figures.retroactive_ms) == (1, "closed", 0)


def test_declared_afterwards_the_day_is_published_again_and_says_who_and_why(past: Past) -> None:
    found = past.watch(lambda house: declare(house, HOUR_OF_IT))
    assert found.number == 1
    before, after = of_day(past.published("cloud-api"))
    assert (before.figures.down_ms, before.figures.maintenance_ms) == (30 * MINUTE, 0)
    assert (after.figures.down_ms, after.figures.maintenance_ms, after.figures.retroactive_ms) == (0, HOUR, HOUR)
    assert (after.revision, after.author) == (2, "anna")
    assert after.reason == "maintenance declared afterwards by anna: database moves"
    assert {(one.target, one.day) for one in past.published() if one.revision == 2} == {
        ("cloud-api", "2026-11-02"),
        ("theirs", "2026-11-02"),
    }
    (notice,) = past.read(lambda book: book.notices())
    assert notice.kind == "restated"
    assert notice.title == "Restated · 1 day · maintenance declared afterwards by anna: database moves"
    assert "- cloud-api 2026-11-02: 97.91 % (0:30:00) -> 100 % (0:00:00), revision 2" in notice.body
    assert "- theirs 2026-11-02: 100 % (0:00:00), other sums changed, revision 2" in notice.body


def test_only_the_targets_it_names_are_restated(past: Past) -> None:
    past.watch(lambda house: declare(house, asked("2026-11-02T10:00", "2026-11-02T11:00", "cloud-api")))
    assert [one.target for one in past.published() if one.revision == 2] == ["cloud-api"]


def test_removed_again_the_figures_are_the_earlier_ones_to_the_millisecond(past: Past) -> None:
    past.watch(lambda house: declare(house, HOUR_OF_IT))
    past.watch(lambda house: withdraw(house, 1))
    first, second, third = of_day(past.published("cloud-api"))
    assert third.figures == first.figures != second.figures
    assert (third.revision, third.author) == (3, "ben")
    assert third.reason == "maintenance removed by ben: it was no maintenance"
    numbers = [
        one.n for one in past.read(lambda book: book.publications(target="cloud-api", day=date(2026, 11, 2)))
    ]
    segments = past.read(lambda book: [book.segments(one) for one in numbers])
    seen = [[one[:-1] for one in each] for each in segments]
    assert seen[0] == seen[1] == seen[2], "what was seen beneath it was never touched"
    (declared,) = past.read(lambda book: book.declarations())
    assert (declared.withdrawn_by, declared.withdrawn_because) == ("ben", "it was no maintenance")


def test_a_removal_needs_something_to_remove(past: Past) -> None:
    with pytest.raises(ValueError, match="there is no maintenance 7: wamon maintenance list shows the numbers"):
        past.watch(lambda house: withdraw(house, 7))
    past.watch(lambda house: declare(house, HOUR_OF_IT))
    past.watch(lambda house: withdraw(house, 1))
    with pytest.raises(LedgerError, match="ben has withdrawn declaration 1 before: nothing to do"):
        past.watch(lambda house: withdraw(house, 1))
    assert len(of_day(past.published("cloud-api"))) == 3


def test_the_open_day_and_now_are_in_it_at_once(past: Past) -> None:
    async def live(house: House) -> None:
        await declare(house, asked("2026-11-04T00:30", "2026-11-04T02:00", "cloud-api"))
        report = house.report()
        ours, theirs = report.targets
        assert (ours.state, theirs.state) == (State.MAINTENANCE, State.OPERATIONAL)
        assert ours.since_ms == parse_iso("2026-11-04T00:30:00Z")
        today = ours.days[-1].figures
        assert (today.maintenance_ms, today.retroactive_ms) == (30 * MINUTE, 30 * MINUTE)
        await withdraw(house, 1)
        assert house.report().targets[0].days[-1].figures.maintenance_ms == 0

    past.watch(live)


def test_over_a_midnight_both_days_are_restated(past: Past) -> None:
    past.watch(lambda house: declare(house, asked("2026-11-02T23:00", "2026-11-03T00:30", "cloud-api")))
    again = {one.day: one.figures.maintenance_ms for one in past.published("cloud-api") if one.revision == 2}
    assert again == {"2026-11-02": HOUR, "2026-11-03": 30 * MINUTE}


def test_a_frozen_day_changes_only_when_it_is_reopened(past: Past) -> None:
    past.watch(lambda house: house.refresh(past.now_ms))
    past.now_ms = parse_iso("2026-12-20T12:00:00Z")
    found = past.watch(lambda house: declare(house, HOUR_OF_IT))
    assert not found.publications
    assert [(one.target, one.day, one.why) for one in found.kept] == [
        ("cloud-api", date(2026, 11, 2), "frozen"),
        ("theirs", date(2026, 11, 2), "frozen"),
    ]
    assert past.read(lambda book: book.notices()) == []
    again = past.watch(lambda house: withdraw(house, 1))
    assert (again.publications, again.kept) == ((), ())
    reopened = asked("2026-11-02T10:00", "2026-11-02T11:00", reopen=True)
    assert len(past.watch(lambda house: declare(house, reopened)).publications) == 2
    assert of_day(past.published("cloud-api"))[-1].figures.maintenance_ms == HOUR


@pytest.mark.parametrize(
    ("cut", "kept", "again"),
    [("2026-11-02T00:00:00Z", [2], [(3, 11 * HOUR)]), ("2026-11-03T00:00:00Z", [2, 3], [])],
)
def test_a_day_whose_looks_were_dropped_stays_and_is_named(
    past: Past, cut: str, kept: list[int], again: list[tuple[int, int]]
) -> None:
    """The first whole day after the cut lacks what lies before its midnight: it is not guessed at either."""

    past.prune(parse_iso(cut))
    found = past.watch(lambda house: declare(house, asked("2026-11-02T10:00", "2026-11-03T11:00", "cloud-api")))
    assert [(one.day.day, one.why) for one in found.kept] == [(day, "pruned") for day in kept]
    assert [(one.day.day, one.figures.maintenance_ms) for one in found.publications] == again


def test_a_cut_before_a_quiet_evening_leaves_the_next_day_whole(past: Past) -> None:
    past.prune(parse_iso("2026-11-01T23:45:00Z"))
    found = past.watch(lambda house: declare(house, HOUR_OF_IT))
    assert found.kept == ()
    assert [(one.target, one.figures.down_ms) for one in found.publications] == [("cloud-api", 0), ("theirs", 0)]


def test_the_weekly_pass_and_a_rebuild_say_the_same(past: Past) -> None:
    past.watch(lambda house: declare(house, HOUR_OF_IT))
    before = past.published()

    async def again(house: House) -> None:
        outcome = await house.reclassify(Span(parse_iso("2026-11-02T00:00:00Z"), past.span.end_ms))
        assert outcome.review.publications == ()

    past.watch(again)
    assert past.published() == before

    async def rebuilt(house: House) -> None:
        day = house.report().targets[0].days[-3]
        assert (day.revision, day.figures.maintenance_ms) == (2, HOUR)

    past.watch(rebuilt)


def test_a_day_keeps_the_zone_it_was_published_in(past: Past) -> None:
    past.watch(lambda house: house.refresh(past.now_ms))
    moved = past.config.read_text().replace("[service]", '[service]\ntimezone = "Asia/Tokyo"')
    past.settings = parse(moved)
    found = past.watch(lambda house: declare(house, asked("2026-11-02T23:00Z", "2026-11-03T01:00Z", "cloud-api")))
    assert [
        (one.day.day, one.zone, one.figures.maintenance_ms, one.figures.total_ms) for one in found.publications
    ] == [
        (2, "UTC", HOUR, DAY),
        (3, "UTC", HOUR, DAY),
    ]


def test_a_target_that_is_watched_no_longer_keeps_its_days_and_they_are_restated_too(past: Past) -> None:
    text = past.config.read_text()
    past.settings = parse(text[: text.index('[[targets]]\nname = "theirs"')])
    found = past.watch(lambda house: declare(house, HOUR_OF_IT))
    assert [(row.target, row.figures.maintenance_ms) for row in found.publications] == [
        ("cloud-api", HOUR),
        ("theirs", HOUR),
    ]


def test_a_pass_and_a_word_wait_for_each_other(past: Past) -> None:
    """Both publish: neither may compute from what the other is about to change."""

    async def together(house: House) -> None:
        covered = Span(parse_iso("2026-11-02T00:00:00Z"), past.span.end_ms)
        await asyncio.gather(
            declare(house, HOUR_OF_IT), house.reclassify(covered), withdraw(house, 1), house.reclassify(covered)
        )

    past.watch(together)
    told = of_day(past.published("cloud-api"))
    assert [one.revision for one in told] == [1, 2, 3]
    assert told[2].figures == told[0].figures
