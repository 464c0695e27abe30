"""Properties of judging: total on whatever a recorder may hand over, deterministic, and true to the columns."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wamon.core.catalogue import Fault, load, lookup
from wamon.core.finding import Cause, Column, Finding, Verdict
from wamon.core.graph_error import graph_error, inbound_messages, status_reports
from wamon.core.judgement import explained, judge, verdict_document
from wamon.core.knowledge import Controls, Knowledge, Look, knowledge
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.reading import read_exchange, write_exchange
from wamon.core.shapes import SUCCESS, token_facts
from wamon.core.timeline import parse_iso

KNOWN = knowledge()
AT_MS = parse_iso("2026-11-01T00:00:30.250Z")

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**30, max_value=10**40),
    st.floats(),
    st.text(st.characters(), max_size=8),
    st.sampled_from(["190", "(#190) Expired", "\ud800", "", "OAuthException", "delivered", "failed", "whatsapp"]),
    st.sampled_from([0, 1, 2, 4, 100, 190, 131000, 131026, 131057, 2388077, 2494100, 987654]),
)
KEYS = st.one_of(
    st.sampled_from(
        [
            "error",
            "errors",
            "code",
            "error_code",
            "error_subcode",
            "message",
            "title",
            "error_data",
            "details",
            "is_transient",
            "data",
            "is_valid",
            "scopes",
            "expires_at",
            "entry",
            "changes",
            "value",
            "statuses",
            "messages",
            "id",
            "status",
            "health_status",
            "entities",
            "messaging_product",
            "fbtrace_id",
            "type",
            "success",
            "error_msg",
        ]
    ),
    st.text(max_size=4),
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)
CODES = st.sampled_from(sorted({entry.code for entry in load().entries} | {987654, 299}))
SUBCODES = st.one_of(
    st.none(), st.sampled_from(sorted({entry.subcode for entry in load().entries if entry.subcode is not None}))
)


@st.composite
def graph_bodies(draw: st.DrawFn) -> Any:
    """An envelope with a code of Meta's, whole or a little broken."""
    error: dict[str, Any] = {"message": draw(st.text(max_size=10)), "code": draw(CODES)}
    error["error_subcode"] = draw(SUBCODES)
    error["is_transient"] = draw(st.sampled_from([True, False, None]))
    error |= draw(st.dictionaries(KEYS, LEAVES, max_size=2))
    return draw(st.sampled_from([{"error": error}, [{"error": error}], {"partner": error}, {"errors": [error]}]))


STATUSES = st.sampled_from([100, 200, 201, 204, 206, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["www-authenticate", "X-FB-Trace-ID", "facebook-api-version", "Retry-After"]),
    st.one_of(st.text(max_size=8), st.sampled_from(['OAuth "F" "invalid_token" "(#190) X"', "invalid_request"])),
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "target": st.text(max_size=5),
        "probe": st.sampled_from([*ProbeKind, None, "other", 3]),
        "at": st.sampled_from(
            ["2026-11-01T00:00:30.250Z", "2026-11-01T01:00:00+02:00", "2026-11-01", "no", 5, None]
        ),
        "request_fingerprint": st.sampled_from(["R", None, 1]),
        "token_fingerprint": st.sampled_from(["T", None, []]),
        "reached": st.sampled_from(["none", "connected", "secured", "sent", "answered", "elsewhere", None, 4]),
        "failure": st.sampled_from([*Failure, None, "strange", {}]),
        "http_status": st.one_of(STATUSES, st.sampled_from(["400", 200.0, True, None, [], -1, 10**30])),
        "headers": st.one_of(HEADERS, BODIES),
        "body": st.one_of(
            BODIES, graph_bodies(), st.sampled_from(["", "<html>", "<!doctype html>Sorry, something went wrong"])
        ),
        "durations_ms": st.one_of(
            st.fixed_dictionaries({}, optional={"total": st.one_of(st.floats(), st.integers())}), BODIES
        ),
        "expected_body": st.one_of(st.none(), st.text(max_size=3)),
        "certificate_expires_at": st.sampled_from(["2027-01-01T00:00:00Z", "", None]),
        "unknown": BODIES,
    },
)


WORDS = st.lists(st.tuples(st.integers(-90, 90), st.booleans()), max_size=3)


def heard(words: list[tuple[int, bool]]) -> Knowledge:
    """Any word of a control around the exchange: seconds from it, and whether it failed."""
    said = Controls()
    for offset_s, failed in words:
        start = AT_MS + offset_s * 1000
        said.add("control-1", Look(start, start + 50, 60_000, failed))
    return Knowledge(KNOWN.catalogue, said)


def allowed(found: Finding, probe: ProbeKind | None) -> set[Column]:
    """CONTRACT section 5: the column follows from verdict and cause, on the endpoint's own target too."""
    if found.cause is Cause.ENDPOINT and probe is ProbeKind.WEBHOOK:
        return {Column.DOWN}
    if found.verdict is Verdict.NETWORK_ERROR:
        return {Column.UNOBSERVED if found.cause is Cause.LOCAL_NETWORK else Column.NETWORK}
    if found.verdict is Verdict.SYSTEM_ERROR and found.cause is Cause.MAINTENANCE:
        return {Column.UNOBSERVED}
    return {
        Verdict.OK: {Column.UP},
        Verdict.SYSTEM_ERROR: {Column.DOWN},
        Verdict.MISSED_SUCCESS: {Column.DOWN},
        Verdict.USER_ERROR: {Column.USER},
        Verdict.INCONCLUSIVE: {Column.UNOBSERVED},
    }[found.verdict]


@settings(max_examples=600)
@given(DOCUMENTS, WORDS)
def test_any_document_gets_one_verdict_with_the_column_of_the_contract(
    document: dict[str, Any], words: list[tuple[int, bool]]
) -> None:
    exchange, known = read_exchange(document), heard(words)
    found = judge(exchange, known)
    assert judge(exchange, known) == found
    assert {found.column} == allowed(found, exchange.probe)
    said = verdict_document(exchange, found, known)
    assert said["counts_as"] == found.column.value
    assert said["explanation"]
    assert said["remedy"]
    *silent, (rule, _, winner) = explained(exchange, known)
    assert winner is None or (found.verdict, found.cause, found.column) == (
        winner.verdict,
        winner.cause,
        winner.column,
    )
    assert found.rule == (rule if winner is not None else "no_rule")
    assert not any(said for _, _, said in silent)


@settings(max_examples=600)
@given(DOCUMENTS)
def test_an_exchange_written_down_and_read_again_is_the_same(document: dict[str, Any]) -> None:
    once = read_exchange(document)
    written = write_exchange(once)
    again = read_exchange(json.loads(json.dumps(written)))
    assert write_exchange(again) == json.loads(json.dumps(written)) or "nan" in json.dumps(written).lower()
    assert judge(again, KNOWN) == judge(once, KNOWN)


TEXTS = st.text(max_size=6)


@given(
    st.builds(
        Exchange,
        target=TEXTS,
        probe=st.sampled_from(ProbeKind),
        at_ms=st.integers(0, 4_000_000_000_000),
        request_fingerprint=TEXTS,
        reached=st.sampled_from(Phase),
        failure=st.one_of(st.none(), st.sampled_from(Failure)),
        http_status=st.one_of(st.none(), STATUSES),
        headers=st.dictionaries(st.sampled_from(["x-fb-trace-id", "facebook-api-version"]), TEXTS),
        body=st.one_of(st.none(), TEXTS, st.dictionaries(TEXTS, st.integers())),
        durations_ms=st.dictionaries(st.sampled_from(["dns", "total"]), st.floats(0, 1e6)),
        expected_body=st.one_of(st.none(), TEXTS),
        peer=st.one_of(st.none(), TEXTS),
        certificate_expires_ms=st.one_of(st.none(), st.integers(0, 4_000_000_000_000)),
        detail=st.one_of(st.none(), TEXTS),
    )
)
def test_what_a_probe_saw_survives_being_written_down(seen: Exchange) -> None:
    assert read_exchange(write_exchange(seen)) == seen


@given(CODES, SUBCODES, st.sampled_from([True, False, None]), STATUSES, st.text(max_size=12))
def test_a_code_is_provisional_exactly_when_the_facts_say_so(
    code: int, subcode: int | None, transient: bool | None, http_status: int, message: str
) -> None:
    error = {"code": code, "error_subcode": subcode, "message": message, "is_transient": transient}
    exchange = read_exchange({"probe": "api", "http_status": http_status, "body": {"error": error}})
    found = judge(exchange, KNOWN)
    entry = lookup(KNOWN.catalogue, code, subcode, message)
    if entry is None:
        assert found.provisional is (http_status != 429)
        assert found.cause in (Cause.UNMAPPED, Cause.THROTTLING)
        return
    assert found.rule == "known_code"
    firm = code == 190 and subcode in range(458, 465)
    assert found.provisional is (entry.provisional and not firm)
    assert firm or entry.fault is not Fault.AMBIGUOUS or found.provisional


@given(BODIES)
def test_reading_a_body_never_raises(body: Any) -> None:
    for read in (graph_error, status_reports, inbound_messages, token_facts, *SUCCESS.values()):
        read(body)


def test_a_very_deep_body_is_read_and_judged() -> None:
    deep: Any = {"error": {"code": 2}}
    for _ in range(100_000):
        deep = [deep]
    assert (
        judge(read_exchange({"probe": "api", "http_status": 200, "body": deep}), KNOWN).column is not Column.DOWN
    )
