"""The door for reports over a real socket: who may, how much, how often, and what becomes of it on the disk."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from tests.support.contents import contents
from tests.support.receiver import Client
from tests.support.reports import Shown, report
from tests.work.test_traffic import GRACE_MS, NUMBER, Played
from wamon.core.timeline import MINUTE, SECOND, iso
from wamon.metrics import Tally
from wamon.reporting import Intake
from wamon.web.app import HEADERS, build
from wamon.web.reports import AT_ONCE, BURST, LARGEST_BODY_BYTES, PATH, Reports
from wamon.web.serving import serve

SECRET = "a secret for reports"
BEARER = {"Authorization": f"Bearer {SECRET}"}


class Stage:
    """A door for reports on a port, over a real book on a clock that the story moves."""

    def __init__(self, played: Played, client: httpx.AsyncClient, tally: Tally) -> None:
        self.played, self.client, self.tally = played, client, tally

    def calls(self, count: int, code: int | None = None, **more: Any) -> list[dict[str, Any]]:
        """Calls of now that an application made; with a code Graph refused them."""
        body = {"messages": [{"id": "wamid.X"}]} if code is None else {"error": {"code": code}}
        http_status = 200 if code is None else 500
        one = {"at": iso(self.played.now_ms), "reached": "answered", "http_status": http_status, "body": body}
        return [one | more | {"durations_ms": {"total": number}} for number in range(count)]

    async def post(self, calls: Any, **how: Any) -> httpx.Response:
        raw = calls if isinstance(calls, bytes) else json.dumps(calls).encode()
        return await self.client.post(PATH, content=raw, headers=how.pop("headers", BEARER), **how)

    def counted(self) -> dict[str, int]:
        """What became of the reports, as the metric says."""
        return dict(+Counter(self.tally.reports))

    async def stored(self) -> int:
        return sum([1 for _ in await self.played.ledger.read(lambda book: list(book.outcomes_since(0)))])


@asynccontextmanager
async def opened(folder: Path, clock_s: Callable[[], float] = lambda: 0.0) -> AsyncIterator[Stage]:
    played = Played(folder)
    try:
        await played.begin()
        played.now_ms += SECOND
        tally = Tally()
        door = Reports(SECRET.encode(), Intake(played.traffic, "graph", played.clock), tally.reported, clock_s)
        async with (
            serve(build(Shown(report()), [door.route]), "127.0.0.1", 0) as (host, port),
            httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, verify=False) as client,
        ):
            yield Stage(played, client, tally)
    finally:
        await played.ledger.close()


def told(folder: Path, story: Callable[[Stage], Awaitable[None]], **how: Any) -> None:
    async def run() -> None:
        async with opened(folder, **how) as stage:
            await story(stage)

    asyncio.run(run())


def test_what_is_reported_becomes_a_look_at_real_messages_and_survives_a_kill(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        answer = await stage.post([*stage.calls(3), *stage.calls(4, 131016, phone_number_id=NUMBER)])
        assert (answer.status_code, answer.json()) == (200, {"taken": 7, "duplicate": False, "ignored": {}})
        assert answer.headers["content-type"] == "application/json"
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        await stage.played.begin()
        await stage.played.judge(MINUTE + GRACE_MS)
        assert await stage.played.seen() == [(0, "down", 131016)]
        assert await stage.played.seen("one number") == [], "four are no observation"

    told(tmp_path, story)


def test_the_same_report_counts_once_however_often_it_is_sent(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        calls = stage.calls(6)
        answers = [(await stage.post(calls)).json() for _ in range(3)]
        assert answers[0] == {"taken": 6, "duplicate": False, "ignored": {}}
        assert answers[1] == answers[2] == {"taken": 0, "duplicate": True, "ignored": {}}
        assert await stage.stored() == 6
        assert stage.counted() == {"stored": 1, "duplicate": 2}

    told(tmp_path, story)


STRANGERS: list[dict[str, Any]] = [
    {},
    {"Authorization": SECRET},
    {"Authorization": "Bearer"},
    {"Authorization": f"Basic {SECRET}"},
    {"Authorization": f"Bearer {SECRET}x"},
    {"Authorization": f"Bearer {SECRET[:-1]}"},
    {"Authorization": f"Bearer {SECRET.upper()}"},
    {"Authorization": "Bearer ä€".encode()},
    {"Authorization": b"Bearer \xff\xfe"},
]


def test_whoever_does_not_bear_the_secret_is_refused_before_a_byte_of_the_body_is_read(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for headers in STRANGERS:
            refused = await stage.post(b"x" * LARGEST_BODY_BYTES * 2, headers=headers)
            assert (refused.status_code, refused.json()) == (
                401,
                {"error": "Authorization must be Bearer and the secret of [reports] secret."},
            ), headers
            assert refused.headers["www-authenticate"] == 'Bearer realm="wamon"'
        twice = await stage.post(stage.calls(1), headers=[("Authorization", BEARER["Authorization"])] * 2)
        assert twice.status_code == 401
        assert (await stage.post(stage.calls(1), headers={"Authorization": f"bearer {SECRET}"})).status_code == 200
        assert await stage.stored() == 1
        assert stage.counted() == {"bad_secret": len(STRANGERS) + 1, "stored": 1}

    told(tmp_path, story)


def test_a_body_is_read_to_its_cap_and_no_further(tmp_path: Path) -> None:
    sentence = {"error": "A report has at most 256 KiB; send fewer exchanges in one, compressed never."}

    async def story(stage: Stage) -> None:
        announced = await stage.post(b" " * (LARGEST_BODY_BYTES + 1))
        assert (announced.status_code, announced.json()) == (413, sentence)

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 65_536

        in_pieces = await stage.client.post(PATH, content=endless(), headers=BEARER)
        assert (in_pieces.status_code, in_pieces.json()) == (413, sentence)
        whole = json.dumps(stage.calls(200)).encode()
        assert (await stage.post(whole + b" " * (LARGEST_BODY_BYTES - len(whole)))).json()["taken"] == 200
        assert stage.counted() == {"too_large": 2, "stored": 1}

    told(tmp_path, story)


REFUSED = {
    b"": "empty; a report is an array of exchanges, or one exchange to a line.",
    b"[1,": "not JSON; a report is an array of exchanges, or one exchange to a line.",
    b"[" * 200_000: "not JSON; a report is an array of exchanges, or one exchange to a line.",
    b"[" + b"{}," * 600 + b"{}]": "601 exchanges are too many for one report; send at most 250.",
}


def test_what_is_no_report_is_refused_with_a_sentence_and_stores_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for raw, sentence in REFUSED.items():
            refused = await stage.post(raw)
            assert (refused.status_code, refused.json()) == (400, {"error": sentence})
        partly = await stage.post([1, *stage.calls(1), {}])
        ignored = {"not a JSON object": 1, "at: missing, or no instant such as 2026-11-01T00:00:30.250Z": 1}
        assert partly.json() == {"taken": 1, "duplicate": False, "ignored": ignored}
        assert await stage.stored() == 1
        assert stage.counted() == {"malformed": len(REFUSED), "stored": 1}

    told(tmp_path, story)


def test_reports_beyond_the_rate_are_told_when_to_come_back(tmp_path: Path) -> None:
    now_s = [0.0]

    async def story(stage: Stage) -> None:
        for number in range(BURST):
            assert (await stage.post(stage.calls(1, durations=number))).status_code == 200
        refused = await stage.post(stage.calls(1))
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json() == {"error": "More than 50 reports a second; put more exchanges into each."}
        assert (await stage.post(stage.calls(1), headers={})).status_code == 401, "strangers use nothing up"
        now_s[0] = 0.02
        assert (await stage.post(stage.calls(1))).status_code == 200
        assert (await stage.post(stage.calls(1))).status_code == 429
        assert stage.counted() == {"stored": BURST + 1, "too_often": 2, "bad_secret": 1}

    told(tmp_path, story, clock_s=lambda: now_s[0])


def test_too_many_bodies_at_a_time_are_told_to_come_back(tmp_path: Path) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 9\r\n\r\n".encode()
    )

    async def story(stage: Stage) -> None:
        host, port = stage.client.base_url.host, stage.client.base_url.port
        assert port is not None
        dawdling = [Client(host, port) for _ in range(AT_ONCE)]
        waiting = [asyncio.create_task(one.ask(head)) for one in dawdling]
        async with asyncio.timeout(10):
            while (refused := await stage.post(stage.calls(1))).status_code == 200:
                continue
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json() == {"error": "32 reports are being read; send it again later."}
        assert stage.counted()["unavailable"] == 1
        for one in dawdling:
            one.close()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(10):
            while (await stage.post(stage.calls(1))).status_code != 200:
                continue

    told(tmp_path, story, clock_s=iter(range(10**6)).__next__)


def test_what_cannot_be_stored_is_not_taken_and_counts_when_it_comes_again(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        calls, ledger = stage.calls(6), stage.played.ledger
        await ledger.write(lambda book: book.db.execute("PRAGMA query_only = ON"))
        refused = await stage.post(calls)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json() == {"error": "It cannot be stored now; send it again later."}
        await ledger.write(lambda book: book.db.execute("PRAGMA query_only = OFF"))
        assert (await stage.post(calls)).json() == {"taken": 6, "duplicate": False, "ignored": {}}
        assert stage.counted() == {"unavailable": 1, "stored": 1}
        await stage.played.judge(MINUTE + GRACE_MS)
        assert await stage.played.seen() == [(0, "up", None)]

    told(tmp_path, story)


def test_a_report_of_which_nothing_counts_is_answered_200_and_counted_as_ignored(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        answer = await stage.post(stage.calls(2, target="no such target"))
        assert (answer.status_code, answer.json()["taken"], sum(answer.json()["ignored"].values())) == (200, 0, 2)
        assert stage.counted() == {"ignored": 1}
        await stage.post(stage.calls(1))
        assert stage.counted() == {"ignored": 1, "stored": 1}

    told(tmp_path, story)


def test_nothing_but_a_post_is_answered_there_and_without_the_door_nothing_at_all(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
            refused = await stage.client.request(method, PATH, headers=BEARER)
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert (await stage.client.get(PATH)).json() == {
            "error": "Only POST, a report with its bearer secret: nothing else over HTTP changes anything."
        }
        async with serve(build(Shown(report())), "127.0.0.1", 0) as (host, port):
            absent = await stage.client.post(f"http://{host}:{port}{PATH}", content=b"[]", headers=BEARER)
            assert absent.status_code == 404
            described = (await stage.client.get(f"http://{host}:{port}/api/v1/openapi.json")).json()
            assert PATH not in described["paths"]

    told(tmp_path, story)


def test_the_description_says_what_is_taken_and_answered(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        described = (await stage.client.get("/api/v1/openapi.json")).json()
        operation = described["paths"][PATH]["post"]
        assert described["components"]["securitySchemes"] == {"reports": {"type": "http", "scheme": "bearer"}}
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        calls = stage.calls(2, 131016)
        jsonschema.validate(calls, asked)
        answered = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate((await stage.post([*calls, 1])).json(), answered)
        assert set(operation["responses"]) == {"200", "400", "401", "413", "429", "503"}

    told(tmp_path, story)


def test_nothing_of_a_person_that_an_application_reports_reaches_the_disk(tmp_path: Path) -> None:
    person = "4915112345678"
    echo = {"contacts": [{"input": person, "profile": {"name": "Canary"}}], "messages": [{"id": "wamid.Canary"}]}
    error = {"code": 131016, "message": f"Canary {person}", "error_data": {"details": f"Canary {person}"}}
    odd = {"error": {"code": person, "error_subcode": int(person), "fbtrace_id": "Canary"}}

    async def story(stage: Stage) -> None:
        told_all = [
            *stage.calls(5, body=echo, headers={"x-name": "Canary", person: person}, request_fingerprint="Canary"),
            *stage.calls(9, body={"error": error}, phone_number_id=person, account=person, detail="Canary"),
            *stage.calls(1, body=odd, http_status=int(person)),
            *stage.calls(1, target=person),
            *stage.calls(1, Canary=person, site="Canary"),
        ]
        assert (await stage.post(told_all)).json()["taken"] == 16
        await stage.played.judge(MINUTE + GRACE_MS)
        assert await stage.played.seen() == [(0, "down", 131016)]

    told(tmp_path, story)
    kept = contents(tmp_path / "wamon.db")
    assert b"application" in kept
    assert [one for one in (person, "Canary", "wamid") if one.encode() in kept] == []
