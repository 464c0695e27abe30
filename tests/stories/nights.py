"""A night with every kind of trouble, watched by the daemon's own parts on a clock that jumps, and recorded."""

import asyncio
import json
from pathlib import Path

from wamon.assembly import House
from wamon.core.finding import Cause, Verdict
from wamon.core.observation import Exchange
from wamon.core.reading import write_exchange
from wamon.core.timeline import HOUR, MINUTE, Span, parse_iso
from wamon.jobs import Walk
from wamon.ledger import open_ledger
from wamon.settings import AskingTarget, parse, resolve_all
from wamon.simulator.faults import Delay, EmptyBody, GraphError, Unreachable
from wamon.simulator.scenario import AUTHENTICATED, Cable, Call, Episode, Scenario, Spell
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.timekeeping import Pace
from wamon.wiring import Askers, asking
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

START_MS = parse_iso("2026-11-01T12:00:00Z")
END_MS = parse_iso("2026-11-02T07:00:00Z")
"""Over a midnight and over the weekly pass of a Monday."""

SECRETS = {"TOKEN": ACCESS_TOKEN, "SECRET": APP_SECRET, "VERIFY": VERIFY_TOKEN}

SETTINGS = """
[graph]
base_url = "{graph}"
access_token = "env:TOKEN"
app_id = "{app_id}"
app_secret = "env:SECRET"
[availability]
latency_objective = "2s"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "2m"
[[targets]]
name = "webhook"
probe = "webhook"
url = "{webhook}"
verify_token = "env:VERIFY"
interval = "2m"
[[targets]]
name = "token"
probe = "token"
interval = "10m"
[[targets]]
name = "control-1"
probe = "control"
url = "{controls[0]}"
interval = "2m"
[[targets]]
name = "control-2"
probe = "control"
url = "{controls[1]}"
interval = "2m"
"""


def spell(start: str, minutes: int, calls: frozenset[Call], fault: GraphError | EmptyBody | Delay) -> Spell:
    start_ms = parse_iso(f"2026-11-01T{start}Z")
    return Spell(start_ms, start_ms + minutes * MINUTE, calls, (fault,))


def scenario() -> Scenario:
    cut_ms = parse_iso("2026-11-01T20:00:00Z")
    episode = Episode(
        title="a bad night",
        story="everything once",
        span=Span(START_MS, END_MS),
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.SERVICE,
        spells=(
            spell("14:00:30", 21, AUTHENTICATED, GraphError(500, 131016)),
            spell("16:00:30", 30, AUTHENTICATED, GraphError(401, 190, message="(#190) Cannot parse access token")),
            spell("18:00:30", 15, frozenset({Call.HANDSHAKE}), EmptyBody(503)),
            spell("21:00:30", 30, AUTHENTICATED, Delay(2_500)),
            spell("23:50:30", 25, AUTHENTICATED, GraphError(503, 2)),
        ),
        cables=(Cable(cut_ms, cut_ms + 20 * MINUTE, how=Unreachable()),),
    )
    return Scenario(Span(START_MS, END_MS), (episode,))


class Recorder:
    """Asks like the real one, because it is the real one, and keeps every exchange as a line."""

    def __init__(self, askers: Askers) -> None:
        self.askers = askers
        self.lines: list[str] = []

    async def ask(self, name: str, at_ms: int) -> Exchange:
        exchange = await self.askers.ask(name, at_ms)
        self.lines.append(json.dumps(write_exchange(exchange)))
        return exchange

    def __getattr__(self, name: str) -> object:
        return getattr(self.askers, name)


class Night:
    """The watched night: the watch's own days and incidents, and the recording of it."""

    def __init__(self, folder: Path, end_ms: int = END_MS) -> None:
        self.end_ms = end_ms
        self.recording = folder / "exchanges.jsonl"
        self.configuration = folder / "wamon.toml"
        loop = VirtualTimeLoop(START_MS)
        loop.run_until_complete(self._watch(loop, folder))
        loop.close()

    async def _watch(self, loop: VirtualTimeLoop, folder: Path) -> None:
        async with Simulator(scenario()) as simulator:
            text = SETTINGS.format(
                graph=simulator.base_url,
                webhook=simulator.webhook_url,
                controls=simulator.control_urls,
                app_id=APP_ID,
                number=PHONE_NUMBER_ID,
            )
            text = f'[service]\ndatabase = "{folder / "night.db"}"\n{text}'
            self.configuration.write_text(text)
            self.settings = parse(text)
            secrets = resolve_all(self.settings, SECRETS)
            targets = [one for one in self.settings.targets if isinstance(one, AskingTarget)]
            recorder = Recorder(Askers({one.name: asking(one, self.settings, secrets) for one in targets}))
            ledger = open_ledger(folder / "night.db")
            walk, book = Walk(loop), Bookkeeper(ledger, {})
            drain = Drain(book.outbox, recorder, loop.now_ms)
            house = House(
                self.settings,
                book,
                recorder,
                loop.now_ms,
                drain=drain,
                wake=walk.wake,
                pace=Pace(HOUR, HOUR, HOUR),
            )
            await house.wake_up()
            walking = asyncio.create_task(walk.walk(house.jobs()))
            await loop.sleep_until(self.end_ms)
            walking.cancel()
            await asyncio.wait([walking])
            self.report = house.report()
            await recorder.askers.close()
            await ledger.close()
        self.recording.write_text("\n".join(recorder.lines) + "\n")
