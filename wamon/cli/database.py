"""``wamon db``: the ledger's file looked after; and how reading commands open it."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.progress import patience
from wamon.control import ControlError, ask, socket_path
from wamon.core.timeline import DAY, iso
from wamon.ledger import Book, LedgerError, open_book, open_ledger
from wamon.settings import Settings
from wamon.terminal import BAD, GOOD, Page
from wamon.wiring import kept
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.care import CARE, RECEIPTS_KEPT_MS


def database_of(settings: Settings) -> Path:
    """Where the ledger is. Raises CannotError when there is none yet."""
    path = settings.service.database_path(os.environ)
    if not _exists(path):
        raise CannotError(
            f"there is no database {path.absolute()}: wamon run makes it; "
            "name the daemon's configuration with -c, and run this where the daemon runs",
            BAD_NEWS,
        )
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        raise CannotError(f"{path} cannot be read: run this as root, or as the daemon's user", BAD_NEWS) from None


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
    """Drop looks beyond the configured days, as far as their days are settled and published, and old webhooks."""
    with patience("pruning"):
        done = _cared(config, "prune")
    if as_json:
        write_json(done)
        return FINE
    page = Page()
    if done["before"]:
        page.line(f"{done['observations']:,} looks before {done['before']} were dropped; days and rulings stay")
    else:
        page.line(
            "no look was dropped: none is older than observation_days on a day that is settled and published"
        )
    if done["webhooks"]:
        page.line(f"{done['webhooks']:,} webhooks older than {RECEIPTS_KEPT_MS // DAY} days were dropped")
    return FINE


def rebuild_command(config: Path | None, as_json: bool) -> int:
    """Make every cache anew from the facts."""
    with patience("reading every publication, notice and look"):
        done = _cared(config, "rebuild")
    if as_json:
        write_json(done)
    else:
        page = Page()
        page.line("made anew from the facts:")
        page.fields((name, f"{count:,}") for name, count in done.items())
    return FINE


def _cared(config: Path | None, name: str) -> Mapping[str, Any]:
    """Ask the running daemon, or where none runs do it as the only writer. Raises CannotError."""
    settings = settings_of(config)
    database = database_of(settings)
    try:
        answer = ask(socket_path(os.environ, database), name, {})
        return asyncio.run(_alone(settings, database, name)) if answer is None else answer
    except (ControlError, LedgerError) as refused:
        raise CannotError(str(refused), BAD_NEWS) from None


async def _alone(settings: Settings, database: Path, name: str) -> Mapping[str, Any]:
    ledger = open_ledger(database)
    try:
        return await CARE[name](Bookkeeper(ledger, {}), kept(settings), now_ms())
    finally:
        await ledger.close()
