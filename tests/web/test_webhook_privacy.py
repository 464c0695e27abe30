"""Nothing of a person is in the database: ten thousand varied events, and reports, then its files are searched."""

import asyncio
import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.contents import contents
from tests.support.receiver import in_turn
from tests.support.whole import NUMBER, Whole, whole
from wamon.core.timeline import MINUTE, iso

EVENTS = 10_000
REPORTED = 2_000
FROM_S = 1_790_000_000
HOUR_S = 3_600
NOW_MS = (FROM_S + HOUR_S) * 1_000 + MINUTE
SENT_ALONG = "order of somebody "
BEGINNING = 6

Json = dict[str, Any]


class People:
    """Invents people. All that must not be kept is remembered as it is handed out."""

    def __init__(self, seed: int) -> None:
        self._moods = random.Random(seed)
        self.secret: set[str] = set()

    def one_of(self, *choices: Any) -> Any:
        return self._moods.choice(choices)

    def number(self) -> str:
        return self._kept(str(self._moods.randrange(10**10, 10**13)))

    def user_id(self) -> str:
        return self._kept(f"DE.{self._moods.randrange(10**14, 10**15)}")

    def name(self) -> str:
        return self._kept("".join(self._moods.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=12)).capitalize() + " Muß")

    def text(self) -> str:
        return self._kept(
            "".join(self._moods.choices('abcdefghij klmnopqrstuvwxyz😀äß/<%@"\\', k=40)).strip() + "!"
        )

    def wamid(self, number: str) -> str:
        inside = b"\x1c\x18" + bytes((len(number),)) + number.encode() + self._moods.randbytes(12)
        return self._kept("wamid." + base64.b64encode(inside).decode())

    def sent_along(self) -> str:
        return self._kept(SENT_ALONG + self.name())

    def code(self) -> int:
        return self._moods.choice([131026, 131049, 131016, 130472, 131000, 131051])

    def instant(self) -> str:
        return str(FROM_S + self._moods.randrange(HOUR_S))

    def _kept(self, text: str) -> str:
        self.secret.add(text)
        return text


def error(people: People) -> Json:
    return {
        "code": people.code(),
        "title": people.text(),
        "message": people.text(),
        "error_data": {"details": people.text()},
        "href": "https://x.example/",
    }


def status(people: People) -> Json:
    number = people.number()
    row = {
        "id": people.wamid(number),
        "status": people.one_of("sent", "delivered", "read", "failed", "played", people.name()),
        "timestamp": people.instant(),
        "recipient_id": number,
        "recipient_user_id": people.user_id(),
        "recipient_participant_id": people.number(),
        "recipient_participant_user_id": people.user_id(),
        "conversation": {"id": people.text(), "origin": {"type": "utility"}},
        "errors": [error(people)],
        "biz_opaque_callback_data": people.one_of(people.sent_along(), people.number(), "wamon:canary:send@17"),
        people.text(): people.number(),
    }
    kept = people.one_of(*range(3))
    return {name: value for place, (name, value) in enumerate(row.items()) if place < 4 or place % 3 != kept}


def message(people: People) -> Json:
    number = people.number()
    kind = people.one_of("text", "image", "system", "unsupported", "contacts")
    return {
        "from": number,
        "id": people.wamid(number),
        "timestamp": people.instant(),
        "type": kind,
        kind: {"body": people.text(), "caption": people.text(), "wa_id": people.number()},
        "context": {"from": people.number(), "id": people.wamid(number)},
        "errors": [error(people)],
    }


def messages(people: People) -> Json:
    contact = {"profile": {"name": people.name()}, "wa_id": people.number(), "user_id": people.user_id()}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": people.number(), "phone_number_id": "106540352242922"},
        "contacts": [contact],
        people.one_of("statuses", "messages", "errors"): [],
    }
    for name, make in (("statuses", status), ("messages", message), ("errors", error)):
        if name in value:
            value[name] = [make(people) for _ in range(people.one_of(1, 1, 1, 4))]
    return {
        "field": people.one_of("messages", "messages", "messages", "smb_message_echoes", "history"),
        "value": value,
    }


def of_account(people: People) -> Json:
    value = {
        "event": people.one_of("DISABLED_UPDATE", "PAUSED", people.name()),
        "phone_number": people.number(),
        "display_phone_number": people.number(),
        "requested_verified_name": people.name(),
        "reason": people.one_of("NONE", people.text()),
        "message_template_name": people.name(),
        "message_template_language": people.one_of("de", people.name()),
        "message_template_element": people.text(),
        "message_template_title": people.text(),
        "alert_info": {
            "alert_severity": "WARNING",
            "alert_description": people.text(),
            "alert_type": people.name(),
        },
        "ban_info": {"waba_ban_state": people.one_of("DISABLE", people.text()), "waba_ban_date": people.text()},
        "entity_id": people.number(),
        "requester": people.number(),
        "decision": people.text(),
    }
    fields = ("account_update", "account_alerts", "security", "message_template_status_update", "calls", "flows")
    others = ("message_template_components_update", "phone_number_quality_update", people.name(), people.number())
    return {"field": people.one_of(*fields, *others), "value": value}


def events(people: People) -> Iterator[bytes]:
    for _ in range(EVENTS):
        changes = [
            people.one_of(messages, messages, messages, of_account)(people) for _ in range(people.one_of(1, 1, 3))
        ]
        entry = {
            "id": people.one_of("200000000000001", people.name()),
            "time": people.instant(),
            "changes": changes,
        }
        body = {"object": "whatsapp_business_account", "entry": [entry], people.text(): people.name()}
        yield json.dumps(body, ensure_ascii=people.one_of(True, False)).encode()


def call(people: People) -> Json:
    """What an application of any kind might report of a call, redacted by nobody."""
    number = people.number()
    sent = {"contacts": [{"input": number, "wa_id": number}], "messages": [{"id": people.wamid(number)}]}
    return {
        "at": iso(int(people.instant()) * 1_000),
        "probe": people.one_of("traffic", "message", None),
        "phone_number_id": people.one_of(NUMBER, people.number()),
        "account": people.one_of("graph", people.name()),
        "request_fingerprint": people.text(),
        "token_fingerprint": people.wamid(number),
        "reached": people.one_of("answered", "sent"),
        "failure": people.one_of(None, "read_timeout", people.text()),
        "http_status": people.one_of(200, 400, 500, int(people.number())),
        "headers": {"x-name": people.name(), people.text(): people.number()},
        "body": people.one_of(sent, {"error": error(people)}, {"error": {"code": people.number()}}, people.text()),
        "detail": people.text(),
        "peer": people.number(),
        "site": people.name(),
        people.text(): people.number(),
    }


async def told(receiver: Whole, people: People) -> int:
    """Report calls, a hundred at a time; how many outcomes were taken."""
    client, taken = receiver.client(), 0
    for _ in range(REPORTED // 100):
        raw = json.dumps([call(people) for _ in range(100)]).encode()
        http_status, answer = await receiver.report(client, raw)
        assert http_status == 200, answer
        taken += json.loads(answer)["taken"]
    client.close()
    return taken


def forms_of(text: str) -> Iterator[bytes]:
    """How a text might stand in a file."""
    yield text.encode()
    yield text.encode("utf-16-le")
    yield json.dumps(text).encode()[1:-1]
    if text.startswith("wamid."):
        yield text[6:].encode()
        yield base64.b64decode(text[6:])
    if text.isdecimal():
        yield int(text).to_bytes(6, "big")  # as SQLite keeps an integer of this size


def test_no_number_name_text_or_wamid_of_anybody_is_in_the_database(tmp_path: Path) -> None:
    people = People(20260302)

    async def story() -> bytes:
        async with whole(tmp_path / "wamon.db", NOW_MS) as receiver:
            found, taken = await asyncio.gather(
                in_turn([receiver.client() for _ in range(32)], events(people)), told(receiver, people)
            )
            assert found == {200: EVENTS}
            assert taken == REPORTED
            rows = (await receiver.ledger.sizes()).rows
            assert min(rows["status_reports"], rows["account_events"]) > EVENTS / 10
            assert (await receiver.ledger.read(lambda book: book.reports_of_canary("wamon:canary:send@17"))) != []
            await receiver.house.traffic.judge(NOW_MS + MINUTE)
            counted = receiver.house.tally.targets
            assert all(sum(counted[name].verdicts.values()) >= 60 for name in ("real", "number", "incoming"))
            return contents(tmp_path / "wamon.db")

    kept = asyncio.run(story())
    assert len(kept) > 1_000_000
    assert b"wamon:canary:send@17" in kept
    assert b"DISABLED_UPDATE" in kept
    assert b"application" in kept, "reports are there"
    assert len(people.secret) > 10 * EVENTS
    assert found_in(kept, people.secret) == []


def found_in(kept: bytes, secret: set[str]) -> list[str]:
    """Every secret whose bytes are there."""
    begun: dict[bytes, list[bytes]] = {}
    for form in (form for text in secret for form in forms_of(text)):
        begun.setdefault(form[:BEGINNING], []).append(form)
    places = (start for start in range(len(kept)) if kept[start : start + BEGINNING] in begun)
    return [
        form.decode(errors="replace")
        for start in places
        for form in begun[kept[start : start + BEGINNING]]
        if kept.startswith(form, start)
    ]


def test_the_search_would_find_one() -> None:
    people = People(1)
    number, name = people.number(), people.name()
    wamid = people.wamid(number)
    for form in (number.encode(), name.encode(), json.dumps(name)[1:-1].encode(), wamid[6:].encode()):
        assert found_in(b"\x00" * 99 + form + b"\x00" * 99, people.secret)
    assert found_in(b"..." + int(number).to_bytes(6, "big") + b"...", people.secret)
    assert not found_in(b"\x00" * 999, people.secret)
