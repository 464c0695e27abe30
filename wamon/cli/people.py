"""How a person's word reaches the watch: the running daemon's over its socket, else the database itself."""

import asyncio
import getpass
import os
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from wamon.cli.answers import CannotError
from wamon.cli.configuration import settings_of
from wamon.cli.database import database_of
from wamon.cli.progress import patience
from wamon.control import ControlError, ask, socket_path
from wamon.core.knowledge import knowledge
from wamon.core.reference import posted_outages
from wamon.core.timeline import Span, subtract
from wamon.ledger import LedgerError, open_ledger
from wamon.schedule import wall_ms
from wamon.settings import Settings
from wamon.settings.spelling import RefusedError
from wamon.settings.values import LINE
from wamon.terminal import Page
from wamon.wiring import subscriptions, watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.consult import remembered
from wamon.work.people import WORDS
from wamon.work.restate import Plan, everyone, restated_document

Document = Mapping[str, Any]


def person(name: str | None) -> str:
    """Who speaks: the name given, or the login behind this command. Raises CannotError for no name at all."""
    try:
        found = name if name is not None else os.environ.get("SUDO_USER") or getpass.getuser()
        if LINE.read(found.strip()):
            return found.strip()
    except (OSError, KeyError, RefusedError):
        pass
    raise CannotError("--by needs a name of one line, such as --by anna: it is read beside the days")


def say_to_watch(name: str, asked: Any, config: Path | None) -> Document:
    """Say a word to the running daemon, or where none runs do as it would. Raises CannotError."""
    settings = settings_of(config)
    database = database_of(settings)
    try:
        with patience("computing the days again"):
            answer = ask(socket_path(os.environ, database), name, msgspec.to_builtins(asked))
            return asyncio.run(_without_daemon(settings, database, name, asked)) if answer is None else answer
    except (ControlError, LedgerError, ValueError) as refused:
        raise CannotError(str(refused)) from None


async def _without_daemon(settings: Settings, database: Path, name: str, asked: Any) -> Document:
    """Take the database's lock and do what the daemon would do."""
    ledger = open_ledger(database)
    try:
        book = Bookkeeper(ledger, subscriptions(settings))
        now_ms, first_ms = wall_ms(), await book.first_ms()
        ran = await book.ran(Span(0, now_ms + 1))
        plan = Plan(
            targets=everyone(watched(settings), await book.ever_watched()),
            first_ms=first_ms,
            known=knowledge(),
            zone=settings.service.timezone,
            confirm=settings.availability.confirm,
            now_ms=now_ms,
            unobserved=tuple(subtract([Span(min(first_ms.values(), default=now_ms), now_ms)], ran)),
            reopen=asked.reopen,
            outages=posted_outages((await remembered(book, now_ms)).outages),
        )
        return restated_document(await WORDS[name].act(book, asked, plan))
    finally:
        await ledger.close()


_WHY = {
    "frozen": "frozen, as its month is final; with --reopen it changes too",
    "pruned": "the looks behind it were dropped, so nothing can be computed again",
}


def print_days(page: Page, document: Document) -> None:
    """The days that are published again, and those that stay."""
    if document["days"]:
        page.line("Published again:")
        page.listed(f"{one['target']} {one['date']}: {one['said']}" for one in document["days"])
    if document["unchanged"]:
        page.line("Stays as it was published:")
        page.listed(_unchanged(document["unchanged"]))
    if not document["days"] and not document["unchanged"]:
        page.line("No day that is closed says anything else.")


def _unchanged(kept: Iterable[Document]) -> Iterable[str]:
    """Days in a row are one line for each target and reason."""
    ordered = sorted(kept, key=lambda one: (one["target"], one["because"], one["date"]))
    for (target, why), each in groupby(ordered, key=lambda one: (one["target"], one["because"])):
        days = [one["date"] for one in each]
        named = ", ".join(days) if len(days) <= 3 else f"{len(days)} days from {days[0]} to {days[-1]}"
        yield f"{target} {named}: {_WHY[why]}"
