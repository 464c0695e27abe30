"""How long the other side took for its good answers is read off the looks: without name, connection and TLS."""

from collections.abc import Callable

import pytest

from tests.ledger.sample import CONTEXT, GOOD, NOON, THEIRS, Story, look, ruled, seen
from wamon.core.timeline import Span
from wamon.ledger import Ledger

Shelf = Callable[[Story], None]


def test_only_good_answers_of_the_span_count_and_only_their_own_part(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await look(ledger, GOOD, NOON)
        await look(ledger, THEIRS, NOON + 1)
        await look(ledger, GOOD, NOON - 1)
        await look(ledger, GOOD, NOON, target="other")
        bare = seen(NOON + 2, durations_ms={"first_byte": 30.0, "total": 40.0})
        await ledger.record(bare, CONTEXT, ruled(GOOD, NOON + 2))
        await ledger.record(seen(NOON + 3, durations_ms={}), CONTEXT, ruled(GOOD, NOON + 3))
        found = await ledger.read(lambda book: book.answer_times("graph", Span(NOON, NOON + 10)))
        assert sorted(found) == pytest.approx([40.0, 99.1 - 1.2 - 11.0 - 24.6])
        assert await ledger.read(lambda book: book.answer_times("nobody", Span(0, NOON))) == []
