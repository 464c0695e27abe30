"""Durations: the four units, nothing else, and the usual spelling back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.settings.durations import LONGEST_MS, format_duration, parse_duration

WRITTEN = {
    "500ms": 500,
    "30s": 30_000,
    "60s": 60_000,
    "5m": 300_000,
    "2h": 7_200_000,
    "0s": 0,
    "007s": 7_000,
    "8784h": LONGEST_MS,
}
NO_DURATIONS = (
    "",
    "60",
    "s",
    "-5s",
    "+5s",
    "1.5m",
    "1 m",
    " 1m",
    "1m ",
    "1m\n",
    "1h30m",
    "1d",
    "1S",
    "٣s",
    "8785h",
)


@pytest.mark.parametrize(("text", "length_ms"), WRITTEN.items())
def test_a_duration_is_read_to_the_millisecond(text: str, length_ms: int) -> None:
    assert parse_duration(text) == length_ms


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_what_is_no_duration_has_no_length(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("length_ms", "text"), [(1_500, "1500ms"), (60_000, "60s"), (120_000, "2m"), (5_400_000, "90m")]
)
def test_a_duration_is_written_as_people_do(length_ms: int, text: str) -> None:
    assert format_duration(length_ms) == text


@given(st.integers(0, LONGEST_MS))
def test_what_is_written_is_read_back(length_ms: int) -> None:
    assert parse_duration(format_duration(length_ms)) == length_ms
