"""``wamon silence`` and what people say of incidents: said to the running daemon, or to the ledger itself."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from wamon.cli.answers import FINE, CannotError, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.database import database_of, opened
from wamon.cli.now import find_incident
from wamon.control import ControlError, ask, socket_path
from wamon.core.timeline import iso
from wamon.ledger import LedgerError, open_ledger
from wamon.ledger.words import Declaration
from wamon.settings import Settings
from wamon.terminal import QUIET, Cell, Page
from wamon.wiring import watched
from wamon.work.maintenance import RemovalAsked
from wamon.work.saying import (
    SAYINGS,
    SILENCE,
    People,
    Place,
    RemarkAsked,
    SilenceAsked,
    silence_of,
    silence_text,
)

Document = Mapping[str, Any]

_HEADS = ("no.", "is", "about", "by", "because")


def add_command(asked: SilenceAsked, config: Path | None, as_json: bool) -> int:
    """Hold notices back for a while."""
    document = _say("silence-add", asked, config)
    return _answer(document, f"Silence {document['number']} holds: {document['what']}.", as_json)


def remove_command(asked: RemovalAsked, config: Path | None, as_json: bool) -> int:
    """Take a silence back: what is still open is told."""
    document = _say("silence-remove", asked, config)
    return _answer(document, f"Silence {document['number']} is taken back: {document['what']}.", as_json)


def remark_command(name: str, text: str, author: str, *, ack: bool, config: Path | None, as_json: bool) -> int:
    """Acknowledge an incident, or add a note to it; a target's name alone means its latest."""
    full = name if "@" in name else find_incident(name, config)
    document = _say("incident-remark", RemarkAsked(full, author, text, ack), config)
    done = f"{full} is acknowledged by {author}: nobody is reminded of it." if ack else f"Noted for {full}."
    return _answer(document, done, as_json)


def list_command(everything: bool, config: Path | None, as_json: bool) -> int:
    """Silences that hold or are to come, or every one there ever was."""
    at_ms = now_ms()
    with closing(opened(settings_of(config))) as book:
        declared = [one for one in book.declarations(SILENCE) if everything or _state(one, at_ms) in _STANDING]
    if as_json:
        write_json({"silences": [_row(one, at_ms) for one in declared]})
    elif declared:
        rows = [_cells(one, at_ms) for one in declared]
        Page().table(_HEADS, rows, right=["no."], prose=_HEADS[2:])
    else:
        Page().line("Nothing is held back; see: wamon silence add --help")
    return FINE


_STANDING = ("now", "coming")


def _state(one: Declaration, at_ms: int) -> str:
    silence = silence_of(one)
    if one.withdrawn_at_ms is not None:
        return "taken back"
    return "now" if silence.holds(at_ms) else "coming" if at_ms < silence.start_ms else "over"


def _cells(one: Declaration, at_ms: int) -> list[Cell]:
    state = _state(one, at_ms)
    shown: Cell = state if state in _STANDING else (state, QUIET)
    return [str(one.n), shown, silence_text(silence_of(one)), one.author, one.because]


def _row(one: Declaration, at_ms: int) -> Document:
    silence = silence_of(one)
    return {
        "number": one.n,
        "state": _state(one, at_ms),
        "from": iso(silence.start_ms),
        "to": iso(silence.end_ms),
        "targets": list(silence.targets),
        "accounts": list(silence.accounts),
        "kinds": [kind.value for kind in silence.kinds],
        "severities": [severity.value for severity in silence.severities],
        "author": one.author,
        "because": one.because,
    }


def _answer(document: Document, sentence: str, as_json: bool) -> int:
    if as_json:
        write_json(document)
    else:
        Page().line(sentence)
    return FINE


def _say(name: str, asked: Any, config: Path | None) -> Document:
    """Say it to the running daemon, or where none runs write it down for the next one. Raises CannotError."""
    settings = settings_of(config)
    database = database_of(settings)
    try:
        answer = ask(socket_path(os.environ, database), name, msgspec.to_builtins(asked))
        return asyncio.run(_alone(settings, database, name, asked)) if answer is None else answer
    except (ControlError, LedgerError, ValueError) as refused:
        raise CannotError(str(refused)) from None


async def _alone(settings: Settings, database: Path, name: str, asked: Any) -> Document:
    ledger = open_ledger(database)
    try:
        place = Place(watched(settings), settings.service.timezone, now_ms())
        return await SAYINGS[name].act(People(ledger), asked, place)
    finally:
        await ledger.close()
