"""``wamon db``: the ledger's file looked after; and how reading commands open it."""

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.progress import patience
from wamon.core.timeline import iso
from wamon.ledger import Book, LedgerError, open_book, open_ledger
from wamon.ledger.retention import prunable_ms
from wamon.settings import Settings
from wamon.terminal import BAD, GOOD, Page

T = TypeVar("T")


def database_of(settings: Settings) -> Path:
    """Where the ledger is. Raises CannotError when there is none yet."""
    path = settings.service.database_path(os.environ)
    if not path.exists():
        raise CannotError(
            f"there is no database {path.absolute()}: wamon run makes it; "
            "name the daemon's configuration with -c, and run this where the daemon runs",
            BAD_NEWS,
        )
    return path


def opened(settings: Settings) -> Book:
    """The ledger for reading only; close it. Raises CannotError with what is wrong."""
    path = database_of(settings)
    try:
        return open_book(path, readonly=True)
    except LedgerError as refused:
        raise CannotError(str(refused), BAD_NEWS) from None


def check_command(config: Path | None, as_json: bool) -> int:
    """Read everything; 1 when something is wrong."""
    settings = settings_of(config)
    with patience("reading the whole database"), closing(opened(settings)) as book:
        wrong = book.check()
    place = str(database_of(settings))
    if as_json:
        write_json({"database": place, "ok": not wrong, "problems": wrong})
    else:
        page = Page()
        page.line(f"{place} ", ("is damaged:", BAD) if wrong else ("is whole", GOOD))
        page.listed(wrong)
    return BAD_NEWS if wrong else FINE


def backup_command(file: Path, config: Path | None, as_json: bool) -> int:
    """Copy the database while it is in use; the copy is checked before it gets its name."""
    settings = settings_of(config)
    if file.exists():
        raise CannotError(f"{file} is there already; name a file that is not, such as {file}.new")
    with patience("copying"), closing(opened(settings)) as book:
        try:
            written = book.backup(file)
        except LedgerError as refused:
            raise CannotError(str(refused), BAD_NEWS) from None
    size = written.stat().st_size
    if as_json:
        write_json({"backup": str(written), "bytes": size})
    else:
        Page().line(f"{written}: {size / 1e6:.1f} MB, checked")
    return FINE


def stats_command(config: Path | None, as_json: bool) -> int:
    """Sizes and rows."""
    settings = settings_of(config)
    with closing(opened(settings)) as book:
        sizes = book.sizes()
    span = sizes.observations
    first, last = (iso(span.start_ms), iso(span.end_ms - 1)) if span else (None, None)
    if as_json:
        write_json(sizes._asdict() | {"observations": {"first": first, "last": last}})
        return FINE
    page = Page()
    page.line((str(database_of(settings)), "bold"))
    page.fields(
        (
            ("size", f"{sizes.database_bytes / 1e6:.1f} MB, of it free {sizes.free_bytes / 1e6:.1f} MB"),
            ("journal", f"{sizes.wal_bytes / 1e6:.1f} MB"),
            ("looks", f"{first} to {last}" if first else "none yet"),
        )
    )
    page.heading("Rows")
    page.fields((name, f"{count:,}") for name, count in sizes.rows.items())
    return FINE


def prune_command(config: Path | None, as_json: bool) -> int:
    """Drop looks beyond the configured days, as far as their days are settled and published."""
    settings = settings_of(config)
    database_of(settings)
    with patience("pruning"):
        before_ms, pruned = _written(settings, lambda book: _prune(book, settings))
    if as_json:
        write_json({"before": iso(before_ms) if before_ms else None, "observations": pruned})
    elif before_ms:
        Page().line(f"{pruned:,} looks before {iso(before_ms)} were dropped; days and rulings stay")
    else:
        Page().line(
            "nothing to drop: no look is older than observation_days on a day that is settled and published"
        )
    return FINE


def _prune(book: Book, settings: Settings) -> tuple[int, int]:
    service = settings.service
    before_ms = prunable_ms(book, service.timezone, service.observation_days, now_ms())
    return before_ms, book.prune(before_ms) if before_ms else 0


def _written(settings: Settings, act: Callable[[Book], T]) -> T:
    """Run one transaction as the only writer. Raises CannotError while the daemon holds the database."""

    async def write() -> T:
        ledger = open_ledger(database_of(settings))
        try:
            return await ledger.write(act)
        finally:
            await ledger.close()

    try:
        return asyncio.run(write())
    except LedgerError as refused:
        raise CannotError(str(refused), BAD_NEWS) from None


def rebuild_command(config: Path | None, as_json: bool) -> int:
    """Make the cache of days anew."""
    settings = settings_of(config)
    with patience("reading every publication"):
        days = _written(settings, lambda book: book.rebuild_days())
    if as_json:
        write_json({"days": days})
    else:
        Page().line(f"{days:,} days made anew from what was published")
    return FINE
