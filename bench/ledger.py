"""What the ledger weighs and costs, over two days of 20 targets looked at every 30 s and a year of published days.

Prints one JSON line. Bytes are the file's, of good looks alone; CPU is the process's, writer's thread included:
one by one (each look waits for its own commit), and a thousand that wait together. Times are the best of many.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.ledger.paced import TARGETS, paced, publish_days
from tests.ledger.sample import EVER, NOON
from wamon.core.timeline import DAY
from wamon.ledger import Ledger, open_ledger

DAYS = 2
TOGETHER = 1_000
ALONE = 2_000
FAILING = 0.004


def best_ms(work: Callable[[], object], runs: int = 30) -> float:
    """The best of many runs, in milliseconds."""
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return round(best * 1_000, 3)


async def recorded(ledger: Ledger, days: float, together: int, failing: float = 0.0) -> dict[str, float]:
    """Record days of looks, so many at a time: microseconds of CPU and commits of one."""
    looks = paced(days, failing)
    cpu_s, commits, writes = 0.0, ledger.commits, ledger.writes
    while some := list(islice(looks, together)):
        began = time.process_time()
        await asyncio.gather(*(ledger.record(*one) for one in some))
        cpu_s += time.process_time() - began
    written = ledger.writes - writes
    return {
        "cpu_us_per_record": round(cpu_s * 1e6 / written, 1),
        "commits_per_record": round((ledger.commits - commits) / written, 4),
    }


async def trails_ms(ledger: Ledger, days: int) -> float:
    """Milliseconds for the first and the latest figures of so many days of 20 rows."""
    last = date(2025, 12, 31)
    first = last - timedelta(days=days - 1)
    return await ledger.read(lambda book: best_ms(lambda: book.trails(first, last)))


async def weights(folder: Path) -> dict[str, object]:
    """Bytes of a good look, and what recording cost."""
    ledger = open_ledger(folder / "good.db")
    cost = await recorded(ledger, DAYS, TOGETHER)
    looks = (await ledger.sizes()).rows["observations"]
    await ledger.close()
    size = (folder / "good.db").stat().st_size
    alone = open_ledger(folder / "alone.db")
    one_by_one = await recorded(alone, ALONE * 30 / 86_400 / TARGETS, 1)
    await alone.close()
    return {"bytes_per_good_look": round(size / looks, 2), "together": cost, "one_by_one": one_by_one}


async def readings(folder: Path) -> dict[str, object]:
    """How fast marks, kept looks and published days are read, and old looks dropped."""
    ledger = open_ledger(folder / "mixed.db")
    await recorded(ledger, DAYS, TOGETHER, FAILING)
    await ledger.write(lambda book: publish_days(book, 365))
    marks = len(await ledger.marks("target-03", EVER))
    marks_ms = await ledger.read(lambda book: best_ms(lambda: book.marks("target-03", EVER)))
    kept = len(await ledger.witnessed(EVER))
    kept_ms = await ledger.read(lambda book: best_ms(lambda: book.witnessed(EVER), 5))
    found = {
        "trails_90_days_ms": await trails_ms(ledger, 90),
        "trails_365_days_ms": await trails_ms(ledger, 365),
        "marks_per_second": round(marks / marks_ms * 1_000),
        "kept_looks_per_second": round(kept / kept_ms * 1_000),
    }
    began = time.perf_counter()
    pruned = await ledger.prune(NOON + DAY)
    found["pruned_per_second"] = round(pruned / (time.perf_counter() - began))
    await ledger.close()
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(weights(Path(name))) | asyncio.run(readings(Path(name)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
