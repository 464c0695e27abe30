"""A statement of days: what was down and whose fault, what was left out and why, the hash of what it stands on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256

import msgspec

from wamon.core.incident import Incident, Kind, Lasting, incidents
from wamon.core.maintenance import Window, cover
from wamon.core.segments import Segment, Timeline
from wamon.core.timeline import Span, iso
from wamon.core.uptime import Figures, clock_text

METHOD = (
    "A figure is a length of time, in whole milliseconds. Looks are never counted as if each were worth the same.",
    "A look owns time: to the midpoint between it and the next look on either side, and on each side at most"
    " 0.75 of its interval (0.75 of a minute where it looks more often than that).",
    "What no look owns is unobserved: neither up nor down.",
    "A single failed look between good ones is a blip: counted, and forgiven.",
    "Declared maintenance lies over everything else, and time without an observer lies over all columns.",
    "Percentages are rounded toward the worse and stand beside the time that was lost: 100 % is only said when"
    " nothing was.",
    "Months add the seconds of their days and divide once; percentages are never averaged.",
    "For a dispute quote at least, for operations the figure itself, for planning at most.",
)
"""Word for word what docs/availability.md says; a test holds the two together."""


class Stood(msgspec.Struct, frozen=True):
    """A row's day as a statement stands on it; ``revision`` is 0 where it was computed now."""

    target: str
    day: date
    span: Span
    zone: str
    revision: int
    published_at_ms: int
    figures: Figures
    reason: str
    author: str
    segments: Sequence[Segment] = ()


class Outage(msgspec.Struct, frozen=True):
    """A stretch of trouble; ``revision`` is the latest of the days it touches."""

    target: str
    opened_ms: int
    closed_ms: int | None
    lasted_ms: int
    kind: str
    verdict: str
    cause: str
    revision: int


class Exclusion(msgspec.Struct, frozen=True):
    """Time that counts neither as up nor as down, or a day that counts in no month, and why."""

    target: str
    start_ms: int
    end_ms: int
    what: str
    because: str


class Declared(msgspec.Struct, frozen=True):
    """A maintenance window that stands, with its reason and who gave it."""

    window: Window
    because: str
    author: str


class Statement(msgspec.Struct, frozen=True):
    """What a statement says besides its figures."""

    outages: tuple[Outage, ...]
    exclusions: tuple[Exclusion, ...]
    inputs_sha256: str


def statement(
    days: Sequence[Stood],
    accounts: Mapping[str, str],
    declared: Sequence[Declared],
    lasting: Lasting,
) -> Statement:
    """Read off the days. ``accounts`` gives the account of every target that may be named."""
    rows: dict[str, list[Stood]] = {}
    for one in sorted(days, key=lambda one: (one.target, one.day)):
        rows.setdefault(one.target, []).append(one)
    found = [(incident, own) for name, own in rows.items() for incident in _incidents(name, own, lasting)]
    outages = [_outage(one, own) for one, own in found if one.kind is not Kind.UNOBSERVED]
    unseen = [_unseen(one, own) for one, own in found if one.kind is Kind.UNOBSERVED]
    planned = [one for name, own in rows.items() for one in _planned(name, own, accounts, declared)]
    badly = [_left_out(one) for one in days if one.figures.insufficient]
    return Statement(
        outages=tuple(sorted(outages, key=lambda one: (one.opened_ms, one.target))),
        exclusions=tuple(
            sorted((*planned, *unseen, *badly), key=lambda one: (one.start_ms, one.target, one.what))
        ),
        inputs_sha256=digest(days),
    )


def _incidents(name: str, own: Sequence[Stood], lasting: Lasting) -> list[Incident]:
    """Those of rows with stretches of their own; a day that nobody saw at all is told as left out."""
    segments = tuple(segment for one in own for segment in one.segments)
    if not segments:
        return []
    end_ms = max(one.span.end_ms for one in own if one.segments)
    return incidents(name, Timeline(segments), end_ms, lasting=lasting)


def _outage(one: Incident, own: Sequence[Stood]) -> Outage:
    span = one.span(own[-1].span.end_ms)
    revision = max((day.revision for day in own if day.span.overlaps(span)), default=0)
    return Outage(
        one.target,
        one.opened_ms,
        one.closed_ms,
        span.length_ms,
        one.kind.value,
        one.verdict.value,
        one.cause.value,
        revision,
    )


def _unseen(one: Incident, own: Sequence[Stood]) -> Exclusion:
    why = "nobody looked" if one.cause == "none" else one.cause.value.replace("_", " ")
    return Exclusion(one.target, *one.span(own[-1].span.end_ms), "unobserved", why)


def _planned(
    name: str, own: Sequence[Stood], accounts: Mapping[str, str], declared: Sequence[Declared]
) -> Iterable[Exclusion]:
    if name not in accounts:
        return
    for one in declared:
        if not one.window.covers(name, accounts[name]):
            continue
        for day in own:
            found = cover([one.window], day.span)
            for span in found.spans:
                inside = span.clip(day.span)
                late = ", declared afterwards" if found.afterwards else ""
                yield Exclusion(name, *inside, "maintenance", f"{one.because} ({one.author}{late})")


def _left_out(one: Stood) -> Exclusion:
    seen = one.figures.coverage or 0.0
    why = f"{seen:.1%} observed, unobserved {clock_text(one.figures.unobserved_ms)}; counts in no month"
    return Exclusion(one.target, *one.span, "insufficient data", why)


def digest(days: Sequence[Stood]) -> str:
    """SHA-256 of every figure, stretch, reason and author behind it: the same wherever the book is read.

    What depends on the moment or the machine is left out.
    """
    lines = [
        (
            one.target,
            one.day.isoformat(),
            *one.span,
            one.zone,
            one.revision,
            iso(one.published_at_ms) if one.revision else "",
            msgspec.structs.asdict(one.figures),
            one.reason,
            one.author,
            [tuple(segment) for segment in one.segments],
        )
        for one in sorted(days, key=lambda one: (one.target, one.day))
    ]
    return sha256(msgspec.json.encode(lines, order="sorted")).hexdigest()


def statement_document(told: Statement) -> dict[str, object]:
    """As JSON: seconds and instants."""
    return {
        "method": list(METHOD),
        "outages": [
            {
                "target": one.target,
                "opened_at": iso(one.opened_ms),
                "closed_at": None if one.closed_ms is None else iso(one.closed_ms),
                "seconds": one.lasted_ms / 1000,
                "kind": one.kind,
                "verdict": one.verdict,
                "cause": one.cause,
                "revision": one.revision,
            }
            for one in told.outages
        ],
        "exclusions": [
            {
                "target": one.target,
                "from": iso(one.start_ms),
                "to": iso(one.end_ms),
                "seconds": (one.end_ms - one.start_ms) / 1000,
                "what": one.what,
                "because": one.because,
            }
            for one in told.exclusions
        ],
        "inputs_sha256": told.inputs_sha256,
    }
