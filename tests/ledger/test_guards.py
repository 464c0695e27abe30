"""Facts are written once: every table of them refuses updates and deletes by name, and pruning puts that back."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.ledger.sample import (
    CONTEXT,
    EVER,
    GOOD,
    NOON,
    THEIRS,
    UNKNOWN,
    Story,
    arrival,
    attempted,
    look,
    notice,
    published,
    ruled,
    seen,
    stretch,
)
from wamon.core.account_facts import SUBSCRIBED, Stated, SubscriptionFact
from wamon.core.finding import Origin, Verdict
from wamon.core.latency import Sketch
from wamon.core.meta_page import WHATSAPP, Sign
from wamon.core.publication import Passed
from wamon.core.roundtrip import Canary, mark_of
from wamon.core.timeline import DAY, HOUR, Span
from wamon.core.traffic import Direction, Facts, Outcome, Source
from wamon.ledger import Book, Ledger, LedgerError
from wamon.ledger.schema import EXTENDED, FACTS
from wamon.ledger.words import Declaration, DispatchState, MissedReason

Shelf = Callable[[Story], None]
CACHES = {"days", "outbox", "tallies"}


async def fill(ledger: Ledger) -> None:
    """A row in every table of facts, and in every cache."""

    def write(book: Book) -> None:
        book.record(seen(NOON - DAY), CONTEXT, ruled(THEIRS, NOON - DAY))
        book.record(seen(), CONTEXT, ruled(UNKNOWN))
        book.append_rulings([ruled(THEIRS, NOON - DAY, origin=Origin.RECLASSIFICATION)])
        book.withdraw(
            book.declare(Declaration("note", {}, NOON, "ada", "so")), at_ms=NOON, author="ada", because=""
        )
        book.publish([(published(), [stretch()]), (published(down_ms=5), [stretch()])])
        book.enqueue([notice("a", "ops"), notice("b", "ops")])
        book.append_dispatches([attempted("a", "ops", DispatchState.SENT)])
        book.heartbeat(NOON, NOON + HOUR)
        book.miss("graph", NOON, MissedReason.QUOTA)
        book.passed(Passed(NOON, Span(NOON - DAY, NOON)))
        book.listen(NOON, NOON + HOUR)
        book.launch(Canary(mark_of("a"), "graph", NOON, NOON, HOUR))
        book.hash_key()
        book.receive([arrival(0, reports=1, inbound=1, events=1), arrival(1, NOON - 9 * DAY)])
        assert book.prune_receipts(NOON, canaries_before_ms=NOON) == 1
        book.keep_page("data/orgs.json", [Sign(WHATSAPP, "1", "Cloud API", "Resolved")], NOON)
        book.keep_account_facts([Stated(NOON, "graph", SUBSCRIBED, SubscriptionFact(("1",)))])
        book.keep_latencies([("graph", date(2026, 3, 2), Sketch({40: 3}))])
        book.report(b"batch", [Outcome(NOON, "graph", "1", Direction.SEND, Facts(Source.APPLICATION))], NOON)
        book.keep_message_latencies("graph", NOON, {"sent": Sketch({40: 3})})
        assert book.prune(NOON - HOUR) == 1

    await ledger.write(write)


def tables(book: Book) -> set[str]:
    return {name for name in book.db.table_names() if not name.startswith(("_", "sqlite_"))}


def rows(book: Book, table: str) -> list[tuple[object, ...]]:
    return book.db.execute(f"SELECT * FROM {table}").fetchall()


def test_every_table_is_a_fact_a_cache_or_the_running_period(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await ledger.read(tables) == {*FACTS, *CACHES, *EXTENDED}


VERBS = ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}")


@pytest.mark.parametrize("table", FACTS)
def test_a_fact_is_neither_changed_nor_deleted(shelf: Shelf, table: str) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await fill(ledger)
        before = await ledger.read(lambda book: rows(book, table))
        assert before, "the refusal is of a row that is there"
        column = await ledger.read(lambda book: book.db[table].columns[-1].name)  # type: ignore[union-attr]
        for verb in VERBS:
            statement = verb.format(table=table, column=f'"{column}"')
            with pytest.raises(LedgerError, match=f"{table} is append-only"):
                await ledger.write(lambda book, statement=statement: book.db.execute(statement))  # type: ignore[misc]
        assert await ledger.read(lambda book: rows(book, table)) == before


@pytest.mark.parametrize("table", EXTENDED)
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM {table}", "{table} is append-only"),
        ("UPDATE {table} SET end_ms = end_ms - 1", "{table} only grows"),
        ("UPDATE {table} SET start_ms = start_ms - 1", "{table} only grows"),
        ("UPDATE {table} SET n = n + 1", "{table} only grows"),
    ],
)
def test_a_period_only_grows(shelf: Shelf, table: str, sql: str, words: str) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await fill(ledger)
        with pytest.raises(LedgerError, match=words.format(table=table)):
            await ledger.write(lambda book: book.db.execute(sql.format(table=table)))
        await ledger.heartbeat(NOON, NOON + 2 * HOUR)
        (ran,) = await ledger.running(EVER)
        assert ran == (NOON, NOON + 2 * HOUR)


def test_replacing_a_row_is_deleting_it(shelf: Shelf) -> None:
    """REPLACE deletes without firing delete triggers unless triggers are recursive: they are."""

    @shelf
    async def _(ledger: Ledger) -> None:
        await fill(ledger)
        with pytest.raises(LedgerError, match="passes is append-only"):
            await ledger.write(lambda book: book.db.execute(f"REPLACE INTO passes VALUES ({NOON}, 0, 0)"))


def test_a_row_that_refers_to_nothing_is_refused(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        with pytest.raises(LedgerError, match="FOREIGN KEY"):
            await ledger.write(lambda book: book.db.execute("INSERT INTO missed VALUES (99, 1, 'quota', 1)"))


def test_pruning_drops_old_looks_and_leaves_what_was_said_of_them(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for hour in range(48):
            await look(ledger, THEIRS if hour % 6 == 0 else GOOD, NOON - hour * HOUR)
        await ledger.append_rulings([ruled(UNKNOWN, NOON - 47 * HOUR, origin=Origin.RECLASSIFICATION)])
        (said,) = await ledger.publish([(published(day=date(2026, 2, 28)), [stretch()])])
        rulings, counted = await ledger.read(lambda book: (book.rulings(EVER), book.tallies()))
        assert await ledger.prune(NOON - 23 * HOUR) == 24
        assert [mark.at_ms for mark in await ledger.marks("graph", EVER)] == [
            NOON - hour * HOUR for hour in range(23, -1, -1)
        ]
        assert [one.exchange.at_ms for one in await ledger.witnessed(EVER)] == [
            NOON - hour * HOUR for hour in (18, 12, 6, 0)
        ]
        assert await ledger.read(lambda book: book.publications()) == [said]
        assert await ledger.read(lambda book: book.segments(said.n)) == [stretch()]
        assert await ledger.read(lambda book: (book.rulings(EVER), book.tallies())) == (rulings, counted)
        assert counted == {("graph", Verdict.OK): 40, ("graph", Verdict.SYSTEM_ERROR): 8}
        assert await ledger.prune(NOON - 23 * HOUR) == 0
        for table in ("observations", "exchanges"):
            with pytest.raises(LedgerError, match=f"{table} is append-only"):
                await ledger.write(lambda book, table=table: book.db.execute(f"DELETE FROM {table}"))  # type: ignore[misc]


def test_pruning_in_pieces_leaves_the_same_as_at_once(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for minute in range(60):
            for target in ("graph", "send", "edge")[: 1 + minute % 3]:
                await look(ledger, GOOD, NOON + minute, target)
        pieces = []
        while piece := await ledger.write(lambda book: book.prune(NOON + 40, most=9)):
            pieces.append(piece)
        assert max(pieces) <= 9
        assert sum(pieces) == 40 + 26 + 13
        left = {name: len(await ledger.marks(name, EVER)) for name in ("graph", "send", "edge")}
        assert left == {"graph": 20, "send": 14, "edge": 7}
        assert await ledger.read(lambda book: book.tallies()) == {
            (name, Verdict.OK): count for name, count in {"graph": 60, "send": 40, "edge": 20}.items()
        }


CORRUPTIONS = {
    "emptied": [f"DELETE FROM {cache}" for cache in sorted(CACHES)],
    "wrong": [
        "UPDATE days SET trails = x'00'",
        "UPDATE tallies SET observations = observations + 1",
        "INSERT INTO outbox SELECT notice, 'nobody', n, 5 FROM dispatches LIMIT 1",
    ],
}


@pytest.mark.parametrize("sabotage", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_caches_made_anew_say_the_same(shelf: Shelf, sabotage: list[str]) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await fill(ledger)
        await ledger.enqueue([notice("c", "ops", "dev", not_before_ms=NOON + 9), notice("d", "ops")])
        await ledger.append_dispatches(
            [
                attempted("c", "ops", DispatchState.FAILED, 1, next_attempt_ms=NOON + 77),
                attempted("c", "ops", DispatchState.FAILED, 2, next_attempt_ms=NOON + 99),
                attempted("d", "ops", DispatchState.FAILED, 1),
                attempted("d", "ops", DispatchState.GIVEN_UP, 2),
                attempted("d", "a channel that was not asked to tell it", DispatchState.FAILED, 1),
            ]
        )
        await ledger.prune(NOON + 1)
        facts = await ledger.read(lambda book: {table: rows(book, table) for table in FACTS})
        caches = await ledger.read(lambda book: {table: sorted(rows(book, table)) for table in CACHES})
        assert all(caches.values())

        def corrupt(book: Book) -> None:
            for statement in sabotage:
                book.db.execute(statement)

        await ledger.write(corrupt)
        assert await ledger.write(lambda book: book.rebuild()) == {"days": 1, "outbox": 3, "tallies": 2}
        assert await ledger.read(lambda book: {table: sorted(rows(book, table)) for table in CACHES}) == caches
        assert await ledger.read(lambda book: {table: rows(book, table) for table in FACTS}) == facts


def test_a_cache_that_cannot_be_read_says_how_to_make_it_anew(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await fill(ledger)
        await ledger.write(lambda book: book.db.execute("UPDATE days SET trails = x'c1'"))
        for ask in (
            ledger.trails(date(2026, 3, 1), date(2026, 3, 9)),
            ledger.publish([(published(down_ms=9), [])]),
        ):
            with pytest.raises(LedgerError, match="stop wamon, then make it anew with: wamon db rebuild"):
                await ask
        await ledger.write(lambda book: book.rebuild())
        assert len(await ledger.trails(date(2026, 3, 1), date(2026, 3, 9))) == 1
