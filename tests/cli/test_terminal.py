"""The page that commands print on: nothing is cut off at any width, nothing steers the terminal."""

import io
import os
import pty
import select
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.cli.progress import patience
from wamon.terminal import Page, printable

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=14)
SENTENCES = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)


def page(columns: int) -> tuple[Page, io.StringIO]:
    """A page in a pipe whose reader asked for a width."""
    out = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns)
    try:
        return Page(out), out
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def letters(text: str) -> str:
    return "".join(text.split())


@given(st.lists(st.tuples(WORDS, WORDS, SENTENCES), min_size=1, max_size=4), st.integers(24, 120))
def test_a_table_fits_every_width_and_loses_nothing(rows: list[tuple[str, str, str]], columns: int) -> None:
    shown, out = page(columns)
    shown.table(("name", "figure", "prose"), rows, right=["figure"], prose=["prose"])
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= columns
    for name, figure, prose in rows:
        assert name in text
        assert figure in text or figure == "-"
        assert set(prose.split()) - {"-"} <= set(text.split())


@given(st.lists(st.tuples(WORDS, SENTENCES), min_size=1, max_size=4), st.integers(30, 120))
def test_fields_fit_every_width_and_lose_nothing(pairs: list[tuple[str, str]], columns: int) -> None:
    shown, out = page(columns)
    shown.fields(pairs)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= columns
    assert sorted(letters(text)) == sorted(letters("".join(name + value for name, value in pairs)))


@given(st.text())
def test_what_is_printed_steers_nothing(text: str) -> None:
    shown, out = page(80)
    shown.line(text)
    assert not set(out.getvalue()) & {*map(chr, range(9)), "\x1b", "\x7f", "\x9b", "\r", "\u202e"}
    out.getvalue().encode()
    assert printable(printable(text)) == printable(text)


def test_brackets_are_text_and_no_markup() -> None:
    shown, out = page(80)
    shown.line("[red]a[/red] :smile: [graph] base_url")
    assert out.getvalue() == "[red]a[/red] :smile: [graph] base_url\n"


def test_what_lasts_shows_a_sign_of_life_on_a_terminal_and_wipes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with patience("reading", after_s=0.01):
            assert select.select([ours], [], [], 10)[0], "nothing was shown"
            assert b"reading ... 0 s" in os.read(ours, 1_000)
        with patience("done at once", after_s=60):
            pass
        shown = os.read(ours, 1_000)
    os.close(ours)
    assert shown.endswith(b"\r\x1b[K")
    assert b"done at once" not in shown


def test_what_lasts_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with patience("reading", after_s=0):
        pass
    assert capsys.readouterr().err == ""
