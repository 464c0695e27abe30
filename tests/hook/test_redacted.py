"""No token, number, name, text or message id leaves the application's process, and no verdict changes for it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wamon.hook
from tests.hook.stage import HEADERS, MESSAGE, PATH, SECRET, TEXT, Door, Graph, door, graph
from wamon.core.catalogue import Entry, load
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.reading import read_exchange
from wamon.hook.redacted import TELLING_WORDS, skeleton
from wamon.simulator.faults import GraphError, HtmlPage, Instead
from wamon.simulator.world import ACCESS_TOKEN, HANDSET

NAME, OTHER = "Canary Ångström", "4915112345678"
PERSONAL = f"{NAME} at +49 151 1234 5678 ({OTHER}, {OTHER[:4]}-{OTHER[4:]}) wrote: {TEXT} wamid.HBgLNDkxNTExMjM="
ECHO = json.dumps({"messages": [{"id": PERSONAL}], "contacts": [{"input": OTHER, "profile": {"name": NAME}}]})
ODD = json.dumps({"error": {"code": OTHER, "error_subcode": int(OTHER), "fbtrace_id": f"A{OTHER}", NAME: NAME}})
FAULTS = [
    None,
    GraphError(400, 131026, message=PERSONAL, details=PERSONAL),
    GraphError(400, 100, message=f"(#100) parameter {PERSONAL}", details=f"param {PERSONAL}"),
    Instead(200, ECHO),
    Instead(400, ODD),
    Instead(400, json.dumps({"error": PERSONAL})),
    Instead(400, json.dumps({PERSONAL: PERSONAL})),
    Instead(200, json.dumps([PERSONAL])),
    Instead(200, json.dumps(PERSONAL)),
    Instead(502, PERSONAL, "text/plain"),
    Instead(502, f"<html>{PERSONAL}", "text/html"),
    HtmlPage(502),
]
SECRETS = [
    ACCESS_TOKEN,
    HANDSET,
    OTHER,
    OTHER[4:],
    "1234",
    NAME,
    "Canary",
    "parcel",
    "wamid.",
    "order of",
    "ngstr",
]


@pytest.fixture(scope="module")
def meta() -> Iterator[Graph]:
    with graph() as one:
        yield one


@pytest.fixture(scope="module")
def reports() -> Iterator[Door]:
    with door() as one:
        yield one


def test_nothing_of_a_person_and_no_token_leaves_the_process(meta: Graph, reports: Door) -> None:
    query = f"?access_token={ACCESS_TOKEN}&to={OTHER}"
    with httpx.Client(timeout=1, trust_env=False) as client:
        assert wamon.hook.watch(client, reports.url, SECRET, graph=meta.url, target="real")
        meta.fail(*FAULTS)
        for _ in FAULTS:
            client.post(meta.url + PATH + query, json=MESSAGE, headers=HEADERS | {"X-Name": "Canary"})
    assert wamon.hook.flush(5)
    assert len(reports.exchanges) == len(FAULTS)
    raw = b"".join(reports.raw).decode()
    assert [one for one in SECRETS if one in raw or json.dumps(one)[1:-1] in raw] == []
    assert set(reports.bearers) == {f"Bearer {SECRET}"}
    keys = {key for one in reports.exchanges for key in one}
    assert keys == {
        *("probe", "phone_number_id", "target", "at", "reached", "failure", "durations_ms", "http_status"),
        *("headers", "body", "report"),
    }


class Talkative(httpx.BaseTransport):
    """Answers with headers that say too much."""

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        headers = {
            "Set-Cookie": f"name={OTHER}",
            "X-Name": "Canary",
            "x-fb-trace-id": OTHER,
            "facebook-api-version": "v25.0 Canary",
            "WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_token" "(#190) {OTHER} of Canary expired"',
        }
        return httpx.Response(401, headers=headers)


def test_of_headers_only_what_a_verdict_or_a_ticket_needs_is_told() -> None:
    with door() as reports, httpx.Client(transport=Talkative()) as client:
        assert wamon.hook.watch(client, reports.url, SECRET)
        client.post("https://graph.facebook.com" + PATH)
        assert wamon.hook.flush(5)
        (document,) = reports.exchanges
    assert document["headers"] == {"www-authenticate": "(#190); invalid_token"}
    assert judge(read_exchange(document), knowledge()).code == 190


def words() -> Iterator[tuple[Entry, str]]:
    for entry in load().entries:
        for text in (*entry.message_has, PERSONAL):
            yield entry, text


@pytest.mark.parametrize("place", ["message", "details"])
def test_a_verdict_is_the_same_without_the_text(place: str) -> None:
    for entry, text in words():
        said = f"{PERSONAL} {text.upper()} x"
        error: dict[str, Any] = {"code": entry.code, "fbtrace_id": "AbC"}
        error |= {"error_subcode": entry.subcode} if entry.subcode is not None else {}
        error |= {"message": said} if place == "message" else {"error_data": {"details": said}}
        for http_status in (200, 400, 500):
            assert ruled(http_status, {"error": error}) == ruled(http_status, redacted({"error": error})), error


def redacted(body: Any) -> Any:
    return skeleton(json.dumps(body).encode())


def ruled(http_status: int, body: Any) -> Any:
    one = Exchange("real", ProbeKind.TRAFFIC, 0, reached=Phase.ANSWERED, http_status=http_status, body=body)
    return judge(one, knowledge())


def test_every_text_that_the_catalogue_asks_for_is_told() -> None:
    assert {text for entry in load().entries for text in entry.message_has} <= set(TELLING_WORDS)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["(#190) Anna", "131016", "wamid.X", *TELLING_WORDS]),
)
KEYS = st.sampled_from(
    ["error", "code", "error_subcode", "message", "is_transient", "messages", "id", "success", "error_data"]
)
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=8
)
ALLOWED = {"", "?", "<html>", "wamid", *TELLING_WORDS}


def texts(body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from texts(inner)


@given(BODIES)
def test_whatever_a_body_is_no_word_of_it_is_told_that_is_not_on_the_list(body: Any) -> None:
    for text in texts(redacted(body)):
        first, *rest = text.removeprefix("? ").removeprefix("<html> ").split("; ")
        assert {one for one in (first, *rest) if not one.startswith("(#")} <= ALLOWED | {"param"}


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_without_a_word(raw: bytes) -> None:
    assert json.dumps(skeleton(raw))
