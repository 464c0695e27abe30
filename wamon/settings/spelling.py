"""What a refusal may show of what it found, and the name that was probably meant."""

import re
from collections.abc import Iterable
from datetime import date, time
from difflib import get_close_matches

_LONGEST_SHOWN = 60
_WORD = re.compile(r"[A-Za-z0-9+/_=|.-]{20,}")


class RefusedError(ValueError):
    """One value is not acceptable. The text is a sentence without the place, which the caller knows."""


def looks_secret(text: str) -> bool:
    """Whether a text may be a token that strayed: a long word of letters and digits, or Meta's prefix."""
    return "EAA" in text or any(
        re.search("[0-9]", word) and re.search("[A-Za-z]", word) for word in _WORD.findall(text)
    )


def shown(value: object) -> str:
    """A TOML value for a sentence: texts quoted, tokens and long texts only measured, containers only named."""
    if isinstance(value, str):
        if len(value) > _LONGEST_SHOWN or looks_secret(value):
            return f"a text of {len(value)} characters"
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int | float | date | time) and len(text := _plain(value)) <= _LONGEST_SHOWN:
        return text
    return "a number too long to show"


def _plain(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of more than 4,300 digits has no text
        return " " * (_LONGEST_SHOWN + 1)


def shown_key(key: str) -> str:
    """A key as it stands in a sentence: bare where TOML allows it bare."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", key) and not looks_secret(key) else shown(key)


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that was probably meant; case does not matter. ``likeness`` is difflib's ratio, 0 to 1."""
    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean x?`` when something is near, else what there is."""
    there = list(known)
    near = closest(word, there)
    return f"did you mean {near}?" if near else f"there are {', '.join(there)}"
