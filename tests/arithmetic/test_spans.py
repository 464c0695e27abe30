"""Unions, differences and lengths of spans, held against sets of milliseconds."""

from hypothesis import given
from hypothesis import strategies as st

from wamon.core.timeline import Span, clipped, subtract, total_ms, union

SPANS = st.lists(st.builds(Span, st.integers(0, 40), st.integers(0, 40)), max_size=8)
WINDOWS = st.builds(Span, st.integers(0, 40), st.integers(0, 40))


def instants(spans: list[Span]) -> set[int]:
    return {at_ms for one in spans for at_ms in range(one.start_ms, one.end_ms)}


def tidy(spans: list[Span]) -> bool:
    """Sorted, none empty, and none touching the next."""
    edges = [at_ms for one in spans for at_ms in one]
    return edges == sorted(set(edges))


@given(SPANS)
def test_a_union_holds_every_instant_once(spans: list[Span]) -> None:
    assert instants(union(spans)) == instants(spans)
    assert tidy(union(spans))


@given(SPANS, SPANS)
def test_what_remains_is_what_no_hole_holds(spans: list[Span], holes: list[Span]) -> None:
    assert instants(subtract(spans, holes)) == instants(spans) - instants(holes)
    assert tidy(subtract(spans, holes))


@given(SPANS, WINDOWS)
def test_a_window_holds_what_lies_in_it(spans: list[Span], within: Span) -> None:
    inside = instants(spans) & instants([within])
    assert instants(clipped(spans, within)) == inside
    assert total_ms(union(spans), within) == len(inside)
