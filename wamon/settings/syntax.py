"""From text to TOML tables; where the text is no TOML: line, column, and as much of it as may be shown."""

import re
import tomllib
from typing import Any

from wamon.settings.fields import fields_of
from wamon.settings.refusal import SettingsError
from wamon.settings.schema import SINGLE, TARGETS, Channel, NamedAccount
from wamon.settings.spelling import looks_secret

_SPOKEN = {
    "cannot overwrite a value": "the key stands twice",
    "expected newline or end of document after a statement": "more follows the value; durations stand in quotes",
    "illegal character '\\n'": "the line ends inside a text; is a quote missing?",
    "invalid value": "this is no value; texts and durations stand in quotes",
}
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def tables_of(text: str, name: str) -> dict[str, Any]:
    """The tables of a TOML text; raises SettingsError with line, column and reason."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SettingsError(["lists or tables stand too deep inside each other to be read"], name) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_sentence(str(error), text.split("\n"))], name) from None
    except ValueError:
        raise SettingsError(["a number has too many digits to be read"], name) from None


def _sentence(error: str, lines: list[str]) -> str:
    place = _PLACE.search(error)
    reason = _PLACE.sub("", error)
    reason = reason[:1].lower() + reason[1:]
    if looks_secret(reason) or len(reason) > 80:
        reason = "it cannot be read"
    line, column = (int(place[1]), int(place[2])) if place and place[1] else (len(lines), len(lines[-1]) + 1)
    excerpt = _excerpt(lines[line - 1]) if line <= len(lines) else ""
    what = f"{excerpt} is not TOML" if excerpt else "not TOML"
    return f"line {line}, column {column}: {what}: {_SPOKEN.get(reason, reason)}"


def _excerpt(line: str) -> str:
    """The line without its comment; of a line that may hold a secret only what stands before the value."""
    shown = line.partition("#")[0].strip()
    if not shown.isprintable():
        return ""
    key, equals, value = (part.strip() for part in shown.partition("="))
    if not equals:
        harmless = shown.startswith("[") and len(shown) <= 40 and not looks_secret(shown)
        return shown if harmless else ""
    if key in _harmless() and len(value) <= 40 and "=" not in value and not looks_secret(value):
        return shown
    return f"{key} = …" if re.fullmatch("[a-z_]{1,30}", key) else ""


def _harmless() -> set[str]:
    tables = [*SINGLE.values(), *TARGETS.values(), Channel, NamedAccount]
    secret = re.compile("url|token|secret|phone|^to$")
    return {field.key for table in tables for field in fields_of(table) if not secret.search(field.key)} | {
        "probe"
    }
