"""Days read from their roll-ups, a day closed, and the open day: what they cost, and that history does not matter.

Bounds: 90 days of 20 targets within 5 ms, a year within 20 ms; closing a day and reading the open one cost the
same with ten days of history as with a thousand.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.ledger.paced import TARGETS, paced, publish_days
from tests.ledger.sample import NOON
from wamon.core.days import day_figures
from wamon.core.finding import Mark
from wamon.core.incident import Lasting
from wamon.core.knowledge import knowledge
from wamon.core.observation import ProbeKind
from wamon.core.review import Ground
from wamon.core.timeline import DAY, HOUR, Span, day_of, day_span
from wamon.core.uptime import Figures, add
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.ledger import Book, Ledger, open_ledger
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.close import close_day

UTC = ZoneInfo("UTC")
TODAY = day_of(NOON + DAY, UTC)
MUST_MS = {90: 5.0, 365: 20.0}
FLAT = 1.5
NAMES = [f"target-{n:02}" for n in range(TARGETS)]
FIRST_MS = dict.fromkeys(NAMES, 0)


async def cpu_ms(work: Callable[[], Awaitable[object]], runs: int) -> float:
    """The least CPU time of some runs, all threads of this process."""
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        await work()
        best = min(best, (time.process_time() - began) * 1000)
    return best


def watched() -> Vigil:
    """Twenty targets with one day of looks every 30 seconds, a few of which failed, in memory."""
    vigil = Vigil(knowledge(), Lasting())
    for name in NAMES:
        vigil.watch(Watched(name, ProbeKind.API, 30_000))
    looks: dict[str, list[Mark]] = {name: [] for name in NAMES}
    for exchange, context, ruling in paced(1.0, 0.004, NOON - DAY // 2):
        looks[exchange.target].append(Mark(exchange.at_ms or 0, context, ruling.finding))
    for name, marks in looks.items():
        vigil.restore(name, sorted(marks, key=lambda mark: mark.at_ms))
    return vigil


def looks(book: Book) -> None:
    """One day of them, that closing reads."""
    for exchange, context, ruling in paced(1.0, 0.004, NOON - DAY // 2):
        book.record(exchange, context, ruling)


async def sums(ledger: Ledger, days: int) -> None:
    """So many days of every target, read and added up."""
    by_target: dict[str, list[Figures]] = {}
    for (target, _), (_, latest) in (await ledger.trails(TODAY - timedelta(days=days), TODAY)).items():
        by_target.setdefault(target, []).append(latest.figures)
    for parts in by_target.values():
        add(parts)


async def measured(folder: Path, history: int, vigil: Vigil) -> dict[str, float]:
    """One ledger with so many closed days before yesterday."""
    ledger = open_ledger(folder / f"{history}.db")
    await ledger.activate(NAMES, NOON - 2_000 * DAY)
    await ledger.write(lambda book: publish_days(book, history, TODAY - timedelta(days=history + 1)))
    await ledger.write(looks)
    book = Bookkeeper(ledger, {})
    now_ms = day_span(TODAY, UTC).start_ms + HOUR

    ground = Ground(
        targets=tuple(vigil.watched.values()),
        first_ms=FIRST_MS,
        known=vigil.known,
        zone=UTC,
        confirm=2,
        now_ms=now_ms + 99 * DAY,
        latest=lambda _target, _day: None,
    )

    async def close() -> None:
        await close_day(TODAY - timedelta(days=1), ground.targets, book, ground)

    async def open_day() -> None:
        timelines = {name: vigil.timeline(name, now_ms) for name in NAMES}
        span: Span = day_span(TODAY - timedelta(days=1), UTC)
        day_figures(list(vigil.watched.values()), timelines, FIRST_MS, span, now_ms)

    found = {"close": await cpu_ms(close, 15), "open day": await cpu_ms(open_day, 15)}
    for days in MUST_MS:
        if history >= days:
            found[f"{days} days"] = await cpu_ms(lambda days=days: sums(ledger, days), 30)  # type: ignore[misc]
    await ledger.close()
    return found


async def main() -> int:
    """Print every line with its bound; 1 when one is missed."""
    vigil = watched()
    with tempfile.TemporaryDirectory() as folder:
        little = await measured(Path(folder), 10, vigil)
        much = await measured(Path(folder), 1_000, vigil)
    missed = False
    for days, must_ms in MUST_MS.items():
        took_ms = much[f"{days} days"]
        missed |= took_ms > must_ms
        print(f"{days} days of {TARGETS} targets, out of 1,000: {took_ms:.2f} ms of CPU, must {must_ms:.0f} ms")
    for what in ("close", "open day"):
        ratio = much[what] / little[what]
        missed |= ratio > FLAT
        print(
            f"{what}: {little[what]:.2f} ms with 10 days of history, {much[what]:.2f} ms with 1,000: {ratio:.2f} x"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
