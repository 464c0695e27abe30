"""``wamon maintenance``: windows declared, listed, taken back; and what that does to closed days."""

from contextlib import closing
from pathlib import Path

from wamon.cli.answers import FINE, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.database import opened
from wamon.cli.people import Document, print_days, say_to_watch
from wamon.core.maintenance import Once, Window
from wamon.core.timeline import iso
from wamon.ledger.words import Declaration
from wamon.settings.values import WEEKDAYS
from wamon.terminal import QUIET, Cell, Page
from wamon.work.maintenance import (
    KIND,
    MaintenanceAsked,
    RemovalAsked,
    about_text,
    phase,
    retroactive,
    when_text,
    window_of,
)

_HEADS = ("no.", "is", "about", "when", "by", "because")


def add_command(asked: MaintenanceAsked, config: Path | None, as_json: bool) -> int:
    """Declare it, and say which days change."""
    document = say_to_watch("maintenance-add", asked, config)
    return _answer(document, "declared", as_json)


def remove_command(asked: RemovalAsked, config: Path | None, as_json: bool) -> int:
    """Take it back, and say which days change."""
    document = say_to_watch("maintenance-remove", asked, config)
    return _answer(document, "removed", as_json)


def _answer(document: Document, done: str, as_json: bool) -> int:
    if as_json:
        write_json(document)
    else:
        page = Page()
        page.line(f"Maintenance {document['number']} is {done}: {document['what']}.")
        print_days(page, document)
    return FINE


def list_command(everything: bool, config: Path | None, as_json: bool) -> int:
    """Every window that stands, or every one there ever was."""
    with closing(opened(settings_of(config))) as book:
        declared = [one for one in book.declarations(KIND) if everything or one.withdrawn_at_ms is None]
    at_ms = now_ms()
    if as_json:
        write_json({"maintenance": [_row(one, at_ms) for one in declared]})
    elif declared:
        Page().table(_HEADS, [_cells(one, at_ms) for one in declared], right=["no."], prose=_HEADS[2:])
    else:
        Page().line("No maintenance is declared; see: wamon maintenance add --help")
    return FINE


def _cells(one: Declaration, at_ms: int) -> list[Cell]:
    window = window_of(one)
    return [
        str(one.n),
        _state(one, at_ms),
        about_text(window),
        f"{when_text(window)} ({window.zone})",
        one.author,
        one.because if one.withdrawn_at_ms is None else f"{one.because} (removed: {one.withdrawn_because})",
    ]


def _state(one: Declaration, at_ms: int) -> Cell:
    window = window_of(one)
    if one.withdrawn_at_ms is not None:
        return ("removed", QUIET)
    is_now = phase(window, at_ms)
    return f"{is_now}, retroactive" if retroactive(window) else is_now


def _row(one: Declaration, at_ms: int) -> Document:
    window = window_of(one)
    withdrawn = one.withdrawn_at_ms
    return {
        "number": one.n,
        "targets": list(window.targets),
        "accounts": list(window.accounts),
        "when": _when(window),
        "zone": window.zone,
        "phase": None if withdrawn is not None else phase(window, at_ms),
        "retroactive": retroactive(window),
        "because": one.because,
        "author": one.author,
        "declared_at": iso(one.declared_at_ms),
        "removed": None
        if withdrawn is None
        else {"at": iso(withdrawn), "author": one.withdrawn_by, "because": one.withdrawn_because},
    }


def _when(window: Window) -> Document:
    when = window.when
    if isinstance(when, Once):
        return {"from": iso(when.start_ms), "to": iso(when.end_ms)}
    return {
        "every": [WEEKDAYS[one] for one in when.weekdays] or ["day"],
        "at": f"{when.at:%H:%M}",
        "for_s": when.duration_ms / 1000,
        "first": when.first.isoformat(),
        "last": when.last.isoformat() if when.last else None,
    }
