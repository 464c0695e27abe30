"""``wamon explain``: codes and silences, for people and for programs."""

import pytest

from tests.cli.program import asked, on_a_terminal, wamon
from wamon.core.catalogue import load, undelivered


def test_a_code_is_explained_with_fault_remedy_source_and_confidence() -> None:
    ended = wamon("explain", "2")
    assert ended.code == 0
    (entry,) = (one for one in load().entries if (one.code, one.subcode) == (2, None))
    fixed = ("2  API Service", "Meta's", "system_error, cause service, firm", "everybody", "Meta's documentation")
    for said in (*fixed, entry.explanation, entry.remedy, f"read {entry.read_on}"):
        assert said in ended.out


def test_an_ambiguous_code_says_which_way_it_leans_and_lists_its_subcodes() -> None:
    out = asked("explain", "190").out
    assert "either side's; taken as ours until evidence turns it" in out
    assert "provisional: later evidence may turn it" in out
    assert "Subcodes of 190" in out
    assert "190/463  Token expired" in out


def test_a_subcode_is_explained_alone() -> None:
    ended = asked("explain", "190/463", "--json")
    (entry,) = ended.document["entries"]
    assert (entry["code"], entry["subcode"], entry["verdict"], entry["provisional"]) == (
        190,
        463,
        "user_error",
        False,
    )
    assert ended.document["subcodes"] == []


def test_the_code_speaks_for_a_subcode_that_nobody_knows() -> None:
    ended = asked("explain", "190/9999")
    assert ended.code == 0
    assert "Nothing is known of subcode 9999 by itself: code 190 speaks for it." in ended.out


def test_a_range_speaks_for_its_codes() -> None:
    assert "200-299  API Permission" in asked("explain", "250").out


def test_an_unknown_code_is_bad_news_with_a_way_on() -> None:
    ended = wamon("explain", "999999")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("999999 is in no list of Meta's that wamon knows (edition ")
    assert "is_transient" in ended.err


def test_an_unknown_code_is_a_document_without_entries_for_programs() -> None:
    ended = wamon("explain", "999999/7", "--json")
    assert ended.code == 1
    assert (ended.document["code"], ended.document["subcode"], ended.document["entries"]) == (999999, 7, [])
    assert ended.err.startswith("999999/7 is in no list of Meta's that wamon knows (edition ")


@pytest.mark.parametrize("wrong", ["abc", "190/", "190/463/1", "1.5", "1234567890"])
def test_what_is_no_code_is_refused_with_an_example(wrong: str) -> None:
    ended = asked("explain", wrong)
    assert (ended.code, ended.out) == (2, "")
    assert "write a number such as 131026" in ended.err


def test_every_reason_for_silence_is_told() -> None:
    ended = asked("explain", "undelivered")
    assert ended.code == 0
    for one in undelivered():
        assert one.title in ended.out
        assert one.remedy in ended.out
    titles = [one["title"] for one in asked("explain", "undelivered", "--json").document["reasons"]]
    assert titles == [one.title for one in undelivered()]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_terminal_loses_no_word(columns: int) -> None:
    whole = wamon("explain", "131026").out.split()
    narrow = wamon("explain", "131026", COLUMNS=str(columns)).out
    assert max(map(len, narrow.splitlines())) <= columns
    assert "".join(narrow.split()) == "".join(whole), "folded, never cut"


def test_colours_appear_on_a_terminal_only() -> None:
    assert "\x1b[" not in wamon("explain", "2").out
    assert "\x1b[1m2  API Service" in on_a_terminal("explain", "2")
