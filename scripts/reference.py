"""Writes docs/reference.md from the code itself: commands, settings, metrics, notices, verdicts and error codes.

``make reference`` runs it, after any of them changed; a test holds the page to the code.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from wamon.cli.app import app
from wamon.cli.examples import examples
from wamon.core.catalogue import Entry, load
from wamon.core.finding import Cause, Column, Scope, Verdict
from wamon.core.incident import Kind, Severity
from wamon.core.notice import NoticePhase
from wamon.core.report import State
from wamon.core.rules_hindsight import HINDSIGHT
from wamon.core.rules_live import RULES
from wamon.core.timeline import parse_iso
from wamon.metrics.table import METRICS
from wamon.settings.fields import fields_of
from wamon.settings.schema import SINGLE, TARGETS, Channel, NamedAccount

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

_HEAD = """# Reference

Made from the code by `make reference`; a test fails when it is stale. What the words mean, and what to do, is
in [operations.md](operations.md), how figures come about in [availability.md](availability.md).
"""

_EXAMPLE_MS = parse_iso("2026-11-03T10:20:00Z")

_COMMON = ("--config", "--json")


def page() -> str:
    """The whole page as Markdown."""
    parts = (_HEAD, *_commands(), *_settings(), *_metrics(), *_words(), *_notices(), *_codes())
    return "\n".join(parts).rstrip("\n") + "\n"


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    names = list(heads)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _leaves(part: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name in sorted(one for one in part if not one.startswith("-")):
        command = part[name]
        if any(not one.startswith("-") for one in command):
            yield from _leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "`-c FILE` names the configuration and `--json` prints one JSON document, wherever a command has them.\n"
    for name, command in _leaves(app, ("wamon",)):
        arguments = [one for one in command.assemble_argument_collection() if one.parameter.help]
        own = [one for one in arguments if one.names[0] not in _COMMON]
        common = [one.names[0] for one in arguments if one.names[0] in _COMMON]
        words = " ".join((command.help or "").strip().split("\n\n")[0].split())
        yield f"### `{name}`\n"
        yield words + (f" Takes {' and '.join(f'`{one}`' for one in common)}." if common else "") + "\n"
        if own:
            yield from _table(("argument", "meaning"), ((_argument(one), one.parameter.help) for one in own))


def _argument(one: Any) -> str:
    shown = [name for name in one.names if not name.startswith(("--no-", "--empty-"))]
    return ", ".join(f"`{name}`" for name in shown) + (" (needed)" if one.required else "")


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield "[config/wamon.toml](../config/wamon.toml) is a file with all of them.\n"
    tables = {f"[{name}]": table for name, table in SINGLE.items()}
    tables |= {"[[accounts]]": NamedAccount}
    tables |= {f'[[targets]], probe = "{probe}"': table for probe, table in TARGETS.items()}
    for name, table in (tables | {"[[channels]]": Channel}).items():
        yield f"### `{name}`\n"
        yield from _table(
            ("key", "default", "meaning"),
            ((f"`{one.key}`", _default(one), one.why) for one in fields_of(table)),
        )


def _default(field: Any) -> str:
    if field.required:
        return "(needed)"
    return f"`{msgspec.json.encode(field.reader.write(field.default)).decode()}`"


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    rows = ((f"`{one.name}`", one.kind, ", ".join(one.labels), one.help) for one in METRICS)
    yield from _table(("metric", "type", "labels", "meaning"), rows)


def _words() -> Iterator[str]:
    yield "## Words of verdicts, incidents and notices\n"
    sets: dict[str, Iterable[Any]] = {
        "verdict": Verdict,
        "cause": Cause,
        "column (`counts_as`)": Column,
        "scope": Scope,
        "state of a target": State,
        "severity": Severity,
        "kind of notice": Kind,
        "phase of a notice": NoticePhase,
    }
    rows = [(name, ", ".join(f"`{one.value}`" for one in each)) for name, each in sets.items()]
    rows.append(("rule, live, in order", _named(RULES)))
    rows.append(("rule, with hindsight, in order", f"`declared`, {_named(HINDSIGHT)}"))
    yield from _table(("word", "one of"), rows)


def _notices() -> Iterator[str]:
    yield "## Notices\n"
    yield (
        "One of each kind and phase, as its first line reads; `wamon notify preview KIND PHASE` shows the whole. "
        "What each means, and what to do first: [operations.md](operations.md#notices).\n"
    )
    every = examples(_EXAMPLE_MS)
    rows = (
        (f"`{kind}`", f"`{phase}`", one.severity.value, one.title)
        for kind, phases in every.items()
        for phase, one in phases.items()
    )
    yield from _table(("kind", "phase", "severity", "first line"), rows)


def _named(rules: Iterable[Any]) -> str:
    return ", ".join(f"`{rule.__name__}`" for rule in rules)


def _codes() -> Iterator[str]:
    known = load()
    yield "## Error codes\n"
    yield (
        f"Edition {known.edition}. `wamon explain CODE` says more of each, with its remedy and Meta's page. "
        "Whose: of an ambiguous code, the way it leans stands behind the colon.\n"
    )
    rows = ((_code(one), one.title, _whose(one), one.cause.value, one.retriable) for one in known.entries)
    yield from _table(("code", "title", "whose", "cause", "try again"), rows)


def _code(one: Entry) -> str:
    code = f"{one.code}-{one.last_code}" if one.last_code else str(one.code)
    said = f" ({', '.join(one.message_has)})" if one.message_has else ""
    return code + (f"/{one.subcode}" if one.subcode is not None else "") + said


def _whose(one: Entry) -> str:
    return one.fault.value + (f": {one.lean.value}" if one.lean else "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
