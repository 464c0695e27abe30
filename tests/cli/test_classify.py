"""``wamon classify``: a verdict for every line, whatever the line is."""

import io
import json
import select
import subprocess
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cli.program import COMMAND, environment, wamon
from wamon.cli.classify import classify

KEYS = {
    "verdict", "cause", "provisional", "rule", "scope", "code", "subcode", "trace_id", "counts_as", "explanation",
    "remedy",
}  # fmt: skip
VERDICTS = {"ok", "system_error", "missed_success", "user_error", "network_error", "inconclusive"}

PUBLISHED = {
    "target": "cloud-api",
    "probe": "api",
    "at": "2026-11-01T00:00:30.250Z",
    "reached": "answered",
    "failure": None,
    "http_status": 500,
    "headers": {"x-fb-trace-id": "AbC"},
    "body": {"error": {"code": 2}},
    "durations_ms": {"dns": 1.2, "connect": 9.8, "tls": 21.0, "first_byte": 140.0, "total": 171.5},
}


def classified(*lines: bytes) -> tuple[int, list[dict[str, object]]]:
    out = io.BytesIO()
    code = classify(io.BytesIO(b"\n".join(lines)), out, flush=False)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_published_exchange_gives_the_published_verdict() -> None:
    ended = wamon("classify", "-", stdin=json.dumps(PUBLISHED))
    (verdict,) = ended.lines
    assert ended.code == 0
    assert set(verdict) == KEYS
    expected = {
        "verdict": "system_error", "cause": "service", "provisional": False, "rule": "known_code",
        "scope": "global", "code": 2, "subcode": None, "trace_id": "AbC", "counts_as": "down",
    }  # fmt: skip
    assert {key: verdict[key] for key in expected} == expected
    assert verdict["explanation"].endswith(".")
    assert verdict["remedy"].endswith(".")


def test_the_verdicts_are_json_with_and_without_the_flag() -> None:
    line = json.dumps(PUBLISHED)
    plain, asked_for = wamon("classify", "-", stdin=line), wamon("classify", "-", "--json", stdin=line)
    assert (plain.code, plain.err) == (asked_for.code, asked_for.err) == (0, "")
    assert plain.out == asked_for.out != ""


def test_a_bare_body_counts_as_an_answer_of_metas() -> None:
    code, (verdict,) = classified(b'{"http_status": 400, "body": {"error": {"code": 131026}}}')
    assert (code, verdict["verdict"], verdict["cause"]) == (0, "user_error", "recipient")


def test_lines_that_are_no_json_are_named_and_the_rest_goes_on(tmp_path) -> None:
    file = tmp_path / "exchanges.jsonl"
    good = b'{"http_status": 200, "body": {"id": "1"}}'
    file.write_bytes(b"\n".join([good, b"", b"   ", b"oops", good, b"[1]", b'"text"', b"null", b"NaN", good[:-1]]))
    ended = wamon("classify", file)
    assert ended.code == 1
    assert ended.err == ""
    said = [line.get("error") for line in ended.lines]
    assert said == [
        None,
        "line 4: not JSON (expecting value at character 1)",
        None,
        "line 6: a JSON object is needed, found an array",
        "line 7: a JSON object is needed, found a string",
        "line 8: a JSON object is needed, found null",
        "line 9: not JSON (NaN is no JSON number)",
        "line 10: not JSON (expecting ',' delimiter at character 41)",
    ]


def test_what_a_file_may_begin_and_end_with_is_no_error() -> None:
    code, verdicts = classified(b'\xef\xbb\xbf{"http_status": 503}\r', b'{"http_status": 503}\r')
    assert code == 0
    assert [one["verdict"] for one in verdicts] == ["system_error"] * 2


DEEP = b'{"http_status": 500, "body": ' + b'{"error": ' * 50_000 + b"1" + b"}" * 50_000 + b"}"
AWKWARD = {
    "a body nested deeper than any reader goes": (DEEP, False),
    "a body nested as deep as one can be read": (b'{"body": ' + b'{"a": ' * 700 + b"1" + b"}" * 701, True),
    "arrays nested as deep as they can be read": (b'{"body": ' + b"[" * 700 + b"]" * 700 + b"}", True),
    "a lone surrogate in the trace id": (b'{"body": {"error": {"code": 2, "fbtrace_id": "\\ud800"}}}', True),
    "a lone surrogate in a key": (b'{"\\ud800": 1, "body": {"\\udfff": 2}}', True),
    "a number beyond 64 bits as the code": (b'{"body": {"error": {"code": ' + b"9" * 40 + b"}}}", True),
    "a number beyond all bits": (b'{"body": {"error": {"code": ' + b"9" * 5_000 + b"}}}", False),
    "a number beyond a float": (b'{"http_status": 1e999, "body": {"error": {"code": 1e999}}}', True),
    "a code that is no number": (b'{"body": {"error": {"code": NaN}}}', False),
    "infinity": (b'{"durations_ms": {"total": Infinity}}', False),
    "bytes that are not UTF-8": (b'{"body": "\xff\xfe"}', False),
    "a NUL": (b'{"body": "\x00"}', False),
    "an instant beyond the calendar": (b'{"at": "9999-12-31T23:59:59.999999-23:59", "http_status": 200}', True),
    "durations of any kind": (b'{"durations_ms": {"total": 1e308, "dns": -1, "tls": "x"}}', True),
    "everything of a wrong type": (
        b'{"target": 1, "probe": [], "at": {}, "reached": 7, "failure": true, "http_status": "x", "headers": [1]}',
        True,
    ),
    "errors in every place at once": (
        b'{"body": [{"error": "text"}, {"error": [1]}, {"entry": [{"changes": [{"value": 3}]}], "code": []}]}',
        True,
    ),
}


@pytest.mark.parametrize(("line", "readable"), AWKWARD.values(), ids=AWKWARD)
def test_no_line_stops_it(line: bytes, readable: bool) -> None:
    code, (verdict, after) = classified(line, b'{"http_status": 503}')
    assert after["verdict"] == "system_error"
    assert code == (0 if readable else 1)
    if readable:
        assert verdict["verdict"] in VERDICTS
    else:
        assert str(verdict["error"]).startswith("line 1: ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    (
        *("error", "code", "error_subcode", "message", "is_transient", "error_data", "details", "fbtrace_id"),
        *(
            "entry",
            "changes",
            "value",
            "statuses",
            "errors",
            "data",
            "is_valid",
            "scopes",
            "id",
            "messages",
            "type",
        ),
    )
)
GRAPHLIKE = st.recursive(
    JSON | st.sampled_from([0, 2, 4, 100, 190, 131016, "2", "190", -1, 2**70, 1e300, "\ud800", True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
PROBES = ("edge", "api", "message", "roundtrip", "traffic", "webhook", "token", "control", "status", "x")
REACHED = ("none", "connected", "secured", "sent", "answered")
FAILURES = ("dns_error", "tls_error", "read_timeout", "connection_reset", "deadline_exceeded")
EXCHANGES = st.fixed_dictionaries(
    {},
    optional={
        "target": JSON,
        "probe": st.sampled_from(PROBES) | JSON,
        "at": st.just("2026-11-01T00:00:30Z") | JSON,
        "reached": st.sampled_from(REACHED) | JSON,
        "failure": st.sampled_from(FAILURES) | JSON,
        "http_status": st.sampled_from([0, 200, 204, 302, 400, 401, 404, 429, 500, 503, 999]) | JSON,
        "headers": st.dictionaries(st.text(max_size=12), JSON, max_size=3) | JSON,
        "body": GRAPHLIKE,
        "durations_ms": JSON,
        "expected_body": JSON,
    },
)


@given(st.lists(EXCHANGES, min_size=1, max_size=5))
def test_every_object_gets_a_verdict(exchanges: list[object]) -> None:
    code, verdicts = classified(*(json.dumps(one).encode() for one in exchanges))
    assert code == 0
    assert [set(one) for one in verdicts] == [KEYS] * len(exchanges)
    assert {one["verdict"] for one in verdicts} <= VERDICTS


def is_one_line(line: bytes) -> bool:
    return b"\n" not in line and bool(line.removeprefix(b"\xef\xbb\xbf").strip())


@given(st.lists(st.binary(max_size=60).filter(is_one_line), min_size=1))
@example([b'{"a":1}', b"{", b"\xed\xa0\x80", b"\xef\xbb\xbf{}"])
def test_every_line_of_bytes_gets_a_line(lines: list[bytes]) -> None:
    code, answers = classified(*lines)
    assert len(answers) == len(lines)
    wrong = [one for one in answers if "error" in one]
    assert code == (1 if wrong else 0)
    assert all(set(one) == KEYS for one in answers if "error" not in one)


def test_a_pipe_is_answered_line_by_line() -> None:
    with subprocess.Popen(
        [*COMMAND, "classify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for status, verdict in ((503, "system_error"), (200, "inconclusive")):
            process.stdin.write(json.dumps({"http_status": status, "body": "text"}).encode() + b"\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], 30)
            assert ready, "the verdict waits for more input"
            assert json.loads(process.stdout.readline())["verdict"] == verdict
        process.stdin.close()
        assert process.wait(30) == 0


def test_tens_of_thousands_are_judged_in_a_second() -> None:
    line = json.dumps(PUBLISHED).encode() + b"\n"
    spent_s = []
    for _ in range(3):
        began_s = time.process_time()
        classify(io.BytesIO(line * 5_000), io.BytesIO(), flush=False)
        spent_s.append(time.process_time() - began_s)
    assert 5_000 / min(spent_s) > 10_000


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path) -> None:
    ended = wamon("classify", tmp_path / "none.jsonl")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"wamon: {tmp_path}/none.jsonl cannot be read: no such file or directory\n"
    assert "is a folder" in wamon("classify", tmp_path).err
