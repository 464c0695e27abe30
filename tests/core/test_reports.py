"""What an application reports becomes outcomes: a white list, and a reason for whatever is not taken."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.catalogue import load
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.reports import MOST_EXCHANGES, ReportError, read_report
from wamon.core.timeline import DAY, MINUTE, iso
from wamon.core.traffic import Direction, Facts, Outcome, Source, as_exchange, reported
from wamon.core.watched import Watched

NOW = 1_790_000_000_000
NUMBER, ACME, SHOP = "106540352242922", "206540352242922", "306540352242922"
TARGETS = (
    Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="send"),
    Watched("one number", ProbeKind.TRAFFIC, MINUTE, number=NUMBER, direction="send"),
    Watched("acme real", ProbeKind.TRAFFIC, MINUTE, "acme", number=ACME, direction="send"),
    Watched("incoming", ProbeKind.TRAFFIC, MINUTE, direction="receive"),
    Watched("shop node", ProbeKind.API, MINUTE, "shop", number=SHOP),
)
CALL: dict[str, Any] = {
    "at": iso(NOW),
    "reached": "answered",
    "http_status": 200,
    "body": {"messages": [{"id": "x"}]},
}
GOOD = Facts(Source.APPLICATION, good=True)
BAD = Facts(Source.APPLICATION, codes=(131016,), http_status=500, error=True)


def read(*calls: Any, now_ms: int = NOW) -> tuple[list[Outcome], dict[str, int]]:
    found = read_report(json.dumps(list(calls)).encode(), TARGETS, "graph", now_ms)
    return list(found.outcomes), dict(found.ignored)


TAKEN: list[tuple[dict[str, Any], tuple[str, str, Facts]]] = [
    ({}, ("graph", "", GOOD)),
    ({"probe": "traffic"}, ("graph", "", GOOD)),
    ({"probe": "message", "phone_number_id": NUMBER}, ("graph", NUMBER, GOOD)),
    ({"phone_number_id": ACME}, ("acme", ACME, GOOD)),
    ({"phone_number_id": ACME, "account": "graph"}, ("acme", ACME, GOOD)),
    ({"phone_number_id": "4915112345678"}, ("graph", "", GOOD)),
    ({"phone_number_id": 17}, ("graph", "", GOOD)),
    ({"account": "nobody"}, ("graph", "", GOOD)),
    ({"target": "acme real"}, ("acme", ACME, GOOD)),
    ({"target": "real", "phone_number_id": NUMBER}, ("graph", NUMBER, GOOD)),
    ({"http_status": 500, "body": {"error": {"code": 131016}}}, ("graph", "", BAD)),
    (
        {"reached": "sent", "failure": "read_timeout", "http_status": None, "body": None},
        (
            "graph",
            "",
            Facts(Source.APPLICATION, reached=Phase.SENT, failure=Failure.READ_TIMEOUT, http_status=None),
        ),
    ),
    (
        {"http_status": 4915112345678, "body": {"error": {"code": 4915112345678, "error_subcode": 4915112345678}}},
        ("graph", "", Facts(Source.APPLICATION, http_status=None, error=True)),
    ),
]


@pytest.mark.parametrize(("said", "kept"), TAKEN)
def test_a_call_is_kept_by_whose_it_is_and_how_it_ended(
    said: dict[str, Any], kept: tuple[str, str, Facts]
) -> None:
    (one,), ignored = read(CALL | said)
    assert (one.account, one.number, one.facts, ignored) == (*kept, {})
    assert (one.at_ms, one.direction, one.message) == (NOW, Direction.SEND, b"")


def errors() -> Iterator[dict[str, Any]]:
    """Every error of the catalogue, with and without the words it asks for, and errors that have no code."""
    for entry in load().entries:
        for text in (*entry.message_has, f"Dear Ms Canary, {entry.title}"):
            subcode = {} if entry.subcode is None else {"error_subcode": entry.subcode}
            yield {"code": entry.code, "message": text, **subcode}
    yield from ({"message": "no code"}, {"code": 190, "is_transient": True}, {"code": 9_999_999})


def test_a_reported_call_is_judged_as_the_call_itself_would_be() -> None:
    known = knowledge()
    bodies = [{"error": one} for one in errors()] + [{}, {"success": True}, "", None, "<html>log in", "a text"]
    for body, http_status in product(bodies, (200, 400, 403, 429, 500, 503)):
        call = Exchange("real", ProbeKind.TRAFFIC, NOW, reached=Phase.ANSWERED, http_status=http_status, body=body)
        found = reported(call, "graph")
        assert found is not None
        there, here = judge(call, known), judge(as_exchange(found.facts, NOW), known)
        said = [(one.verdict, one.column, one.provisional) for one in (there, here)]
        assert said[0] == said[1], (http_status, body, said)
        if isinstance(body, dict):
            assert there.cause is here.cause, (http_status, body)
        assert "Canary" not in str(found.facts)


IGNORED: list[tuple[Any, str]] = [
    (17, "not a JSON object"),
    ({"at": None}, "at: missing, or no instant such as 2026-11-01T00:00:30.250Z"),
    ({"at": "yesterday"}, "at: missing, or no instant such as 2026-11-01T00:00:30.250Z"),
    ({"at": iso(NOW - DAY - 1)}, "at: older than a day"),
    (
        {"at": iso(NOW + 5 * MINUTE + 1)},
        "at: more than five minutes ahead; set the clock of the machine that reports",
    ),
    ({"probe": "control"}, "probe: only calls that send are counted, as traffic"),
    ({"target": "incoming"}, "target: no traffic target of that name counts sending"),
    ({"target": "nobody"}, "target: no traffic target of that name counts sending"),
    ({"account": "shop"}, "no traffic target counts what this number sends"),
    ({"phone_number_id": SHOP}, "no traffic target counts what this number sends"),
]


@pytest.mark.parametrize(("said", "reason"), IGNORED)
def test_what_is_not_taken_has_a_reason_and_the_rest_goes_on(said: Any, reason: str) -> None:
    call = CALL | said if isinstance(said, dict) else said
    outcomes, ignored = read(call, CALL, call)
    assert (len(outcomes), ignored) == (1, {reason: 2})


def test_a_call_that_says_nothing_of_its_end_is_not_taken() -> None:
    assert read({"at": iso(NOW)})[1] == {"says neither how far the call got nor how it failed": 1}


def test_the_edges_of_time_are_taken() -> None:
    outcomes, _ = read(CALL | {"at": iso(NOW - DAY)}, CALL | {"at": iso(NOW + 5 * MINUTE)})
    assert [one.at_ms for one in outcomes] == [NOW - DAY, NOW + 5 * MINUTE]


def test_one_exchange_to_a_line_reads_like_an_array() -> None:
    lines = "\n\n".join([json.dumps(CALL), "no JSON", json.dumps(CALL)]).encode()
    found = read_report(lines, TARGETS, "graph", NOW)
    assert (len(found.outcomes), dict(found.ignored)) == (2, {"not a JSON object": 1})


NO_REPORT = {
    b"": "empty; a report is an array of exchanges, or one exchange to a line",
    b" \n ": "empty; a report is an array of exchanges, or one exchange to a line",
    b"[]": "empty; a report is an array of exchanges, or one exchange to a line",
    b"[{]": "not JSON; a report is an array of exchanges, or one exchange to a line",
    b"[" * 100_000: "not JSON; a report is an array of exchanges, or one exchange to a line",
    b"[1" + b",1" * MOST_EXCHANGES + b"]": "251 exchanges are too many for one report; send at most 250",
}


@pytest.mark.parametrize(("raw", "sentence"), NO_REPORT.items(), ids=lambda one: str(one[:8]))
def test_a_body_that_is_no_report_is_refused_with_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(ReportError) as refused:
        read_report(raw, TARGETS, "graph", NOW)
    assert str(refused.value) == sentence


def test_a_report_costs_the_same_however_many_targets_are_watched() -> None:
    many = [
        Watched(f"real {n}", ProbeKind.TRAFFIC, MINUTE, f"client {n}", number=str(10**9 + n)) for n in range(2_000)
    ]
    raw = json.dumps([CALL | {"phone_number_id": str(10**9 + n % 3)} for n in range(MOST_EXCHANGES)]).encode()

    def cpu_ns(targets: Sequence[Watched]) -> int:
        began_ns = time.process_time_ns()
        assert len(read_report(raw, targets, "client 0", NOW).outcomes) == MOST_EXCHANGES
        return time.process_time_ns() - began_ns

    few_ns, many_ns = (min(cpu_ns(each) for _ in range(5)) for each in (many[:3], many))
    assert many_ns < 3 * few_ns


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    with suppress(ReportError):
        assert len(read_report(raw, TARGETS, "graph", NOW).outcomes) <= 1


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "code", "id"]), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["at", "target", "probe", "phone_number_id", "account", "reached", "failure", "http_status", "headers", "body"]
)


@given(st.dictionaries(KEYS, VALUES))
def test_nothing_that_is_kept_was_made_up_by_the_application(said: dict[str, Any]) -> None:
    for one in read(CALL | said)[0]:
        assert one.account in {"graph", "acme", "shop"}
        assert one.number in {"", NUMBER, ACME, SHOP}
        assert all(abs(code) < 10**7 for code in (*one.facts.codes, one.facts.subcode or 0))
        assert one.facts.http_status is None or 100 <= one.facts.http_status < 600
