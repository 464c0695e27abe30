"""Real messages over a real book: minutes are judged once, whatever is killed, repeated, late or disordered."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.ledger.sample import published
from tests.support.receiver import status_event
from wamon.core.finding import Mark
from wamon.core.incident import Lasting
from wamon.core.knowledge import knowledge
from wamon.core.minutes import GRACE_MS
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.receipt import gist
from wamon.core.review import Ground, judge_again
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span
from wamon.core.traffic import Outcome, reported
from wamon.core.vigil import Vigil, Watched
from wamon.ledger import open_ledger
from wamon.ledger.words import Arrival
from wamon.metrics import Tally
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.look import Watch
from wamon.work.receive import parsed
from wamon.work.traffic import Traffic

NUMBER = "106540352242922"
NOON = 1_790_000_040_000
"""A whole minute; also what `status_event` is a little before."""

TARGETS = (
    Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="send"),
    Watched("one number", ProbeKind.TRAFFIC, MINUTE, number=NUMBER, direction="send"),
    Watched("incoming", ProbeKind.TRAFFIC, MINUTE, direction="receive"),
    Watched("shop", ProbeKind.TRAFFIC, MINUTE, "shop", direction="send"),
)


class Nobody:
    """Traffic is told; nobody is asked."""

    async def ask(self, name: str, at_ms: int) -> Exchange:
        raise AssertionError(f"{name} was asked at {at_ms}")


class Played:
    """A receiver's side of the story: webhooks that arrive on a clock which the story moves."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = NOON
        self.ledger = open_ledger(folder / "wamon.db")
        self.book = Bookkeeper(self.ledger, {})
        self.posts = 0
        self.restored: list[str] = []

    async def begin(self) -> None:
        """Start, or start again after a kill: nothing but the file is left."""
        self.tally = Tally([one.name for one in TARGETS])
        self.vigil = Vigil(knowledge(), Lasting())
        watch = Watch(self.vigil, Nobody(), self.book, self.tally, self.clock)
        await self.ledger.write(lambda book: book.hash_key())
        await self.book.activate([one.name for one in TARGETS], self.now_ms)
        for one in TARGETS:
            self.vigil.watch(one)
        self.traffic = Traffic(
            TARGETS, watch, self.book.traffic, self.vigil.known, self.tally, self.clock, self.restore
        )
        await self.traffic.resume()

    async def restore(self, name: str, _now_ms: int) -> None:
        self.restored.append(name)

    def clock(self) -> int:
        return self.now_ms

    async def webhook(self, raw: bytes, account: str = "graph", *, heard: bool = True) -> bool:
        """One that is written down; ``heard`` is False where a kill came between the disk and the listeners."""
        kept = gist(parsed(raw), b"key")
        assert kept is not None
        self.posts += 1
        arrival = Arrival(account, self.now_ms, f"{self.posts:032}".encode(), kept)
        (new,) = await self.ledger.receive([arrival])
        if heard:
            self.traffic.hear(arrival)
        return new

    async def tell(self, wamid: str, status: str, code: int | None = None, **how: Any) -> None:
        """A status of a message, told as it happens unless the story says when it happened."""
        at_ms = how.pop("at_ms", self.now_ms)
        errors = {} if code is None else {"errors": [{"code": code}]}
        raw = status_event(wamid, status, timestamp=str(at_ms // SECOND), **errors, **how.pop("row", {}))
        await self.webhook(raw, **how)

    async def minute(self, *statuses: tuple[str, int | None], at_ms: int | None = None) -> None:
        """A message for each of some statuses, in a minute that is then over and judged."""
        for n, (status, code) in enumerate(statuses):
            await self.tell(
                f"wamid.{self.now_ms}.{n}", status, code, at_ms=self.now_ms if at_ms is None else at_ms
            )
        await self.judge(MINUTE)

    async def judge(self, later_ms: int = 0) -> None:
        self.now_ms += later_ms
        await self.traffic.judge(self.now_ms)

    async def seen(self, name: str = "real") -> list[tuple[int, str, int | None]]:
        """Minute after noon, column and code of every look at a target."""
        return [_told(one) for one in await self.book.marks(name, Span(0, NOON + 9 * HOUR))]


def _told(mark: Mark) -> tuple[int, str, int | None]:
    assert (mark.at_ms - NOON) % MINUTE == MINUTE // 2
    return (mark.at_ms - NOON) // MINUTE, mark.finding.column.value, mark.finding.code


def told(folder: Path, story: Callable[[Played], Awaitable[None]]) -> None:
    async def run() -> None:
        played = Played(folder)
        try:
            await played.begin()
            await story(played)
        finally:
            await played.ledger.close()

    asyncio.run(run())


GOOD, BAD = ("delivered", None), ("failed", 131016)


def test_a_minute_of_webhooks_is_a_look_at_every_target_that_it_is_about(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.minute(*[GOOD] * 5)
        await played.minute(*[GOOD] * 5, *[BAD] * 5)
        await played.minute(*[GOOD] * 4)
        await played.judge(GRACE_MS)
        assert await played.seen() == [(0, "up", None), (1, "down", 131016)]
        assert await played.seen("one number") == await played.seen()
        assert await played.seen("incoming") == await played.seen("shop") == []
        assert played.tally.targets["real"].verdicts["system_error"] == 1

    told(tmp_path, story)


def test_the_next_minute_is_judged_when_its_grace_is_over(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for now_ms, due_ms in ((NOON, NOON + GRACE_MS), (NOON + GRACE_MS, NOON + MINUTE + GRACE_MS)):
            assert played.traffic.due(now_ms) == due_ms

    told(tmp_path, story)


@pytest.mark.parametrize("heard", [True, False], ids=["killed after they were heard of", "killed before"])
def test_a_kill_neither_loses_nor_doubles_a_minute(tmp_path: Path, heard: bool) -> None:
    async def story(played: Played) -> None:
        await played.minute(*[GOOD] * 6)
        for n in range(3):
            await played.tell(f"wamid.{n}", "failed", 131016, heard=heard)
        await played.begin()
        for n in range(5):
            await played.tell(f"wamid.{n}", "failed", 131016)
        await played.begin()
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen() == [(0, "up", None), (1, "down", 131016)]
        await played.begin()
        await played.judge(MINUTE)
        assert await played.seen() == [(0, "up", None), (1, "down", 131016)]
        (kept,) = await played.ledger.witnessed(Span(0, NOON + HOUR), targets=["real"])
        assert kept.exchange.body["minute"]["outcomes"] == 5

    told(tmp_path, story)


def test_what_was_being_gathered_when_it_was_killed_is_judged_at_the_start_after_it(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for n in range(5):
            await played.tell(f"wamid.{n}", "failed", 131016)
        played.now_ms += 3 * HOUR
        await played.begin()
        assert await played.seen() == [(0, "down", 131016)]

    told(tmp_path, story)


def test_repeats_and_disorder_change_nothing(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for n in range(5):
            for status in ("delivered", "sent", "delivered", "failed", "sent"):
                await played.tell(f"wamid.{n}", status, 131016 if status == "failed" else None)
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen() == [(0, "up", None)]

    told(tmp_path, story)


def test_webhooks_that_come_late_make_the_minute_in_which_it_happened(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.minute(*[GOOD] * 5)
        await played.judge(GRACE_MS)
        played.now_ms = NOON + 121 * MINUTE
        await played.minute(*[GOOD] * 5)
        await played.minute(*[BAD] * 5, at_ms=NOON + 30 * MINUTE)
        await played.minute(*[BAD] * 50, at_ms=NOON)
        await played.judge(GRACE_MS)
        assert await played.seen() == [(0, "up", None), (30, "down", 131016), (121, "up", None)]
        assert played.restored.count("real") == 1, "its place on the timeline was settled"

    told(tmp_path, story)


def test_a_late_minute_is_not_taken_for_how_it_is_now(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        played.now_ms += 2 * HOUR
        await played.minute(*[GOOD] * 5)
        await played.minute(*[BAD] * 5, at_ms=NOON)
        at_ms, finding = played.traffic._watch.last["real"]
        assert (at_ms, finding.column.value) == (NOON + 2 * HOUR + 30 * SECOND, "up")

    told(tmp_path, story)


def test_our_own_canaries_are_no_traffic(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for n in range(9):
            await played.tell(
                f"wamid.{n}", "failed", 131016, row={"biz_opaque_callback_data": f"wamon:canary:{n}"}
            )
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen() == []

    told(tmp_path, story)


def test_incoming_messages_are_minutes_of_their_own_also_after_a_kill(tmp_path: Path) -> None:
    value = {"metadata": {"phone_number_id": NUMBER}, "messages": [{"timestamp": str(NOON // SECOND)}] * 3}
    trouble = {"metadata": {"phone_number_id": NUMBER}, "errors": [{"code": 131000}] * 4}

    def raw(inside: dict[str, Any]) -> bytes:
        return json.dumps({"entry": [{"changes": [{"field": "messages", "value": inside}]}]}).encode()

    async def story(played: Played) -> None:
        await played.webhook(raw(value))
        await played.webhook(raw(trouble), heard=False)
        await played.begin()
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen("incoming") == [(0, "down", 131000)]
        assert await played.seen("real") == []

    told(tmp_path, story)


def _call(code: int, at_ms: int = NOON) -> Outcome:
    body = {"error": {"code": code}} if code else {"messages": [{"id": "wamid.x"}]}
    status = 500 if code else 200
    found = reported(Exchange(at_ms=at_ms, reached=Phase.ANSWERED, http_status=status, body=body), "graph", NUMBER)
    assert found is not None
    return found


def test_what_applications_report_is_counted_once_and_survives_a_kill(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        batch = [_call(2), _call(2), _call(0)]
        assert await played.traffic.report(b"first", batch)
        assert not await played.traffic.report(b"first", batch), "a report that was repeated"
        await played.begin()
        assert not await played.traffic.report(b"first", batch)
        assert await played.traffic.report(b"second", [_call(131016), _call(0)])
        assert await played.traffic.report(b"of nobody", [_call(0)._replace(account="nobody", number="")])
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen() == [(0, "down", 2)]
        (kept,) = await played.ledger.witnessed(Span(0, NOON + HOUR), targets=["real"])
        kinds = {(one["source"], *one["codes"]): one["outcomes"] for one in kept.exchange.body["minute"]["kinds"]}
        assert kinds == {("application", 2): 2, ("application", 131016): 1, ("application",): 2}
        assert (await played.ledger.sizes()).rows["reported"] == 4

    told(tmp_path, story)


def test_what_failed_in_a_good_minute_is_kept_and_a_minute_without_failures_is_not(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.minute(*[GOOD] * 9, BAD)
        await played.minute(*[GOOD] * 9)
        await played.judge(GRACE_MS)
        assert [column for _, column, _ in await played.seen()] == ["up", "up"]
        (kept,) = await played.ledger.witnessed(Span(0, NOON + HOUR), targets=["real"])
        assert [one["outcomes"] for one in kept.exchange.body["minute"]["kinds"]] == [9, 1]

    told(tmp_path, story)


def test_storage_grows_with_minutes_and_failures_and_not_with_messages(tmp_path: Path) -> None:
    """What stays when webhooks and reports are forgotten, after eight days, is the same for forty times more."""

    def left(busy: int) -> tuple[int, dict[str, int]]:
        (folder := tmp_path / str(busy)).mkdir()
        sizes: list[tuple[int, dict[str, int]]] = []

        async def story(played: Played) -> None:
            for number in range(20):
                await played.traffic.report(str(number).encode(), [_call(0, played.now_ms)] * busy)
                await played.minute(*[("sent", None)] * 5 * busy, BAD)
            await played.judge(GRACE_MS)
            later_ms = played.now_ms + 9 * DAY
            await played.ledger.prune_receipts(later_ms, canaries_before_ms=later_ms)
            await played.ledger.write(lambda book: book.prune_traffic(later_ms))
            assert len(await played.seen()) == 20
            rows = (await played.ledger.sizes()).rows
            kept = await played.ledger.witnessed(Span(0, later_ms), targets=["real"])
            sizes.append((sum(len(str(one.exchange.body)) for one in kept), rows))

        told(folder, story)
        return sizes[0]

    few, many = left(1), left(40)
    assert few[1] == many[1]
    assert many[1]["observations"] == 40, "a minute for each of two targets"
    assert many[1]["status_reports"] == many[1]["receipts"] == many[1]["reported"] == 0
    assert many[0] < few[0] * 1.1, "larger counts have more digits"


@pytest.mark.parametrize(("delivered", "column"), [(1, "down"), (2, "up"), (3, "up")])
def test_a_minute_is_acquitted_at_once_when_fewer_than_half_stay_against_it(
    tmp_path: Path, delivered: int, column: str
) -> None:
    async def story(played: Played) -> None:
        for n in range(6):
            await played.tell(f"wamid.{n}", "failed" if n < 4 else "sent", 131000 if n < 4 else None)
        await played.judge(MINUTE + GRACE_MS)
        assert await played.seen() == [(0, "down", 131000)]
        played.now_ms += 5 * MINUTE
        for n in range(delivered):
            await played.tell(f"wamid.{n}", "delivered")
        await played.judge(GRACE_MS)
        assert [column for _, column, _ in await played.seen()] == [column]
        assert played.restored == (["one number", "real"] if column == "up" else [])
        await played.judge(MINUTE)
        rulings = await played.ledger.read(lambda book: book.rulings(Span(0, NOON + HOUR), targets=["real"]))
        assert [(one.ruling.origin.value, one.ruling.finding.rule) for one in rulings] == (
            [("follow_up", "delivered_wins")] if column == "up" else []
        )
        beside = await played.book.beside(TARGETS, Span(0, NOON + HOUR))
        assert len(beside.delivered) == delivered
        own = await played.book.account("real", "graph", Span(0, NOON + HOUR))
        ground = Ground(TARGETS, {}, played.vigil.known, ZoneInfo("UTC"), 2, played.now_ms, lambda _t, _d: None)
        found = judge_again([own], Span(0, NOON + HOUR), msgspec.structs.replace(ground, beside=beside))
        assert list(found.rulings) == [], "the weekly pass finds what was found at once"

    told(tmp_path, story)


def test_nothing_of_a_day_that_was_published_is_changed_by_what_comes_late(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        played.now_ms += 24 * HOUR
        day = datetime.fromtimestamp(NOON / 1000, UTC).date()
        await played.ledger.publish([(published(day=day, target="real"), [])])
        await played.judge()
        await played.minute(*[BAD] * 9, at_ms=NOON)
        await played.judge(GRACE_MS)
        await played.begin()
        assert await played.seen() == []

    told(tmp_path, story)


def test_how_long_messages_took_is_kept_by_the_minute_from_metas_own_timestamps(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for n in range(5):
            await played.tell(f"wamid.{n}", "sent")
        played.now_ms += MINUTE + 9 * SECOND
        for n in range(5):
            await played.tell(f"wamid.{n}", "delivered", at_ms=NOON + (2 + n) * SECOND + MINUTE)
        await played.judge(MINUTE + GRACE_MS)
        row = played.tally.returns["real", "delivered"]
        assert (sum(row[:-1]), row[-1]) == (5, 5 * MINUTE + 20 * SECOND)
        hours = await played.ledger.read(
            lambda book: book.messages_took("real", "delivered", Span(0, NOON + HOUR))
        )
        assert sum(one.looks for one in hours.values()) == 5

    told(tmp_path, story)
