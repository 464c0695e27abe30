"""What the versions of Meta's page say together: outages, days, and where Meta changed its past."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.meta_days import MetaDay, uptime_days
from wamon.core.meta_page import (
    GRAPH,
    LOGIN,
    UPTIME,
    WHATSAPP,
    Change,
    Light,
    OutageWord,
    Part,
    Post,
    Series,
    Sign,
    Version,
)
from wamon.core.observation import ProbeKind
from wamon.core.posted import Outage
from wamon.core.reference import (
    Beside,
    Shown,
    is_fresh,
    light_for,
    metas_past,
    months_beside,
    posted_outages,
    services_now,
)
from wamon.core.timeline import DAY, HOUR, MINUTE, iso, parse_iso
from wamon.core.uptime import Figures

NOON = parse_iso("2026-11-03T12:00:00Z")
ACTIVE, HISTORY = f"data/outages/{WHATSAPP}.json", f"data/outages/{WHATSAPP}.history.json"
SERVICES = Version("data/orgs.json", NOON - DAY, (Sign(WHATSAPP, "1", "Cloud API", "No known issues"),))
BEGAN = Post("High disruptions", "We look.", NOON)
OVER = Post("Resolved", "Over.", NOON + HOUR)


def told(*posts: Post, **facts: object) -> OutageWord:
    usual: dict[str, object] = {"service_id": "1", "posts": posts}
    return OutageWord(WHATSAPP, **({"id": "7", "said": posts[-1].said if posts else ""} | usual | facts))  # type: ignore[arg-type]


def version(page: str, minutes: int, *parts: Part) -> Version:
    return Version(page, NOON + minutes * MINUTE, parts)


KNOWN: dict[str, tuple[list[Version], tuple[int, int | None]]] = {
    "open": ([version(ACTIVE, 5, told(BEGAN))], (0, None)),
    "resolved in place": ([version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65, told(BEGAN, OVER))], (0, 60)),
    "moved to the history": (
        [version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65), version(HISTORY, 65, told(BEGAN, OVER))],
        (0, 60),
    ),
    "posts in another order": ([version(HISTORY, 65, told(OVER, BEGAN))], (0, 60)),
    "begun again": (
        [version(ACTIVE, 99, told(BEGAN, OVER, Post("Low disruptions", "", NOON + 80 * MINUTE)))],
        (0, None),
    ),
    "vanished without a word": ([version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 50)], (0, 50)),
    "vanished and back": (
        [version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 50), version(ACTIVE, 55, told(BEGAN))],
        (0, None),
    ),
    "past, and never called resolved": ([version(HISTORY, 65, told(BEGAN))], (0, 0)),
    "moved to the history without a word": (
        [version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65), version(HISTORY, 65, told(BEGAN))],
        (0, 65),
    ),
    "back from the history": (
        [
            version(ACTIVE, 5, told(BEGAN)),
            version(ACTIVE, 65),
            version(ACTIVE, 70, told(BEGAN)),
            version(ACTIVE, 90),
        ],
        (0, 90),
    ),
    "posts without time": (
        [version(ACTIVE, 5, told(Post("Down"))), version(ACTIVE, 40, told(Post("Down"), Post("Resolved")))],
        (5, 40),
    ),
    "no posts at all": ([version(ACTIVE, 5, told(said="High disruptions", at_ms=NOON))], (0, None)),
    "no posts and no time": ([version(ACTIVE, 5, told(said="High disruptions"))], (5, None)),
    "a post from the future": (
        [version(ACTIVE, 5, told(Post("Down", "", NOON + DAY)))],
        (5, None),
    ),
    "a resolution before the beginning": (
        [version(HISTORY, 65, told(BEGAN, said="Resolved"), told(said="Resolved", id="8", at_ms=NOON - HOUR))],
        (-60, -60),
    ),
    "words nobody knows": ([version(ACTIVE, 5, told(Post("Kaputt", "", NOON)))], (0, None)),
}


@pytest.mark.parametrize(("versions", "expected"), KNOWN.values(), ids=KNOWN)
def test_an_outage_is_known_from_its_first_post_to_its_resolution(
    versions: list[Version], expected: tuple[int, int | None]
) -> None:
    found = metas_past([SERVICES, *versions]).outages[0]
    over = None if found.resolved_ms is None else (found.resolved_ms - NOON) // MINUTE
    assert ((found.first_posted_ms - NOON) // MINUTE, over) == expected
    assert found.service == "Cloud API"


def test_outages_as_known_at_an_instant_are_those_of_the_versions_until_then() -> None:
    versions = [version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65, told(BEGAN, OVER))]
    assert [one.resolved_ms for one in metas_past(versions[:1]).outages] == [None]
    assert [one.resolved_ms for one in metas_past(versions).outages] == [NOON + HOUR]


def test_a_renamed_service_is_called_by_its_present_name_and_an_unknown_one_by_none() -> None:
    renamed = Version("data/orgs.json", NOON, (Sign(WHATSAPP, "1", "WhatsApp Cloud API", ""),))
    found = metas_past([SERVICES, version(ACTIVE, 5, told(BEGAN), told(BEGAN, id="8", service_id="99")), renamed])
    assert [one.service for one in found.outages] == ["WhatsApp Cloud API", ""]


def test_outages_without_ids_are_told_apart_by_service_and_beginning() -> None:
    other = Post("Down", "", NOON + 30 * MINUTE)
    versions = [
        version(ACTIVE, 5, told(BEGAN, id="")),
        version(ACTIVE, 35, told(BEGAN, id=""), told(other, id="")),
        version(ACTIVE, 65, told(BEGAN, OVER, id=""), told(other, id="")),
    ]
    assert [one.resolved_ms for one in metas_past(versions).outages] == [NOON + HOUR, None]


TITLE = f"outage of Cloud API from {iso(NOON)}"
EDITED = Post("Medium disruptions", "We looked.", NOON + 10 * MINUTE)
OLDER = told(Post("Down", "", NOON - DAY), Post("Resolved", "", NOON - 20 * HOUR), id="1")
CHANGES: dict[str, tuple[list[Version], list[Change]]] = {
    "a post was added": ([version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65, told(BEGAN, OVER))], []),
    "it moved to the history": (
        [version(ACTIVE, 5, told(BEGAN)), version(ACTIVE, 65), version(HISTORY, 65, told(BEGAN, OVER))],
        [],
    ),
    "a post was edited": (
        [version(HISTORY, 65, told(BEGAN, OVER)), version(HISTORY, 90, told(EDITED, OVER))],
        [
            Change(
                NOON + 90 * MINUTE,
                "outage of Cloud API from 2026-11-03T12:00:00Z",
                "2026-11-03T12:00:00Z High disruptions: We look.",
                "2026-11-03T12:10:00Z Medium disruptions: We looked.",
            )
        ],
    ),
    "a post was edited while another was added": (
        [
            version(HISTORY, 65, told(BEGAN, EDITED)),
            version(HISTORY, 90, told(Post("Down", "We look.", NOON), EDITED, OVER)),
        ],
        [
            Change(
                NOON + 90 * MINUTE,
                TITLE,
                "2026-11-03T12:00:00Z High disruptions: We look.",
                "2026-11-03T12:00:00Z Down: We look.",
            )
        ],
    ),
    "it was opened again": (
        [
            version(HISTORY, 65, OLDER, told(BEGAN, OVER)),
            version(ACTIVE, 90, told(BEGAN, OVER, Post("Down", "Again.", NOON + 80 * MINUTE))),
            version(HISTORY, 90, OLDER),
        ],
        [],
    ),
    "one of two is over": (
        [
            version(ACTIVE, 5, told(BEGAN), told(Post("Down", "", NOON - MINUTE), id="9")),
            version(ACTIVE, 65, told(Post("Down", "", NOON - MINUTE), id="9")),
            version(HISTORY, 65, told(BEGAN, OVER)),
        ],
        [],
    ),
    "a post was taken back": (
        [version(HISTORY, 65, told(BEGAN, EDITED, OVER)), version(HISTORY, 90, told(BEGAN, OVER))],
        [
            Change(
                NOON + 90 * MINUTE,
                TITLE,
                "2026-11-03T12:10:00Z Medium disruptions: We looked.",
                "no longer told",
            )
        ],
    ),
    "it was given to another service": (
        [version(HISTORY, 65, told(BEGAN, OVER)), version(HISTORY, 90, told(BEGAN, OVER, service_id="4"))],
        [Change(NOON + 90 * MINUTE, TITLE, "service 1", "service 4")],
    ),
    "it was taken back": (
        [version(HISTORY, 65, OLDER, told(BEGAN, OVER)), version(HISTORY, 90, OLDER)],
        [
            Change(
                NOON + 90 * MINUTE,
                TITLE,
                "2026-11-03T12:00:00Z High disruptions: We look.; 2026-11-03T13:00:00Z Resolved: Over.",
                "no longer told",
            )
        ],
    ),
    "it grew too old to be told": (
        [version(HISTORY, 65, OLDER, told(BEGAN, OVER)), version(HISTORY, 90, told(BEGAN, OVER))],
        [],
    ),
    "it was told two hours later": (
        [version(HISTORY, -60), version(HISTORY, 125, told(BEGAN, OVER))],
        [
            Change(
                NOON + 125 * MINUTE,
                TITLE,
                "not told",
                "2026-11-03T12:00:00Z High disruptions: We look.; 2026-11-03T13:00:00Z Resolved: Over.,"
                " first seen at 2026-11-03T14:05:00Z",
            )
        ],
    ),
    "the page was first read two hours later": ([version(HISTORY, 125, told(BEGAN, OVER))], []),
    "it was told soon": ([version(ACTIVE, -60), version(ACTIVE, 20, told(BEGAN))], []),
}


@pytest.mark.parametrize(("versions", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_is_told_otherwise_afterwards_is_a_change_of_the_past(
    versions: list[Version], expected: list[Change]
) -> None:
    found = metas_past([SERVICES, *versions]).changes
    assert list(found) == expected


def test_only_outages_that_meta_called_major_speak_for_a_verdict() -> None:
    some = Post("Medium disruptions", "", NOON)
    odd = Post("Kaputt", "", NOON)
    shared = OutageWord(GRAPH, "9", "Resolved", posts=(BEGAN, OVER))
    versions = [
        SERVICES,
        version(
            HISTORY,
            65,
            told(BEGAN, OVER),
            told(some, id="8"),
            told(odd, id="10"),
            told(BEGAN, id="11", service_id=""),
        ),
        Version(f"data/outages/{GRAPH}.history.json", NOON + HOUR, (shared,)),
    ]
    assert posted_outages(metas_past(versions).outages) == (
        Outage(GRAPH, NOON, NOON + HOUR, ""),
        Outage(WHATSAPP, NOON, NOON, ""),
        Outage(f"{WHATSAPP}/Cloud API", NOON, NOON + HOUR, ""),
    )


MORNING = parse_iso("2026-11-03T04:00:00Z")
PAGE = f"metrics/{WHATSAPP}/{UPTIME}.json"


def series(days: float, *values: float | None) -> Version:
    return Version(PAGE, MORNING + round(days * DAY), (Series(UPTIME, values),))


def day(number: int) -> date:
    return date(2026, 11, 2) + timedelta(days=number)


def test_a_new_day_shifts_the_series_and_changes_no_past() -> None:
    days, changes = uptime_days(
        [series(0, 99.0, 100, 98.5), series(1, 100, 98.5, 99.9), series(2, 98.5, 99.9, 100)]
    )
    assert changes == ()
    assert [(one.day, one.percent) for one in days] == [
        (day(-2), 99.0),
        (day(-1), 100),
        (day(0), 98.5),
        (day(1), 99.9),
        (day(2), 100),
    ]
    assert days[2].seen_ms == MORNING, "it reads so since it was first seen"


A, B, C, D, E = 91.0, 92.0, 93.0, 94.0, 95.0
RESTATED: dict[str, tuple[list[Version], list[tuple[int, str, str]]]] = {
    "a past day": ([series(0, A, B, C, D), series(1, B, 99.5, D, E)], [(-1, "93 %", "99.5 %")]),
    "a past day among perfect ones": (
        [*(series(number, *[100] * 9) for number in range(4)), series(4, *[100] * 6, 97.64, 100, 100)],
        [(2, "100 %", "97.64 %")],
    ),
    "on the same day, without a new value": (
        [series(0, A, B, C, D), series(0.2, A, B, 99.9, D)],
        [(-1, "93 %", "99.9 %")],
    ),
    "the newest, while it is counted": ([series(0, A, B, C, D), series(0.1, A, B, C, 98.1)], []),
    "the newest, days later": (
        [series(0, A, B, C, D), series(0.1, A, B, C, 98.6), series(2, C, 98.25, E, 100)],
        [(0, "98.6 %", "98.25 %")],
    ),
    "a first bad day, soon after midnight": (
        [
            series(0, *[100] * 9),
            series(0.9, *[100] * 9),
            series(0.95, *[100] * 8, 99.5),
            series(3, *[100] * 5, 99.5, *[100] * 3),
            series(3.1, *[100] * 5, 98, *[100] * 3),
        ],
        [(1, "99.5 %", "98 %")],
    ),
    "a hole is no value": ([series(0, A, B, C, D), series(1, B, None, D, E)], []),
    "the refresh came late": ([series(0, A, B, C, D), series(0.5, B, C, D, E)], []),
    "the refresh is late today": ([series(0, A, B, C, D), series(0.9, A, B, C, D, None)], []),
    "nothing moved for a day": ([series(0, A, B, C, D), series(0.9, A, B, 96, D)], [(-1, "93 %", "96 %")]),
    "a month without a look": ([series(0, A, B, C, D), series(30, A, A, A, A)], []),
    "a longer series": ([series(0, C, D), series(1, A, B, C, D, E)], []),
    "a shorter series": ([series(0, A, B, C, D), series(1, D, E)], []),
}


@pytest.mark.parametrize(("versions", "expected"), RESTATED.values(), ids=RESTATED)
def test_a_day_that_is_counted_anew_is_told_with_both_figures(
    versions: list[Version], expected: list[tuple[int, str, str]]
) -> None:
    assert [(one.what, one.before, one.after) for one in uptime_days(versions)[1]] == [
        (f"Cloud API's availability of {day(number)} (± 1 day)", before, after)
        for number, before, after in expected
    ]


@given(
    values=st.lists(st.floats(0, 100).map(lambda one: round(one, 2)), min_size=20, max_size=30),
    late=st.lists(st.integers(0, 20), min_size=20, max_size=20),
)
def test_a_window_that_only_slides_never_changes_the_past(values: list[float], late: list[int]) -> None:
    """However late in the day each look is."""
    window = 12
    versions = [
        series(number + hours / 24, *values[number : number + window])
        for number, hours in zip(range(len(values) - window), late, strict=False)
    ]
    days, changes = uptime_days(versions)
    if len(set(values)) == len(values):
        assert changes == ()
        assert [one.percent for one in days] == values[: len(days)]


def test_a_month_is_laid_beside_ours_over_the_days_that_meta_tells() -> None:
    days = [
        MetaDay(date(2026, 11, number), 100.0 if number != 3 else 97.5, NOON + number) for number in range(1, 31)
    ]
    days.insert(0, MetaDay(date(2026, 10, 31), 90.0, NOON))
    ours = {
        "platform": {
            date(2026, 11, number): Figures(
                total_ms=DAY, meta_down_ms=34 * MINUTE * (number == 3), down_ms=40 * MINUTE * (number == 3)
            )
            for number in range(1, 31)
        }
        | {date(2026, 12, 1): Figures(total_ms=DAY, meta_down_ms=DAY)},
        "another": {date(2026, 12, 1): Figures(total_ms=DAY)},
    }
    november, october = months_beside(days, ours)
    assert (november.month, november.days, november.of_days, november.whole) == ("2026-11", 30, 30, True)
    assert november.down_minutes == pytest.approx(36.0)
    assert november.percent == pytest.approx(100 - 2.5 / 30)
    assert november.beside == (Beside("platform", 34.0, pytest.approx(-2.0), 1.0, 40.0),)
    assert november.seen_ms == NOON + 30
    assert (october.month, october.whole, october.beside) == ("2026-10", False, ())


def now(name: str, light: Light, org: str = WHATSAPP) -> Shown:
    return Shown(org, name, "", light, None)


SHOWN = [
    now("Cloud API", Light.GREEN),
    now("Cloud API - Localized Storage", Light.RED),
    now("WhatsApp Business account management", Light.YELLOW),
    now("Graph API", Light.GREEN, GRAPH),
    now("Facebook Login", Light.RED, LOGIN),
]


@pytest.mark.parametrize(
    ("probe", "light"),
    [
        (ProbeKind.MESSAGE, Light.GREEN),
        (ProbeKind.TRAFFIC, Light.GREEN),
        (ProbeKind.API, Light.YELLOW),
        (ProbeKind.EDGE, Light.RED),
        (ProbeKind.WEBHOOK, Light.UNKNOWN),
        (ProbeKind.CONTROL, Light.UNKNOWN),
    ],
)
def test_the_light_for_a_probe_is_that_of_the_services_it_looks_at(probe: ProbeKind, light: Light) -> None:
    assert light_for(probe, SHOWN) is light


def test_an_old_page_shows_no_light() -> None:
    signs = (Sign(WHATSAPP, "1", "Cloud API", "No known issues"),)
    (fresh,), (old,) = (services_now(signs, {(WHATSAPP, "Cloud API"): 5}, fresh=one) for one in (True, False))
    assert (fresh.light, fresh.checked_ms) == (Light.GREEN, 5)
    assert (old.light, old.said) == (Light.UNKNOWN, "No known issues")


@pytest.mark.parametrize(("age_minutes", "fresh"), [(0, True), (16, True), (17, False)])
def test_a_page_is_fresh_for_three_rounds(age_minutes: int, fresh: bool) -> None:
    assert is_fresh(NOON, NOON + age_minutes * MINUTE) is fresh
    assert is_fresh(None, NOON) is False
