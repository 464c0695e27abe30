"""The published vectors, to the millisecond: minute looks over three days, and what the middle one says."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wamon.core.finding import Column, Finding, Mark
from wamon.core.segments import Segment, account
from wamon.core.timeline import Span, day_span, to_ms
from wamon.core.uptime import Figures, add, figures, percent

from . import oracle
from .strategies import DOWN, EXPIRED, MISSED, UNSURE, UP, instead, mark, row

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = to_ms(datetime(2026, 11, 3, tzinfo=UTC))
TODAY = Span(START, START + DAY)
YESTERDAY, TOMORROW = Span(START - DAY, START), Span(START + DAY, START + 2 * DAY)
NOW = START + 2 * DAY + HOUR
GOOD = tuple(row(START - DAY, NOW, MINUTE))
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """``10:00`` or ``10:00:10`` of the middle day."""
    hours, minutes, seconds = (int(part) for part in (*text.split(":"), "0")[:3])
    return START + hours * HOUR + minutes * MINUTE + seconds * 1_000


def every(first: str, last: str, step_ms: int = MINUTE) -> range:
    """Instants from first to last, both included."""
    return range(at(first), at(last) + 1, step_ms)


def good_but(finding: Finding, instants: list[int] | range) -> tuple[Mark, ...]:
    return tuple(instead(GOOD, finding, instants))


def good_without(first: str, last: str) -> tuple[Mark, ...]:
    """Minute looks with none strictly between two instants."""
    return tuple(one for one in GOOD if not at(first) < one.at_ms < at(last))


def looked_again() -> tuple[Mark, ...]:
    """Vector 3: extra looks replace the regular ones while it fails."""
    bad = [at(f"10:0{tail}") for tail in ("0:00", "0:10", "0:20", "0:30", "0:50", "1:10")]
    quiet = [one for one in GOOD if not at("09:59") < one.at_ms < at("10:02")]
    return tuple(instead([*quiet, mark(at("10:01:30"))], DOWN, bad))


def slower_from_noon() -> tuple[Mark, ...]:
    """Vector 13: P is 60 s before noon and 300 s from noon on, with ten bad minutes in each half."""
    morning = instead(row(YESTERDAY.start_ms, at("11:59"), MINUTE), DOWN, every("09:00", "09:09"))
    later = row(at("12:00"), NOW, 5 * MINUTE)
    bad = {at("15:00"), at("15:05")}
    afternoon = [mark(one.at_ms, DOWN if one.at_ms in bad else UP, 5 * MINUTE) for one in later]
    return (*morning, *afternoon)


@dataclass(frozen=True)
class Vector:
    """Observations and the sums they must give; sums that are not named must be 0."""

    number: str
    marks: tuple[Mark, ...]
    expected: dict[str, int]
    ratios: dict[str, float | None] = field(default_factory=dict)
    within: Span = TODAY
    maintenance: tuple[Span, ...] = ()


PERFECT = {"availability": 1.0, "coverage": 1.0, "availability_meta": 1.0, "availability_experienced": 1.0}
HALF_AN_HOUR = every("10:10", "10:39")
ACROSS = good_but(DOWN, [*range(TODAY.end_ms - 6 * MINUTE, TODAY.end_ms + 6 * MINUTE, MINUTE)])

VECTORS = (
    Vector("1 all good", GOOD, {}, PERFECT),
    Vector(
        "2 a blip",
        tuple(sorted((*good_but(DOWN, [at("10:00")]), mark(at("10:00:10"))), key=lambda one: one.at_ms)),
        {"worst_down_ms": 70_000, "blips": 1},
        PERFECT,
    ),
    Vector(
        "3 looked again",
        looked_again(),
        {"down_ms": 110_000, "proven_down_ms": 70_000, "worst_down_ms": 150_000},
        {"availability": 1 - 110 / 86_400, "availability_meta": 1.0, "coverage": 1.0},
    ),
    Vector(
        "4 off for two hours",
        good_without("10:00", "12:00"),
        {"unobserved_ms": 7_110_000, "worst_down_ms": 7_110_000},
        {**PERFECT, "coverage": 1 - 7_110 / 86_400},
    ),
    Vector(
        "5 off for three hours",
        good_without("10:00", "13:00"),
        {"unobserved_ms": 10_710_000, "worst_down_ms": 10_710_000},
        {"coverage": 1 - 10_710 / 86_400, "availability": 1.0, "availability_meta": None},
    ),
    Vector(
        "6 token expired",
        good_but(EXPIRED, every("10:00", "10:39")),
        {"user_error_ms": 2_400_000, "unproved_ms": 2_400_000, "worst_down_ms": 2_400_000},
        {**PERFECT, "availability_experienced": 1 - 2_400 / 86_400},
    ),
    Vector(
        "7 the same, ruled Meta's fault",
        good_but(DOWN, every("10:00", "10:39")),
        {
            "down_ms": 2_400_000,
            "meta_down_ms": 2_400_000,
            "proven_down_ms": 2_340_000,
            "worst_down_ms": 2_460_000,
        },
        {"availability": 1 - 2_400 / 86_400, "coverage": 1.0},
    ),
    Vector(
        "8 thirty minutes down inside sixty of maintenance",
        good_but(DOWN, HALF_AN_HOUR),
        {"maintenance_ms": 3_600_000},
        PERFECT,
        maintenance=(Span(at("10:00"), at("11:00")),),
    ),
    Vector(
        "8 once the maintenance is withdrawn",
        good_but(DOWN, HALF_AN_HOUR),
        {
            "down_ms": 1_800_000,
            "meta_down_ms": 1_800_000,
            "proven_down_ms": 1_740_000,
            "worst_down_ms": 1_860_000,
        },
        {"availability": 1 - 1_800 / 86_400},
    ),
    Vector(
        "12 the controls failed with Graph for five minutes",
        good_but(UNSURE, every("10:00", "10:04")),
        {"unobserved_ms": 300_000, "worst_down_ms": 300_000},
        {**PERFECT, "coverage": 1 - 300 / 86_400},
    ),
    Vector(
        "13 before noon",
        slower_from_noon(),
        {"down_ms": 600_000, "meta_down_ms": 600_000, "proven_down_ms": 540_000, "worst_down_ms": 660_000},
        within=Span(START, at("12:00")),
    ),
    Vector(
        "13 after noon",
        slower_from_noon(),
        {"down_ms": 600_000, "proven_down_ms": 300_000, "worst_down_ms": 900_000},
        within=Span(at("12:00"), TODAY.end_ms),
    ),
    Vector(
        "14 none",
        (),
        {"unobserved_ms": DAY, "worst_down_ms": DAY},
        {"coverage": 0.0, "availability": None, "availability_meta": None, "availability_experienced": None},
    ),
    Vector(
        "15 until midnight",
        ACROSS,
        {"down_ms": 390_000, "meta_down_ms": 390_000, "proven_down_ms": 360_000, "worst_down_ms": 420_000},
    ),
    Vector(
        "15 after midnight",
        ACROSS,
        {"down_ms": 330_000, "meta_down_ms": 330_000, "proven_down_ms": 300_000, "worst_down_ms": 360_000},
        within=TOMORROW,
    ),
    Vector(
        "16 nine bad minutes",
        good_but(DOWN, every("09:00", "09:08")),
        {"down_ms": 540_000, "proven_down_ms": 480_000, "worst_down_ms": 600_000},
        {"availability_meta": 1.0},
    ),
    Vector(
        "16 a tenth bad minute makes it count for Meta",
        good_but(DOWN, every("09:00", "09:09")),
        {"down_ms": 600_000, "meta_down_ms": 600_000, "proven_down_ms": 540_000, "worst_down_ms": 660_000},
        {"availability_meta": 1 - 600 / 86_400},
    ),
    Vector(
        "17 every fifth bad",
        good_but(DOWN, every("09:00", "09:59", 5 * MINUTE)),
        {"down_ms": 720_000, "worst_down_ms": 1_440_000},
    ),
    Vector(
        "18 nine minutes apart",
        good_but(DOWN, [at("09:00"), at("09:09")]),
        {"down_ms": 120_000, "worst_down_ms": 240_000},
    ),
    Vector(
        "18 thirty minutes apart",
        good_but(DOWN, [at("09:00"), at("09:30")]),
        {"worst_down_ms": 240_000, "blips": 2},
        {"availability": 1.0},
    ),
)
NAMES = [vector.number for vector in VECTORS]


def reckoned(vector: Vector) -> Figures:
    return figures(account(vector.marks, NOW), vector.within, maintenance=vector.maintenance)


def sums(counted: object) -> dict[str, int]:
    return {name: getattr(counted, name) for name in oracle.Sums.__dataclass_fields__}


def wanted(vector: Vector) -> dict[str, int]:
    blank = oracle.Sums(total_ms=vector.within.end_ms - vector.within.start_ms)
    return {**sums(blank), **vector.expected}


def outages(marks: tuple[Mark, ...]) -> list[tuple[int, int]]:
    """First and last owned edge of every outage."""
    ends: dict[int, list[Segment]] = {}
    for one in account(marks, NOW).segments:
        if one.outage != -1:
            ends.setdefault(one.outage, []).append(one)
    return [(some[0].start_ms, some[-1].end_ms) for some in ends.values()]


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_the_published_vector_holds_to_the_millisecond(vector: Vector) -> None:
    counted = reckoned(vector)
    assert sums(counted) == wanted(vector)
    for name, ratio in vector.ratios.items():
        assert getattr(counted, name) == (None if ratio is None else pytest.approx(ratio, abs=1e-12)), name


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_the_oracle_says_the_same_of_the_published_vector(vector: Vector) -> None:
    """An hour of neighbours is enough for it, and keeps it bearable."""
    near = [
        one for one in vector.marks if vector.within.start_ms - HOUR <= one.at_ms < vector.within.end_ms + HOUR
    ]
    counted = oracle.reckon(oracle.tell(near, NOW), vector.within, vector.maintenance)
    assert sums(counted) == wanted(vector)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (GOOD, []),
        (good_but(DOWN, [at("10:00")]), []),
        (looked_again(), [(at("09:59:30"), at("10:01:20"))]),
        (ACROSS, [(at("23:53:30"), TODAY.end_ms + 5 * MINUTE + 30_000)]),
        (good_but(DOWN, every("09:00", "09:08")), [(at("08:59:30"), at("09:08:30"))]),
        (
            good_but(DOWN, [at("09:00"), at("09:09")]),
            [(at("08:59:30"), at("09:00:30")), (at("09:08:30"), at("09:09:30"))],
        ),
        (good_but(DOWN, [at("09:00"), at("09:30")]), []),
    ],
    ids=["1", "2", "3", "15 one outage", "16", "18 two outages", "18 two blips"],
)
def test_outages_begin_and_end_where_they_are_owned(
    marks: tuple[Mark, ...], expected: list[tuple[int, int]]
) -> None:
    assert outages(marks) == expected


@pytest.mark.parametrize(
    ("number", "coverage", "sufficient"),
    [("4 off for two hours", "0.9177", True), ("5 off for three hours", "0.8760", False)],
)
def test_coverage_decides_whether_a_day_has_enough_data(number: str, coverage: str, sufficient: bool) -> None:
    counted = reckoned(VECTORS[NAMES.index(number)])
    assert f"{counted.coverage:.4f}" == coverage
    assert counted.sufficient is sufficient


def test_vector_7_undone_equals_vector_6_exactly() -> None:
    expired, ruled = (reckoned(vector) for vector in VECTORS if vector.number[0] in "67")
    undone = tuple(instead(good_but(DOWN, every("10:00", "10:39")), EXPIRED, every("10:00", "10:39")))
    assert expired != ruled
    assert figures(account(undone, NOW), TODAY) == expired


def test_vector_9_a_short_day_in_berlin_prints_the_worse_hundredth() -> None:
    day = day_span(date(2026, 3, 29), BERLIN)
    looks = row(day.start_ms - DAY, day.end_ms + DAY, MINUTE)
    bad = range(day.start_ms + HOUR, day.start_ms + HOUR + 10 * MINUTE, MINUTE)
    counted = figures(account(instead(looks, DOWN, bad), day.end_ms + DAY), day)
    assert (counted.total_ms, counted.down_ms) == (82_800_000, 600_000)
    assert counted.availability == pytest.approx(1 - 600 / 82_800, abs=1e-12)
    assert percent(counted.down_ms, counted.total_ms) == "99.27 %"


def test_vector_10_both_looks_at_a_repeated_local_time_are_kept() -> None:
    day = day_span(date(2026, 10, 25), BERLIN)
    twice = [to_ms(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold)) for fold in (0, 1)]
    assert twice[1] - twice[0] == HOUR
    looks = row(day.start_ms - HOUR, day.end_ms + HOUR, MINUTE)
    blips = account(instead(looks, DOWN, twice), day.end_ms + DAY)
    outage = account(
        instead(looks, DOWN, [edge for one in twice for edge in (one, one + MINUTE)]), day.end_ms + DAY
    )
    assert figures(blips, day).total_ms == 90_000_000
    assert blips.blips == tuple(twice)
    assert figures(outage, day).down_ms == 4 * MINUTE


@pytest.mark.parametrize("back_ms", [30_000, 60_000], ids=["half a minute", "onto an earlier look"])
def test_vector_11_a_clock_set_back_neither_doubles_nor_loses_a_second(back_ms: int) -> None:
    """Given in order of arrival: the wall repeats a range, the looks that came first stand."""
    before = [mark(instant) for instant in range(START - HOUR, at("10:00") + 1, MINUTE)]
    after = row(at("10:01") - back_ms, TODAY.end_ms + HOUR, MINUTE)
    timeline = account([*before, *after], TODAY.end_ms + HOUR)
    counted = figures(timeline, TODAY)
    assert sum(Span(one.start_ms, one.end_ms).clip(TODAY).length_ms for one in timeline.segments) == DAY
    assert sums(counted) == sums(oracle.Sums(total_ms=DAY))
    assert all(
        one.end_ms <= two.start_ms for one, two in zip(timeline.segments, timeline.segments[1:], strict=False)
    )


def test_of_two_lines_of_one_instant_the_first_stands() -> None:
    """Vector 11 again: a clock set back by one interval repeats an instant."""
    doubled = [*GOOD, *row(at("10:00"), at("10:20"), MINUTE, MISSED)]
    assert sums(figures(account(doubled, NOW), TODAY)) == sums(oracle.Sums(total_ms=DAY))
    turned = [*row(at("10:00"), at("10:20"), MINUTE, MISSED), *GOOD]
    assert figures(account(turned, NOW), TODAY).down_ms == 21 * MINUTE


def test_vector_13_both_halves_add_up_to_the_day() -> None:
    timeline = account(slower_from_noon(), NOW)
    noon = at("12:00")
    halves = add([figures(timeline, Span(START, noon)), figures(timeline, Span(noon, TODAY.end_ms))])
    assert halves == figures(timeline, TODAY)
    assert halves.down_ms == 1_200_000


def test_vector_14_nothing_observed_prints_no_number() -> None:
    empty = figures(account((), NOW), TODAY)
    assert percent(empty.down_ms, empty.total_ms - empty.unobserved_ms) == "no data"


def test_vector_15_is_the_same_from_both_sides_of_midnight_together() -> None:
    timeline = account(ACROSS, NOW)
    both = figures(timeline, Span(TODAY.start_ms, TOMORROW.end_ms))
    assert add([figures(timeline, TODAY), figures(timeline, TOMORROW)]) == both
    assert both.meta_down_ms == 720_000
    assert [one for one in timeline.segments if one.column is Column.DOWN] == [
        one for one in timeline.segments if one.outage == TODAY.end_ms - 6 * MINUTE
    ]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 29), 23.0),
        (date(2026, 3, 30), 24.0),
        (date(2026, 10, 25), 25.0),
    ],
)
def test_a_day_is_midnight_to_midnight_in_its_zone(day: date, hours: float) -> None:
    assert day_span(day, BERLIN).seconds == timedelta(hours=hours).total_seconds()


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 4, 5), 24.5), (date(2026, 10, 4), 23.5)])
def test_a_zone_that_turns_by_half_an_hour_has_half_hours_in_its_days(day: date, hours: float) -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert day_span(day, lord_howe).seconds == timedelta(hours=hours).total_seconds()
