"""A day of one row told whole: its stretches, every ruling that touched it, and all that was said of it."""

from collections.abc import Iterable, Sequence

import msgspec

from wamon.core.finding import Finding, Origin
from wamon.core.incident import Incident
from wamon.core.publication import Publication
from wamon.core.report import Day
from wamon.core.segments import Segment
from wamon.core.timeline import Span


class Ruled(msgspec.Struct, frozen=True):
    """Later rulings that say the same of looks in a row. ``before`` stood until then; None where it is unknown.

    ``author`` and ``because`` are a person's; ``withdrawn``: that person took it back.
    """

    first_ms: int
    last_ms: int
    looks: int
    origin: Origin
    ruled_at_ms: int
    before: Finding | None
    after: Finding
    author: str = ""
    because: str = ""
    withdrawn: bool = False


class Chronicle(msgspec.Struct, frozen=True):
    """``day`` stands; ``trail`` is all that was ever published of it, oldest first, empty while the day is open.

    ``segments`` are clipped to ``span``; time in none of them was observed by nobody. ``looks`` are those the book
    still holds: 0 once they are pruned. ``maintenance`` was declared.
    """

    target: str
    span: Span
    zone: str
    day: Day
    segments: tuple[Segment, ...] = ()
    rulings: tuple[Ruled, ...] = ()
    trail: tuple[Publication, ...] = ()
    maintenance: tuple[Span, ...] = ()
    incidents: tuple[Incident, ...] = ()
    looks: int = 0


def grouped(rulings: Iterable[Ruled]) -> tuple[Ruled, ...]:
    """Rulings on single looks, by instant, put together where neighbours say the same."""
    found: list[Ruled] = []
    for one in rulings:
        last = found[-1] if found else None
        if last is not None and _says(last) == _says(one):
            found[-1] = msgspec.structs.replace(
                last,
                last_ms=one.last_ms,
                looks=last.looks + one.looks,
                ruled_at_ms=max(last.ruled_at_ms, one.ruled_at_ms),
            )
        else:
            found.append(one)
    return tuple(found)


def _says(one: Ruled) -> tuple[object, ...]:
    return one.origin, one.before, one.after, one.author, one.because, one.withdrawn


def clipped(segments: Sequence[Segment], span: Span) -> tuple[Segment, ...]:
    """The stretches inside a span, cut at its ends."""
    return tuple(
        one._replace(start_ms=inside.start_ms, end_ms=inside.end_ms)
        for one in segments
        if (inside := one.span.clip(span)).length_ms > 0
    )
