"""Months of days that stay unpacked: never staler than the book, never more than a bound."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.ledger.sample import published
from wamon.ledger import Ledger, memory_ledger, open_ledger
from wamon.ledger.published import MONTHS_KEPT

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
BOOKS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda _: memory_ledger(),
    "file": lambda folder: open_ledger(folder / "wamon.db"),
}


async def told(ledger: Ledger) -> list[tuple[str, int, int]]:
    found = await ledger.trails(FIRST, LAST)
    return [(target, latest.revision, latest.figures.down_ms) for (target, _), (_, latest) in found.items()]


@pytest.mark.parametrize("where", BOOKS)
def test_a_month_that_was_read_is_read_anew_once_a_day_of_it_is_restated(where: str, tmp_path: Path) -> None:
    async def story() -> None:
        ledger, day = BOOKS[where](tmp_path), date(2026, 2, 1)
        await ledger.publish([(published(day=day), []), (published("other", day=day), [])])
        assert await told(ledger) == [("graph", 1, 0), ("other", 1, 0)]
        await ledger.publish([(published(day=day, down_ms=10), [])])
        assert await told(ledger) == [("graph", 2, 10), ("other", 1, 0)]
        await ledger.write(lambda book: book.rebuild_days())
        assert await told(ledger) == [("graph", 2, 10), ("other", 1, 0)]
        await ledger.write(lambda book: book.db.execute("DELETE FROM days WHERE target = 'graph'"))
        assert await told(ledger) == [("other", 1, 0)]
        await ledger.close()

    asyncio.run(story())


def test_what_stays_unpacked_is_bounded_and_serves_whoever_asks_again() -> None:
    async def story() -> None:
        ledger = memory_ledger()
        months = [(FIRST + timedelta(days=31 * number)).replace(day=1) for number in range(MONTHS_KEPT + 1)]
        await ledger.publish([(published(day=day), []) for day in months])

        async def kept(first: int, last: int) -> int:
            found = await ledger.trails(months[first], months[last])
            assert [day for _, day in found] == months[first : last + 1]
            return await ledger.read(lambda book: len(book.unpacked))

        assert await kept(0, 3) == 4
        assert await kept(3, 5) == 3, "a new month leaves behind what is not asked for any more"
        assert await kept(0, 2) == 6
        assert await kept(0, MONTHS_KEPT - 1) == MONTHS_KEPT
        assert await kept(MONTHS_KEPT, MONTHS_KEPT) == 1
        assert await kept(0, MONTHS_KEPT) == 1
        assert await kept(0, MONTHS_KEPT - 1) == MONTHS_KEPT
        await ledger.close()

    asyncio.run(story())
