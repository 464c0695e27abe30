"""A recorded line read quickly is the line read leniently, whatever stands in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.reading import head_of, read_exchange, read_head, read_line, write_exchange

GOOD: dict[str, Any] = {
    "target": "cloud-api",
    "probe": "api",
    "at": "2026-11-01T00:00:30.250Z",
    "request_fingerprint": "r",
    "token_fingerprint": "t",
    "reached": "answered",
    "failure": None,
    "http_status": 500,
    "headers": {"X-FB-Trace-Id": "abc"},
    "body": {"error": {"code": 2}},
    "durations_ms": {"dns": 1.2, "total": 171.5},
    "certificate_expires_at": "2027-01-01T00:00:00Z",
    "detail": "word",
}
WORDS = ["", "500", "api", "sent", "answered", "nowhere", "dns_error", "\ud800"]
NUMBERS = [None, True, 0, -1, 200, 200.0, 1e300, 10**30]
INSTANTS = ["2026-11-01T00:00:30", "2026-11-01 00:00", "2026-11-01", "2026-11-01T00:00:30.9999999Z", "yesterday"]
INSTANTS += ["0001-01-01", "2026-11-01t00:00:30z", "9999-12-31T23:59:59-23:00"]
TREES = [[], {}, [{}], {"a": 1}, {"A": "b", "a": "c"}, {"A": None}, {"A": ["b", 1]}, {"\ud800": "\udfff"}]
TREES += [{"dns": -1}, {"dns": True}, {"total": 1e9}, {"total": 5, "x": 1}]
ODD = st.sampled_from([*NUMBERS, *WORDS, *INSTANTS, *TREES])


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), ODD, max_size=4), st.booleans())
def test_both_readings_agree_on_every_value(odd: dict[str, Any], whole: bool) -> None:
    document = (GOOD if whole else {}) | odd
    exchange, wrong = read_line(json.dumps(document).encode())
    assert wrong == ""
    assert exchange == read_exchange(document)


@given(st.dictionaries(st.sampled_from(["target", "probe", "at"]), ODD))
def test_the_head_of_a_line_is_what_the_whole_line_says(odd: dict[str, Any]) -> None:
    document = GOOD | odd
    head, exchange = read_head(json.dumps(document).encode()), read_exchange(document)
    assert head.target == document["target"]
    assert head_of(head) == (exchange.probe, exchange.at_ms)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"[]", "a JSON object is needed, found an array"),
        (b"null", "a JSON object is needed, found null"),
        (b'{"target": "a"', "not JSON (expecting ',' delimiter at character 15)"),
        (b'{"at": "\xff"}', "not JSON (byte 9 is not UTF-8)"),
        (b'{"http_status": NaN}', "not JSON (NaN is no JSON number)"),
        (b"[" * 100_000, "nested too deeply to be read"),
    ],
)
def test_a_line_that_is_no_exchange_is_named(line: bytes, wrong: str) -> None:
    assert read_line(line) == (None, wrong)


def test_the_documented_line_survives_writing_and_reading() -> None:
    exchange, _ = read_line(json.dumps(GOOD).encode())
    assert exchange is not None
    assert read_line(json.dumps(write_exchange(exchange)).encode()) == (exchange, "")
    assert exchange.headers == {"x-fb-trace-id": "abc"}
