"""Meta's status site over real sockets: asked seldom and only for what changed, and any trouble is no news."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import pytest

from tests.support.hostile import Behaviour, answers, says_nothing, serve, whole
from wamon.core.meta_page import (
    GRAPH,
    PAGES,
    SERVICES_PAGE,
    UPTIME,
    WHATSAPP,
    OutageWord,
    Page,
    Part,
    Series,
    Sign,
)
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.ledger.failures import LedgerError
from wamon.reference.site import LARGEST_BYTES, Answer, Site
from wamon.simulator.scenario import MetaOutage, MetaPost, Scenario, Script
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.work.consult import Consult

START_MS = parse_iso("2026-11-03T10:00:00Z")
OUTAGE = MetaOutage(
    "7",
    WHATSAPP,
    "1",
    (
        MetaPost(START_MS + 12 * MINUTE, "High disruptions", "We are looking into it."),
        MetaPost(START_MS + 40 * MINUTE, "Resolved", "Over."),
    ),
)
SCRIPT = Script((OUTAGE,), ((date(2026, 11, 1), 99.5, START_MS + HOUR),))
BY_NAME = {page.path.rpartition("/")[2]: page for page in PAGES}


class Shelf:
    """A book of pages in memory; ``full`` is the disk."""

    def __init__(self) -> None:
        self.pages: dict[str, list[tuple[Part, ...]]] = {}
        self.full = False

    async def keep_page(self, page: str, parts: Sequence[Part], _seen_ms: int) -> bool:
        if self.full:
            raise LedgerError("the disk is full")
        kept = self.pages.setdefault(page, [])
        changed = not kept or kept[-1] != tuple(parts)
        kept.extend([tuple(parts)] * changed)
        return changed


def played(story: Callable[[VirtualTimeLoop, Simulator, Consult, Shelf], Awaitable[None]]) -> None:
    """A story on a clock that jumps, with the simulated site and everything that reads it."""
    loop = VirtualTimeLoop(START_MS)

    async def tell() -> None:
        async with Simulator(Scenario(Span(START_MS, START_MS + HOUR), script=SCRIPT)) as simulator:
            site, shelf = Site(simulator.reference_url), Shelf()
            try:
                await story(loop, simulator, Consult(site, shelf, loop.now_ms), shelf)
            finally:
                await site.close()

    try:
        loop.run_until_complete(tell())
    finally:
        loop.close()


def test_a_whole_site_is_read_and_an_unchanged_one_is_not_sent_again() -> None:
    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        assert await consult.round()
        assert consult.found.read_ms == START_MS
        assert consult.found.trouble == ""
        assert set(shelf.pages) == {page.path for page in PAGES}
        assert shelf.pages[SERVICES_PAGE.path][0][0] == Sign(WHATSAPP, "1", "Cloud API", "No known issues")
        await loop.sleep_until(START_MS + 5 * MINUTE)
        bodies = shelf.pages[SERVICES_PAGE.path]
        assert not await consult.round(), "only the moment of Meta's own check moved"
        assert consult.found.checked[WHATSAPP, "Cloud API"] == START_MS + 5 * MINUTE
        assert len(bodies) == 1
        await loop.sleep_until(START_MS + 15 * MINUTE)
        assert await consult.round()
        assert [one[0] for one in bodies] == [
            Sign(WHATSAPP, "1", "Cloud API", "No known issues"),
            Sign(WHATSAPP, "1", "Cloud API", "High disruptions"),
        ]
        assert [len(one) for one in shelf.pages[f"data/outages/{WHATSAPP}.json"]] == [0, 1]


def test_an_outage_is_followed_from_its_first_post_into_the_history() -> None:
    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        for minutes in range(0, 70, 5):
            await loop.sleep_until(START_MS + minutes * MINUTE)
            await consult.round()
        active = shelf.pages[f"data/outages/{WHATSAPP}.json"]
        history = shelf.pages[f"data/outages/{WHATSAPP}.history.json"]
        assert [len(one) for one in active] == [0, 1, 0]
        assert [len(one) for one in history] == [0, 1]
        (over,) = history[-1]
        assert isinstance(over, OutageWord)
        assert (over.id, over.service_id, over.said) == ("7", "1", "Resolved")
        assert [post.at_ms for post in over.posts] == [START_MS + 12 * MINUTE, START_MS + 40 * MINUTE]
        feed = shelf.pages["outage-events-feed-whatsapp-business-api.rss"]
        assert [len(one) for one in feed] == [0, 1, 0]
        series = shelf.pages[f"metrics/{WHATSAPP}/{UPTIME}.json"]
        assert [one[0].values[-2] for one in series if isinstance(one[0], Series)] == [100.0, 99.5]


def test_an_unchanged_series_is_kept_once_a_day_because_its_values_carry_no_dates() -> None:
    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        simulator.status_site.script = Script()
        for hours in range(50):
            await loop.sleep_until(START_MS + hours * HOUR)
            await consult.round()
        kept = [one for (one,) in shelf.pages[f"metrics/{WHATSAPP}/{UPTIME}.json"] if isinstance(one, Series)]
        assert [one.day for one in kept] == ["2026-11-03", "2026-11-04", "2026-11-05"]
        assert {one.values for one in kept} == {(100.0,) * 31}
        assert {len(one) for page, one in shelf.pages.items() if UPTIME not in page} == {1}


def test_no_address_is_asked_more_often_than_every_five_minutes_and_figures_once_an_hour() -> None:
    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        for minute in range(61):
            await loop.sleep_until(START_MS + minute * MINUTE)
            await consult.round()
        asked = simulator.status_site.asked
        assert asked[SERVICES_PAGE.path] == asked[f"data/outages/{GRAPH}.history.json"] == 13
        assert asked[f"metrics/{WHATSAPP}/{UPTIME}.json"] == 2


def test_a_pulled_cable_ends_the_round_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wamon.reference")

    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        await consult.round()
        simulator.unplug()
        for minutes in (5, 10, 15):
            await loop.sleep_until(START_MS + minutes * MINUTE)
            assert not await consult.round()
        assert consult.found.read_ms == START_MS, "what was read before stays, and grows old"
        assert consult.found.trouble.startswith("data/orgs.json: 127.0.0.1:")
        assert simulator.status_site.asked[SERVICES_PAGE.path] == 1
        simulator.plug()
        await loop.sleep_until(START_MS + 20 * MINUTE)
        assert await consult.round()
        assert (consult.found.read_ms, consult.found.trouble) == (START_MS + 20 * MINUTE, "")

    assert [one.levelname for one in caplog.records] == ["INFO"]
    assert caplog.text.count("and nothing else depends on it") == 1


def test_what_could_not_be_written_down_is_asked_for_whole_again() -> None:
    @played
    async def _(loop: VirtualTimeLoop, simulator: Simulator, consult: Consult, shelf: Shelf) -> None:
        shelf.full = True
        assert not await consult.round()
        shelf.full = False
        await loop.sleep_until(START_MS + HOUR)
        assert await consult.round()
        assert set(shelf.pages) == {page.path for page in PAGES}


def asked(behaviour: Behaviour, page: Page = SERVICES_PAGE, timeout_ms: int = 2_000) -> Answer:
    """One question to a server that behaves like this."""

    async def ask() -> Answer:
        async with serve(behaviour) as port:
            site = Site(f"http://127.0.0.1:{port}", timeout_ms=timeout_ms)
            try:
                return await site.read(page)
            finally:
                await site.close()

    return asyncio.run(ask())


HTML = b"<!DOCTYPE html><html><body>Blocked by your provider</body></html>"
REFUSED: dict[str, tuple[Behaviour, str, bool]] = {
    "html": (whole(HTML), "data/orgs.json: answered with something else than this page", False),
    "a fault of theirs": (
        answers(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n[]"),
        "data/orgs.json: answered 500",
        False,
    ),
    "a redirect": (
        answers(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"),
        "data/orgs.json: answered 302",
        False,
    ),
    "unchanged, unasked": (
        answers(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        "data/orgs.json: answered 304",
        False,
    ),
    "too large": (
        whole(b"[" + b" " * 10_000_000 + b"]"),
        f"data/orgs.json: the body is larger than {LARGEST_BYTES} bytes",
        False,
    ),
    "silent": (says_nothing, "data/orgs.json: no end within 300 ms: no byte of an answer had come", True),
    "hung up": (answers(b""), "data/orgs.json: closed by the peer before an answer", True),
    "no HTTP": (answers(b"220 ftp.example ready\r\n"), "data/orgs.json: not an HTTP/1.1 answer", True),
}


@pytest.mark.parametrize(("behaviour", "trouble", "silent"), REFUSED.values(), ids=REFUSED)
def test_any_other_answer_is_trouble_in_a_sentence_and_never_news(
    behaviour: Behaviour, trouble: str, silent: bool
) -> None:
    found = asked(behaviour, timeout_ms=300 if behaviour is says_nothing else 5_000)
    assert found.parts is None
    assert found.trouble.startswith(trouble)
    assert found.silent is silent


def test_two_megabytes_are_still_read() -> None:
    page = BY_NAME["whatsapp-business-api.json"]
    body = b"[" + b" " * (LARGEST_BYTES - 2) + b"]"
    assert asked(whole(body), page) == Answer(())


def test_a_tag_that_no_header_may_hold_is_not_quoted() -> None:
    heads: list[bytes] = []

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        odd = b'ETag: "\xff"\r\n' if len(heads) == 1 else b'ETag: "a"\r\n'
        writer.write(b"HTTP/1.1 200 OK\r\n" + odd + b"Last-Modified: yesterday\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()

    async def ask() -> None:
        async with serve(server) as port:
            site, page = Site(f"http://127.0.0.1:{port}"), BY_NAME["graph-api.json"]
            for _ in range(3):
                assert await site.read(page) == Answer(())
            site.forget(page)
            await site.read(page)
            await site.close()

    asyncio.run(ask())
    quoted = [[line for line in head.decode().split("\r\n") if line.startswith("If-")] for head in heads]
    assert quoted == [
        [],
        ["If-Modified-Since: yesterday"],
        ['If-None-Match: "a"', "If-Modified-Since: yesterday"],
        [],
    ]


def test_a_hung_site_costs_one_deadline_and_not_one_an_address() -> None:
    waited: list[Page] = []

    class Hung:
        async def read(self, page: Page) -> Answer:
            waited.append(page)
            return Answer(trouble="hung", silent=True)

        def forget(self, page: Page) -> None:
            raise AssertionError("nothing was read")

    consult = Consult(Hung(), Shelf(), lambda: START_MS + SECOND)
    assert asyncio.run(consult.round()) is False
    assert waited == [SERVICES_PAGE]
