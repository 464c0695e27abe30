"""A letter to a client's channel: what it says of others is left out, and their names are nowhere in it."""

import re
from collections.abc import Callable

import msgspec

from wamon.core.clients import ANOTHER, discretion
from wamon.core.dispatching import Letter

_ROW = re.compile(r"^(?:- |[\w.-]+: )")
"""A line of a list: one thing each, of one target or of several."""

_SEVERAL = re.compile(rf"{re.escape(ANOTHER)}(?:(?:, | and ){re.escape(ANOTHER)})+")


def confidential(letter: Letter, own: frozenset[str], others: frozenset[str]) -> Letter:
    """The letter as a channel may read it that is told of ``own`` names; ``others`` are those it must not see.

    A line of a list that is about others alone is dropped, in every other text each of their names is replaced.
    The alternative for mail goes where it names one.
    """
    if not others:
        return letter
    hide, mine = discretion(others), _mentions(own)
    kept = [said for line in letter.body.split("\n") if (said := _line(line, hide, mine)) is not None]
    return msgspec.structs.replace(
        letter,
        title=_together(hide(letter.title)),
        body="\n".join(kept),
        html=letter.html if letter.html is None or hide(letter.html) == letter.html else None,
    )


def _mentions(own: frozenset[str]) -> Callable[[str], bool]:
    reveal = discretion(own)
    return lambda text: reveal(text) != text


def _line(line: str, hide: Callable[[str], str], mine: Callable[[str], bool]) -> str | None:
    said = hide(line)
    if said == line:
        return line
    return None if _ROW.match(line) and not line.startswith("notice: ") and not mine(line) else _together(said)


def _together(text: str) -> str:
    """Several others in a row are told once."""
    return _SEVERAL.sub(ANOTHER, text)
