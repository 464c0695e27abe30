"""Every update that pywa knows passes the receiver: pywa takes it for what it is, we keep nobody's words of it."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.pywa_updates import GROUP_STATUSES, NUMBER, UPDATES, WABA
from tests.support.contents import contents
from tests.support.receiver import SECRET, Listening, listening, signature

pytest.importorskip("pywa", reason="pywa is not installed: make .venv/.wamon-test")
from pywa import WhatsApp, handlers
from pywa.types import MessageStatusType, MessageType

NOT_WEBHOOKS = {"FlowRequestHandler"}
"""A form that fetches its next screen asks the shop itself, encrypted: that is no event of Meta's."""

GROUP_MEMBERS = len(GROUP_STATUSES["statuses"])

META_S_WORDS = re.compile(r"[a-z_]+|[A-Z][A-Z0-9_]*|[a-z]{2}_[A-Z]{2}|[a-z]+/[a-z]+|[0-9]{10}|", re.ASCII)
"""Names of types and states, languages, kinds of media, instants; whatever else stands in a body is somebody's."""


class Ears:
    """A client of pywa's that hears everything: by which handler, and what it was given."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.client = WhatsApp(phone_id=NUMBER, waba_id=WABA, app_secret=SECRET.decode(), token="a token")
        for name in HANDLERS:
            self.client.add_handlers(getattr(handlers, name)(self._ear(name)))

    def _ear(self, name: str) -> Any:
        return lambda _, update: self.heard.append((name, update))

    def told(self, raw: bytes) -> list[tuple[str, Any]]:
        """Post one body, signed; what was heard of it beside the raw update."""
        self.heard.clear()
        assert self.client.webhook_update_validator(raw, signature(raw).decode()) is None
        assert self.client.webhook_update_handler(raw) == ("ok", 200)
        assert [name for name, _ in self.heard].count("RawUpdateHandler") == 1
        return [(name, update) for name, update in self.heard if name != "RawUpdateHandler"]


HANDLERS = tuple(name for name in handlers.__all__ if name not in NOT_WEBHOOKS)


@pytest.fixture(scope="module")
def ears() -> Ears:
    return Ears()


@pytest.mark.parametrize("name", UPDATES)
def test_pywa_takes_the_body_for_the_update_that_it_is(name: str, ears: Ears) -> None:
    kinds = [type(update).__name__ for _, update in ears.told(UPDATES[name].raw)]
    assert kinds == ([UPDATES[name].kind] if UPDATES[name].kind else [])


def test_no_update_message_or_status_that_pywa_knows_is_left_out() -> None:
    ears = Ears()
    heard = {name for update in UPDATES.values() for name, _ in ears.told(update.raw)}
    assert heard == set(HANDLERS) - {"RawUpdateHandler"}
    values = [change["value"] for one in UPDATES.values() for change in one.body["entry"][0]["changes"]]
    for rows, named, known in (("messages", "type", MessageType), ("statuses", "status", MessageStatusType)):
        found = {row[named] for value in values for row in value.get(rows, ())}
        assert {one.value for one in known if one.value != "UNKNOWN"} <= found, rows


def test_the_receiver_takes_each_once_and_keeps_nobody_s_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with listening(tmp_path / "wamon.db") as receiver:
            client = receiver.client()
            for name, update in UPDATES.items():
                assert await client.post(update.raw) == 200, name
            assert receiver.counted() == {"stored": len(UPDATES)}
            for name, update in UPDATES.items():
                assert await client.post(update.raw) == 200, name
            assert receiver.counted() == {"stored": len(UPDATES), "duplicate": len(UPDATES)}
            assert await receiver.receipts() == len(UPDATES)
            await _read(receiver)

    asyncio.run(story())
    kept = contents(tmp_path / "wamon.db")
    assert NUMBER.encode() in kept
    assert b"jam_ripeness_update" in kept, "an unknown field is noted"
    secrets = {text for update in UPDATES.values() for text in _texts(update.body)} - {NUMBER, WABA}
    assert len(secrets) > len(UPDATES)
    assert [text for text in sorted(secrets) if text.encode() in kept] == []


async def _read(receiver: Listening) -> None:
    statuses = Counter(one.report.message_status for one in await receiver.reports())
    assert statuses == {"sent": 2, "delivered": 1 + GROUP_MEMBERS, "read": 1, "played": 1, "failed": 1}
    assert {one.report.codes for one in await receiver.reports()} == {(), (131026,)}


def _texts(node: Any) -> Iterator[str]:
    """Every text and large number of a body that is no word of Meta's."""
    if isinstance(node, dict | list):
        for one in node.values() if isinstance(node, dict) else node:
            yield from _texts(one)
    elif isinstance(node, str) and not META_S_WORDS.fullmatch(node):
        yield node
    elif isinstance(node, int) and node > 10**11:
        yield str(node)
