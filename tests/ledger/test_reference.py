"""What Meta's status page said: every version is kept, an unchanged page writes nothing, growth is bounded."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from tests.ledger.sample import EVER, NOON, Story, look, tell
from wamon.core.meta_page import WHATSAPP, FeedEntry, OutageWord, Part, Post, Series, Sign, Version
from wamon.core.timeline import DAY, HOUR, MINUTE
from wamon.ledger import Ledger, open_book, open_ledger
from wamon.ledger.book import Book
from wamon.ledger.opening import connect, create
from wamon.ledger.reference import MOST_A_DAY
from wamon.ledger.schema import m001_the_book

Shelf = Callable[[Story], None]
PAGE = "data/orgs.json"
WELL = Sign(WHATSAPP, "1", "Cloud API", "No known issues")
POOR = Sign(WHATSAPP, "1", "Cloud API", "High disruptions")
SIGNUP = Sign(WHATSAPP, "4", "Embedded Signup", "Resolved")
EVERY_KIND: tuple[Part, ...] = (
    WELL,
    OutageWord(WHATSAPP, "7", "Resolved", "1", posts=(Post("Resolved", "Over.", NOON), Post("?"))),
    Series("cloudapi_uptime_daily", (99.97, None)),
    FeedEntry("g", "title", at_ms=NOON),
)


def rows(book: Book) -> tuple[int, int]:
    parts, versions = (
        book.db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("reference_parts", "reference_versions")
    )
    return parts, versions


def test_every_kind_of_piece_is_read_as_it_was_written(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await ledger.write(lambda book: book.keep_page(PAGE, EVERY_KIND, NOON))
        assert await ledger.read(lambda book: book.page_versions()) == [Version(PAGE, NOON, EVERY_KIND)]


def test_an_unchanged_page_writes_nothing_and_one_that_comes_back_only_its_version(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        seen = ((WELL, SIGNUP), (WELL, SIGNUP), (POOR, SIGNUP), (POOR, SIGNUP), (WELL, SIGNUP), (SIGNUP, WELL), ())
        kept = [
            await ledger.write(lambda book, n=n, one=one: book.keep_page(PAGE, one, NOON + n * MINUTE))  # type: ignore[misc]
            for n, one in enumerate(seen)
        ]
        assert kept == [True, False, True, False, True, True, True]
        assert await ledger.read(rows) == (3, 5), "three pieces, five versions"
        found = await ledger.read(lambda book: book.page_versions())
        assert [one.parts for one in found] == [one for one, new in zip(seen, kept, strict=True) if new]


def test_a_span_begins_with_what_was_valid_then(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        def write(book: Book) -> None:
            for day, one in enumerate((WELL, POOR, WELL)):
                book.keep_page(PAGE, [one], NOON + day * DAY)
            book.keep_page("data/outages/x.json", [], NOON + 2 * DAY)

        await ledger.write(write)

        async def days(since_ms: int, until_ms: int) -> list[tuple[str, int]]:
            found = await ledger.read(lambda book: book.page_versions(since_ms, until_ms))
            return [(one.page.rpartition("/")[2], (one.seen_ms - NOON) // DAY) for one in found]

        assert await days(NOON + DAY + HOUR, NOON + 3 * DAY) == [("orgs.json", 1), ("orgs.json", 2), ("x.json", 2)]
        assert await days(NOON + DAY, NOON + 2 * DAY) == [("orgs.json", 1)]
        assert await days(0, NOON) == []


def test_a_page_that_changes_with_every_look_does_not_fill_the_disk(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        def write(book: Book) -> list[bool]:
            return [
                book.keep_page(PAGE, [Sign(WHATSAPP, "", str(number), "")], NOON + number * MINUTE)
                for number in range(300)
            ]

        kept = await ledger.write(write)
        assert kept == [True] * MOST_A_DAY + [False] * (300 - MOST_A_DAY)
        assert await ledger.write(lambda book: book.keep_page(PAGE, [POOR], NOON + DAY + MOST_A_DAY * MINUTE))
        assert await ledger.write(lambda book: book.keep_page("another", [POOR], NOON + 5 * HOUR))


def test_a_ledger_of_the_first_schema_gains_the_pages_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    first = Migrations("ledger")
    first()(m001_the_book)
    create(path, first)
    with closing(connect(path, readonly=True)) as old:
        assert not [name for name in old.table_names() if name.startswith("reference")]

    async def write(ledger: Ledger) -> None:
        assert await look(ledger)
        assert await ledger.write(lambda book: book.keep_page(PAGE, [WELL], NOON))

    tell(write, lambda: open_ledger(path))
    assert Path(f"{path}.before-m002_reference").exists(), "saved before it was changed"
    with closing(open_book(path)) as book:
        assert book.check() == []
        assert [one.parts for one in book.page_versions()] == [(WELL,)]
        assert len(book.marks("graph", EVER)) == 1
        assert book.sizes().rows["reference_versions"] == 1


@pytest.mark.parametrize("table", ["reference_parts", "reference_versions"])
def test_the_pages_are_guarded_after_the_migration_too(tmp_path: Path, table: str) -> None:
    path = tmp_path / "wamon.db"
    first = Migrations("ledger")
    first()(m001_the_book)
    create(path, first)
    tell(look, lambda: open_ledger(path))  # type: ignore[arg-type]
    with closing(connect(path)) as db:
        guards = {
            name
            for (name,) in db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", [table]
            )
        }
    assert guards == {f"{table}_no_update", f"{table}_no_delete"}
