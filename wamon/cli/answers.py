"""How a command ends: its exit code, a sentence where it cannot go on, and JSON where it was asked for."""

import sys
from pathlib import Path
from typing import Any

import msgspec

FINE, BAD_NEWS, WRONG = 0, 1, 2
"""Exit codes (CONTRACT section 2)."""


class CannotError(Exception):
    """A command that cannot be answered; the text is one sentence for whoever typed it."""

    def __init__(self, sentence: str, code: int = WRONG) -> None:
        super().__init__(sentence)
        self.code = code


def write_json(document: Any) -> None:
    """One document on stdout, indented; what UTF-8 cannot say is escaped."""
    try:
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    except (UnicodeEncodeError, OverflowError):
        text = _escaped(document)
    sys.stdout.write(text + "\n")


def _escaped(document: Any) -> str:
    import json

    return json.dumps(document, indent=2)


def say(sentence: str) -> None:
    """One sentence on stderr."""
    sys.stderr.write(f"{sentence}\n")


def readable(path: Path) -> Path:
    """The path of a file that can be read. Raises CannotError."""
    if path.is_dir():
        raise CannotError(f"{path} is a folder; name a file in it")
    try:
        path.open("rb").close()
    except OSError as refused:
        reason = (refused.strerror or "unreadable").lower()
        raise CannotError(f"{path} cannot be read: {reason}") from None
    return path
