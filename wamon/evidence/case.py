"""One incident as the ledger has it: the looks at it and beside it, every word on them, and the witnesses."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from wamon.core.coded import coded, codes_of
from wamon.core.finding import Context, Mark
from wamon.core.incident import Incident, Lasting, incidents
from wamon.core.meta_outages import KnownOutage
from wamon.core.observation import ProbeKind
from wamon.core.reference import metas_past
from wamon.core.segments import Timeline, account
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso, parse_iso
from wamon.ledger import Book
from wamon.ledger.words import Appended, Witnessed

BESIDE_MS = 15 * MINUTE
"""Looks this far before and after an incident stand beside it: what went well, and when."""

_TOKEN_REACH_MS = 2 * HOUR
_BEFORE_MS, _AFTER_MS = 2 * DAY, 31 * DAY
_REMEMBERED_MS = 400 * DAY
_NAMED = 5


class UnknownIncidentError(ValueError):
    """The ledger holds no such incident; the message names those nearby."""


class Case(msgspec.Struct, frozen=True):
    """``span`` is the incident's, ``around`` what is told. ``marks`` are all looks at the target in ``around``.

    ``kept`` are looks that were kept whole, of tokens too. ``controls`` are looks of each control, ``sends`` those
    of each target that sends. ``pruned_ms``: looks before it were dropped. ``durations_ms`` are by instant.
    """

    incident: Incident
    span: Span
    around: Span
    context: Context
    timeline: Timeline
    marks: Sequence[Mark]
    kept: Sequence[Witnessed]
    rulings: Sequence[Appended]
    controls: Mapping[str, Sequence[Mark]]
    sends: Mapping[str, Sequence[Mark]]
    durations_ms: Mapping[int, Mapping[str, float]]
    outages: Sequence[KnownOutage]
    page_seen_ms: int | None
    pruned_ms: int | None

    @property
    def is_pruned(self) -> bool:
        """Whether looks that belong to it were dropped."""
        return self.pruned_ms is not None and self.pruned_ms > self.around.start_ms


class _Name(NamedTuple):
    target: str
    at_ms: int


def read_case(book: Book, name: str, lasting: Lasting) -> Case:
    """All that the book holds of an incident, called ``target@instant`` as notices and lists call it.

    An instant inside an incident names it too. Raises UnknownIncidentError.
    """
    asked = _parsed(name, book)
    found, timeline = _found(book, asked, lasting)
    last_ms = book.last_looks().get(asked.target, asked.at_ms)
    span = found.span(last_ms + 1)
    around = Span(span.start_ms - BESIDE_MS, span.end_ms + BESIDE_MS)
    contexts = book.last_contexts()
    tokens = [one for one, context in contexts.items() if context.probe == ProbeKind.TOKEN]
    near = Span(around.start_ms - _TOKEN_REACH_MS, around.end_ms + _TOKEN_REACH_MS)
    versions = book.page_versions(span.start_ms - _REMEMBERED_MS, around.end_ms)
    return Case(
        incident=found,
        span=span,
        around=around,
        context=contexts.get(asked.target, Context("", MINUTE)),
        timeline=timeline,
        marks=book.marks(asked.target, around),
        kept=[*book.witnessed(around, targets=[asked.target]), *book.witnessed(near, targets=tokens)],
        rulings=book.rulings(around, targets=[asked.target]),
        controls=_looks(book, contexts, around, ProbeKind.CONTROL),
        sends=_looks(book, contexts, span, ProbeKind.MESSAGE, ProbeKind.TRAFFIC),
        durations_ms=dict(book.durations(asked.target, around)),
        outages=[one for one in metas_past(versions).outages if _is_near(one, around)],
        page_seen_ms=max((one.seen_ms for one in versions), default=None),
        pruned_ms=book.pruned().get(asked.target),
    )


def _parsed(name: str, book: Book) -> _Name:
    target, _, instant = name.rpartition("@")
    known = book.targets()
    try:
        at_ms = parse_iso(instant)
    except ValueError:
        raise UnknownIncidentError(
            f"{name!r} names no incident: write TARGET@INSTANT, as in cloud-api@2026-11-01T10:00:00Z;"
            " wamon incidents list shows those there are"
        ) from None
    if target not in known:
        raise UnknownIncidentError(
            f"{name!r}: no target named {target!r} was ever watched; there are {', '.join(sorted(known))}"
        )
    return _Name(target, at_ms)


def _found(book: Book, asked: _Name, lasting: Lasting) -> tuple[Incident, Timeline]:
    reach = Span(asked.at_ms - _BEFORE_MS, asked.at_ms + _AFTER_MS)
    marks = book.marks(asked.target, reach)
    now_ms = marks[-1].at_ms + 1 if marks else asked.at_ms
    timeline = account(marks, now_ms, confirm=lasting.confirm)
    every = incidents(asked.target, timeline, now_ms, lasting=lasting, codes=codes_of(coded(marks)))
    for one in every:
        if one.opened_ms == asked.at_ms:
            return one, timeline
    for one in every:
        if one.span(now_ms).holds(asked.at_ms):
            return one, timeline
    near = sorted(every, key=lambda one: abs(one.opened_ms - asked.at_ms))[:_NAMED]
    told = ", ".join(sorted(one.name for one in near)) or "none"
    pruned_ms = book.pruned().get(asked.target)
    lost = f"; looks before {iso(pruned_ms)} were dropped by then" if pruned_ms else ""
    raise UnknownIncidentError(f"{asked.target} had no incident at {iso(asked.at_ms)}; near it: {told}{lost}")


def _looks(
    book: Book, contexts: Mapping[str, Context], span: Span, *probes: ProbeKind
) -> dict[str, Sequence[Mark]]:
    return {name: book.marks(name, span) for name, one in sorted(contexts.items()) if one.probe in probes}


def _is_near(one: KnownOutage, span: Span) -> bool:
    return one.first_posted_ms < span.end_ms + DAY and (one.resolved_ms is None or one.resolved_ms > span.start_ms)
