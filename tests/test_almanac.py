"""The duties of the calendar in a house with a real book: told once, whatever is started again."""

import asyncio
from pathlib import Path

from tests.core.test_digest import reported
from tests.stories.teller import OUTAGE_TO_MS, START_MS, Platform
from tests.stories.teller import SETTINGS as PLAYED
from wamon.almanac import Almanac
from wamon.assembly import House
from wamon.core.report import Report
from wamon.core.subscription import hears
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso
from wamon.core.uptime import Figures
from wamon.jobs import Walk
from wamon.ledger import open_ledger
from wamon.metrics import Tally
from wamon.settings import parse
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.work.bookkeeping import Bookkeeper

NOW = parse_iso("2026-11-09T10:20:00Z")

SETTINGS = """
[graph]
version = "v21.0"
access_token = "env:TOKEN"
app_secret = "env:SECRET"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "106540352242922"
[[targets]]
name = "webhook"
probe = "webhook"
url = "https://business.example/webhook"
verify_token = "env:VERIFY"
[[targets]]
name = "control"
probe = "control"
url = "https://one.example/"
"""


class Stub:
    """As much of a house as the calendar's duties read."""

    def __init__(self, days: "Days", tally: Tally, book: Bookkeeper | None) -> None:
        self.settings, self.book, self.tally, self.clock = parse(SETTINGS), book, tally, lambda: days.now_ms
        self.report = days.report


class Days:
    """A book that lives on, and an almanac that is made anew at every start."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "wamon.db"
        self.now_ms = NOW
        self.token_ends_ms = NOW + 20 * DAY
        self.drained = 0

    def report(self) -> Report:
        return reported(*((ago, Figures(total_ms=DAY)) for ago in range(9)), at_ms=self.now_ms)

    def wake(self) -> None:
        self.drained += 1

    async def start(self, rounds: int, job_name: str = "expiry") -> list[str]:
        """Run a job so many times; the titles of all that was ever told of its kind."""
        ledger = open_ledger(self.path)
        tally = Tally()
        tally.token_expiry("graph", self.token_ends_ms / SECOND)
        for target in ("webhook", "control", "cloud-api"):
            tally.certificate_expiry(target, (NOW + 5 * DAY) / SECOND)
        almanac = Almanac(Stub(self, tally, Bookkeeper(ledger, {"ops": hears("expiry", "digest")})), self.wake)
        (job,) = [one for one in almanac.jobs() if one.name == job_name]
        for _ in range(rounds):
            self.now_ms = job.due(self.now_ms)
            await job.run(self.now_ms)
        titles = [one.title for one in reversed(await ledger.notices()) if one.kind == job_name]
        await ledger.close()
        return titles


def test_ends_are_told_once_over_restarts_and_a_renewal_is_told(tmp_path: Path) -> None:
    days = Days(tmp_path)
    first = asyncio.run(days.start(5))
    assert [one.partition(" · do:")[0] for one in first] == [
        "[STANDARD] Our side · the access token of account graph ends in 19 days, on 2026-11-29",
        "[URGENT] Our side · the certificate of webhook ends in 4 days, on 2026-11-14",
        "[STANDARD] Our side · Graph v21.0, which account graph asks for, ends in 72 days, on 2027-01-21",
    ]
    assert days.drained == 1
    for _ in range(5):
        assert asyncio.run(days.start(3)) == first, "a restart repeats nothing"
    days.token_ends_ms = 0
    assert asyncio.run(days.start(3))[len(first) :] == [
        "[RESOLVED] Our side · renewed: the access token of account graph never ends"
    ]


def test_the_first_round_is_a_minute_after_the_start_and_the_next_at_the_hour() -> None:
    almanac = Almanac(Stub(Days(Path()), Tally(), None), lambda: None)
    (job,) = [one for one in almanac.jobs() if one.name == "expiry"]
    assert job.due(NOW) == NOW + MINUTE
    assert job.due(NOW + MINUTE) == NOW - NOW % HOUR + HOUR


def test_the_digest_comes_once_a_day_at_its_time_and_on_mondays_it_is_the_week_s(tmp_path: Path) -> None:
    days = Days(tmp_path)
    days.now_ms = parse_iso("2026-11-06T05:00:00Z")  # a Friday
    told = asyncio.run(days.start(2, "digest"))
    assert told == ["Digest · 2026-11-05 · no incident · 2 things ahead"], (
        "before its time the first round tells nothing"
    )
    assert days.now_ms == parse_iso("2026-11-06T08:00:00Z")
    days.now_ms += HOUR
    assert asyncio.run(days.start(1, "digest")) == told, "a restart repeats nothing"
    assert asyncio.run(days.start(4, "digest"))[1:] == [
        "Digest · 2026-11-06 · no incident · 2 things ahead",
        "Digest · 2026-11-07 · no incident · 2 things ahead",
        "Digest · week 2026-11-02 to 2026-11-08 · no incident · 3 things ahead",
    ]


def test_a_digest_that_came_due_while_nothing_ran_is_made_up_for(tmp_path: Path) -> None:
    days = Days(tmp_path)
    days.now_ms = parse_iso("2026-11-06T15:00:00Z")
    assert len(asyncio.run(days.start(1, "digest"))) == 1


class Nobody:
    """A drain without channels."""

    async def drain(self) -> None:
        return


def test_a_budget_that_burns_is_told_by_a_running_house_while_the_outage_lasts(tmp_path: Path) -> None:
    loop = VirtualTimeLoop(START_MS)

    async def story() -> list[str]:
        ledger, walk = open_ledger(tmp_path / "wamon.db"), Walk(loop)
        book = Bookkeeper(ledger, {"ops": hears("degraded")})
        house = House(parse(PLAYED), book, Platform(), loop.now_ms, drain=Nobody(), wake=walk.wake)  # type: ignore[arg-type]
        await house.wake_up()
        walking = asyncio.create_task(walk.walk(house.jobs()))
        await loop.sleep_until(START_MS + OUTAGE_TO_MS + MINUTE)
        walking.cancel()
        await asyncio.wait([walking])
        titles = [one.title for one in await ledger.notices() if one.kind == "degraded"]
        await ledger.close()
        return titles

    (title,) = loop.run_until_complete(story())
    loop.close()
    assert title.startswith("[STANDARD] cloud-api · the error budget burns: over 2% of a month's within 1 h · ")
