"""The catalogue of Meta's error codes: what each means, whose fault it is, and the words for every verdict."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from wamon.core.finding import Cause, Column, Finding, Scope, Verdict

FAMILIES = frozenset({2388, 2494, 2593})
"""Thousands of the management numbers, which Meta prints now as a code and now as a subcode."""

FIRM_TOKEN_SUBCODES = frozenset(range(458, 465))
"""With any of these, code 190 is the token's own end; some of them have no entry of their own."""


class Fault(StrEnum):
    """Whose fault a code is by itself; an ambiguous one is followed the way it usually falls."""

    SYSTEM = "system"
    USER = "user"
    RECIPIENT = "recipient"
    THROTTLE = "throttle"
    AMBIGUOUS = "ambiguous"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    """One stanza of `error_codes.toml`: a code, a code with subcode, or the range up to ``last_code``.

    ``message_has`` holds lower-case texts: with any, the entry speaks only for errors whose text has one of them.
    ``lean`` is the way an ambiguous code usually falls. ``source`` lists pages and papers, joined by semicolons;
    ``read_on`` is the date of the first one.
    """

    code: int
    title: str
    fault: Fault = msgspec.field(name="class")
    cause: Cause
    scope: Scope
    provisional: bool
    surface: Literal["sync", "async", "both", "health"]
    retriable: Literal["yes", "later", "after_fix", "maybe", "no"]
    area: str
    explanation: str
    remedy: str
    source: str
    read_on: date
    confidence: Literal["M", "O", "T", "C", "I", "B"]
    last_code: int | None = None
    subcode: int | None = None
    message_has: tuple[str, ...] = ()
    lean: Fault | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict this entry gives where nothing else is known."""
        fault = self.lean if self.fault is Fault.AMBIGUOUS else self.fault
        return _VERDICTS[fault]


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, eq=False):
    """All entries, and the edition (an ISO date) that every ruling names."""

    edition: str
    entries: tuple[Entry, ...] = msgspec.field(name="entry")


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words for a verdict that no code explains; without ``cause``, for all its other causes."""

    verdict: Verdict
    explanation: str
    remedy: str
    cause: Cause | None = None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason why a message may be accepted or sent and never delivered.

    ``codes`` are the error codes that may come with it; without any, Meta keeps the reason to itself.
    """

    title: str
    explanation: str
    remedy: str
    source: str
    read_on: date
    confidence: Literal["M", "O", "T", "C", "I", "B"]
    codes: tuple[int, ...] = ()


class _Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phrases: tuple[Phrase, ...] = msgspec.field(name="phrase")


class _Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reasons: tuple[Reason, ...] = msgspec.field(name="reason")


class _Index(NamedTuple):
    """The entries by what they are found with. Those that want a text stand first under each key."""

    by_code: dict[tuple[int, int | None], list[Entry]]
    by_family: dict[int, list[Entry]]
    ranges: list[Entry]


_VERDICTS: dict[Fault | None, Verdict] = {
    Fault.SYSTEM: Verdict.SYSTEM_ERROR,
    Fault.USER: Verdict.USER_ERROR,
    Fault.RECIPIENT: Verdict.USER_ERROR,
    Fault.THROTTLE: Verdict.USER_ERROR,
    None: Verdict.INCONCLUSIVE,
}

_COLUMNS = {
    Verdict.SYSTEM_ERROR: Column.DOWN,
    Verdict.USER_ERROR: Column.USER,
    Verdict.INCONCLUSIVE: Column.UNOBSERVED,
}


@cache
def load() -> Catalogue:
    """The catalogue that ships with wamon; read once."""
    return msgspec.toml.decode(_shipped("error_codes.toml"), type=Catalogue)


def _shipped(name: str) -> bytes:
    return files("wamon.core").joinpath(name).read_bytes()


def lookup(catalogue: Catalogue, code: int | None, subcode: int | None, message: str = "") -> Entry | None:
    """The entry that speaks for an error, or None where the catalogue does not know it.

    In this order: code with subcode; a number of the 2388xxx, 2494xxx and 2593xxx families in either place, the
    subcode's first; the code alone; the range 200-299. ``message`` is the error's text, with its details: under
    each key, an entry whose text it has comes before the one that wants none.
    """
    for entry in meanings(catalogue, code, subcode):
        if not entry.message_has or _has_any(message, entry.message_has):
            return entry
    return None


@cache
def telling_texts() -> tuple[str, ...]:
    """Every text, in lower case, that an entry asks a message for: all of a text that a verdict hangs on."""
    return tuple(dict.fromkeys(text for entry in load().entries for text in entry.message_has))


def _has_any(message: str, texts: tuple[str, ...]) -> bool:
    lowered = message.lower()
    return any(text in lowered for text in texts)


def meanings(catalogue: Catalogue, code: int | None, subcode: int | None = None) -> Iterator[Entry]:
    """Every entry that may speak for an error, the best first, whatever its text says."""
    index = _index(catalogue)
    if code is not None and subcode is not None:
        yield from index.by_code.get((code, subcode), ())
    for number in (subcode, code):
        if number is not None:
            yield from index.by_family.get(number, ())
    if code is None:
        return
    yield from index.by_code.get((code, None), ())
    yield from (entry for entry in index.ranges if entry.code <= code <= (entry.last_code or entry.code))


@lru_cache(maxsize=8)
def _index(catalogue: Catalogue) -> _Index:
    index = _Index({}, {}, [])
    for entry in sorted(catalogue.entries, key=lambda one: not one.message_has):
        if entry.last_code is not None:
            index.ranges.append(entry)
            continue
        index.by_code.setdefault((entry.code, entry.subcode), []).append(entry)
        number = entry.code if entry.subcode is None else entry.subcode
        if number // 1000 in FAMILIES:
            index.by_family.setdefault(number, []).append(entry)
    return index


@lru_cache(maxsize=4096)
def finding_of(entry: Entry, code: int | None, subcode: int | None, rule: str = "known_code") -> Finding:
    """What an entry makes of an error seen with this code and subcode. Equal questions share one finding.

    A number that Meta has in maintenance is the platform's doing and yet no downtime by itself: unobserved.
    """
    verdict = entry.verdict
    planned = verdict is Verdict.SYSTEM_ERROR and entry.cause is Cause.MAINTENANCE
    firm = code == 190 and subcode in FIRM_TOKEN_SUBCODES
    return Finding(
        verdict=verdict,
        cause=entry.cause,
        column=Column.UNOBSERVED if planned else _COLUMNS[verdict],
        scope=entry.scope,
        provisional=entry.provisional and not firm,
        code=code,
        subcode=subcode,
        rule=rule,
    )


def wording(finding: Finding, catalogue: Catalogue) -> tuple[str, str]:
    """Explanation and remedy of a finding, one sentence each; there is one for every verdict and cause.

    A code's own words hold only while the finding agrees with them: once 190 has been turned into Meta's fault,
    "create a new token" would be bad advice, and the words for verdict and cause take over.
    """
    for entry in meanings(catalogue, finding.code, finding.subcode):
        if (entry.verdict, entry.cause) == (finding.verdict, finding.cause):
            return entry.explanation, entry.remedy
    phrases = _phrases()
    phrase = phrases.get((finding.verdict, finding.cause)) or phrases[finding.verdict, None]
    return phrase.explanation, phrase.remedy


@cache
def _phrases() -> dict[tuple[Verdict, Cause | None], Phrase]:
    shipped: Iterable[Phrase] = msgspec.toml.decode(_shipped("causes.toml"), type=_Phrases).phrases
    return {(one.verdict, one.cause): one for one in shipped}


@cache
def undelivered() -> tuple[Reason, ...]:
    """Why a message may be accepted or sent and yet never reach the person; read once."""
    return msgspec.toml.decode(_shipped("undelivered.toml"), type=_Reasons).reasons
