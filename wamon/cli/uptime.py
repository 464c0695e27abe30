"""``wamon uptime``: published days and months, as they stand or as they stood."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, write_json
from wamon.cli.clients import Client
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.database import opened
from wamon.cli.figures import Row, legend, months_of, print_days, print_restated, print_secondary, secondary_of
from wamon.cli.uptime_files import Head, write_csv, write_html
from wamon.core.clients import NOBODY, discretion
from wamon.core.days import PLATFORM_ROWS
from wamon.core.maintenance import Window
from wamon.core.meta_days import MetaDay
from wamon.core.observation import ProbeKind
from wamon.core.publication import (
    DayState,
    Publication,
    beside_document,
    day_document,
    day_state,
    figures_document,
    figures_from,
    is_partial,
    secondary_from,
)
from wamon.core.reference import metas_past, months_beside
from wamon.core.secondary import Secondary, add, secondary_document
from wamon.core.timeline import day_span
from wamon.core.uptime import Figures, percent_and_lost
from wamon.ledger import Book
from wamon.settings import Settings
from wamon.statement import Declared, Statement, Stood, statement, statement_document
from wamon.terminal import Page
from wamon.web.reference import month_document
from wamon.wiring import lasting, watched
from wamon.work import maintenance

_META = ("availability", "down_minutes", "days", "of_days", "seen_at", "difference_minutes")
"""What is said of Meta's month: its own figure, how much of it is known, and ours minus it."""

States = Mapping[tuple[str, date], DayState]
"""By row and day: after a change of the service's zone rows may differ in when their day ended."""


class Asked(msgspec.Struct, frozen=True):
    """Which days: both ends included, None for open; one row or all; as published by the end of a day.

    ``insufficient``: badly observed days count in the months too. ``secondary``: those lines as a table too.
    ``account``: one client's days only.
    """

    first: date | None = None
    last: date | None = None
    target: str | None = None
    as_of: date | None = None
    insufficient: bool = False
    secondary: bool = False
    account: str | None = None


class Told(msgspec.Struct, frozen=True):
    """What was published of one row's day: first, latest, and how often; in the words of the core."""

    target: str
    day: date
    zone: str
    revision: int
    published_at_ms: int
    figures: Figures
    first: Figures
    reason: str
    author: str
    secondary: Secondary | None = None
    number: int = 0
    """Of the publication; 0 for a row that is computed now."""

    @property
    def partial(self) -> bool:
        """Whether the row was watched for less than its day."""
        return is_partial(self.day, ZoneInfo(self.zone), self.figures)


def uptime_command(asked: Asked, form: str, config: Path | None) -> int:
    """Print the days in one of four forms. Raises CannotError where there is no database or no such day.

    Programs that asked for JSON get a document without days, and the exit code says so.
    """
    if asked.first and asked.last and asked.last < asked.first:
        raise CannotError(f"--to {asked.last} lies before --from {asked.first}; swap them")
    settings = settings_of(config)
    zone = settings.service.timezone
    at_ms = day_span(asked.as_of, zone).end_ms - 1 if asked.as_of else now_ms()
    with closing(opened(settings)) as book:
        told = of_client(book, asked, settings, at_ms) if asked.account else chosen(book, asked, at_ms)
        passes = book.passes()
        meta_days = metas_past(book.page_versions(until_ms=at_ms + 1)).days
        said = stated(book, told, asked, settings)
    if not told and form != "json":
        raise CannotError(_nothing(asked), BAD_NEWS)
    states = {(one.target, one.day): day_state(one.day, ZoneInfo(one.zone), at_ms, passes) for one in told}
    if form == "table":
        _table(told, states, asked)
        return FINE
    document = document_of(told, states, insufficient=asked.insufficient) | statement_document(said)
    document = with_meta(document, told, meta_days, settings)
    if form == "json":
        write_json(document)
        return FINE if told else BAD_NEWS
    if form == "csv":
        write_csv(document, sys.stdout)
    else:
        place = settings.service.site or os.uname().nodename
        head = Head(place, zone.key, now_ms(), asked.account)
        rows = rows_of(told, states)
        sys.stdout.write(write_html(rows, head, document["months"], said, insufficient=asked.insufficient))
    return FINE


def chosen(book: Book, asked: Asked, at_ms: int) -> list[Told]:
    """The days asked for, by day and row, as they had been published at an instant."""
    trails: dict[tuple[date, str], Told] = {}
    for row in book.publications(target=asked.target, as_of_ms=at_ms):
        if (asked.first and row.day < asked.first) or (asked.last and row.day > asked.last):
            continue
        sums = figures_from(row.figures)
        before = trails.get((row.day, row.target))
        trails[row.day, row.target] = Told(
            row.target,
            row.day,
            row.zone,
            row.revision,
            row.published_at_ms,
            sums,
            before.first if before else sums,
            row.reason,
            row.author,
            secondary_from(row.figures),
            row.n,
        )
    return [trails[key] for key in sorted(trails)]


def of_client(book: Book, asked: Asked, settings: Settings, at_ms: int) -> list[Told]:
    """The days of one client. Its platform's are computed now, so `--as-of` has none."""
    client = Client(asked.account or "", book, settings, at_ms)
    own = [
        msgspec.structs.replace(one, reason=client.discreet(one.reason))
        for one in chosen(book, asked, at_ms)
        if client.owns(one.target)
    ]
    if asked.as_of is not None or asked.target not in (None, *PLATFORM_ROWS):
        return own
    every = own if asked.target is None else chosen(book, msgspec.structs.replace(asked, target=None), at_ms)
    days = sorted({(one.day, one.zone) for one in every if client.owns(one.target)})
    fresh = [_computed(row) for row in client.platform(days) if asked.target in (None, row.target)]
    return sorted((*own, *fresh), key=lambda one: (one.day, one.target))


def _computed(row: Publication) -> Told:
    sums, said = row.figures, row.published_at_ms
    return Told(row.target, row.day, row.zone, 0, said, sums, sums, row.reason, row.author, row.secondary)


def stated(book: Book, told: Sequence[Told], asked: Asked, settings: Settings) -> Statement:
    """Outages, exclusions and the hash behind days; a client's names nobody else's targets."""
    days = [
        Stood(
            one.target,
            one.day,
            day_span(one.day, ZoneInfo(one.zone)),
            one.zone,
            one.revision,
            one.published_at_ms,
            one.figures,
            one.reason,
            one.author,
            book.segments(one.number) if one.number else (),
        )
        for one in told
    ]
    rows = {one.target for one in told}
    before = {name: one.account for name, one in book.last_contexts().items()}
    accounts = before | {one.name: one.account for one in watched(settings)}
    windows = [one for one in book.declarations(maintenance.KIND) if one.withdrawn_at_ms is None]
    declared = [Declared(maintenance.window_of(one), one.because, one.author) for one in windows]
    if asked.account:
        theirs = {name for pair in accounts.items() if pair[1] != asked.account for name in pair} - {NOBODY}
        discreet = discretion(frozenset(theirs))
        declared = [
            msgspec.structs.replace(one, because=discreet(one.because))
            for one in declared
            if _only_about(one.window, asked.account, accounts)
        ]
    return statement(days, {name: accounts[name] for name in rows & accounts.keys()}, declared, lasting(settings))


def _only_about(window: Window, account: str, accounts: Mapping[str, str]) -> bool:
    """Whether a window's words may be read by one client: it is about nobody else, or about everybody."""
    about = {other for name, other in accounts.items() if window.covers(name, other)}
    return about <= {account} or not (window.targets or window.accounts)


def _nothing(asked: Asked) -> str:
    if asked == Asked():
        return "no day has been published yet: the first is closed a quarter of an hour after its end"
    return "nothing was published for that; wamon uptime without options shows every day there is"


def rows_of(told: Sequence[Told], states: States) -> list[Row]:
    """Days for people."""
    return [
        Row(
            one.target,
            one.day,
            states[one.target, one.day].value,
            one.revision,
            one.figures,
            percent_and_lost(one.first.down_ms, one.first.platform_ms),
            one.reason,
            one.secondary,
            one.partial,
        )
        for one in told
    ]


def document_of(told: Sequence[Told], states: States, *, insufficient: bool = False) -> dict[str, Any]:
    """``days`` as in a replay's document, and ``months`` with the same figures and how many days they are of."""
    days = [
        day_document(
            one.target,
            one.day,
            states[one.target, one.day],
            one.revision,
            one.figures,
            one.first,
            partial=one.partial,
        )
        | {
            "retroactive_s": one.figures.retroactive_ms / 1000,
            "reason": one.reason,
            "author": one.author,
            "secondary": secondary_document(one.secondary),
        }
        for one in told
    ]
    rows = rows_of(told, states)
    beside = secondary_of(rows, insufficient=insufficient)
    months = [
        {
            "target": target,
            "month": month,
            "days": one.days,
            "days_left_out": one.left_out,
            "seconds": one.figures.total_ms / 1000,
        }
        | figures_document(one.figures)
        | beside_document(one.figures)
        | {"secondary": _month_of_secondary(beside[target, month])}
        for (target, month), one in months_of(rows, insufficient=insufficient).items()
    ]
    return {"days": days, "months": months}


def _month_of_secondary(days: Sequence[Secondary | None]) -> dict[str, float | None] | None:
    """Sums of the days that have such lines, and how many those are; None when there are none."""
    document = secondary_document(add(days))
    return None if document is None else {"days": sum(one is not None for one in days)} | document


def _table(told: Sequence[Told], states: States, asked: Asked) -> None:
    rows, page = rows_of(told, states), Page()
    print_days(page, rows, insufficient=asked.insufficient)
    page.line("")
    for text in legend():
        page.line((text, "dim"))
    print_restated(page, rows)
    if asked.secondary:
        print_secondary(page, rows, insufficient=asked.insufficient)


def with_meta(
    document: dict[str, Any], told: Sequence[Told], days: Sequence[MetaDay], settings: Settings
) -> dict[str, Any]:
    """The document with Meta's figure in every month of which it is known, beside what speaks for the platform."""
    ours: dict[str, dict[date, Figures]] = {}
    for one in told:
        if one.target not in {own.name for own in settings.targets if own.probe is ProbeKind.WEBHOOK}:
            ours.setdefault(one.target, {})[one.day] = one.figures
    found = {
        (row["target"], month["month"]): month | row
        for month in map(month_document, months_beside(days, ours))
        for row in month.pop("beside")
    }
    for row in document["months"]:
        meta = found.get((row["target"], row["month"]))
        if meta is not None:
            row["meta"] = {name: meta[name] for name in _META}
    return document
