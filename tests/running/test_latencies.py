"""Latencies of a running watch: the same after a restart, and when the looks themselves are long gone."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.ledger.sample import CONTEXT, GOOD, THEIRS, ruled, seen
from wamon.core.calendar import Calendar
from wamon.core.finding import Finding
from wamon.core.latency import Latency, Sketch
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, State, TargetReport
from wamon.core.timeline import DAY, HOUR, MINUTE, parse_iso
from wamon.latencies import Latencies
from wamon.ledger import Ledger, open_ledger
from wamon.work.bookkeeping import Bookkeeper

MIDNIGHT = parse_iso("2026-03-02T00:00:00Z")
TODAY = date(2026, 3, 2)


class Watching:
    """A book, its latencies, and a clock that is set by hand."""

    def __init__(self, ledger: Ledger, now_ms: int) -> None:
        self.now_ms = now_ms
        self.book = Bookkeeper(ledger, {})
        calendar = Calendar(ZoneInfo("UTC"))
        self.latencies = Latencies(self.book, lambda: self.now_ms, lambda: calendar)

    async def look(self, at_ms: int, took_ms: float, finding: Finding = GOOD) -> None:
        exchange = seen(at_ms, durations_ms={"total": took_ms})
        await self.book.record(exchange, CONTEXT, ruled(finding, at_ms))

    async def run_jobs(self) -> None:
        for job in self.latencies.jobs():
            await job.run(self.now_ms)

    def told(self) -> Latency | None:
        target = TargetReport("graph", ProbeKind.API, "", "", State.OPERATIONAL, None, None, None, "", "", (), {})
        report = Report(self.now_ms, "UTC", 99.9, "", (target,), (), {}, ())
        return self.latencies.beside(report).targets[0].latency


def test_what_messages_took_is_the_same_after_a_restart_and_when_minutes_are_forgotten(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        await ledger.activate(["graph"], MIDNIGHT - 40 * DAY)
        watching = Watching(ledger, MIDNIGHT + 12 * HOUR)
        await watching.latencies.remember(["graph"])
        for back in (9, 1, 0):
            for minute in range(60):
                at_ms = MIDNIGHT - back * DAY + minute * MINUTE
                took = {"delivered": Sketch(), "sent": Sketch()}
                took["delivered"].add(1_000 * (back + 1), 5)
                took["sent"].add(50 * (back + 1), 5)
                await watching.book.traffic.keep_message_latencies("graph", at_ms, took)
                watching.latencies.take_messages("graph", at_ms, took)
        await watching.run_jobs()
        live = watching.told()
        assert live is not None
        assert live.sent is not None
        assert {name: one.looks for name, one in live.spans.items()} == {"24h": 300, "7d": 600, "90d": 900}
        assert (live.sent.looks, round(live.sent.p50_ms)) == (300, 50)
        await ledger.write(lambda book: book.prune_traffic(MIDNIGHT - 8 * DAY))
        again = Watching(ledger, watching.now_ms)
        await again.latencies.remember(["graph"])
        assert again.told() == live
        await ledger.close()

    asyncio.run(story())


async def week(watching: Watching, days: Sequence[int]) -> None:
    for back in days:
        start_ms = MIDNIGHT - back * DAY
        for number in range(100):
            await watching.look(start_ms + number * MINUTE, 100.0 * (back + 1) + number)
        await watching.look(start_ms + 9 * HOUR, 50_000.0, THEIRS)


def test_they_are_the_same_after_a_restart_and_after_the_looks_are_gone(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        await ledger.activate(["graph"], MIDNIGHT - 40 * DAY)
        watching = Watching(ledger, MIDNIGHT + 12 * HOUR)
        await watching.latencies.remember(["graph"])
        await week(watching, (30, 6, 1, 0))
        await watching.run_jobs()
        live = watching.told()
        assert live is not None
        assert {name: one.looks for name, one in live.spans.items()} == {"24h": 100, "7d": 300, "90d": 400}
        assert [day for day, _ in live.days] == [TODAY - timedelta(days=back) for back in (30, 6, 1, 0)]
        assert abs(live.spans["24h"].p50_ms - 149) < 3
        assert live.spans["90d"].p99_ms < 3_300, "a failed look says nothing of how long good ones take"
        assert await ledger.prune(MIDNIGHT - DAY) > 0
        again = Watching(ledger, watching.now_ms)
        await again.latencies.remember(["graph"])
        assert again.told() == live
        await again.run_jobs()
        assert again.told() == live
        assert len(await ledger.read(lambda book: book.latencies(date(2026, 1, 1), TODAY))) == 3
        await ledger.close()

    asyncio.run(story())


def test_a_new_day_moves_today_into_the_past_without_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        await ledger.activate(["graph"], MIDNIGHT)
        watching = Watching(ledger, MIDNIGHT)
        await watching.latencies.remember(["graph"])
        await week(watching, (0,))
        watching.now_ms = MIDNIGHT + DAY + 3 * HOUR
        told = watching.told()
        assert told is not None
        assert [day for day, _ in told.days] == [TODAY]
        assert "24h" not in told.spans, "the looks are 25 hours old"
        await watching.run_jobs()
        assert told == watching.told()
        await ledger.close()

    asyncio.run(story())
