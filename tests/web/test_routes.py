"""Every route over a real socket: what it answers, what it refuses, and that it changes nothing."""

import json
import re
import socket
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from tests.support.reports import Shown, bad_week, report
from tests.web.served import served
from wamon.core.publication import day_document
from wamon.metrics import Tally
from wamon.web.app import HEADERS, build
from wamon.web.reports import Reports, Taken

ROUTES = {
    "/": "text/html; charset=utf-8",
    "/style.css": "text/css; charset=utf-8",
    "/metrics": "text/plain; version=0.0.4; charset=utf-8",
    "/healthz": "application/json",
    "/readyz": "application/json",
    "/api/v1/status": "application/json",
    "/api/v1/days": "application/json",
    "/api/v1/incidents": "application/json",
    "/api/v1/openapi.json": "application/json",
    "/feed.atom": "application/atom+xml",
}


PAGES = {
    "/target/{name}": ("/target/cloud-api", "/target/webhook", "/target/platform", "/target/cloud-api?every=60"),
    "/target/{name}/{day}": (
        "/target/cloud-api/2026-11-05",
        "/target/platform/2026-11-09",
        "/target/send/2026-09-20",
    ),
    "/badge/{name}.svg": (),
    "/incident/{name}": ("/incident/cloud-api@2026-11-05T09:31:20Z", "/incident/graph@2026-11-06T16:02:30Z"),
}
CLIENTS = {  # pages of one client are held by tests/web/test_clients.py
    "/client/{account}": (),
    **{f"/client/{{account}}{path}": () for path in PAGES if not path.startswith("/badge")},
}
EVERY = {
    **ROUTES,
    **dict.fromkeys((path for paths in PAGES.values() for path in paths), "text/html; charset=utf-8"),
}


@pytest.fixture(scope="module")
def face() -> Shown:
    return Shown(bad_week(messages=True))


@pytest.fixture(scope="module")
def client(face: Shown) -> Iterator[httpx.Client]:
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as one:
        yield one


@pytest.mark.parametrize(("path", "kind"), EVERY.items())
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
    assert {route.path: route.methods for route in app.routes} == {
        path: {"GET", "HEAD"} for path in (*ROUTES, *PAGES, *CLIENTS)
    }


def test_the_table_of_routes_with_the_door_for_reports_has_that_one_post_more(face: Shown) -> None:
    door = Reports(b"a secret for reports", Nobody(), Tally().reported)
    app = build(face, [door.route])._app
    assert isinstance(app, Starlette)
    known = {path: {"GET", "HEAD"} for path in (*ROUTES, *PAGES, *CLIENTS)}
    assert {route.path: route.methods for route in app.routes} == known | {"/api/v1/exchanges": {"POST"}}


class Nobody:
    """Takes no report in: the table is asked, not the door."""

    async def take(self, raw: bytes) -> Taken:
        raise AssertionError(raw)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_over_http_changes_anything(client: httpx.Client, face: Shown, method: str) -> None:
    before = msgspec.json.encode([face.now, face.tally.outbox_pending, sorted(face.tally.targets)])
    for path in EVERY:
        refused = client.request(method, path, content=b'{"verdict": "ok"}')
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
        assert "nothing over HTTP changes anything" in refused.text
    assert msgspec.json.encode([face.now, face.tally.outbox_pending, sorted(face.tally.targets)]) == before


REFUSED = {
    "/nowhere": (404, "Nothing is here. The status page is /"),
    "/metrics/": (404, "Nothing is here."),
    "/%2e%2e/%2e%2e/etc/passwd": (404, "Nothing is here."),
    "/templates/status.html": (404, "Nothing is here."),
    "/target/nobody": (404, "Nothing is known of that"),
    "/target/token": (404, "Nothing is known of that"),
    "/target/nobody/2026-11-05": (404, "Nothing is known of that"),
    "/target/cloud-api/2025-01-01": (404, "Nothing is known of that"),
    "/target/cloud-api/yesterday": (404, "That is no day; write it like /target/NAME/2026-11-03."),
    "/incident/cloud-api@2020-01-01T00:00:00Z": (404, "Nothing is known of that"),
    "/incident/<script>": (404, "Nothing is known of that"),
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


@pytest.mark.parametrize("path", [*EVERY, "/nowhere", "/api/v1/days?from=x"])
def test_every_answer_carries_the_headers_of_the_house(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    kept = {"Cache-Control": "no-cache"} if "etag" in headers else {}
    assert {name: headers[name] for name in HEADERS} == HEADERS | kept
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


FRESH = {"": None, "every=60": "60", "every=14": None, "every=x": None, "every=999999": None, "every=²": None}


@pytest.mark.parametrize(("query", "seconds"), FRESH.items())
def test_a_page_loads_itself_anew_only_for_whoever_asked(
    client: httpx.Client, query: str, seconds: str | None
) -> None:
    answer = client.get(f"/?{query}")
    assert (answer.status_code, answer.headers.get("refresh")) == (200, seconds)
    assert ("Loads itself anew every" in answer.text) is (seconds is not None)
    assert "http-equiv" not in answer.text


def test_an_incident_that_was_judged_again_is_found_by_the_name_it_had(client: httpx.Client) -> None:
    page = client.get("/incident/cloud-api@2026-11-05T09:33:00Z").text
    assert "It was judged again since it had the name you asked for" in page
    assert "cloud-api@2026-11-05T09:31:20Z" in page
    exact = client.get("/incident/cloud-api@2026-11-05T09:31:20Z").text
    assert "judged again" not in exact
    for sentence in ("1 h 10 min", "Counts as downtime.", 'href="/target/cloud-api/2026-11-05"', "190 · "):
        assert sentence in exact, sentence


def test_a_day_tells_its_stretches_its_rulings_and_what_was_published_of_it(client: httpx.Client) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/target/cloud-api/2026-11-05").text).split())
    for sentence in (
        "cloud-api on Thu 2026-11-05",
        "closed, revision 2",
        "As it stands First said",
        "95.13 % 1:10:00 99.30 % 0:10:01",
        "up 22:50:00; down 1:10:00.",
        "09:31:20 10:41:20 1:10:00 down Meta: system error, cause authentication, 7 looks",
        "Our side: user error, authentication (code 190) → became Meta: system error, service (code 131016)",
        "the weekly pass",
        "revision 2: 95.13 % 1:10:00 , weekly pass: same token valid (cloud-api)",
        "revision 1: 99.30 % 0:10:01 , closed",
    ):
        assert sentence in page, sentence
    today = client.get("/target/cloud-api/2026-11-09").text
    assert "the day after" not in today
    assert "up 8:45:39; down 0:14:21." in today, "what is still to come is not called unobserved"


HEALTH = {
    "/healthz": ("unwell", "the writer has been silent for 75 s"),
    "/readyz": ("unready", "no target was looked at yet"),
}


@pytest.mark.parametrize(("path", "why"), HEALTH.items())
def test_p24_the_daemon_itself_answers_200_or_503_with_its_reasons(path: str, why: tuple[str, str]) -> None:
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
