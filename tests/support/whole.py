"""All that hears of webhooks and reports at once, as in the daemon: canaries, real messages, the door."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from tests.support.receiver import Client
from wamon.assembly import House
from wamon.ledger import Ledger, open_ledger
from wamon.receiving import open_receiver
from wamon.reporting import open_reports
from wamon.settings import parse, resolve_all
from wamon.web.reports import PATH
from wamon.web.serving import serve
from wamon.web.webhook import beside
from wamon.wiring import Askers
from wamon.work.bookkeeping import Bookkeeper

BEARER = "a secret for reports"
NUMBER = "106540352242922"
SECRETS = {"TOKEN": "EAAtoken", "VERIFY": "test verify token", "SECRET": "test_app_secret", "REPORTS": BEARER}
SETTINGS = f"""
[graph]
access_token = "env:TOKEN"
[receiver]
verify_token = "env:VERIFY"
app_secret = "env:SECRET"
[reports]
secret = "env:REPORTS"
[[targets]]
name = "send"
probe = "message"
phone_number_id = "{NUMBER}"
to = "15550000000"
template = "wamon_canary"
[[targets]]
name = "real"
probe = "traffic"
[[targets]]
name = "number"
probe = "traffic"
phone_number_id = "{NUMBER}"
[[targets]]
name = "incoming"
probe = "traffic"
direction = "receive"
"""


class Nobody:
    """Nobody is told anything."""

    async def drain(self) -> None:
        return None


@dataclass
class Whole:
    """What is behind the port."""

    host: str
    port: int
    house: House
    ledger: Ledger

    def client(self) -> Client:
        """One more connection."""
        return Client(self.host, self.port)

    async def report(self, client: Client, raw: bytes) -> tuple[int, bytes]:
        """Post a report."""
        lines = (
            f"POST {PATH} HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {BEARER}",
            f"Content-Length: {len(raw)}",
        )
        return await client.ask("\r\n".join([*lines, "\r\n"]).encode() + raw)


@asynccontextmanager
async def whole(path: Path, now_ms: int) -> AsyncIterator[Whole]:
    """A receiver and a door for reports on one port, with everybody who listens, at one instant."""
    settings = parse(SETTINGS)
    found = resolve_all(settings, SECRETS)
    async with AsyncExitStack() as stack:
        ledger = open_ledger(path)
        stack.push_async_callback(ledger.close)
        house = House(settings, Bookkeeper(ledger, {}), Askers({}), lambda: now_ms, drain=Nobody())
        await house.wake_up()
        ears = [house.canaries.hear, house.traffic.hear]
        receiver = await open_receiver(settings, found, ledger, house.tally, lambda: now_ms, ears)
        reports = open_reports(settings, found, house.traffic, house.tally, lambda: now_ms)
        assert reports is not None
        app = beside(Starlette(routes=[reports.route]), receiver.webhook)
        host, port = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        yield Whole(host, port, house, ledger)
