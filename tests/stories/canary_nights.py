"""A night of canaries, sent, reported and ruled by the daemon's own parts on a clock that jumps, and recorded."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from wamon.assembly import House, Pace
from wamon.core.finding import Cause, Verdict
from wamon.core.reading import write_exchange
from wamon.core.timeline import HOUR, MINUTE, Span, iso, parse_iso
from wamon.jobs import Job, Walk, every
from wamon.ledger import open_ledger
from wamon.ledger.words import Arrival
from wamon.receiving import open_receiver
from wamon.settings import AskingTarget, parse, resolve_all
from wamon.simulator.faults import EmptyBody, GraphError
from wamon.simulator.scenario import DELIVERED, SILENT, Call, Episode, Reporting, Scenario, Spell, Told, late
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, HANDSET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.web.serving import serve
from wamon.wiring import Askers, asking
from wamon.work.bookkeeping import Bookkeeper

START_MS = parse_iso("2026-11-01T12:00:00Z")
END_MS = parse_iso("2026-11-02T07:00:00Z")
"""Over a midnight and over the weekly pass of a Monday."""

SECRETS = {"TOKEN": ACCESS_TOKEN, "SECRET": APP_SECRET, "VERIFY": VERIFY_TOKEN}

SETTINGS = """
[service]
database = "{database}"
[graph]
base_url = "{graph}"
access_token = "env:TOKEN"
app_id = "{app_id}"
app_secret = "env:SECRET"
[receiver]
verify_token = "env:VERIFY"
app_secret = "env:SECRET"
[[targets]]
name = "send"
probe = "message"
phone_number_id = "{number}"
to = "{to}"
template = "wamon_canary"
interval = "30m"
[[targets]]
name = "webhook"
probe = "webhook"
url = "{webhook}"
verify_token = "env:VERIFY"
interval = "5m"
[[targets]]
name = "control-1"
probe = "control"
url = "{controls[0]}"
interval = "5m"
[[targets]]
name = "control-2"
probe = "control"
url = "{controls[1]}"
interval = "5m"
"""

FAILED_AND_LATE_DELIVERED = (Told("failed", 1_500, code=131000), Told("delivered", 5 * MINUTE))


def _span(start: str, minutes: int) -> Span:
    start_ms = parse_iso(f"2026-11-01T{start}Z")
    return Span(start_ms, start_ms + minutes * MINUTE)


REFUSED, LOST, DEAF, CURED, LATE, MIDNIGHT = (
    _span("14:00:00", 40),
    _span("16:00:00", 60),
    _span("18:00:00", 60),
    _span("20:00:00", 60),
    _span("22:00:00", 60),
    _span("23:45:00", 40),
)


def scenario() -> Scenario:
    sending, calling_back = frozenset({Call.SEND}), frozenset({Call.HANDSHAKE, Call.SIGNED_EVENT})
    episode = Episode(
        title="a night of canaries",
        story="refused, lost, unheard, failed and delivered after all, late",
        span=Span(START_MS, END_MS),
        verdict=Verdict.MISSED_SUCCESS,
        cause=Cause.TIMEOUT,
        spells=(
            Spell(*REFUSED, sending, (GraphError(500, 131016),)),
            Spell(*DEAF, calling_back, (EmptyBody(503),)),
            Spell(*MIDNIGHT, sending, (GraphError(503, 2),)),
        ),
        reportings=(
            Reporting(*LOST, SILENT),
            Reporting(*DEAF, SILENT),
            Reporting(*CURED, FAILED_AND_LATE_DELIVERED),
            Reporting(*LATE, late(3 * MINUTE, DELIVERED)),
        ),
    )
    return Scenario(Span(START_MS, END_MS), (episode,))


class Nowhere:
    """Nobody is told."""

    async def drain(self) -> object:
        return None


class CanaryNight:
    """The watched night: the watch's own days and incidents, the ledger it wrote, and a recording of it."""

    def __init__(self, folder: Path) -> None:
        self.recording = folder / "exchanges.jsonl"
        self.database = folder / "night.db"
        self.lines: list[tuple[int, dict[str, Any]]] = []
        loop = VirtualTimeLoop(START_MS)
        loop.run_until_complete(self._watch(loop))
        loop.close()
        self.lines.sort(key=lambda one: one[0])
        self.recording.write_text("".join(json.dumps(line) + "\n" for _, line in self.lines))

    async def _watch(self, loop: VirtualTimeLoop) -> None:
        async with AsyncExitStack() as stack:
            simulator = await stack.enter_async_context(Simulator(scenario()))
            self.settings = parse(
                SETTINGS.format(
                    database=self.database,
                    graph=simulator.base_url,
                    webhook=simulator.webhook_url,
                    controls=simulator.control_urls,
                    app_id=APP_ID,
                    number=PHONE_NUMBER_ID,
                    to=HANDSET,
                )
            )
            await self._live(loop, stack, simulator)
            self.sent = list(simulator.graph.sent)

    async def _live(self, loop: VirtualTimeLoop, stack: AsyncExitStack, simulator: Simulator) -> None:
        secrets = resolve_all(self.settings, SECRETS)
        targets = [one for one in self.settings.targets if isinstance(one, AskingTarget)]
        askers = Askers({one.name: asking(one, self.settings, secrets) for one in targets})
        stack.push_async_callback(askers.close)
        ledger = open_ledger(self.database)
        stack.push_async_callback(ledger.close)
        walk, book = Walk(loop), Recording(ledger, {}, self.lines)
        pace = Pace(HOUR, HOUR, HOUR)
        house = House(self.settings, book, askers, loop.now_ms, drain=Nowhere(), wake=walk.wake, pace=pace)
        listeners = [self._hear, house.canaries.hear]
        receiver = await open_receiver(self.settings, secrets, ledger, house.tally, loop.now_ms, listeners)
        house.canaries.ears = receiver
        host, port = await stack.enter_async_context(serve(receiver.webhook, "127.0.0.1", 0))
        simulator.callback_url = f"http://{host}:{port}/webhook"
        await house.wake_up()
        await receiver.beat(loop.now_ms())
        listening = Job("listening", every(MINUTE), receiver.beat)
        walking = asyncio.create_task(walk.walk([*house.jobs(), listening]))
        await loop.sleep_until(END_MS)
        walking.cancel()
        await asyncio.wait([walking])
        self.report, self.tally = house.report(), house.tally

    def _hear(self, arrival: Arrival) -> None:
        """A webhook as a line of the recording, with what a recorder may keep of it."""
        statuses = [
            {
                "id": one.canary,
                "status": one.message_status,
                "biz_opaque_callback_data": one.canary,
                **({"errors": [{"code": code} for code in one.codes]} if one.codes else {}),
            }
            for one in arrival.gist.reports
        ]
        body = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": statuses}}]}]}
        line = {"target": "meta", "probe": "status", "at": iso(arrival.received_at_ms), "body": body}
        self.lines.append((arrival.received_at_ms, line))


class Recording(Bookkeeper):
    """The real book, and every look in it as a line of JSON."""

    def __init__(self, ledger: Any, channels: Any, lines: list[tuple[int, dict[str, Any]]]) -> None:
        super().__init__(ledger, channels)
        self._lines = lines

    async def record(self, exchange: Any, *given: Any, **named: Any) -> object:
        self._lines.append((exchange.at_ms, write_exchange(exchange)))
        return await super().record(exchange, *given, **named)
