"""The demo: a simulated platform's bad week, watched by the daemon's own parts on a clock that jumps."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from wamon.assembly import House
from wamon.chronicling import chronicle
from wamon.core.chronicle import Chronicle
from wamon.core.dispatching import Delivery, Letter
from wamon.core.report import Report
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso, parse_iso
from wamon.core.uptime import Figures, change_text, clock_text, percent_and_lost
from wamon.jobs import Job, Walk, every
from wamon.ledger import open_ledger
from wamon.metrics import Rendered
from wamon.receiving import Receiver, open_receiver
from wamon.reference.site import Site
from wamon.settings import AskingTarget, Settings, parse, resolve_all
from wamon.simulator.bad_week import BAD_WEEK
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop, virtual_loop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, HANDSET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.timekeeping import Pace
from wamon.web.app import Health, Story, build
from wamon.web.serving import serve
from wamon.web.webhook import PATH, beside
from wamon.wiring import Askers, asking, subscriptions
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

LISTEN = ("127.0.0.1", 9877)
_DOOR = f"http://{LISTEN[0]}:{LISTEN[1]}{PATH}"
"""Where the simulated Meta takes its webhooks."""

_ENVIRONMENT = {
    "DEMO_TOKEN": ACCESS_TOKEN,
    "DEMO_APP_SECRET": APP_SECRET,
    "DEMO_VERIFY_TOKEN": VERIFY_TOKEN,
    "DEMO_CHANNEL": "json://127.0.0.1/",
}

_SETTINGS = """
[graph]
base_url = "{graph}"
access_token = "env:DEMO_TOKEN"
app_id = "{app_id}"
app_secret = "env:DEMO_APP_SECRET"

[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "5m"

[[targets]]
name = "graph"
probe = "edge"
interval = "5m"

[[targets]]
name = "webhook"
probe = "webhook"
url = "{webhook}"
verify_token = "env:DEMO_VERIFY_TOKEN"
interval = "5m"

[[targets]]
name = "send"
probe = "message"
phone_number_id = "{number}"
to = "{handset}"
template = "wamon_canary"
interval = "1h"

[receiver]
public_url = "{door}"
verify_token = "env:DEMO_VERIFY_TOKEN"
app_secret = "env:DEMO_APP_SECRET"

[[targets]]
name = "token"
probe = "token"
interval = "30m"

[[targets]]
name = "control-1"
probe = "control"
url = "{control_1}"
interval = "30m"

[[targets]]
name = "control-2"
probe = "control"
url = "{control_2}"
interval = "30m"

[reference]
base_url = "{reference}"
interval = "4h"

[[channels]]
name = "terminal"
url = "env:DEMO_CHANNEL"
"""

_LATENCY_MS = 70, 260
"""What an answer takes on the simulated platform: with none at all the charts of the page would be flat lines."""

Say = Callable[[str], None]


class Printer:
    """A channel that is the terminal: notices appear as they would be sent."""

    def __init__(self, say: Say, clock: Callable[[], int]) -> None:
        self._say = say
        self._clock = clock

    async def send(self, channel: str, letter: Letter) -> Delivery:
        """Print one letter."""
        self._say(f"\n{iso(self._clock())}  -> {channel}\n  {letter.title}")
        for line in letter.body.splitlines():
            self._say(f"    {line}")
        return Delivery(ok=True)


class Show:
    """The demo under way; also the face that the web pages ask."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rendered = Rendered(house.tally, house.report, time.monotonic)

    def report(self) -> Report:
        """The snapshot of now, on the demo's clock."""
        return self.house.report()

    async def chronicle(self, target: str, day: date) -> Chronicle | None:
        """A day told whole."""
        return await chronicle(self.house, target, day)

    def health(self) -> Health:
        """The demo is well while it runs."""
        return Health(reasons=())

    def readiness(self) -> Health:
        """The demo is ready once it runs."""
        return Health(reasons=())

    def stories(self) -> Sequence[Story]:
        """What happened in the week, beside what was made of it."""
        now_ms = self.house.clock()
        return [
            Story(episode.span.start_ms, episode.title, episode.story)
            for episode in BAD_WEEK.episodes
            if episode.span.start_ms <= now_ms
        ]


# A line is seen when it is said, also by whoever reads from a pipe.
_PRINTED: Say = partial(print, flush=True)


def demo(once: bool, say: Say = _PRINTED) -> int:
    """Play the week; with ``once`` print its days and end, else stay up until interrupted. Gives the exit code."""
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            tempfile.TemporaryDirectory(prefix="wamon-demo-") as folder,
            # The runner turns Ctrl-C into a cancellation, so that everything opened is closed before the loop is.
            asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(BAD_WEEK.span.start_ms)) as runner,
        ):
            runner.run(_play(Path(folder), once, say))
    except OSError as refused:
        sys.stderr.write(f"wamon demo: {refused}\n")
        return 2
    return 0


async def _play(folder: Path, once: bool, say: Say) -> None:
    loop = virtual_loop()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(BAD_WEEK, latency_ms=_LATENCY_MS))
        walk = Walk(loop)
        house, receiver = await stack.enter_async_context(_house(simulator, folder / "demo.db", loop, walk, say))
        await stack.enter_async_context(serve(beside(build(Show(house)), receiver.webhook), *LISTEN))
        simulator.callback_url = _DOOR
        simulator.world = replace(simulator.world, callback_url=_DOOR)
        say(f"A simulated platform has a bad week. Watch it on http://{LISTEN[0]}:{LISTEN[1]}/")
        await house.wake_up()
        await receiver.beat(loop.now_ms())
        began_s = time.monotonic()
        listening = Job("listening", every(house.pace.heartbeat_ms), receiver.beat)
        walking = asyncio.create_task(walk.walk([*house.jobs(), listening]))
        stack.push_async_callback(_ended, walking)
        await asyncio.wait(
            (walking, asyncio.create_task(loop.sleep_until(BAD_WEEK.span.end_ms))),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if walking.done():
            walking.result()
        say(f"\nThe week took {time.monotonic() - began_s:.0f} seconds.\n")
        for line in days_table(house.report(), BAD_WEEK.span):
            say(line)
        if not once:
            loop.walk()
            say(f"\nThe page stays on http://{LISTEN[0]}:{LISTEN[1]}/ until Ctrl-C.")
            await walking


async def _ended(walking: asyncio.Task[None]) -> None:
    walking.cancel()
    await asyncio.wait([walking])


@asynccontextmanager
async def _house(
    simulator: Simulator, database: Path, loop: VirtualTimeLoop, walk: Walk, say: Say
) -> AsyncIterator[tuple[House, Receiver]]:
    settings = _settings(simulator)
    secrets = resolve_all(settings, _ENVIRONMENT)
    ledger = open_ledger(database)
    askers = Askers(
        {one.name: asking(one, settings, secrets) for one in settings.targets if isinstance(one, AskingTarget)}
    )
    book = Bookkeeper(ledger, subscriptions(settings))
    drain = Drain(book.outbox, Printer(say, loop.now_ms), loop.now_ms, subscriptions=subscriptions(settings))
    pace = Pace(heartbeat_ms=HOUR, drain_ms=30 * MINUTE, wrong_token_ms=12 * HOUR)
    site = Site(settings.reference.base_url)
    house = House(settings, book, askers, loop.now_ms, drain=drain, wake=walk.wake, pace=pace)
    house.reference.ask(site)
    listeners = [house.canaries.hear]
    receiver = await open_receiver(settings, secrets, ledger, house.tally, loop.now_ms, listeners)
    house.canaries.ears = receiver
    try:
        yield house, receiver
    finally:
        await site.close()
        await askers.close()
        await ledger.close()


def _settings(simulator: Simulator) -> Settings:
    control_1, control_2 = simulator.control_urls
    text = _SETTINGS.format(
        door=_DOOR,
        graph=simulator.base_url,
        webhook=simulator.webhook_url,
        app_id=APP_ID,
        number=PHONE_NUMBER_ID,
        handset=HANDSET,
        control_1=control_1,
        control_2=control_2,
        reference=simulator.reference_url,
    )
    return parse(text, name="the demo")


def days_table(report: Report, within: Span) -> list[str]:
    """The days of the week as they stand, one line each, and what was restated since it was first said."""
    head = f"{'day':<12}{'target':<15}{'availability':>18}{'experienced':>18}{'unobserved':>12}  revision"
    lines = [head, "-" * len(head)]
    for target in report.targets:
        for day in target.days:
            if not within.start_ms - DAY < day_ms(day.date.isoformat()) < within.end_ms:
                continue
            sums = day.figures
            lines.append(
                f"{day.date.isoformat():<12}{target.name:<15}"
                f"{percent_and_lost(sums.down_ms, sums.platform_ms):>18}{_experienced(sums):>18}"
                f"{clock_text(sums.unobserved_ms):>12}"
                f"  {day.state.value} {day.revision}"
            )
    lines += ["", "Restated by the weekly pass:"]
    restated = [(one.name, day) for one in report.targets for day in one.days if day.restated and day.first]
    for name, day in restated:
        change = change_text(day.first or Figures(), day.figures)
        lines.append(f"  {name} {day.date}: {change}, revision {day.revision}, {day.reason}")
    return lines if restated else [*lines, "  nothing"]


def _experienced(sums: Figures) -> str:
    return percent_and_lost(sums.down_ms + sums.network_ms + sums.user_error_ms, sums.observed_ms)


def day_ms(day: str) -> int:
    """Midnight UTC of an ISO day."""
    return parse_iso(day)
