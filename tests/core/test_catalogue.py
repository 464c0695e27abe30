"""The catalogue: every code as the facts have it, what it is worth, and the order of lookup."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.catalogue import Catalogue, Entry, finding_of, load, lookup, meanings
from wamon.core.finding import Cause, Column, Finding, Scope, Verdict
from wamon.core.graph_error import graph_error

CATALOGUE = load()
ENTRIES = CATALOGUE.entries
with (Path(__file__).parent / "catalogue_expectations.csv").open(newline="") as table:
    EXPECTED = list(csv.DictReader(table))

ADDED = {(17, None)}
"""Not a row of its own in the facts: the code whose subcode they give, met without it."""


def named(entry: Entry) -> str:
    return f"{entry.code}-{entry.subcode or entry.last_code or entry.message_has or ''}"


def found(code: int | None, subcode: int | None = None, message: str = "") -> Entry:
    entry = lookup(CATALOGUE, code, subcode, message)
    assert entry is not None
    return entry


def numbers(row: dict[str, str]) -> list[tuple[int, int | None]]:
    """The errors a row of the table is about; a range stands for its ends and its middle."""
    first, _, last = row["code"].partition("-")
    if last:
        return [(int(first) + 1, None), ((int(first) + int(last)) // 2, None), (int(last), None)]
    return [(int(first), int(row["subcode"]) if row["subcode"] else None)]


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row['code']}/{row['subcode']}{row['message'][:8]}")
def test_every_code_has_the_fault_the_cause_and_the_firmness_of_the_facts(row: dict[str, str]) -> None:
    for code, subcode in numbers(row):
        entry = found(code, subcode, row["message"])
        lean = entry.lean.value if entry.lean else ""
        assert (entry.fault, lean, entry.cause) == (row["class"], row["lean"], row["cause"])
        assert entry.provisional is (row["provisional"] == "true")


def test_the_catalogue_holds_the_rows_of_the_facts_and_no_others() -> None:
    rows = Counter(
        (int(row["code"].partition("-")[0]), int(row["subcode"]) if row["subcode"] else None) for row in EXPECTED
    )
    held = Counter((entry.code, entry.subcode) for entry in ENTRIES)
    assert held - rows == Counter(ADDED)
    assert rows - held == Counter()


def test_no_two_entries_answer_the_same_question() -> None:
    keys = Counter((one.code, one.subcode, one.last_code, bool(one.message_has)) for one in ENTRIES)
    assert [key for key, times in keys.items() if times > 1] == []


# What a code is worth: fault to verdict and column

WORTH = {
    "a system code": (2, Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, Scope.GLOBAL, False),
    "a user code behind HTTP 500": (
        133000,
        Verdict.USER_ERROR,
        Cause.REGISTRATION,
        Column.USER,
        Scope.NUMBER,
        False,
    ),
    "a recipient code": (131026, Verdict.USER_ERROR, Cause.RECIPIENT, Column.USER, Scope.REQUEST, False),
    "a throttle that is surely ours": (
        131056,
        Verdict.USER_ERROR,
        Cause.THROTTLING,
        Column.USER,
        Scope.REQUEST,
        False,
    ),
    "a throttle that may not be ours": (4, Verdict.USER_ERROR, Cause.THROTTLING, Column.USER, Scope.APP, True),
    "an ambiguous one leaning to the user": (
        190,
        Verdict.USER_ERROR,
        Cause.AUTHENTICATION,
        Column.USER,
        Scope.ACCOUNT,
        True,
    ),
    "an ambiguous one leaning to the system": (
        131000,
        Verdict.SYSTEM_ERROR,
        Cause.SERVICE,
        Column.DOWN,
        Scope.GLOBAL,
        True,
    ),
    "an ambiguous one leaning to the recipient": (
        131052,
        Verdict.USER_ERROR,
        Cause.MEDIA,
        Column.USER,
        Scope.REQUEST,
        True,
    ),
    "an ambiguous one leaning to throttling": (
        341,
        Verdict.USER_ERROR,
        Cause.THROTTLING,
        Column.USER,
        Scope.APP,
        True,
    ),
    "an ambiguous one without lean": (
        138023,
        Verdict.INCONCLUSIVE,
        Cause.UNMAPPED,
        Column.UNOBSERVED,
        Scope.REQUEST,
        True,
    ),
    "a number in maintenance": (
        131057,
        Verdict.SYSTEM_ERROR,
        Cause.MAINTENANCE,
        Column.UNOBSERVED,
        Scope.NUMBER,
        False,
    ),
}


@pytest.mark.parametrize(("code", "verdict", "cause", "column", "scope", "provisional"), WORTH.values(), ids=WORTH)
def test_an_entry_becomes_a_finding(
    code: int, verdict: Verdict, cause: Cause, column: Column, scope: Scope, provisional: bool
) -> None:
    assert finding_of(found(code), code, 7) == Finding(
        verdict, cause, column, scope, provisional, code, 7, "known_code"
    )


def test_findings_carry_the_numbers_seen_and_not_those_of_the_entry() -> None:
    finding = finding_of(found(100, 2494100), 100, 2494100, "another_rule")
    assert (finding.code, finding.subcode, finding.rule) == (100, 2494100, "another_rule")


def test_equal_findings_are_one_object() -> None:
    assert finding_of(found(190, 460), 190, 460) is finding_of(found(190, 460), 190, 460)
    assert load() is load()


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_only_an_ambiguous_code_leans_and_every_doubtful_one_is_provisional(entry: Entry) -> None:
    ambiguous = entry.fault == "ambiguous"
    assert entry.lean is None or ambiguous or entry.fault == entry.lean
    assert entry.lean != "ambiguous"
    if ambiguous or entry.cause is Cause.UNMAPPED:
        assert entry.provisional
    if entry.verdict is Verdict.INCONCLUSIVE:
        assert entry.cause is Cause.UNMAPPED


@pytest.mark.parametrize(
    ("subcode", "provisional"), [(457, True), *((n, False) for n in range(458, 465)), (465, True)]
)
def test_a_token_that_is_dead_by_its_subcode_is_firm(subcode: int, provisional: bool) -> None:
    assert finding_of(found(190, subcode), 190, subcode).provisional is provisional


# Lookup: the order

ORDER = {
    "code with subcode": ((190, 460, ""), (190, 460)),
    "an unknown subcode falls back to the code": ((190, 999, ""), (190, None)),
    "a subcode of no family is nothing by itself": ((None, 463, ""), None),
    "a subcode does not speak for another code": ((2, 463, ""), (2, None)),
    "code with subcode before the family": ((130429, 2494055, ""), (130429, 2494055)),
    "a family number as subcode": ((100, 2494100, ""), (2494100, None)),
    "a family number as code": ((2388103, None, ""), (2388103, None)),
    "a family number as code with an unknown subcode": ((2388103, 5, ""), (2388103, None)),
    "a family number without code": ((None, 2388039, ""), (2388039, None)),
    "a number that stands only as subcode, met as code": ((2388077, None, ""), (100, 2388077)),
    "a number that stands only as subcode, under another code": ((3, 2494071, ""), (131056, 2494071)),
    "the subcode's family before the code's": ((2388103, 2494100, ""), (2494100, None)),
    "an unknown family number falls back to the code": ((100, 2388999, ""), (100, None)),
    "the third family": ((100, 2593108, ""), (2593108, None)),
    "plain 200 before the range": ((200, None, ""), (200, None)),
    "a code met without the subcode the facts give": ((17, None, ""), (17, None)),
    "nothing at all": ((None, None, ""), None),
    "an unknown code": ((987654, None, ""), None),
    "below the range": ((199, None, ""), None),
    "above the range": ((300, None, ""), None),
}


@pytest.mark.parametrize(("asked", "entry"), ORDER.values(), ids=ORDER)
def test_lookup_goes_from_the_narrow_to_the_wide(
    asked: tuple[int | None, int | None, str], entry: tuple[int, int | None] | None
) -> None:
    answer = lookup(CATALOGUE, *asked)
    assert (answer and (answer.code, answer.subcode)) == entry


@pytest.mark.parametrize("code", [201, 210, 298, 299])
def test_permission_codes_are_found_by_their_range(code: int) -> None:
    assert (found(code).last_code, found(code).cause) == (299, Cause.PERMISSION)


def test_plain_200_means_no_token_and_is_firm_while_its_neighbours_are_not() -> None:
    assert (found(200).provisional, found(201).provisional) == (False, True)


TEXTS = {
    "no text": (1, "", "API Unknown"),
    "a text that names nothing": (1, "(#1) An unknown error has occurred.", "API Unknown"),
    "too much data": (
        1,
        "Please REDUCE the amount of data you're asking for, then retry",
        "API Unknown, naming the request",
    ),
    "a parameter": (1, "(#1) Invalid Parameter", "API Unknown, naming the request"),
    "a parameter by its short name": (1, "(#1) Param to is missing", "API Unknown, naming the request"),
    "a wrong parameter": (100, "(#100) Invalid parameter", "Invalid parameter"),
    "no template where only those go": (
        100,
        "(#100) Message must be a template message",
        "Message must be a template message (MM API)",
    ),
}


@pytest.mark.parametrize(("code", "message", "title"), TEXTS.values(), ids=TEXTS)
def test_an_entry_that_wants_a_text_comes_first_where_the_text_is_there(
    code: int, message: str, title: str
) -> None:
    assert found(code, None, message).title == title


def test_code_1_is_the_users_when_it_names_the_request_and_metas_otherwise() -> None:
    assert found(1).verdict is Verdict.SYSTEM_ERROR
    named_request = found(1, None, "reduce the amount of data")
    assert (named_request.verdict, named_request.cause) == (Verdict.USER_ERROR, Cause.VALIDATION)


def test_the_order_of_the_stanzas_does_not_matter() -> None:
    turned = Catalogue(CATALOGUE.edition, tuple(reversed(ENTRIES)))
    for asked, entry in ORDER.values():
        answer = lookup(turned, *asked)
        assert (answer and (answer.code, answer.subcode)) == entry
    for code, message, title in TEXTS.values():
        answer = lookup(turned, code, None, message)
        assert answer is not None
        assert answer.title == title


@pytest.mark.parametrize("written", [131026, "131026", 131026.0])
def test_a_code_is_known_however_a_relay_writes_it(written: object) -> None:
    error = graph_error({"error": {"message": "Undeliverable", "code": written}})
    assert error is not None
    assert found(error.code, error.subcode, error.message).title == "Message undeliverable"


known = st.sampled_from(
    sorted({entry.code for entry in ENTRIES} | {entry.subcode for entry in ENTRIES if entry.subcode})
)
codes = st.none() | known | st.integers()
messages = st.sampled_from(["", "reduce the amount of data", "a template message"]) | st.text()


@given(codes, codes, messages)
def test_lookup_is_total_and_finds_what_a_plain_search_finds(
    code: int | None, subcode: int | None, message: str
) -> None:
    assert lookup(CATALOGUE, code, subcode, message) == plain_search(code, subcode, message)


def plain_search(code: int | None, subcode: int | None, message: str) -> Entry | None:
    """The documented order, word for word, without any index."""

    def family(number: int | None) -> int | None:
        return number if number is not None and str(number)[:4] in ("2388", "2494", "2593") else None

    ways = [
        lambda e: subcode is not None and (e.code, e.subcode) == (code, subcode),
        lambda e: family(subcode) == (e.subcode or e.code) if family(subcode) else False,
        lambda e: family(code) == (e.subcode or e.code) if family(code) else False,
        lambda e: (e.code, e.subcode, e.last_code) == (code, None, None),
        lambda e: e.last_code is not None and code is not None and e.code <= code <= e.last_code,
    ]
    spoken = [e for e in ENTRIES if any(text in message.lower() for text in e.message_has)]
    silent = [e for e in ENTRIES if not e.message_has]
    return next((e for way in ways for e in [*spoken, *silent] if way(e)), None)


def test_meanings_lists_every_reading_of_a_code() -> None:
    assert [entry.title for entry in meanings(CATALOGUE, 1)] == ["API Unknown, naming the request", "API Unknown"]
    assert [entry.title for entry in meanings(CATALOGUE, 200, 1349174)] == [
        "API Permission",
        "Provide valid app ID (no token sent)",
        "API Permission",
    ]
    assert list(meanings(CATALOGUE, None, None)) == []
