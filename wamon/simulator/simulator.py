"""The simulated platform on loopback: Graph, Meta's status page, a business's endpoint, controls, a scenario."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

from wamon.simulator.control import Control
from wamon.simulator.endpoint import PATH, Endpoint
from wamon.simulator.faults import Fault
from wamon.simulator.graph import Graph
from wamon.simulator.postman import Postman
from wamon.simulator.scenario import QUIET, Place, Scenario, SpellBook
from wamon.simulator.site import Respond, Site
from wamon.simulator.status_site import StatusSite
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import SMALL_WORLD, Change, World, turn

CONTROLS = 2


def wall_ms() -> int:
    """The wall clock, as UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Simulator:
    """``async with Simulator() as sim``: everything listens inside, nothing is left open afterwards.

    In a virtual loop its clock is the loop's, elsewhere the wall's. A scenario's spells, cables and changes come
    at their instants; ``faults`` are used up one per request to Graph, before any spell is asked.
    ``graph.sent`` are the messages that were taken in, ``receiver.received`` the events the endpoint accepted.
    ``callback_url`` is where ``postman`` takes its webhooks, those of accepted messages first of all; empty for
    nowhere.
    """

    def __init__(
        self,
        scenario: Scenario = QUIET,
        world: World = SMALL_WORLD,
        callback_url: str = "",
        context: ssl.SSLContext | None = None,
        latency_ms: tuple[int, int] = (0, 0),
    ) -> None:
        self.scenario = scenario
        self.callback_url = callback_url
        self._first_world = world
        self._context = context
        self._latency_ms = latency_ms
        self._due: list[asyncio.TimerHandle] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.now_ms: Callable[[], int] = loop.now_ms if isinstance(loop, VirtualTimeLoop) else wall_ms
        self.graph = Graph(self._first_world)
        self.receiver = Endpoint()
        self.status_site = StatusSite(self.scenario.script)
        spells = SpellBook(self.scenario.spells)
        self.graph_site = self._site(self.graph, spells)
        self.endpoint_site = self._site(self.receiver, spells)
        self.reference_site = self._site(self.status_site, spells)
        self.control_sites = tuple(self._site(Control(), spells) for _ in range(CONTROLS))
        reportings = self.scenario.reportings
        self.postman = Postman(self.graph, lambda: self.callback_url, self.now_ms, reportings)
        for site in self.sites:
            site.start()
        self._schedule(loop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._due:
            timer.cancel()
        await self.postman.stop()
        for site in self.sites:
            await site.stop()

    @property
    def sites(self) -> tuple[Site, ...]:
        """Graph, the endpoint, Meta's status page, the controls."""
        return (self.graph_site, self.endpoint_site, self.reference_site, *self.control_sites)

    @property
    def base_url(self) -> str:
        """Graph's address, without a version."""
        return self.graph_site.url

    @property
    def reference_url(self) -> str:
        """Where Meta's status page is."""
        return self.reference_site.url

    @property
    def webhook_url(self) -> str:
        """The callback of the simulated business."""
        return self.endpoint_site.url + PATH

    @property
    def control_urls(self) -> tuple[str, ...]:
        """The control sites' pages."""
        return tuple(site.url + "/" for site in self.control_sites)

    @property
    def world(self) -> World:
        """What Graph knows now; assign another to change it."""
        return self.graph.world

    @world.setter
    def world(self, world: World) -> None:
        self.graph.world = world

    @property
    def faults(self) -> list[Fault | None]:
        """What the next requests to Graph meet, first come first served."""
        return self.graph_site.faults

    @faults.setter
    def faults(self, faults: list[Fault | None]) -> None:
        self.graph_site.faults = faults

    def turn(self, change: Change) -> None:
        """Change the world now."""
        self.world = turn(self.world, change)

    def unplug(self, silent: bool = False, where: Iterable[Place] = tuple(Place)) -> None:
        """Pull the cable of these sites; every site's is our own network's failure."""
        for site in self._at(where):
            site.unplug(silent)

    def plug(self, where: Iterable[Place] = tuple(Place)) -> None:
        """Put the cable back."""
        for site in self._at(where):
            site.start()

    def _at(self, where: Iterable[Place]) -> list[Site]:
        places = {
            Place.GRAPH: (self.graph_site,),
            Place.ENDPOINT: (self.endpoint_site,),
            Place.CONTROL: self.control_sites,
            Place.REFERENCE: (self.reference_site,),
        }
        return [site for one in where for site in places[one]]

    def _site(self, responds: Respond, spells: SpellBook) -> Site:
        low, high = self._latency_ms
        spread = high - low + 1
        return Site(responds, self.now_ms, spells, self._context, lambda count: low + count * 7_919 % spread)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set a timer for whatever must happen at an instant; what is past happens now."""
        for change in self.scenario.changes:
            self._at_instant(loop, change.at_ms, partial(self.turn, change))
        for news in self.scenario.news:
            self._at_instant(loop, news.at_ms, partial(self.postman.tell, news))
        for cable in self.scenario.cables:
            self._at_instant(loop, cable.start_ms, partial(self.unplug, cable.how.silent, cable.places))
            self._at_instant(loop, cable.end_ms, partial(self.plug, cable.places))

    def _at_instant(self, loop: asyncio.AbstractEventLoop, at_ms: int, act: Callable[[], None]) -> None:
        wait_s = (at_ms - self.now_ms()) / 1_000
        if wait_s <= 0:
            act()
        else:
            self._due.append(loop.call_later(wait_s, act))
