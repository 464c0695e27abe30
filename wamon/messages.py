"""Real messages in a running watch, put together: from settings to minutes, jobs and whoever hears of webhooks."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from wamon.core.vigil import Vigil
from wamon.jobs import Job
from wamon.latencies import Latencies
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.wiring import watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.look import Watch
from wamon.work.traffic import MINUTES, Traffic


class Housed(Protocol):
    """What real messages need of a watch with its book."""

    settings: Settings
    book: Bookkeeper
    vigil: Vigil
    watch: Watch
    tally: Tally
    latencies: Latencies
    clock: Callable[[], int]


def open_traffic(house: Housed, restore: Callable[[str, int], Awaitable[None]]) -> Traffic:
    """The minutes of every traffic target; nobody hears for them until somebody tells them of webhooks."""
    traffic = Traffic(
        watched(house.settings),
        house.watch,
        house.book.traffic,
        house.vigil.known,
        house.tally,
        house.clock,
        restore,
    )
    traffic.on_took = lambda name, at_ms, took: house.latencies.take_messages(name, at_ms, took)
    return traffic


def traffic_jobs(traffic: Traffic) -> list[Job]:
    """The judging of minutes, where real messages are watched at all."""
    return [Job(MINUTES, traffic.due, traffic.judge)] if traffic.minutes else []
