"""``wamon rule``: a person's word on looks, listed, taken back; and what it does to closed days."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from wamon.cli.answers import FINE, CannotError, write_json
from wamon.cli.configuration import settings_of
from wamon.cli.database import opened
from wamon.cli.people import Document, print_days, say_to_watch
from wamon.core.review import counted_text
from wamon.core.timeline import SECOND, iso
from wamon.core.uptime import clock_text
from wamon.ledger.words import Declaration
from wamon.terminal import QUIET, Cell, Page
from wamon.work.maintenance import RemovalAsked
from wamon.work.ruling import KIND, RulingAsked, said_of, what_text

_HEADS = ("no.", "looks", "what", "verdict", "by", "because")


def one_wish(what: str | None, verdict: str | None, undo: int | None, *, listed: bool) -> None:
    """Raises CannotError for a command line that wants nothing, or two things at once."""
    wishes = [what is not None, undo is not None, listed]
    if sum(wishes) != 1 or (what is not None and verdict is None):
        raise CannotError(
            "say what and how, such as wamon rule cloud-api@2026-11-01T10:00/2026-11-01T10:40 system_error "
            "--because 'Meta confirmed it'; or --undo N --because ...; or --list"
        )


def rule_command(asked: RulingAsked, config: Path | None, as_json: bool) -> int:
    """Rule, and say what turns and which days change."""
    return _answer(say_to_watch("rule", asked, config), "stands", as_json)


def undo_command(asked: RemovalAsked, config: Path | None, as_json: bool) -> int:
    """Take a ruling back, and say what turns and which days change."""
    return _answer(say_to_watch("rule-undo", asked, config), "is undone", as_json)


def _answer(document: Document, done: str, as_json: bool) -> int:
    if as_json:
        write_json(document)
        return FINE
    page = Page()
    page.line(f"Ruling {document['number']} {done}: {document['what']}.")
    if document["turned"]:
        page.line("Turned:")
        page.listed(map(_turn, document["turned"]))
    print_days(page, document)
    return FINE


def _turn(one: Document) -> str:
    lasted = clock_text(round(one["seconds"] * SECOND))
    return f"{one['target']}: {counted_text(one['observations'], 'look')}, {lasted}, {one['from']} -> {one['to']}"


def list_command(config: Path | None, as_json: bool) -> int:
    """Every ruling by a person there ever was."""
    with closing(opened(settings_of(config))) as book:
        found = [(one, sum(looks for _, _, looks in book.ruled_by(one.n))) for one in book.declarations(KIND)]
    if as_json:
        write_json({"rulings": [_row(one, looks) for one, looks in found]})
    elif found:
        Page().table(_HEADS, [_cells(one, looks) for one, looks in found], right=_HEADS[:2], prose=_HEADS[2:])
    else:
        Page().line("Nobody has ruled on anything; see: wamon rule --help")
    return FINE


def _cells(one: Declaration, looks: int) -> Sequence[Cell]:
    spoken = said_of(one).spoken
    verdict = spoken.verdict.value + (f", {spoken.cause.value}" if spoken.cause else "")
    undone = f" (undone by {one.withdrawn_by}: {one.withdrawn_because})" if one.withdrawn_at_ms is not None else ""
    cells = (str(one.n), str(looks), what_text(spoken), verdict, one.author, f"{one.because}{undone}")
    return [(text, QUIET) for text in cells] if undone else cells


def _row(one: Declaration, looks: int) -> Document:
    spoken, undone = said_of(one).spoken, one.withdrawn_at_ms
    return {
        "number": one.n,
        "what": what_text(spoken),
        "target": spoken.target,
        "from": iso(spoken.start_ms),
        "to": iso(spoken.end_ms),
        "of_cause": spoken.of.value if spoken.of else None,
        "verdict": spoken.verdict.value,
        "cause": spoken.cause.value if spoken.cause else None,
        "looks": looks,
        "because": one.because,
        "author": one.author,
        "declared_at": iso(one.declared_at_ms),
        "undone": None
        if undone is None
        else {"at": iso(undone), "author": one.withdrawn_by, "because": one.withdrawn_because},
    }
