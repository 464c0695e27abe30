"""A webhook receiver on a real port over a real ledger, and a client that says what it is told, byte by byte."""

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ledger.sample import NOON
from wamon.ledger import Ledger, memory_ledger, open_ledger
from wamon.ledger.words import Reported
from wamon.metrics import Tally
from wamon.web.serving import serve
from wamon.web.webhook import Door, Webhook
from wamon.work.receive import Intake

SECRET = b"test_app_secret"
VERIFY_TOKEN = b"test verify token"
DOORS = {
    "/webhook": Door("graph", (SECRET,)),
    "/webhook/graph": Door("graph", (SECRET,)),
    "/webhook/acme": Door("acme", (b"new acme secret", b"old acme secret")),
    "/webhook/unkeyed": Door("unkeyed", ()),
}


def signature(raw: bytes, key: bytes = SECRET) -> bytes:
    return b"sha256=" + hmac.digest(key, raw, "sha256").hex().encode()


def status_event(wamid: str, status: str = "sent", **row: Any) -> bytes:
    """A status webhook in the documented shape."""
    told = {"id": wamid, "status": status, "timestamp": "1790000000", "recipient_id": "15550000000"} | row
    value = {"metadata": {"phone_number_id": "106540352242922"}, "statuses": [told]}
    entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


@dataclass
class Client:
    """One kept-alive connection. ``ask`` gives status and body of an answer."""

    host: str
    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, octets: bytes) -> tuple[int, bytes]:
        """Send bytes as they are; a closed connection is opened again first. (0, b"") when no answer comes."""
        if self.writer is None or self.writer.is_closing() or (self.reader is not None and self.reader.at_eof()):
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader is not None
        try:
            self.writer.write(octets)
            await self.writer.drain()
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            body = await self.reader.readexactly(length)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            return 0, b""
        if b"connection: close" in head:
            self.close()
        return int(head.split()[1]), body

    async def post(self, raw: bytes, given: bytes | None = b"", path: str = "/webhook", more: bytes = b"") -> int:
        """Post an event; without ``given`` it is signed rightly, None leaves the header out."""
        given = signature(raw) if given == b"" else given
        signed = b"" if given is None else b"X-Hub-Signature-256: %s\r\n" % given
        head = b"POST %s HTTP/1.1\r\nHost: x\r\n%s%sContent-Length: %d\r\n\r\n" % (
            path.encode(),
            signed,
            more,
            len(raw),
        )
        return (await self.ask(head + raw))[0]

    def close(self) -> None:
        """Leave."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


@dataclass
class Listening:
    """What is behind the port."""

    host: str
    port: int
    ledger: Ledger
    tally: Tally
    webhook: Webhook
    clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        """One more client, gone with the receiver."""
        self.clients.append(Client(self.host, self.port))
        return self.clients[-1]

    async def reports(self) -> list[Reported]:
        """Every status report that was stored."""
        return await self.ledger.read(lambda book: book.reports_after(0, 10**6))

    async def receipts(self) -> int:
        """How many webhooks are stored."""
        return (await self.ledger.sizes()).rows["receipts"]

    def counted(self) -> Counter[str]:
        """What became of what came, as the metric says."""
        return +Counter(self.tally.receipts)


@asynccontextmanager
async def listening(path: Path | None = None, more: Mapping[str, Door] = {}) -> AsyncIterator[Listening]:
    """A receiver over a ledger in memory, or in a file."""
    ledger, tally = open_ledger(path) if path else memory_ledger(), Tally()
    try:
        key = await ledger.write(lambda book: book.hash_key())
        webhook = Webhook({**DOORS, **more}, VERIFY_TOKEN, Intake(ledger, key, lambda: NOON), tally.received)
        async with serve(webhook, "127.0.0.1", 0) as (host, port):
            found = Listening(host, port, ledger, tally, webhook)
            yield found
            for client in found.clients:
                client.close()
    finally:
        await ledger.close()


async def in_turn(clients: Iterable[Client], events: Iterable[bytes]) -> Counter[int]:
    """Post events, a client taking the next one as soon as its last was answered; how often each status came."""
    waiting, found = iter(events), Counter[int]()

    async def work(client: Client) -> None:
        for raw in waiting:
            found[await client.post(raw)] += 1

    await asyncio.gather(*(work(client) for client in clients))
    return found
