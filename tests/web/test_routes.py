"""Every route over a real socket: what it answers, what it refuses, and that it changes nothing."""

import json
import socket
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from tests.support.reports import Shown, bad_week, report
from tests.web.served import served
from wamon.core.publication import day_document
from wamon.web.app import HEADERS, build

ROUTES = {
    "/": "text/html; charset=utf-8",
    "/style.css": "text/css; charset=utf-8",
    "/metrics": "text/plain; version=0.0.4; charset=utf-8",
    "/healthz": "application/json",
    "/readyz": "application/json",
    "/api/v1/status": "application/json",
    "/api/v1/days": "application/json",
    "/api/v1/incidents": "application/json",
}


@pytest.fixture(scope="module")
def face() -> Shown:
    return Shown(bad_week(messages=True))


@pytest.fixture(scope="module")
def client(face: Shown) -> Iterator[httpx.Client]:
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as one:
        yield one


@pytest.mark.parametrize(("path", "kind"), ROUTES.items())
def test_a_route_answers_in_its_own_kind_and_head_says_the_same_without_a_body(
    client: httpx.Client, path: str, kind: str
) -> None:
    got, headed = client.get(path), client.head(path)
    assert (got.status_code, got.headers["content-type"]) == (200, kind)
    assert got.content
    assert (headed.status_code, headed.headers["content-type"], headed.content) == (200, kind, b"")


def test_the_table_of_routes_knows_nothing_but_reading(face: Shown) -> None:
    app = build(face)._app
    assert isinstance(app, Starlette)
    assert {route.path: route.methods for route in app.routes} == {path: {"GET", "HEAD"} for path in ROUTES}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_over_http_changes_anything(client: httpx.Client, face: Shown, method: str) -> None:
    before = msgspec.json.encode([face.now, face.tally.outbox_pending, sorted(face.tally.targets)])
    for path in ROUTES:
        refused = client.request(method, path, content=b'{"verdict": "ok"}')
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
        assert "nothing over HTTP changes anything" in refused.text
    assert msgspec.json.encode([face.now, face.tally.outbox_pending, sorted(face.tally.targets)]) == before


REFUSED = {
    "/nowhere": (404, "Nothing is here. The status page is /"),
    "/metrics/": (404, "Nothing is here."),
    "/%2e%2e/%2e%2e/etc/passwd": (404, "Nothing is here."),
    "/templates/status.html": (404, "Nothing is here."),
    "/api/v1/nothing": (404, "the JSON is under /api/v1/ (status, days, incidents)"),
    "/api/v1/days?from=yesterday": (400, "from 'yesterday' is not a day; write it like 2026-11-09"),
    "/api/v1/days?to=2026-02-30": (400, "to '2026-02-30' is not a day; write it like 2026-11-09"),
    "/api/v1/days?from=2026-11-05&to=2026-11-01": (400, "to 2026-11-01 lies before from 2026-11-05; swap them"),
    "/api/v1/days?target=nobody": (400, "target 'nobody' is not watched; there are cloud-api, graph, webhook,"),
    "/api/v1/days?form=2026-11-05": (400, "'form' is no parameter; there are from, to and target"),
    "/api/v1/days?to=2026-11-05&to=2026-11-06": (400, "to is given twice; give it once"),
}


@pytest.mark.parametrize(("path", "answer"), REFUSED.items())
def test_what_cannot_be_answered_is_refused_with_a_sentence_that_helps(
    client: httpx.Client, path: str, answer: tuple[int, str]
) -> None:
    refused = client.get(path)
    text = refused.json()["error"] if path.startswith("/api/") else refused.text
    assert (refused.status_code, answer[1] in text) == (answer[0], True), text


@pytest.mark.parametrize("path", [*ROUTES, "/nowhere", "/api/v1/days?from=x"])
def test_every_answer_carries_the_headers_of_the_house(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["date"].endswith("GMT")
    assert "server" not in headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script" not in policy
    assert "unsafe" not in policy


def test_even_a_fault_of_our_own_carries_them_and_shows_no_inside() -> None:
    face = Shown(report())
    face.now = None
    with served(face) as address:
        broken = httpx.get(f"http://{address}/", trust_env=False)
    assert (broken.status_code, broken.text) == (500, "Internal Server Error")
    assert {name: broken.headers[name] for name in HEADERS} == HEADERS


HEALTH = {
    "/healthz": ("unwell", "the writer has been silent for 75 s"),
    "/readyz": ("unready", "no target was looked at yet"),
}


@pytest.mark.parametrize(("path", "why"), HEALTH.items())
def test_the_daemon_itself_answers_200_or_503_with_its_reasons(path: str, why: tuple[str, str]) -> None:
    name, reason = why
    face = Shown(report())
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        well = client.get(path)
        setattr(face, name, (reason,))
        ill = client.get(path)
    assert (well.status_code, well.json()) == (200, {"healthy": True, "reasons": []})
    assert (ill.status_code, ill.json()) == (503, {"healthy": False, "reasons": [reason]})


def test_days_are_rows_of_a_replay_by_date_with_the_platform_last(client: httpx.Client, face: Shown) -> None:
    rows = client.get("/api/v1/days").json()["days"]
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert [row["target"] for row in rows[-5:]] == ["cloud-api", "graph", "webhook", "send", "platform"]
    day = next(one for one in face.now.targets[0].days if one.revision == 2)
    document = day_document("cloud-api", day.date, day.state, day.revision, day.figures, day.first)
    (row,) = [one for one in rows if (one["target"], one["date"]) == ("cloud-api", "2026-11-05")]
    assert row == json.loads(msgspec.json.encode(document)) | {"retroactive_s": 0, "reason": day.reason}
    assert row["availability"] == 1 - 4_200_000 / 86_400_000


SPANS = {
    "": 90 * 4 + 40,
    "?from=2026-11-05": 5 * 5,
    "?to=2026-08-12": 4,
    "?from=2026-11-05&to=2026-11-05": 5,
    "?target=webhook": 40,
    "?target=platform&from=2026-11-09": 1,
    "?target=control-1": 0,
    "?from=2030-01-01": 0,
}


@pytest.mark.parametrize(("query", "count"), SPANS.items())
def test_days_can_be_asked_for_by_span_and_target(client: httpx.Client, query: str, count: int) -> None:
    assert len(client.get(f"/api/v1/days{query}").json()["days"]) == count


def test_status_says_what_the_page_says_and_incidents_are_those_of_a_replay(client: httpx.Client) -> None:
    now = client.get("/api/v1/status").json()
    assert (now["state"], now["headline"]) == ("outage", "1 of 4 targets in trouble: cloud-api (outage)")
    assert now["at"] == "2026-11-09T09:00:00Z"
    first = now["targets"][0]
    assert (first["target"], first["state"], first["since"]) == ("cloud-api", "outage", "2026-11-09T08:45:39Z")
    assert (first["verdict"]["code"], first["verdict"]["counts_as"]) == (131016, "down")
    assert first["periods"]["today"]["down_s"] == 860.3
    assert now["targets"][-1]["periods"] is None
    assert [one["closed_at"] for one in now["incidents"]] == [None]
    rows = client.get("/api/v1/incidents").json()["incidents"]
    assert len(rows) == 6
    assert list(rows[0])[:5] == ["target", "opened_at", "closed_at", "verdict", "cause"]
    assert rows[1]["closed_at"] == "2026-11-07T11:46:00Z"


def test_without_a_target_for_messages_the_platform_is_null() -> None:
    with served(Shown(bad_week())) as address:
        now = httpx.get(f"http://{address}/api/v1/status", trust_env=False).json()
        page = httpx.get(f"http://{address}/", trust_env=False).text
    assert (now["platform"], now["management_reachability_only"]) == (None, True)
    assert "Management reachability only." in page


def test_a_client_that_sends_nonsense_costs_nothing(client: httpx.Client) -> None:
    host, port = client.base_url.host, client.base_url.port
    for noise in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET /?" + b"a" * 200_000 + b"\r\n"):
        with socket.create_connection((host, port), timeout=5) as one:
            one.sendall(noise)
            one.shutdown(socket.SHUT_WR)
            one.recv(65_536)
    assert client.get("/healthz").status_code == 200
