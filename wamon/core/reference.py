"""Meta's word beside ours: its lights, its outages and its monthly figure, and what it changed afterwards."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from wamon.core.meta_days import MetaDay, uptime_days
from wamon.core.meta_outages import KnownOutage, OutageBook
from wamon.core.meta_page import GRAPH, LOGIN, OFTEN_MS, WHATSAPP, Change, Light, Sign, Version, light_of, worst
from wamon.core.observation import ProbeKind
from wamon.core.posted import Outage
from wamon.core.timeline import MINUTE
from wamon.core.uptime import Figures

STALE_ROUNDS = 3
"""After so many rounds in which the page could not be read, what it said last is no longer what it says."""

_MINUTES_A_DAY = 24 * 60

_CONCERNS: Mapping[ProbeKind, Sequence[tuple[str, str]]] = {
    ProbeKind.EDGE: ((GRAPH, ""), (LOGIN, "")),
    ProbeKind.API: ((WHATSAPP, "account management"), (WHATSAPP, "cloud api"), (GRAPH, "")),
    ProbeKind.MESSAGE: ((WHATSAPP, "cloud api"), (GRAPH, "")),
    ProbeKind.ROUNDTRIP: ((WHATSAPP, "cloud api"), (GRAPH, "")),
    ProbeKind.TRAFFIC: ((WHATSAPP, "cloud api"), (GRAPH, "")),
}
"""Whose light is looked at when a probe is in trouble: org, and words of the service's name (Localized Storage is
another service). Names as on the page ("Status", read 2026-06-17)."""


class MetasPast(msgspec.Struct, frozen=True):
    """All that the versions of the page say together. ``changes``: where Meta changed its past, oldest first."""

    signs: tuple[Sign, ...] = ()
    outages: tuple[KnownOutage, ...] = ()
    days: tuple[MetaDay, ...] = ()
    changes: tuple[Change, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """One service as the page shows it now: Meta's words, what they mean, and when Meta says it checked."""

    org: str
    name: str
    said: str
    light: Light
    checked_ms: int | None


class Beside(msgspec.Struct, frozen=True):
    """One of our rows beside Meta's month, over the same days and by Meta's formula.

    ``difference_minutes`` is ours minus Meta's: above zero we saw more downtime than Meta counts.
    ``estimate_minutes`` counts every second down: looks far apart prove no ten minutes in a row, and so are
    none by the formula.
    """

    row: str
    down_minutes: float
    difference_minutes: float
    coverage: float | None
    estimate_minutes: float = 0.0


class MetaMonth(msgspec.Struct, frozen=True):
    """Meta's figure of a month, from its daily values; ``days`` of ``of_days`` are known.

    Exact for a whole month at best: Meta's days have no known zone, and each may be off by one. That a day's value
    is its share of 24 hours is inferred from the formula of the month ("Status", read 2026-06-17).
    """

    month: str
    percent: float
    down_minutes: float
    days: int
    of_days: int
    seen_ms: int
    beside: tuple[Beside, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every day of the month is known."""
        return self.days == self.of_days


class MetasWord(msgspec.Struct, frozen=True):
    """Meta's page in the report. ``read_ms`` is when its services were last read, None while they never were.

    ``fresh``: what is shown is what the page says; else it is old, and every light is unknown. ``trouble`` says
    what stands in the way, empty where nothing does.
    """

    read_ms: int | None = None
    fresh: bool = False
    trouble: str = ""
    services: tuple[Shown, ...] = ()
    open_outages: tuple[KnownOutage, ...] = ()
    months: tuple[MetaMonth, ...] = ()
    changes: tuple[Change, ...] = ()


def metas_past(versions: Sequence[Version]) -> MetasPast:
    """Put the versions of all pages, oldest first, together."""
    book = OutageBook()
    for version in versions:
        book.take(version)
    days, counted_anew = uptime_days(versions)
    changes = sorted((*book.changes, *counted_anew), key=lambda one: one.seen_ms)
    return MetasPast(tuple(book.signs.values()), book.outages(), days, tuple(changes))


def posted_outages(outages: Iterable[KnownOutage]) -> tuple[Outage, ...]:
    """The outages that may speak for a verdict: those that Meta called a major one at some time.

    "Some disruptions" do not lower Meta's figure ("Support", reliability FAQ, read 2025-11-19), nor do they ours.
    """
    return tuple(
        Outage(
            f"{one.org}/{one.service}" if one.service else one.org, one.first_posted_ms, one.resolved_ms, one.title
        )
        for one in outages
        if one.worst is Light.RED
    )


def is_fresh(read_ms: int | None, now_ms: int, interval_ms: int = OFTEN_MS) -> bool:
    """Whether what was read of the page is still what it says."""
    return read_ms is not None and now_ms - read_ms <= STALE_ROUNDS * interval_ms + MINUTE


def light_for(probe: ProbeKind, services: Iterable[Shown]) -> Light:
    """The worst light of the services that a probe in trouble concerns; unknown where none is shown."""
    wanted = _CONCERNS.get(probe, ())
    return worst([one.light for one in services if any(_is(one, org, words) for org, words in wanted)])


def _is(service: Shown, org: str, words: str) -> bool:
    name = service.name.lower()
    return service.org == org and words in name and ("storage" not in name or not words)


def services_now(
    signs: Iterable[Sign], checked: Mapping[tuple[str, str], int], *, fresh: bool
) -> tuple[Shown, ...]:
    """The services with their lights; unknown where the page was not read lately."""
    return tuple(
        Shown(
            one.org,
            one.name,
            one.said,
            light_of(one.said) if fresh else Light.UNKNOWN,
            checked.get((one.org, one.name)),
        )
        for one in signs
    )


def months_beside(days: Sequence[MetaDay], ours: Mapping[str, Mapping[date, Figures]]) -> tuple[MetaMonth, ...]:
    """Meta's months, the newest first, each beside our rows over the days that Meta tells."""
    months: dict[str, list[MetaDay]] = {}
    for one in days:
        months.setdefault(f"{one.day:%Y-%m}", []).append(one)
    return tuple(_month(name, months[name], ours) for name in sorted(months, reverse=True))


def _month(name: str, days: Sequence[MetaDay], ours: Mapping[str, Mapping[date, Figures]]) -> MetaMonth:
    down = sum((100 - one.percent) / 100 for one in days) * _MINUTES_A_DAY
    told = {one.day for one in days}
    beside = [
        _beside(row, [sums for day, sums in figures.items() if day in told], down)
        for row, figures in ours.items()
        if told.intersection(figures)
    ]
    return MetaMonth(
        name,
        percent=100 * (1 - down / (len(days) * _MINUTES_A_DAY)),
        down_minutes=down,
        days=len(days),
        of_days=monthrange(days[0].day.year, days[0].day.month)[1],
        seen_ms=max(one.seen_ms for one in days),
        beside=tuple(beside),
    )


def _beside(row: str, days: Sequence[Figures], metas_minutes: float) -> Beside:
    minutes = sum(one.meta_down_ms for one in days) / MINUTE
    expected = sum(one.expected_ms for one in days)
    coverage = 1 - sum(one.unobserved_ms for one in days) / expected if expected else None
    estimate = sum(one.down_ms for one in days) / MINUTE
    return Beside(row, minutes, minutes - metas_minutes, coverage, estimate)
