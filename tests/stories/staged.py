"""A stage for small stories: the daemon's own parts on a simulated platform, on a jumping clock."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.running.daemon import free_port
from tests.support.door import Door
from wamon.assembly import House
from wamon.core.account_facts import Stated
from wamon.core.finding import Mark
from wamon.core.publication import Publication
from wamon.core.subscription import hears
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.jobs import Job, Walk, every
from wamon.ledger import open_ledger
from wamon.receiving import open_receiver
from wamon.settings import AskingTarget, Settings, parse, resolve_all
from wamon.settings.values import USUAL_KINDS
from wamon.simulator.scenario import Episode, Scenario
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual, virtual_loop
from wamon.simulator.world import (
    ACCESS_TOKEN,
    APP_ID,
    APP_SECRET,
    PHONE_NUMBER_ID,
    SMALL_WORLD,
    VERIFY_TOKEN,
    World,
)
from wamon.timekeeping import Pace
from wamon.web.serving import serve
from wamon.wire.resolver import Resolver
from wamon.wiring import asking, open_askers
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.reclassify import Outcome

START_MS = parse_iso("2026-11-01T12:00:00Z")
SECRETS = {"TOKEN": ACCESS_TOKEN, "SECRET": APP_SECRET, "VERIFY": VERIFY_TOKEN}

SETTINGS = """
[service]
database = "{folder}/story.db"
[graph]
base_url = "{sim.base_url}"
access_token = "env:TOKEN"
app_id = "{app_id}"
app_secret = "env:SECRET"
[receiver]
verify_token = "env:VERIFY"
app_secret = "env:SECRET"
[reference]
enabled = false
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "1m"
[[targets]]
name = "token"
probe = "token"
interval = "5m"
[[targets]]
name = "control-1"
probe = "control"
url = "{sim.control_urls[0]}"
interval = "5m"
[[targets]]
name = "control-2"
probe = "control"
url = "{sim.control_urls[1]}"
interval = "5m"
"""


class Nobody:
    """Nobody is told anything."""

    async def drain(self) -> None:
        return None


@dataclass
class Story:
    """What a pass made of what was seen: the looks as they stood before it and after, the titles of notices."""

    outcome: Outcome
    first: Mapping[str, Sequence[Mark]]
    marks: Mapping[str, Sequence[Mark]]
    notices: Sequence[str]
    facts: Sequence[Stated]
    days: Mapping[tuple[str, date], Publication]
    reported: int
    simulator: Simulator

    @property
    def turned(self) -> list[str]:
        return sorted({f"{one.target}: {one.rule}" for one in self.outcome.review.turns})


Prepare = Callable[[AsyncExitStack, str], Awaitable[str]]
"""Puts up what a story needs besides the simulator; gives the settings to play it with."""


async def as_it_is(_: AsyncExitStack, text: str) -> str:
    return text


Meanwhile = Callable[[Simulator], Awaitable[None]]
"""Does what no scenario knows, at instants of the virtual clock."""


async def nothing(_: Simulator) -> None:
    return None


async def at_minute(minute: float) -> None:
    await virtual_loop().sleep_until(START_MS + round(minute * MINUTE))


def play(
    folder: Path,
    episode: Episode,
    minutes: int,
    *,
    settings: str = SETTINGS,
    receiver: bool = True,
    prepare: Prepare = as_it_is,
    resolver: Resolver | None = None,
    world: World = SMALL_WORLD,
    meanwhile: Meanwhile = nothing,
    latency_ms: int = 0,
    door: Door | None = None,
    passes_ms: Sequence[int] = (),
) -> Story:
    """Let an episode happen from START_MS on, then make the pass over it, and tell what came of it."""

    async def playing() -> Story:
        async with AsyncExitStack() as stack:
            end_ms = START_MS + minutes * MINUTE
            scenario = Scenario(Span(START_MS, end_ms), (episode,))
            graph = Simulator(scenario, world, latency_ms=(latency_ms, latency_ms))
            simulator = await stack.enter_async_context(graph)
            text = settings.format(sim=simulator, folder=folder, app_id=APP_ID, number=PHONE_NUMBER_ID)
            stage = Stage(simulator, parse(await prepare(stack, text)), folder / "story.db", end_ms)
            acting = asyncio.create_task(meanwhile(simulator))
            try:
                return await stage.run(stack, receiver, resolver, door, passes_ms)
            finally:
                acting.cancel()

    return run_virtual(playing(), START_MS)


@dataclass
class Stage:
    """The daemon's parts, put together as the daemon does."""

    simulator: Simulator
    settings: Settings
    database: Path
    end_ms: int

    async def run(
        self,
        stack: AsyncExitStack,
        receiver: bool,
        resolver: Resolver | None,
        door: Door | None,
        passes_ms: Sequence[int],
    ) -> Story:
        loop = virtual_loop()
        secrets = resolve_all(self.settings, SECRETS)
        ledger = open_ledger(self.database)
        stack.push_async_callback(ledger.close)
        asked = [one for one in self.settings.targets if isinstance(one, AskingTarget)]
        askers = open_askers(
            {one.name: asking(one, self.settings, secrets) for one in asked}, self.settings, resolver
        )
        stack.push_async_callback(askers.close)
        walk, book = Walk(loop), Bookkeeper(ledger, {"everyone": hears(*USUAL_KINDS)})
        pace = Pace(heartbeat_ms=15 * SECOND, drain_ms=HOUR)
        house = House(self.settings, book, askers, loop.now_ms, drain=Nobody(), wake=walk.wake, pace=pace)
        await house.wake_up()
        jobs = house.jobs()
        if receiver:
            ears = [house.canaries.hear, house.traffic.hear]
            own = await open_receiver(self.settings, secrets, ledger, house.tally, loop.now_ms, ears)
            house.canaries.ears, port = own, free_port()
            await stack.enter_async_context(serve(own.webhook, "127.0.0.1", port))
            self.simulator.callback_url = door.url if door else f"http://127.0.0.1:{port}/webhook"
            if door:
                door.behind = port
                await door.open()
                stack.push_async_callback(door.shut)
            await own.beat(loop.now_ms())
            jobs.append(Job("listening", every(pace.heartbeat_ms), own.beat))
        walking = asyncio.create_task(walk.walk(jobs))
        await loop.sleep_until(self.end_ms)
        walking.cancel()
        await asyncio.wait([walking])
        within = Span(START_MS, self.end_ms)
        first = {name: await book.marks(name, within) for name in house.vigil.watched}
        outcome = await house.reclassify(within)
        for at_ms in passes_ms:
            await loop.sleep_until(at_ms)
            await house.reclassify(within)
        marks = {name: await book.marks(name, within) for name in house.vigil.watched}
        notices = [one.title for one in reversed(await ledger.notices(since_ms=0))]
        facts = await ledger.read(lambda kept: kept.account_facts(within))
        days = await book.published(within, house.zone)
        reported = (await ledger.sizes()).rows["status_reports"]
        return Story(outcome, first, marks, notices, facts, days, reported, self.simulator)
