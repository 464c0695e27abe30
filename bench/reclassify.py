"""The weekly pass over fourteen days of twenty targets every 30 seconds, from a real ledger: CPU seconds.

Two looks in a hundred failed, in bursts and alone; a token target and a control stand beside them. Bound: one
second of CPU for reading, judging and publishing; writing the 806,400 looks before is not counted.
"""

import asyncio
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.ledger.paced import TARGETS, paced
from tests.ledger.sample import NOON
from wamon.core.knowledge import knowledge
from wamon.core.observation import ProbeKind
from wamon.core.review import window
from wamon.core.timeline import DAY, HOUR
from wamon.core.watched import Watched
from wamon.ledger import Ledger, open_ledger
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.reclassify import Pass, reclassify

UTC = ZoneInfo("UTC")
DAYS = 14
FAILING = 0.02
MUST_S, AIM_S = 1.0, 0.4


async def fill(ledger: Ledger) -> None:
    """Fourteen days as they come, many looks a commit."""
    looks = paced(DAYS, FAILING, NOON - NOON % DAY)
    while together := list(islice(looks, TARGETS * 500)):
        await ledger.write(lambda book, together=together: [book.record(*one) for one in together] and None)  # type: ignore[misc]


async def main() -> int:
    """Fill, then pass three times over the same days without writing; 1 when the bound is missed."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(Path(folder) / "wamon.db")
        await fill(ledger)
        targets = [Watched(f"target-{n:02}", ProbeKind.API, 30_000, f"account-{n}") for n in range(TARGETS)]
        now_ms = NOON - NOON % DAY + DAYS * DAY + 6 * HOUR
        plan = Pass(window(now_ms, UTC, DAYS), UTC, 2, now_ms)
        first_ms = {one.name: plan.within.start_ms for one in targets}
        book, known = Bookkeeper(ledger, {}), knowledge()
        best_s = float("inf")
        for _ in range(3):
            began = time.process_time()
            found = await reclassify(book, targets, known, first_ms, plan, dry_run=True)
            best_s = min(best_s, time.process_time() - began)
        await ledger.close()
    said = len(found.review.publications)
    print(f"{DAYS} days of {TARGETS} targets: {best_s:.2f} s of CPU, must {MUST_S} s, aim {AIM_S} s ({said} days)")
    return int(best_s > MUST_S)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
