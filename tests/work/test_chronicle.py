"""A day read from the book: what was published of it, the stretches behind, every ruling that touched it."""

import asyncio
from pathlib import Path

from tests.ledger.sample import CONTEXT, GOOD, NOON, OURS, THEIRS, TODAY, published, ruled, seen, stretch
from wamon.core.chronicle import clipped
from wamon.core.finding import Origin
from wamon.core.timeline import DAY, HOUR, MINUTE, Span
from wamon.ledger import Book, Ledger, open_ledger
from wamon.ledger.words import Declaration
from wamon.work.chronicle import Read, read_day

DATE = published().day


async def a_day(ledger: Ledger) -> None:
    """Ten good looks, five refused ones that a weekly pass turned, two of which a person turned back and forth."""
    refused = [NOON + minute * MINUTE for minute in range(5)]

    def write(book: Book) -> None:
        for minute in range(10):
            book.record(seen(NOON - HOUR + minute * MINUTE), CONTEXT, ruled(GOOD, NOON - HOUR + minute * MINUTE))
        for at_ms in refused:
            book.record(seen(at_ms), CONTEXT, ruled(OURS, at_ms))
        book.append_rulings([ruled(THEIRS, at_ms, origin=Origin.RECLASSIFICATION) for at_ms in refused])
        for because in ("case 7", "no, ours"):
            number = book.declare(Declaration("ruling", {}, NOON + DAY, "ada", because))
            said = [
                ruled(OURS, at_ms, origin=Origin.PERSON, author="ada", because=because) for at_ms in refused[:2]
            ]
            book.append_rulings(said, declaration=number)
            if because == "case 7":
                book.withdraw(number, at_ms=NOON + DAY, author="ada", because="wrong case")
        book.publish(
            [
                (published(), [stretch()]),
                (published(down_ms=5), [stretch(), stretch(TODAY.end_ms, TODAY.end_ms + 1)]),
            ]
        )

    await ledger.write(write)


def read(folder: Path, *, pruned: bool = False) -> Read:
    async def story() -> Read:
        ledger = open_ledger(folder / "wamon.db")
        await a_day(ledger)
        if pruned:
            await ledger.prune(NOON + DAY)
        found = await ledger.read(lambda book: read_day(book, "graph", DATE, TODAY))
        await ledger.close()
        return found

    return asyncio.run(story())


def test_rulings_that_say_the_same_of_neighbours_are_one_line_and_each_tells_what_stood_before(
    tmp_path: Path,
) -> None:
    found = read(tmp_path)
    told = [
        (one.origin, one.looks, one.first_ms - NOON, one.last_ms - NOON, one.before, one.after, one.withdrawn)
        for one in found.rulings
    ]
    assert told == [
        (Origin.RECLASSIFICATION, 5, 0, 4 * MINUTE, OURS, THEIRS, False),
        (Origin.PERSON, 2, 0, MINUTE, THEIRS, OURS, True),
        (Origin.PERSON, 2, 0, MINUTE, THEIRS, OURS, False),
    ]
    assert [one.because for one in found.rulings] == ["", "case 7", "no, ours"]
    assert found.looks == 15


def test_the_stretches_are_those_of_the_latest_publication_and_the_trail_is_whole(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert [(one.revision, one.figures.down_ms) for one in found.trail] == [(1, 0), (2, 5)]
    assert len(found.segments) == 2
    assert [one.span for one in clipped(found.segments, TODAY)] == [TODAY]
    assert clipped(found.segments, Span(TODAY.end_ms + DAY, TODAY.end_ms + 2 * DAY)) == ()


def test_a_day_whose_looks_were_dropped_still_tells_its_rulings_and_stretches(tmp_path: Path) -> None:
    found = read(tmp_path, pruned=True)
    assert found.looks == 0
    assert (found.rulings[0].looks, found.rulings[0].before) == (5, None)
    assert len(found.segments) == 2


def test_a_day_of_which_nothing_is_known_is_empty(tmp_path: Path) -> None:
    async def story() -> Read:
        ledger = open_ledger(tmp_path / "wamon.db")
        found = await ledger.read(lambda book: read_day(book, "nobody", DATE, TODAY))
        await ledger.close()
        return found

    assert asyncio.run(story()) == ((), (), (), 0)
