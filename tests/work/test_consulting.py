"""Meta's page in a house that watches: what the book remembers of it counts at once, on settled time too."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from tests.support.past import Quiet
from wamon.assembly import House
from wamon.core.finding import Cause, Column, Context, Finding, Origin, Ruling, Scope, Verdict
from wamon.core.meta_page import WHATSAPP, Light, OutageWord, Page, Post, Sign
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND, parse_iso
from wamon.ledger import open_ledger
from wamon.reference.site import Answer
from wamon.settings import parse
from wamon.wiring import Askers
from wamon.work.bookkeeping import Bookkeeper

START = parse_iso("2026-11-03T06:00:00Z")
NOW = START + 6 * HOUR
BAD_MINUTE = 100
GOOD = Finding(Verdict.OK, column=Column.UP, rule="success")
BAD = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, Scope.GLOBAL, code=131016, rule="known_code")
SETTINGS = '[[targets]]\nname = "cloud-api"\nprobe = "api"\nphone_number_id = "1"\n'
PAGE = f"data/outages/{WHATSAPP}.json"


def posted(said: str) -> OutageWord:
    return OutageWord(WHATSAPP, "7", said, "3", posts=(Post(said, "", START + (BAD_MINUTE + 20) * MINUTE),))


async def looked(book: Bookkeeper) -> None:
    """Six hours of looks, one of them bad."""
    await book.activate(["cloud-api"], START)
    await book.heartbeat(START, NOW)
    for minute in range(6 * 60):
        at_ms, finding = START + minute * MINUTE, BAD if minute == BAD_MINUTE else GOOD
        seen = Exchange(target="cloud-api", probe=ProbeKind.API, at_ms=at_ms)
        ruling = Ruling("cloud-api", at_ms, finding, Origin.LIVE, "2026-06-17", at_ms)
        await book.record(seen, Context("api", MINUTE, "graph"), ruling)


@pytest.mark.parametrize(("said", "down_ms"), [("High disruptions", MINUTE), ("Medium disruptions", 0)])
def test_a_post_that_arrives_hours_later_reaches_time_that_was_settled(
    tmp_path: Path, said: str, down_ms: int
) -> None:
    async def story() -> None:
        ticks = count(NOW, 2 * SECOND)  # a report is put together once a second
        ledger = open_ledger(tmp_path / "wamon.db")
        book = Bookkeeper(ledger, {})
        await looked(book)
        await book.keep_page("data/orgs.json", [Sign(WHATSAPP, "3", "Account management", said)], NOW)
        house = House(parse(SETTINGS), book, Askers({}), lambda: next(ticks), drain=Quiet())
        await house.wake_up()
        assert down_of(house) == 0, "a blip is forgiven"
        await book.keep_page(PAGE, [posted(said)], NOW)
        await house.reference.remember()
        assert down_of(house) == down_ms
        assert house.reference.light(ProbeKind.API, NOW) is Light.UNKNOWN, "nobody asks"
        assert house.report().reference is None
        again = House(parse(SETTINGS), book, Askers({}), lambda: next(ticks), drain=Quiet())
        await again.wake_up()
        assert down_of(again) == down_ms, "the book remembers it after a restart"
        await ledger.close()

    asyncio.run(story())


def down_of(house: House) -> int:
    return house.report().targets[0].periods["today"].down_ms


class Hung:
    """A site that never answers."""

    async def read(self, page: Page) -> Answer:
        return Answer(trouble=f"{page.path}: no end within 10000 ms", silent=True)

    def forget(self, page: Page) -> None:
        """Nothing was read."""


def test_rounds_begin_soon_and_then_keep_to_an_instant_of_their_own(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        house = House(parse(SETTINGS), Bookkeeper(ledger, {}), Askers({}), lambda: NOW, drain=Quiet())
        await house.wake_up()
        assert house.reference.jobs() == [], "nobody is asked unless told"
        house.reference.ask(Hung(), jitter_ms=90 * SECOND)
        (job,) = house.reference.jobs()
        assert job.name in {one.name for one in house.jobs()}
        assert job.due(NOW) == NOW + 2 * SECOND
        await job.run(NOW)
        dues = [job.due(NOW + seconds * SECOND) - NOW for seconds in (0, 89, 90, 91, 389, 390)]
        assert [due // SECOND for due in dues] == [90, 90, 390, 390, 390, 690]
        word = house.report().reference
        assert word is not None
        assert (word.read_ms, word.fresh, word.trouble) == (None, False, "data/orgs.json: no end within 10000 ms")
        await ledger.close()

    asyncio.run(story())
