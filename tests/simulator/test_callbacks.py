"""The business's endpoint, the control sites, and the sender of status webhooks."""

import asyncio
import json
import re
from typing import Any

import pytest

from tests.simulator.raw import ask, send
from wamon.core.timeline import HOUR, parse_iso
from wamon.simulator.endpoint import sign
from wamon.simulator.faults import EmptyBody, Instead
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual
from wamon.simulator.world import ACCOUNT_ID, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN

START_MS = parse_iso("2026-11-02T00:00:00Z")
EVENT = b'{"object":"whatsapp_business_account","entry":[]}'


def shake(token: str = VERIFY_TOKEN, mode: str = "subscribe", challenge: str = "1158201444") -> str:
    return f"?hub.mode={mode}&hub.challenge={challenge}&hub.verify_token={token}"


@pytest.mark.parametrize(
    ("path", "method", "http_status", "body"),
    [
        (shake(), "GET", 200, b"1158201444"),
        ("/account-7" + shake(), "GET", 200, b"1158201444"),
        (shake(token="wrong"), "GET", 403, b"forbidden"),
        (shake(token="%C3%A4"), "GET", 403, b"forbidden"),
        (shake(mode="unsubscribe"), "GET", 403, b"forbidden"),
        ("", "GET", 403, b"forbidden"),
        (shake(), "PUT", 405, b""),
    ],
)
def test_the_endpoint_echoes_a_challenge_to_whoever_knows_the_token(
    path: str, method: str, http_status: int, body: bytes
) -> None:
    async def look() -> Any:
        async with Simulator() as sim:
            return await ask(sim.webhook_url + path, method=method)

    answer = asyncio.run(look())
    assert (answer.http_status, answer.body) == (http_status, body)


def test_another_path_is_not_found() -> None:
    async def look() -> int:
        async with Simulator() as sim:
            return (await ask(sim.endpoint_site.url + "/else" + shake())).http_status

    assert asyncio.run(look()) == 404


def test_the_signature_is_the_documented_one() -> None:
    known = "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    assert sign(EVENT, "test_app_secret") == "sha256=" + known


@pytest.mark.parametrize(
    ("signature", "http_status", "kept"),
    [
        (sign(EVENT, APP_SECRET), 200, [EVENT]),
        (sign(EVENT, "another secret"), 401, []),
        (sign(EVENT + b" ", APP_SECRET), 401, []),
        ("sha256=\xe4", 401, []),
        (None, 401, []),
    ],
)
def test_the_endpoint_takes_only_events_whose_signature_is_right(
    signature: str | None, http_status: int, kept: list[bytes]
) -> None:
    async def post() -> tuple[int, list[bytes]]:
        async with Simulator() as sim:
            headers = {"X-Hub-Signature-256": signature} if signature else {}
            encoded = {name: text.encode().decode("latin-1") for name, text in headers.items()}
            answer = await ask(sim.webhook_url, method="POST", body=EVENT, headers=encoded)
            return answer.http_status, sim.receiver.received

    assert asyncio.run(post()) == (http_status, kept)


def test_a_careless_endpoint_echoes_any_challenge_and_takes_any_event() -> None:
    async def look() -> list[int]:
        async with Simulator() as sim:
            sim.receiver.checks_token = sim.receiver.checks_signature = False
            url = sim.webhook_url
            return [
                (await ask(url + shake(token="wrong"))).http_status,
                (await ask(url, method="POST", body=EVENT)).http_status,
            ]

    assert asyncio.run(look()) == [200, 200]


def test_endpoint_and_controls_answer_with_a_fault_when_one_waits() -> None:
    async def look() -> list[tuple[int, bytes]]:
        async with Simulator() as sim:
            sim.endpoint_site.faults += [EmptyBody(503), Instead(200, "hello", "text/plain")]
            sim.control_sites[0].faults += [EmptyBody(500)]
            urls = [sim.webhook_url + shake()] * 2 + [sim.control_urls[0]] * 2
            answers = [await ask(url) for url in urls]
            return [(one.http_status, one.body[:9]) for one in answers]

    assert asyncio.run(look()) == [(503, b""), (200, b"hello"), (500, b""), (200, b"<!DOCTYPE")]


def sent_to(to: str, faults: list[Any], wait_s: float = 60) -> tuple[list[dict[str, Any]], str]:
    """The status webhooks that the endpoint accepts of one message, and the message's id."""

    async def story() -> tuple[list[dict[str, Any]], str]:
        async with Simulator() as sim:
            sim.callback_url = sim.webhook_url
            sim.endpoint_site.faults = faults
            answer = await send(sim.base_url, to=to, biz_opaque_callback_data="wamon:canary:9")
            await asyncio.sleep(wait_s)
            return [json.loads(body) for body in sim.receiver.received], answer.json["messages"][0]["id"]

    return run_virtual(story(), START_MS)


def test_a_canary_comes_back_as_sent_and_then_delivered_in_the_documented_shape() -> None:
    events, wamid = sent_to("15550000000", [])
    rows = []
    for event in events:
        assert event["object"] == "whatsapp_business_account"
        assert event["entry"][0]["id"] == ACCOUNT_ID
        change = event["entry"][0]["changes"][0]
        assert change["field"] == "messages"
        assert change["value"]["metadata"]["phone_number_id"] == PHONE_NUMBER_ID
        rows += change["value"]["statuses"]
    assert [row["status"] for row in rows] == ["sent", "delivered"]
    assert {row["id"] for row in rows} == {wamid}
    assert {row["biz_opaque_callback_data"] for row in rows} == {"wamon:canary:9"}
    assert all(re.fullmatch(r"\d{10}", row["timestamp"]) for row in rows)


def test_a_message_to_nobody_fails_with_a_code() -> None:
    events, _ = sent_to("19990000000", [])
    (row,) = events[0]["entry"][0]["changes"][0]["value"]["statuses"]
    assert (row["status"], row["errors"][0]["code"], len(events)) == ("failed", 131026, 1)


def test_an_event_that_is_not_taken_is_posted_again_later() -> None:
    down = [EmptyBody(500)] * 4
    assert len(sent_to("15550000000", down, wait_s=9)[0]) == 0
    assert len(sent_to("15550000000", down, wait_s=60)[0]) == 2


def test_reports_not_yet_posted_are_dropped_when_the_simulator_stops() -> None:
    async def story() -> tuple[int, int]:
        async with Simulator() as sim:
            sim.callback_url = sim.webhook_url
            await send(sim.base_url)
            pending = len(asyncio.all_tasks())
        return pending, len(asyncio.all_tasks())

    pending, left = run_virtual(story(), START_MS)
    assert pending >= 3, "the test and two reports"
    assert left == 1


def test_nothing_is_posted_without_a_callback_and_an_absent_one_harms_nothing() -> None:
    async def story() -> tuple[int, int]:
        async with Simulator() as sim:
            await send(sim.base_url)
            await asyncio.sleep(60)
            sim.callback_url = "http://127.0.0.1:1/webhook"
            await send(sim.base_url)
            await asyncio.sleep(HOUR / 1_000)
            return len(sim.receiver.received), sim.endpoint_site.answered

    assert run_virtual(story(), START_MS) == (0, 0)
