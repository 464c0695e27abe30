"""``wamon explain``: what an error code of Meta's means, whose fault it is, and what to do."""

import re
from collections.abc import Iterator, Sequence

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, say, write_json
from wamon.core.catalogue import Catalogue, Entry, Fault, Reason, load, meanings, undelivered
from wamon.core.finding import Scope
from wamon.terminal import BAD, OURS, QUIET, Page

UNDELIVERED = "undelivered"

_FAULTS = {
    Fault.SYSTEM: ("Meta's", BAD),
    Fault.USER: ("ours: the request, the token, the account or its set-up", OURS),
    Fault.RECIPIENT: ("the recipient's side; counted as a user error", OURS),
    Fault.THROTTLE: ("ours: a limit was reached", OURS),
}

_LEANS = {
    Fault.SYSTEM: "either side's; taken as Meta's until evidence turns it",
    Fault.USER: "either side's; taken as ours until evidence turns it",
    None: "either side's; nothing is said until there is evidence",
}

_SCOPES = {
    Scope.REQUEST: "this request",
    Scope.NUMBER: "the phone number",
    Scope.ACCOUNT: "the account",
    Scope.APP: "the app",
    Scope.GLOBAL: "everybody",
    Scope.UNKNOWN: "not known",
}

_SEEN = {
    "sync": "in the answer to a request",
    "async": "in a webhook, after the request was accepted",
    "both": "in an answer or in a webhook",
    "health": "in a health status",
}

_RETRY = {
    "yes": "yes",
    "later": "later",
    "after_fix": "once the cause is removed",
    "maybe": "perhaps",
    "no": "no",
}

_CONFIDENCE = {
    "M": "Meta's documentation",
    "O": "Meta's OpenAPI file",
    "T": "third parties and public issues",
    "C": "source code of clients",
    "I": "inferred",
    "B": "general knowledge, no source",
}


def explain_command(what: str, as_json: bool) -> int:
    """Explain a code, a code with subcode, or why messages stay undelivered; 1 for a code nobody knows."""
    if what == UNDELIVERED:
        return _explain_undelivered(as_json)
    code, subcode = _numbers(what)
    catalogue = load()
    entries = _best(list(meanings(catalogue, code, subcode)))
    if not entries:
        if as_json:
            write_json(_document(code, subcode, [], [], catalogue))
        say(_unknown(what, catalogue))
        return BAD_NEWS
    others = [] if subcode is not None else _subcodes(catalogue, code, entries)
    if as_json:
        write_json(_document(code, subcode, entries, others, catalogue))
        return FINE
    _print(code, subcode, entries, others)
    return FINE


def _print(code: int, subcode: int | None, entries: Sequence[Entry], others: Sequence[Entry]) -> None:
    page = Page()
    for place, entry in enumerate(entries):
        if place:
            page.line("")
        _show(page, entry)
    if subcode not in (None, entries[0].code, entries[0].subcode):
        page.line("")
        page.line(f"Nothing is known of subcode {subcode} by itself: code {code} speaks for it.")
    if others:
        page.heading(f"Subcodes of {code}")
        page.table(("code", "title", "whose fault"), [_row(one) for one in others], prose=["title"])


def _numbers(what: str) -> tuple[int, int | None]:
    found = re.fullmatch(r"([0-9]{1,9})(?:/([0-9]{1,9}))?", what)
    if found is None:
        raise CannotError(
            f"{what!r} is no error code: write a number such as 131026, a code with its subcode such as 190/463, "
            f"or {UNDELIVERED}"
        )
    return int(found[1]), int(found[2]) if found[2] else None


def _best(entries: Sequence[Entry]) -> list[Entry]:
    """All readings under the first key: what stands under a more general one is not shown beside them."""
    return [one for one in entries if _key(one) == _key(entries[0])]


def _key(entry: Entry) -> tuple[int, int | None, int | None]:
    return entry.code, entry.subcode, entry.last_code


def _subcodes(catalogue: Catalogue, code: int, shown: Sequence[Entry]) -> list[Entry]:
    return [one for one in catalogue.entries if one.code == code and one.subcode is not None and one not in shown]


def _unknown(what: str, catalogue: Catalogue) -> str:
    return (
        f"{what} is in no list of Meta's that wamon knows (edition {catalogue.edition}). Such an error is judged "
        "by Meta's is_transient and its HTTP class, as unmapped and provisional. The code to look up is the "
        "number in error.code, not the HTTP status."
    )


def name_of(entry: Entry) -> str:
    """``190/463``, ``200-299``, ``2``."""
    if entry.last_code is not None:
        return f"{entry.code}-{entry.last_code}"
    return str(entry.code) if entry.subcode is None else f"{entry.code}/{entry.subcode}"


def _fault(entry: Entry) -> tuple[str, str]:
    if entry.fault is Fault.AMBIGUOUS:
        return _LEANS.get(entry.lean, _LEANS[Fault.USER]), OURS
    return _FAULTS[entry.fault]


def _row(entry: Entry) -> tuple[str, str, str]:
    return name_of(entry), entry.title, _fault(entry)[0].partition(":")[0].partition(";")[0]


def _show(page: Page, entry: Entry) -> None:
    page.line((f"{name_of(entry)}  {entry.title}", "bold"))
    page.line("")
    page.fields(_fields(entry))


def _fields(entry: Entry) -> Iterator[tuple[str, str | tuple[str, str]]]:
    if entry.message_has:
        yield "when it says", " or ".join(f'"{text}"' for text in entry.message_has)
    yield "whose fault", _fault(entry)
    yield "verdict", f"{entry.verdict.value}, cause {entry.cause.value}{_firmness(entry)}"
    yield "how wide", _SCOPES[entry.scope]
    yield "seen", _SEEN[entry.surface]
    yield "try again", _RETRY[entry.retriable]
    yield "meaning", entry.explanation
    yield "what to do", entry.remedy
    yield "source", (_sources(entry), QUIET)
    yield "confidence", (_CONFIDENCE[entry.confidence], QUIET)


def _sources(entry: Entry | Reason) -> str:
    return "\n".join(entry.source.split("; ")) + f", read {entry.read_on}"


def _firmness(entry: Entry) -> str:
    return ", provisional: later evidence may turn it" if entry.provisional else ", firm"


def _document(
    code: int, subcode: int | None, entries: Sequence[Entry], others: Sequence[Entry], catalogue: Catalogue
) -> dict[str, object]:
    return {
        "code": code,
        "subcode": subcode,
        "edition": catalogue.edition,
        "entries": [entry_document(one) for one in entries],
        "subcodes": [entry_document(one) for one in others],
    }


def entry_document(entry: Entry) -> dict[str, object]:
    """An entry of the catalogue as JSON, with the verdict it gives by itself."""
    return {
        "code": entry.code,
        "last_code": entry.last_code,
        "subcode": entry.subcode,
        "message_has": list(entry.message_has),
        "title": entry.title,
        "class": entry.fault.value,
        "lean": entry.lean.value if entry.lean else None,
        "verdict": entry.verdict.value,
        "cause": entry.cause.value,
        "provisional": entry.provisional,
        "scope": entry.scope.value,
        "surface": entry.surface,
        "retriable": entry.retriable,
        "area": entry.area,
        "explanation": entry.explanation,
        "remedy": entry.remedy,
        "source": entry.source,
        "read_on": entry.read_on.isoformat(),
        "confidence": _CONFIDENCE[entry.confidence],
    }


def _explain_undelivered(as_json: bool) -> int:
    if as_json:
        write_json({"reasons": [reason_document(one) for one in undelivered()]})
        return FINE
    page = Page()
    page.line(("Why a message may be accepted or sent and never reach the person", "bold"))
    for one in undelivered():
        page.line("")
        page.line(one.title)
        page.fields(_reason_fields(one))
    return FINE


def _reason_fields(one: Reason) -> Iterator[tuple[str, str | tuple[str, str]]]:
    yield "meaning", one.explanation
    yield "what to do", one.remedy
    yield "codes", ", ".join(map(str, one.codes)) or "none: Meta keeps the reason to itself"
    yield "source", (f"{_sources(one)}; {_CONFIDENCE[one.confidence]}", QUIET)


def reason_document(one: Reason) -> dict[str, object]:
    """A reason for silence as JSON."""
    return {
        "title": one.title,
        "explanation": one.explanation,
        "remedy": one.remedy,
        "codes": list(one.codes),
        "source": one.source,
        "read_on": one.read_on.isoformat(),
        "confidence": _CONFIDENCE[one.confidence],
    }
