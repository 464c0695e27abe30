"""What a real client meets at a Graph that misbehaves, and what is told; the application sees no difference."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

import wamon.hook
from tests.hook.stage import HEADERS, MESSAGE, PATH, SECRET, Door, Graph, door, graph, send, send_async
from wamon.core.finding import Column, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.reading import read_exchange
from wamon.hook.call import Call
from wamon.simulator.faults import (
    BlackHole,
    Fault,
    Garbage,
    GraphError,
    HangUp,
    HtmlPage,
    Instead,
    Oversized,
    Point,
    Redirect,
    Reset,
    Truncated,
)

Told = tuple[str | None, str | None, int | None, Verdict, Column]

OUTCOMES: list[tuple[Fault | None, Told]] = [
    (None, ("answered", None, 200, Verdict.OK, Column.UP)),
    (GraphError(500, 131016), ("answered", None, 500, Verdict.SYSTEM_ERROR, Column.DOWN)),
    (GraphError(500, 3), ("answered", None, 500, Verdict.USER_ERROR, Column.USER)),
    (GraphError(400, 131026), ("answered", None, 400, Verdict.USER_ERROR, Column.USER)),
    (GraphError(401, 190, 463), ("answered", None, 401, Verdict.USER_ERROR, Column.USER)),
    (GraphError(429, 130429), ("answered", None, 429, Verdict.USER_ERROR, Column.USER)),
    (HtmlPage(502), ("answered", None, 502, Verdict.SYSTEM_ERROR, Column.DOWN)),
    (HtmlPage(200), ("answered", None, 200, Verdict.SYSTEM_ERROR, Column.DOWN)),
    (
        Instead(200, "<html>log in here", "text/html"),
        ("answered", None, 200, Verdict.INCONCLUSIVE, Column.UNOBSERVED),
    ),
    (Redirect(), ("answered", None, 302, Verdict.INCONCLUSIVE, Column.UNOBSERVED)),
    (Garbage(), ("sent", "protocol_error", None, Verdict.INCONCLUSIVE, Column.UNOBSERVED)),
    (Truncated(), ("sent", "connection_reset", 200, Verdict.MISSED_SUCCESS, Column.DOWN)),
    (HangUp(), ("sent", "connection_reset", None, Verdict.MISSED_SUCCESS, Column.DOWN)),
    (Reset(Point.HEADERS), ("sent", "connection_reset", 200, Verdict.MISSED_SUCCESS, Column.DOWN)),
    (BlackHole(), ("sent", "read_timeout", None, Verdict.MISSED_SUCCESS, Column.DOWN)),
    (BlackHole(Point.HEADERS), ("sent", "read_timeout", 200, Verdict.MISSED_SUCCESS, Column.DOWN)),
]

ANSWERING = [fault for fault, _ in OUTCOMES if not isinstance(fault, BlackHole)]
PATIENT_S, SHORT_S = 10.0, 0.6
"""Only who waits for nothing is impatient, so that a busy machine changes no outcome."""


@pytest.fixture(scope="module")
def meta() -> Iterator[Graph]:
    with graph() as one:
        yield one


@pytest.fixture(scope="module")
def reports() -> Iterator[Door]:
    with door() as one:
        yield one


@pytest.fixture
def client(meta: Graph, reports: Door) -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENT_S, trust_env=False, verify=False) as one:
        assert wamon.hook.watch(one, reports.url, SECRET, graph=meta.url)
        yield one


def told(reports: Door) -> list[dict[str, object]]:
    """What has been reported since the last time."""
    wamon.hook.flush(5)
    found = reports.exchanges
    reports.reports.clear()
    return found


def of(document: dict[str, object]) -> Told:
    found = judge(read_exchange(document), knowledge())
    reached, failure, status = (document.get(key) for key in ("reached", "failure", "http_status"))
    return reached, failure, status, found.verdict, found.column  # type: ignore[return-value]


@pytest.mark.parametrize(("fault", "expected"), OUTCOMES, ids=lambda one: repr(one)[:50])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_call_is_told_as_it_ended_and_the_application_sees_no_difference(
    meta: Graph, reports: Door, kind: str, fault: Fault | None, expected: Told
) -> None:
    def sent(watched: bool) -> object:
        def prepare(client: httpx.Client | httpx.AsyncClient) -> None:
            assert not watched or wamon.hook.watch(client, reports.url, SECRET, graph=meta.url)

        meta.fail(fault)
        options = {"timeout": PATIENT_S if fault in ANSWERING else SHORT_S, "trust_env": False, "verify": False}
        if kind == "async":
            return send_async(options, meta.url, prepare)
        with httpx.Client(**options) as client:  # type: ignore[arg-type]
            prepare(client)
            return send(client, meta.url)

    plain, watched = sent(False), sent(True)
    assert getattr(plain, "status_code", None) == getattr(watched, "status_code", None)
    (document,) = told(reports)
    assert of(document) == expected
    assert (document["probe"], document["phone_number_id"]) == ("traffic", PATH.split("/")[2])
    assert wamon.hook.counts().faults == 0


def test_a_used_connection_that_breaks_says_nothing_of_meta(
    meta: Graph, reports: Door, client: httpx.Client
) -> None:
    assert send(client, meta.url)
    for fault in (HangUp(), Reset()):
        meta.fail(None, fault)
        assert send(client, meta.url)
        assert send(client, meta.url) is None
    broken = [one for one in told(reports) if one["failure"]]
    assert [of(one)[3:] for one in broken] == [(Verdict.INCONCLUSIVE, Column.UNOBSERVED)] * 2


UNREACHED = {
    "http://127.0.0.1:9": ("none", "connect_refused"),
    "http://nobody.invalid": ("none", "dns_error"),
}


@pytest.mark.parametrize(("address", "expected"), UNREACHED.items())
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_call_that_never_left_is_the_networks(
    reports: Door, kind: str, address: str, expected: tuple[str, str]
) -> None:
    def prepare(client: httpx.Client | httpx.AsyncClient) -> None:
        assert wamon.hook.watch(client, reports.url, SECRET, graph=address)

    if kind == "async":
        assert send_async({"trust_env": False}, address, prepare) is None
    else:
        with httpx.Client(trust_env=False) as client:
            prepare(client)
            assert send(client, address) is None
    (document,) = told(reports)
    assert of(document) == (*expected, None, Verdict.NETWORK_ERROR, Column.NETWORK)


def test_a_proxy_that_hangs_is_not_metas_silence(reports: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        through = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        with httpx.Client(proxy=through, timeout=0.2, trust_env=False) as client:
            assert wamon.hook.watch(client, reports.url, SECRET)
            assert send(client, "https://graph.facebook.com") is None
    (document,) = told(reports)
    assert of(document) == ("connected", "read_timeout", None, Verdict.NETWORK_ERROR, Column.NETWORK)


def test_a_certificate_that_nobody_trusts_is_a_failure_of_tls(reports: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        address = f"https://127.0.0.1:{plain.getsockname()[1]}"

        def answer() -> None:
            with plain.accept()[0] as one:
                one.recv(4096)
                one.sendall(b"HTTP/1.1 400 this is no TLS\r\n\r\n")

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        with httpx.Client(timeout=1, trust_env=False) as client:
            assert wamon.hook.watch(client, reports.url, SECRET, graph=address)
            assert send(client, address) is None
        answering.join(5)
    (document,) = told(reports)
    assert of(document)[:4] == ("connected", "tls_error", None, Verdict.NETWORK_ERROR)


def test_only_messages_to_the_graph_host_are_looked_at(meta: Graph, reports: Door, client: httpx.Client) -> None:
    client.get(meta.url + PATH)
    client.post(meta.url + "/v25.0/106540352242922/media", headers=HEADERS)
    client.post(reports.url.replace("/api/v1/exchanges", PATH), content=b"[]")
    reports.reports.clear()
    assert told(reports) == []
    assert client.post(meta.url + PATH.replace("/v25.0", ""), json=MESSAGE, headers=HEADERS).is_success
    assert client.post(meta.url + PATH.replace("messages", "marketing_messages"), headers=HEADERS).is_error
    assert len(told(reports)) == 2


def test_an_answer_that_is_not_read_or_is_too_large_is_counted_and_not_guessed_at(
    meta: Graph, reports: Door, client: httpx.Client
) -> None:
    before = wamon.hook.counts().untold
    with client.stream("POST", meta.url + PATH, json=MESSAGE, headers=HEADERS) as answer:
        assert answer.status_code == 200
    meta.fail(Oversized())
    assert send(client, meta.url)
    assert told(reports) == []
    assert wamon.hook.counts().untold - before == 2


def test_hooks_and_traces_of_the_application_stay_and_may_raise(meta: Graph, reports: Door) -> None:
    seen: list[str] = []

    def demand(response: httpx.Response) -> None:
        response.read()
        response.raise_for_status()

    hooks = {"request": [lambda _: seen.append("request")], "response": [demand]}
    with httpx.Client(timeout=1, trust_env=False, event_hooks=hooks) as client:  # type: ignore[arg-type]
        for _ in range(3):
            assert wamon.hook.watch(client, reports.url, SECRET, graph=meta.url), "said twice it is heard once"
        meta.fail(GraphError(500, 131016))
        with pytest.raises(httpx.HTTPStatusError):
            client.post(meta.url + PATH, json=MESSAGE, headers=HEADERS)
        trace = {"trace": lambda event, _: seen.append(event)}
        client.post(meta.url + PATH, json=MESSAGE, headers=HEADERS, extensions=trace)
    assert seen.count("request") == 2
    assert "http11.receive_response_headers.complete" in seen
    assert [one["http_status"] for one in told(reports)] == [500, 200]


class Packed(httpx.BaseTransport):
    """Answers with a packed error, as Graph does where a client allows it."""

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        packed = gzip.compress(json.dumps({"error": {"code": 131016, "message": "Somebody's"}}).encode())
        return httpx.Response(500, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(packed))


def test_a_packed_answer_is_unpacked_and_a_foreign_transport_is_heard_too(reports: Door) -> None:
    with httpx.Client(transport=Packed()) as client:
        assert wamon.hook.watch(client, reports.url, SECRET)
        answer = client.post("https://graph.facebook.com" + PATH, json=MESSAGE)
    assert answer.json()["error"]["message"] == "Somebody's"
    (document,) = told(reports)
    assert of(document) == ("answered", None, 500, Verdict.SYSTEM_ERROR, Column.DOWN)


def test_whoever_cancels_early_says_nothing_and_late_that_meta_was_silent() -> None:
    call = Call("106540352242922")
    call.reached = "sent"
    assert call.broken("receive_response_headers.failed", KeyboardInterrupt()) is None
    call.began_s -= 6
    late = call.broken("receive_response_headers.failed", KeyboardInterrupt())
    assert late is not None
    assert (late.reached, late.failure) == ("sent", "deadline_exceeded")
