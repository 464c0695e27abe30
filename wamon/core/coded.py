"""Meta's codes among looks: which came in a stretch of time, the most frequent first."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from wamon.core.finding import Mark
from wamon.core.timeline import Span

Codes = Callable[[Span], tuple[int, ...]]
"""Meta's codes of the looks in a span, the most frequent first."""

MOST_CODES = 3


def codes_of(coded: Sequence[tuple[int, int]]) -> Codes:
    """Of looks that brought a code, (instant, code) in their order."""

    def within(span: Span) -> tuple[int, ...]:
        return tuple(code for code, _ in Counter(code for _, code in between(coded, span)).most_common(MOST_CODES))

    return within


def between(coded: Sequence[tuple[int, int]], span: Span) -> Sequence[tuple[int, int]]:
    """Those of a span."""
    first, last = (bisect_left(coded, (at_ms,)) for at_ms in span)
    return coded[first:last]


def coded(marks: Iterable[Mark]) -> list[tuple[int, int]]:
    """The looks that brought one of Meta's codes."""
    return [(mark.at_ms, mark.finding.code) for mark in marks if mark.finding.code is not None]
