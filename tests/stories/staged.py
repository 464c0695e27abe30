"""A stage for small stories: the daemon's own parts on a simulated platform, on a jumping clock."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.running.daemon import free_port
from wamon.assembly import House, Pace
from wamon.core.finding import Mark
from wamon.core.timeline import HOUR, MINUTE, Span, parse_iso
from wamon.jobs import Job, Walk, every
from wamon.ledger import open_ledger
from wamon.ledger.words import Appended
from wamon.receiving import open_receiver
from wamon.settings import AskingTarget, Settings, parse, resolve_all
from wamon.simulator.scenario import Episode, Scenario
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.web.serving import serve
from wamon.wiring import Askers, asking
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
    """What was seen, and what a pass made of it: the book's rulings, and the target's looks as they stand."""

    outcome: Outcome
    marks: Mapping[str, Sequence[Mark]]
    rulings: Sequence[Appended]
    simulator: Simulator
    notices: Sequence[str] = field(default_factory=list)

    @property
    def turned(self) -> list[str]:
        return sorted({f"{one.target}: {one.rule}" for one in self.outcome.review.turns})


Opening = Callable[[Settings, Simulator, Mapping[str, object]], Askers]


def usual_askers(settings: Settings, secrets: Mapping[str, object]) -> Askers:
    targets = [one for one in settings.targets if isinstance(one, AskingTarget)]
    return Askers({one.name: asking(one, settings, secrets) for one in targets})  # type: ignore[arg-type]


def play(
    folder: Path,
    episode: Episode,
    minutes: int,
    *,
    settings: str = SETTINGS,
    receiver: bool = True,
    open_askers: Callable[..., Askers] = usual_askers,
) -> Story:
    """Let an episode happen from START_MS on, then make the pass over it, and tell what came of it."""
    loop = VirtualTimeLoop(START_MS)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_play(loop, folder, episode, minutes, settings, receiver, open_askers))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _play(
    loop: VirtualTimeLoop,
    folder: Path,
    episode: Episode,
    minutes: int,
    text: str,
    receiver: bool,
    open_askers: Callable[..., Askers],
) -> Story:
    end_ms = START_MS + minutes * MINUTE
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(Scenario(Span(START_MS, end_ms), (episode,))))
        settings = parse(text.format(sim=simulator, folder=folder, app_id=APP_ID, number=PHONE_NUMBER_ID))
        secrets = resolve_all(settings, SECRETS)
        ledger = open_ledger(folder / "story.db")
        stack.push_async_callback(ledger.close)
        askers = open_askers(settings, secrets)
        stack.push_async_callback(askers.close)
        walk, book = Walk(loop), Bookkeeper(ledger, {"everyone": settings_kinds()})
        pace = Pace(heartbeat_ms=15_000, drain_ms=HOUR)
        house = House(settings, book, askers, loop.now_ms, drain=Nobody(), wake=walk.wake, pace=pace)
        await house.wake_up()
        jobs = house.jobs()
        if receiver:
            own = await open_receiver(settings, secrets, ledger, house.tally, loop.now_ms)
            port = free_port()
            await stack.enter_async_context(serve(own.webhook, "127.0.0.1", port))
            simulator.callback_url = f"http://127.0.0.1:{port}/webhook"
            await own.beat(loop.now_ms())
            jobs.append(Job("listening", every(pace.heartbeat_ms), own.beat))
        walking = asyncio.create_task(walk.walk(jobs))
        await loop.sleep_until(end_ms)
        walking.cancel()
        await asyncio.wait([walking])
        within = Span(START_MS, end_ms)
        outcome = await house.reclassify(within)
        marks = {name: await book.marks(name, within) for name in house.vigil.watched}
        rulings = await ledger.read(lambda kept: kept.rulings(within))
        notices = [one.title for one in await ledger.notices(since_ms=0)]
        return Story(outcome, marks, rulings, simulator, notices)


def settings_kinds() -> tuple[str, ...]:
    """Every kind of notice."""
    return ("outage", "disruption", "user_error", "endpoint", "unobserved", "expiry", "restated")
