"""Writing: together where several wait, alone in failing, never half; reading and copying go on beside it."""

import asyncio
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ledger.sample import CONTEXT, EVER, GOOD, NOON, OURS, THEIRS, Story, look, ruled, seen, tell
from wamon.core.finding import Origin, Verdict
from wamon.core.timeline import HOUR
from wamon.ledger import Book, Ledger, LedgerError, LedgerUnavailableError, open_book, open_ledger
from wamon.simulator.virtual_time import run_virtual, virtual_loop

Shelf = Callable[[Story], None]


def on_file(folder: Path) -> Shelf:
    return lambda story: tell(story, lambda: open_ledger(folder / "wamon.db"))


def test_writes_that_wait_together_share_a_commit(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert all(await asyncio.gather(*(look(ledger, at_ms=NOON + number) for number in range(500))))
        assert ledger.writes == 500
        assert ledger.commits <= 3
        assert len(await ledger.marks("graph", EVER)) == 500


def test_p2_each_write_is_durable_before_it_is_acknowledged(tmp_path: Path) -> None:
    """Another connection sees each one at once; FULL is what makes that survive a power cut."""

    @on_file(tmp_path)
    async def _(ledger: Ledger) -> None:
        other = sqlite3.connect(tmp_path / "wamon.db")
        for number in range(20):
            await look(ledger, at_ms=NOON + number)
            assert other.execute("SELECT count(*) FROM observations").fetchone() == (number + 1,)
        other.close()
        full, wal, keys = 2, "wal", 1
        pragmas = ("synchronous", "journal_mode", "foreign_keys")
        asked = await ledger.write(
            lambda book: [book.db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        )
        assert asked == [full, wal, keys]


def test_one_of_several_that_fails_fails_alone(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        def half(book: Book) -> None:
            book.record(seen(NOON + 1_000), CONTEXT, ruled(THEIRS, NOON + 1_000))
            raise RuntimeError("no")

        wrong = ruled(GOOD, origin=Origin.FOLLOW_UP)
        writes = [look(ledger, at_ms=NOON + number) for number in range(10)]
        done = await asyncio.gather(
            *writes[:5],
            ledger.write(half),
            ledger.record(seen(), CONTEXT, wrong),
            ledger.write(lambda book: book.db.execute("DELETE FROM targets")),
            *writes[5:],
            return_exceptions=True,
        )
        assert [type(one) for one in done] == [*[bool] * 5, RuntimeError, ValueError, LedgerError, *[bool] * 5]
        assert [one.at_ms for one in await ledger.marks("graph", EVER)] == [NOON + number for number in range(10)]


def test_a_word_of_a_write_that_was_taken_back_is_no_word(shelf: Shelf) -> None:
    """Targets, contexts and findings are remembered by number: a number that was taken back must be forgotten."""

    @shelf
    async def _(ledger: Ledger) -> None:
        def taken_back(book: Book) -> None:
            book.record(seen(target="ghost"), CONTEXT, ruled(OURS, target="ghost"))
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await ledger.write(taken_back)
        assert await look(ledger, THEIRS, target="graph")
        assert await look(ledger, OURS, target="ghost")
        assert await ledger.targets() == {"graph": NOON, "ghost": NOON}
        found = {name: (await ledger.marks(name, EVER))[0].finding for name in ("graph", "ghost")}
        assert found == {"graph": THEIRS, "ghost": OURS}


def test_a_write_that_nobody_waits_for_any_more_is_written(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        tasks = [asyncio.ensure_future(look(ledger, at_ms=NOON + number)) for number in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        assert [task.cancelled() for task in tasks] == [True, False] * 5
        assert len(await ledger.marks("graph", EVER)) == 10


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    async def write(ledger: Ledger) -> None:
        tasks = [asyncio.ensure_future(look(ledger, at_ms=NOON + number)) for number in range(100)]
        await asyncio.sleep(0)
        await ledger.close()
        assert all(await asyncio.gather(*tasks))

    async def read(ledger: Ledger) -> None:
        assert len(await ledger.marks("graph", EVER)) == 100

    on_file(tmp_path)(write)
    on_file(tmp_path)(read)


def body(kilobytes: int) -> dict[str, str]:
    """What does not shrink when it is compressed."""
    return {"noise": "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(kilobytes * 128))}


async def fat(ledger: Ledger, at_ms: int, kilobytes: int = 40) -> object:
    return await ledger.record(seen(at_ms, body=body(kilobytes)), CONTEXT, ruled(THEIRS, at_ms))


FULL = "the disk (or the quota) is full: nothing was stored; free some space, then it goes on"


def test_a_full_disk_loses_nothing_that_was_acknowledged_and_recording_resumes(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        def may_grow(pages: int) -> Callable[[Book], object]:
            return lambda book: book.db.execute(
                f"PRAGMA max_page_count = {book.db.execute('PRAGMA page_count').fetchone()[0] + pages}"
            ).fetchone()

        await look(ledger)
        await ledger.write(may_grow(3))
        with pytest.raises(LedgerUnavailableError, match=r"the disk \(or the quota\) is full") as refusal:
            await fat(ledger, NOON + 1)
        assert FULL in str(refusal.value)
        done = await asyncio.gather(*(fat(ledger, NOON + 2 + n) for n in range(5)), return_exceptions=True)
        assert {type(one) for one in done} == {LedgerUnavailableError}
        assert [one.at_ms for one in await ledger.marks("graph", EVER)] == [NOON], "reading goes on"
        assert await look(ledger, at_ms=NOON + 99), "what has room is written"
        await ledger.write(may_grow(1_000))
        await asyncio.gather(*(fat(ledger, NOON + 2 + n) for n in range(5)))
        assert len(await ledger.marks("graph", EVER)) == 7
        assert await ledger.read(lambda book: book.check()) == []


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Real writes that really fail, as on a worn disk, for as long as this lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fails_to_write_is_told_and_recording_resumes(tmp_path: Path) -> None:
    @on_file(tmp_path)
    async def _(ledger: Ledger) -> None:
        await look(ledger)
        with no_file_longer_than((await ledger.sizes()).wal_bytes):
            for attempt in range(3):
                with pytest.raises(LedgerUnavailableError, match="the disk failed to read or write"):
                    await look(ledger, THEIRS, NOON + 1 + attempt, "another")
            assert len(await ledger.marks("graph", EVER)) == 1
            asked: list[int] = []

            def write(book: Book) -> None:
                asked.append(1)
                book.activate([f"target-{len(asked)}"], NOON)

            done = await asyncio.gather(*(ledger.write(write) for _ in range(9)), return_exceptions=True)
            assert {type(one) for one in done} == {LedgerUnavailableError}
            assert len(asked) == 9, "a disk that fails, or is locked for five seconds, is not asked again for each"
        for number in range(3):
            assert await look(ledger, THEIRS, NOON + 1 + number, "another")
        assert await ledger.targets() == {"graph": NOON, "another": NOON + 1}
        assert await ledger.read(lambda book: book.check()) == []


def test_reading_goes_on_beside_a_writer_that_hangs(tmp_path: Path) -> None:
    @on_file(tmp_path)
    async def _(ledger: Ledger) -> None:
        await look(ledger)
        loop, begun, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def hang(book: Book) -> None:
            book.record(seen(NOON + 1), CONTEXT, ruled(GOOD, NOON + 1))
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(20)

        hanging = asyncio.ensure_future(ledger.write(hang))
        await begun.wait()
        assert len(await ledger.marks("graph", EVER)) == 1, "nothing is seen before it is committed"
        go_on.set()
        await hanging
        assert len(await ledger.marks("graph", EVER)) == 2


def test_a_reading_sees_one_moment_of_the_book(tmp_path: Path) -> None:
    @on_file(tmp_path)
    async def _(ledger: Ledger) -> None:
        loop = asyncio.get_running_loop()
        await look(ledger)

        def read(book: Book) -> list[int]:
            before = len(book.marks("graph", EVER))
            # A new look, its words never seen before, is committed between two questions of one reading.
            writing = ledger.record(seen(NOON + 1), CONTEXT, ruled(OURS, NOON + 1))
            asyncio.run_coroutine_threadsafe(writing, loop).result(20)
            return [before, len(book.marks("graph", EVER)), len(book.witnessed(EVER))]

        assert await ledger.read(read) == [1, 1, 0]
        assert await ledger.read(lambda book: [len(book.marks("graph", EVER)), len(book.witnessed(EVER))]) == [
            2,
            1,
        ]


def test_a_backup_made_while_writing_goes_on_is_a_whole_ledger(tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"

    @on_file(tmp_path)
    async def _(ledger: Ledger) -> None:
        await asyncio.gather(*(fat(ledger, NOON + number, 4) for number in range(200)))
        writing, at_ms = True, NOON + 1_000

        async def write() -> int:
            nonlocal at_ms
            while writing:
                await look(ledger, THEIRS, at_ms, "beside")
                at_ms += 1
            return at_ms

        beside = asyncio.ensure_future(write())
        reader = open_book(tmp_path / "wamon.db", readonly=True)
        assert await asyncio.to_thread(reader.backup, saved) == saved
        reader.close()
        writing = False
        assert await beside > NOON + 1_000, "writing went on"

    assert stat.S_IMODE(saved.stat().st_mode) == 0o600

    async def restored(ledger: Ledger) -> None:
        assert len(await ledger.marks("graph", EVER)) == 200
        assert await ledger.read(lambda book: book.check()) == []
        assert not await look(ledger, GOOD, NOON), "it goes on where the backup was made"

    tell(restored, lambda: open_ledger(saved))


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    on_file(tmp_path)(lambda ledger: fat(ledger, NOON))  # type: ignore[arg-type, return-value]
    book = open_book(tmp_path / "wamon.db", readonly=True)
    target = tmp_path / "no" / "saved.db"
    with pytest.raises(LedgerError) as refusal:
        book.backup(target)
    words = "no backup can be written here (No such file or directory): name another folder"
    assert str(refusal.value) == f"{target}: {words}"
    with (
        no_file_longer_than(20_000),
        pytest.raises(LedgerUnavailableError, match="the disk failed to read or write"),
    ):
        book.backup(tmp_path / "saved.db")
    book.close()
    assert [one.name for one in tmp_path.iterdir() if "saved" in one.name] == []


def test_a_damaged_ledger_is_not_copied_over_a_good_backup(tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"

    async def write(ledger: Ledger) -> None:
        await asyncio.gather(*(fat(ledger, NOON + number, 8) for number in range(30)))

    on_file(tmp_path)(write)
    book = open_book(tmp_path / "wamon.db", readonly=True)
    book.backup(saved)
    good = saved.read_bytes()
    with (tmp_path / "wamon.db").open("r+b") as file:
        file.seek(10 * 4096)
        file.write(b"\xff" * 30 * 4096)
    book.db.execute("PRAGMA shrink_memory")  # what the connection remembers of the file is not the file
    with pytest.raises(LedgerError, match="the database is damaged"):
        book.backup(saved)
    assert "the database is damaged" in book.check()[0]
    book.close()
    assert saved.read_bytes() == good


def test_time_that_jumps_stands_still_while_the_disk_works(tmp_path: Path) -> None:
    """The demo's clock must not run past a write or a reading that is under way."""

    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        loop = virtual_loop()
        elsewhere = asyncio.ensure_future(asyncio.sleep(24 * HOUR))
        for hour in range(24):
            before_s = loop.time()
            await asyncio.gather(*(look(ledger, at_ms=NOON + hour * HOUR + number) for number in range(3)))
            await ledger.read(lambda book: book.tallies())
            assert loop.time() == before_s
            await asyncio.sleep(3_600)
        assert loop.now_ms() == NOON + 24 * HOUR
        assert len(await ledger.marks("graph", EVER)) == 72
        elsewhere.cancel()
        await ledger.close()

    run_virtual(story(), NOON)


def test_the_counters_tell_of_every_look_once(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await asyncio.gather(*(look(ledger, THEIRS if n % 4 == 0 else GOOD, NOON + n) for n in range(100)))
        await asyncio.gather(*(look(ledger, OURS, NOON + n) for n in range(100)))
        assert await ledger.read(lambda book: book.tallies()) == {
            ("graph", Verdict.OK): 75,
            ("graph", Verdict.SYSTEM_ERROR): 25,
        }
        sizes = await ledger.sizes()
        assert (sizes.rows["observations"], sizes.rows["exchanges"], sizes.rows["targets"]) == (100, 25, 1)
        assert sizes.observations == (NOON, NOON + 100)
