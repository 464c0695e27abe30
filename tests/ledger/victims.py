"""Processes that are killed, or that may not write: started from a server that has wamon loaded already."""

import asyncio
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from tests.ledger.sample import GOOD, NOON, THEIRS, look
from wamon.ledger import Ledger, LedgerError, open_book, open_ledger, opening
from wamon.ledger.schema import MIGRATIONS

spawning = multiprocessing.get_context("forkserver")
spawning.set_forkserver_preload(["tests.ledger.victims", "tests.stories.teller"])
NOBODY = 65534


@contextmanager
def victim(work: Callable[..., None], *arguments: Any) -> Iterator[tuple[Any, Connection]]:
    """A process at work, and what it says; killed in the end, if it has not been."""
    hears, says = spawning.Pipe(duplex=False)
    process = spawning.Process(target=work, args=(*arguments, says), daemon=True)
    process.start()
    says.close()
    try:
        yield process, hears
    finally:
        process.kill()
        process.join()
        hears.close()


def heard(hears: Connection) -> list[Any]:
    """All that was said before the end."""
    said = []
    try:
        while True:
            said.append(hears.recv())
    except EOFError:
        return said


def end_of(work: Callable[..., None], *arguments: Any) -> tuple[list[Any], int]:
    """Let a process come to its end: what it said, and how it ended (-9: killed)."""
    with victim(work, *arguments) as (process, hears):
        said = heard(hears)
        process.join(30)
        assert process.exitcode is not None
        return said, process.exitcode


def record_for_ever(path: Path, since_ms: int, says: Connection) -> None:
    """Several at once record looks as fast as they can, and say each key once it is acknowledged."""

    async def one(ledger: Ledger, number: int) -> None:
        at_ms = since_ms + number
        while True:
            target, finding = f"target-{number}", THEIRS if at_ms % 3 == 0 else GOOD
            assert await look(ledger, finding, at_ms, target)
            says.send((target, at_ms, finding.verdict))
            at_ms += 10

    async def many() -> None:
        ledger = open_ledger(path)
        await asyncio.gather(*(one(ledger, number) for number in range(8)))

    asyncio.run(many())


def die_at(statement: int, db: sqlite3.Connection) -> None:
    """Kill this process when the connection begins its n-th statement from now; 0: never."""
    left = [statement]

    def count(_sql: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    db.set_trace_callback(count)


def write_and_die(
    path: Path, write: Callable[[Ledger], Awaitable[None]], statement: int, says: Connection
) -> None:
    """Write something, and be killed at the n-th statement of it."""

    async def written() -> None:
        ledger = open_ledger(path)
        await ledger.activate(["graph"], NOON)
        await ledger.write(lambda book: _armed(statement, book.db.conn))
        await write(ledger)
        says.send("written")

    asyncio.run(written())


def _armed(statement: int, db: sqlite3.Connection) -> None:
    # This one's own COMMIT is counted too.
    die_at(statement + 1 if statement else 0, db)


def open_and_die(path: Path, statement: int, says: Connection) -> None:
    """Open a ledger, and be killed at the n-th statement of any connection that opening makes."""
    connect, left = opening.connect, [statement]

    def armed(*arguments: Any, **more: Any) -> Any:
        db = connect(*arguments, **more)

        def count(_sql: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        db.conn.set_trace_callback(count)
        return db

    opening.connect = armed
    open_ledger(path)
    says.send("open")


def m901_paint(db: Database) -> None:
    """A migration that lies in the future."""
    db.execute("CREATE TABLE paint (shade TEXT)")


def m902_blue(db: Database) -> None:
    """Another one, of two steps."""
    db.execute("INSERT INTO paint VALUES ('blue')")
    db.execute("CREATE INDEX by_shade ON paint (shade)")


def m902_wrong(db: Database) -> None:
    """One that fails in its second step."""
    db.execute("INSERT INTO paint VALUES ('red')")
    db.execute("DELETE FROM nowhere")


def migrate_and_die(path: Path, statement: int, says: Connection) -> None:
    """Open a ledger with two migrations more than it has, and be killed at the n-th statement."""
    for migration in (m901_paint, m902_blue):
        MIGRATIONS()(migration)
    open_and_die(path, statement, says)


def migrate_and_fail(path: Path, says: Connection) -> None:
    """Open a ledger with two migrations more than it has, the second of which fails."""
    for migration in (m901_paint, m902_wrong):
        MIGRATIONS()(migration)
    says.send(_refusal(lambda: open_ledger(path)))


def read_older(path: Path, says: Connection) -> None:
    """Read a ledger that a newer version would bring up to date first."""
    MIGRATIONS()(m901_paint)
    says.send(_refusal(lambda: open_book(path, readonly=True)))


def _refusal(opening_it: Callable[[], object]) -> str:
    try:
        opening_it()
    except LedgerError as refused:
        return str(refused)
    return "opened"


def open_as_nobody(path: Path, says: Connection) -> None:
    """Open a ledger as a user who owns nothing, and say how that was refused."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    says.send(_refusal(lambda: open_ledger(path)))


def hold(path: Path, says: Connection) -> None:
    """Keep a ledger open."""
    open_ledger(path)
    says.send(os.getpid())
    signal.pause()
