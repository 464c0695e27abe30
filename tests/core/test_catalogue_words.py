"""The words of the catalogue: fit to read at night, never the wrong advice, and always with a source."""

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.catalogue import Entry, Reason, finding_of, load, lookup, undelivered, wording
from wamon.core.finding import Cause, Column, Finding, Scope, Verdict

CATALOGUE = load()
ENTRIES = CATALOGUE.entries

LONGEST_SENTENCE = 220
CONFIDENCE = {"M", "O", "T", "C", "I", "B"}


def named(entry: Entry) -> str:
    return f"{entry.code}-{entry.subcode or entry.last_code or entry.message_has or ''}"


def found(code: int) -> Entry:
    entry = lookup(CATALOGUE, code, None)
    assert entry is not None
    return entry


SENTENCES = [
    (where, sentence)
    for where, sentences in [
        *((named(entry), (entry.explanation, entry.remedy)) for entry in ENTRIES),
        *((one.title, (one.explanation, one.remedy)) for one in undelivered()),
        *(
            (f"{verdict}/{cause}", wording(Finding(verdict, cause), CATALOGUE))
            for verdict in Verdict
            for cause in Cause
        ),
    ]
    for sentence in sentences
]


@pytest.mark.parametrize(("where", "sentence"), SENTENCES)
def test_every_text_is_one_short_sentence(where: str, sentence: str) -> None:
    assert re.fullmatch(r"[A-Z].*[^.\s]\.", sentence)
    assert not re.search(r"[.!?]['\")]?\s", sentence)
    assert len(sentence) <= LONGEST_SENTENCE
    assert "  " not in sentence


def test_no_two_codes_are_explained_alike() -> None:
    times = Counter(entry.explanation for entry in ENTRIES)
    assert [text for text, many in times.items() if many > 1] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_every_entry_says_where_and_when_it_was_read(entry: Entry) -> None:
    assert entry.source
    assert "S1" not in entry.source
    assert "/documentation" not in entry.source.replace("https://developers.facebook.com/documentation", "")
    assert date(2025, 1, 1) <= entry.read_on <= date.fromisoformat(CATALOGUE.edition)
    assert entry.confidence in CONFIDENCE
    assert entry.title
    assert entry.area
    assert all(text == text.lower() for text in entry.message_has)


SEED = {
    2: ["five minutes"],
    190: ["Access Token Debugger", "whatsapp_business_management", "whatsapp_business_messaging"],
    131026: ["not be on WhatsApp", "terms", "client", "not blocked", "update WhatsApp"],
    131042: ["Payment", "credit line", "currency"],
    131049: ["24 hours"],
    131057: ["one minute"],
    3: ["HTTP 500"],
    131045: ["HTTP 500"],
    133000: ["HTTP 500"],
    138007: ["HTTP 500"],
    133015: ["five minutes"],
}


@pytest.mark.parametrize(("code", "wanted"), SEED.items())
def test_the_advice_of_metas_text_is_given(code: int, wanted: list[str]) -> None:
    said = f"{found(code).explanation} {found(code).remedy}"
    assert [words for words in wanted if words.lower() not in said.lower()] == []


any_code = st.none() | st.sampled_from(sorted({entry.code for entry in ENTRIES})) | st.integers(-(2**40), 2**40)
findings = st.builds(
    Finding,
    st.sampled_from(list(Verdict)),
    st.sampled_from(list(Cause)),
    st.sampled_from(list(Column)),
    st.sampled_from(list(Scope)),
    st.booleans(),
    any_code,
    any_code,
)


@given(findings)
def test_there_are_words_for_every_finding(finding: Finding) -> None:
    explanation, remedy = wording(finding, CATALOGUE)
    assert explanation.endswith(".")
    assert remedy.endswith(".")


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_a_code_is_explained_in_its_own_words(entry: Entry) -> None:
    code = entry.last_code or entry.code
    assert wording(finding_of(entry, code, entry.subcode), CATALOGUE) == (entry.explanation, entry.remedy)


def test_a_verdict_that_was_turned_is_not_given_the_old_advice() -> None:
    turned = Finding(Verdict.SYSTEM_ERROR, Cause.AUTHENTICATION, Column.DOWN, code=190, rule="same_token_valid")
    explanation, remedy = wording(turned, CATALOGUE)
    assert explanation.startswith("Meta refused a token that was in order")
    assert "create a new" not in remedy


def test_an_incoming_message_of_an_unsupported_type_has_the_recipients_words() -> None:
    inbound = Finding(Verdict.USER_ERROR, Cause.RECIPIENT, Column.USER, code=131051)
    assert wording(inbound, CATALOGUE)[0] == "The message or call failed for a reason on the recipient's side."


CAN_OCCUR = [
    (Verdict.OK, Cause.NONE),
    (Verdict.NETWORK_ERROR, Cause.PATH),
    (Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK),
    (Verdict.MISSED_SUCCESS, Cause.TIMEOUT),
    (Verdict.SYSTEM_ERROR, Cause.EDGE),
    (Verdict.SYSTEM_ERROR, Cause.UNMAPPED),
    (Verdict.SYSTEM_ERROR, Cause.PERMISSION),
    (Verdict.SYSTEM_ERROR, Cause.VALIDATION),
    (Verdict.SYSTEM_ERROR, Cause.THROTTLING),
    (Verdict.USER_ERROR, Cause.ENDPOINT),
    (Verdict.USER_ERROR, Cause.THROTTLING),
    (Verdict.USER_ERROR, Cause.AUTHENTICATION),
    (Verdict.USER_ERROR, Cause.PERMISSION),
    (Verdict.USER_ERROR, Cause.UNMAPPED),
    (Verdict.INCONCLUSIVE, Cause.PROXY),
    (Verdict.INCONCLUSIVE, Cause.NONE),
    (Verdict.INCONCLUSIVE, Cause.UNMAPPED),
    (Verdict.INCONCLUSIVE, Cause.TIMEOUT),
]


def test_what_can_occur_without_a_code_has_words_of_its_own() -> None:
    said = Counter(wording(Finding(verdict, cause), CATALOGUE) for verdict, cause in CAN_OCCUR)
    assert [words for words, times in said.items() if times > 1] == []


# Sent and not delivered


@pytest.mark.parametrize("reason", undelivered(), ids=lambda reason: reason.title)
def test_every_reason_for_silence_says_where_it_was_read_and_names_known_codes(reason: Reason) -> None:
    assert reason.source
    assert reason.read_on <= date.fromisoformat(CATALOGUE.edition)
    assert reason.confidence in CONFIDENCE
    assert [code for code in reason.codes if lookup(CATALOGUE, code, None) is None] == []


def test_the_reasons_are_those_of_metas_text_and_what_has_changed_since() -> None:
    told = "\n".join(f"{one.title} {one.explanation} {one.remedy}" for one in undelivered())
    for fact in (
        "30 days",
        "another number of the same business",
        "Cuba, Iran, North Korea, Syria",
        "15 May 2024",
        "https://wa.me/tos/20210210",
        "2.21.15.15",
        "2.21.170.4",
        "experiment",
        "any delivered means",
        "23 October 2025",
    ):
        assert fact in told


def test_what_only_others_say_is_marked_so() -> None:
    marked = {one.title: one.confidence for one in undelivered()}
    assert marked["The free service messages are used up"] == "T"
