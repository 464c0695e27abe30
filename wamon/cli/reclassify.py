"""``wamon reclassify``: the weekly pass, now; with ``--dry-run`` only what it would turn."""

import asyncio
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import Any

import msgspec

from wamon.cli.answers import FINE, CannotError, write_json
from wamon.control import ControlError, ask, socket_path
from wamon.core.days import Overlay
from wamon.core.hindsight_words import reason_of, time_text
from wamon.core.knowledge import knowledge
from wamon.core.maintenance import covers
from wamon.core.reference import posted_outages
from wamon.core.review import counted_text
from wamon.core.timeline import Span, parse_iso, subtract
from wamon.core.uptime import clock_text, ratio_percent
from wamon.ledger import LedgerError, open_ledger
from wamon.schedule import wall_ms
from wamon.settings import Settings, SettingsError, default_settings, load
from wamon.wiring import subscriptions, watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.consult import remembered
from wamon.work.reclassify import Pass, PassAsked, outcome_document, reclassify

WIDTH = 80


def reclassify_command(
    first: date | None, last: date | None, dry_run: bool, reopen: bool, config: Path | None, as_json: bool
) -> int:
    """Run it in the daemon where one runs, else on the database itself; print what turns, why, and the days."""
    asked = PassAsked(first, last, dry_run, reopen)
    try:
        settings = default_settings() if config is None else load(config)
        database = settings.service.database_path(os.environ)
        path = socket_path(os.environ, database)
        document: Mapping[str, Any] | None = ask(path, "reclassify", msgspec.to_builtins(asked))
        if document is None and not database.exists():
            raise ValueError(
                f"{database}: there is no database yet; start wamon run first, or name it with -c FILE"
            )
        if document is None:
            document = asyncio.run(_offline(settings, database, asked))
    except (ControlError, LedgerError, SettingsError, ValueError) as refused:
        raise CannotError(str(refused)) from None
    if as_json:
        write_json(document)
    else:
        print("\n".join(map(_wrapped, lines(document, dry_run=dry_run))))
    return FINE


async def _offline(settings: Settings, database: Path, asked: PassAsked) -> Mapping[str, Any]:
    """Without a daemon: take the database's lock and do what the daemon would do."""
    ledger = open_ledger(database)
    try:
        book = Bookkeeper(ledger, subscriptions(settings))
        now_ms, zone = wall_ms(), settings.service.timezone
        within = asked.within(now_ms, zone, settings.reclassification.days)
        over = Span(within.start_ms, now_ms + 1)
        accounts = {one.name: one.account for one in watched(settings)}
        plan = Pass(
            within,
            zone,
            settings.availability.confirm,
            now_ms,
            Overlay(covers(await book.windows(), accounts, over), tuple(subtract([over], await book.ran(over)))),
            asked.reopen,
            posted_outages((await remembered(book, now_ms)).outages),
        )
        first_ms = await book.first_ms()
        outcome = await reclassify(book, watched(settings), knowledge(), first_ms, plan, dry_run=asked.dry_run)
        return outcome_document(outcome)
    finally:
        await ledger.close()


def _wrapped(line: str) -> str:
    """A line of at most 80 columns, what follows set in beneath it."""
    return fill(line, WIDTH, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)


def lines(document: Mapping[str, Any], *, dry_run: bool) -> list[str]:
    """The outcome as a person reads it; before a dry run's end also what stayed doubtful, and what it lacks."""
    told = [*_turned(document, dry_run=dry_run), *_days(document)]
    if not told:
        told = ["Nothing turns: no evidence speaks against what was judged."]
    if not dry_run:
        return told
    return [*told, *_kept(document), "Nothing was written: this was a dry run."]


def _turned(document: Mapping[str, Any], *, dry_run: bool) -> list[str]:
    if not document["turned"]:
        return []
    rows = [
        f"  {one['target']}: {one['observations']} looks, {one['seconds']:.0f} s, {one['from']} -> {one['to']},"
        f" because {reason_of(one['rule'])} ({one['rule'].replace('_', ' ')})"
        for one in document["turned"]
    ]
    return ["Would turn:" if dry_run else "Turned:", *rows]


def _days(document: Mapping[str, Any]) -> list[str]:
    if not document["days"]:
        return []
    rows = [
        f"  {one['target']} {one['date']}: {_said(one, 'before')} -> {_said(one, 'after')},"
        f" revision {one['revision']}"
        for one in document["days"]
    ]
    return ["Days:", *rows]


def _kept(document: Mapping[str, Any]) -> list[str]:
    """Doubtful verdicts that no rule turned."""
    if not document["kept"]:
        return []
    rows = [
        f"  {one['target']}, {time_text(parse_iso(one['first_at']), parse_iso(one['last_at']))}:"
        f" {counted_text(one['observations'], 'look')}, {one['verdict']}, cause {one['cause']}{_code(one)}."
        f" {one['missing']}"
        for one in document["kept"]
    ]
    more = [f"  and {document['kept_more']} more like these"] if document["kept_more"] else []
    return ["Doubtful, and not turned for want of evidence:", *rows, *more]


def _code(one: Mapping[str, Any]) -> str:
    return "" if one["code"] is None else f", code {one['code']}"


def _said(day: Mapping[str, Any], when: str) -> str:
    """``99.27 % (0:10:00)``: what was said of a day ``before``, or is ``after``."""
    text, down_s = ratio_percent(day[when]), day[f"down_{when}_s"]
    return text if day[when] is None else f"{text} ({clock_text(round(down_s * 1000))})"
