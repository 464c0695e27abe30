"""A broken file is refused in sentences, never with a crash, and never with a secret in them (promise P21)."""

import random
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.settings.refused_tables import REFUSED_TABLES
from tests.settings.refused_targets import REFUSED_TARGETS
from tests.support.soak import many
from wamon.settings import Settings, SettingsError, load, parse

SAMPLE = (Path(__file__).parent / "contract_sample.toml").read_text()
LITERAL = "EAAGliteral0secret1that2must3not4show5"
"""Stands in the file where a reference should; no sentence may contain half of it."""
WITH_LITERALS = (
    SAMPLE.replace("credential:access_token", LITERAL)
    .replace("credential:verify_token", LITERAL)
    .replace("env:WAMON_OPS_URL", f"slack://{LITERAL}/x")
    .replace("https://business.example/", f"https://user:{LITERAL}@business.example/")
)
PIECE = 20
PIECES = {LITERAL[start : start + PIECE] for start in range(len(LITERAL) - PIECE + 1)}


def refusal_of(text: str) -> SettingsError | None:
    try:
        assert isinstance(parse(text), Settings)
    except SettingsError as error:
        return error
    return None


def shows_nothing(error: SettingsError) -> None:
    shown = error.report() + "".join(traceback.format_exception(error))
    assert not [piece for piece in PIECES if piece in shown]
    assert all(len(problem) < 400 and problem.isprintable() for problem in error.problems)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The file with a few cuts, copies, swaps of lines and strange characters."""
    text = WITH_LITERALS
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        put = draw(
            st.one_of(
                st.just(""),
                st.text(max_size=5),
                st.sampled_from(
                    ["\n", '"', "'", "[", "]", "[[", "=", ".", '"""', "{", "\x00", "\ud800", "#", "1e999"]
                ),
                st.just(text[end : end + 60]),
                st.just(LITERAL),
                st.sampled_from(text.splitlines(keepends=True)),
            )
        )
        text = text[:start] + put + text[end:]
    return text


@pytest.mark.grows
@settings(max_examples=many(500, 20_000))
@given(mutated())
def test_a_mutated_file_is_refused_in_sentences_that_show_no_secret(text: str) -> None:
    if error := refusal_of(text):
        shows_nothing(error)


def test_the_unmutated_file_is_refused_for_each_of_its_secrets() -> None:
    error = refusal_of(WITH_LITERALS)
    assert error is not None
    shows_nothing(error)
    assert [problem.partition(":")[0] for problem in error.problems] == [
        "[graph] access_token",
        "[receiver] verify_token",
        "target webhook, url",
        "target webhook, verify_token",
        "channel ops, url",
    ]


TOML = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.times()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(SAMPLE.splitlines()), TOML)
def test_any_value_in_any_place_is_read_or_refused(line: str, value: object) -> None:
    key, equals, _ = line.partition("=")
    if equals and not isinstance(value, dict) and (written := _written(value)):
        changed = SAMPLE.replace(line, f"{key}= {written}", 1)
        assert changed != SAMPLE or written in line
        refusal_of(changed)


def _written(value: object) -> str | None:
    """A TOML value on one line; None for what is not worth spelling."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(one):08x}" for one in value if not 0xD800 <= ord(one) < 0xE000) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_written(one) or "{}" for one in value) + "]"
    return None if isinstance(value, dict) else str(value)


def test_a_refused_file_leaves_the_good_settings_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "wamon.toml"
    path.write_text(SAMPLE)
    good = load(path)
    for text, _ in random.Random(7).sample(REFUSED_TARGETS + REFUSED_TABLES, 30):
        path.write_text(text)
        with pytest.raises(SettingsError):
            load(path)
    path.write_text(SAMPLE)
    assert load(path) == good == parse(SAMPLE)
