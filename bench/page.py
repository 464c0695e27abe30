"""The status page over HTTP: 20 targets with 90 days of history and with ten times as much, from a real daemon.

Prints two JSON lines a history. Of one process alone, on the processor: what a start draws of ninety days of every
row, the first page after it, and a page whose report is put together anew. Of a daemon that probes meanwhile, on
the clock: the first page, one whose report is put together anew, one that finds a fresh report, how soon it was
ready.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import urllib.request
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.beside.processes import cpu_s, free_port
from bench.beside.watch import configuration, watching
from bench.exchange import _serve
from tests.ledger.paced import TARGETS, publish_days
from tests.support.certificates import Authority
from wamon.assembly import House
from wamon.core.timeline import DAY, day_of
from wamon.ledger import open_ledger
from wamon.schedule import wall_ms
from wamon.settings import parse
from wamon.web.pages import environment
from wamon.web.view import page
from wamon.wiring import Askers
from wamon.work.bookkeeping import Bookkeeper

HISTORIES = (90, 900)
ROUNDS = 15


async def published(database: Path, days: int) -> None:
    """A ledger with so many closed days up to yesterday."""
    now_ms = wall_ms()
    ledger = open_ledger(database)
    await ledger.activate([f"target-{n:02}" for n in range(TARGETS)], now_ms - days * DAY)
    first = day_of(now_ms, ZoneInfo("UTC")) - timedelta(days=days)
    await ledger.write(lambda book: publish_days(book, days, first))
    await ledger.close()


def page_ms(base_url: str) -> float:
    """Milliseconds until the whole page is here."""
    began = time.perf_counter()
    with urllib.request.urlopen(base_url, timeout=30) as answer:
        text = answer.read()
    took_ms = (time.perf_counter() - began) * 1000
    if text.count(b"target-") < TARGETS:
        raise RuntimeError("the page does not show every target")
    return took_ms


def measured(folder: Path, base_url: str, ca_file: str, days: int) -> dict[str, object]:
    """One daemon with so much history."""
    folder.mkdir()
    asyncio.run(published(folder / "wamon.db", days))
    port = free_port()
    text = configuration(TARGETS, 60, base_url, ca_file, port, folder, name="target-{n:02}")
    began = time.monotonic()
    with watching(folder, text, port) as daemon:
        start_s = time.monotonic() - began
        first_ms = page_ms(daemon.base_url)
        anew, fresh, used_s = [], [], cpu_s(daemon.pid)
        for _ in range(ROUNDS):
            time.sleep(1.1)
            anew.append(page_ms(daemon.base_url))
            fresh.append(page_ms(daemon.base_url))
        used_s = cpu_s(daemon.pid) - used_s
    return {
        "days": days,
        "targets": TARGETS,
        "first_ms": round(first_ms, 1),
        "report_anew_ms": round(statistics.median(anew), 1),
        "report_fresh_ms": round(statistics.median(fresh), 1),
        "cpu_ms_per_page": round(used_s * 1000 / (2 * ROUNDS), 1),
        "answers_after_s": round(start_s, 1),
    }


class _Nobody:
    async def drain(self) -> object:
        """There is nothing to hand out."""
        return None


async def painted(database: Path, days: int) -> dict[str, object]:
    """The status page put together and painted, as milliseconds of this process on the processor."""
    ledger = open_ledger(database)
    text = "".join(f'[[targets]]\nname = "target-{n:02}"\nprobe = "edge"\n' for n in range(TARGETS))
    now_ms = [wall_ms()]
    settings = parse(text, name="bench")
    house = House(settings, Bookkeeper(ledger, {}), Askers({}), lambda: now_ms[0], drain=_Nobody())
    await house.wake_up()
    template = environment().get_template("status.html")
    began_s, took_ms = time.process_time(), []
    page(house.report(), ())
    drawn_ms = (time.process_time() - began_s) * 1000
    for _ in range(ROUNDS):
        now_ms[0] += 1_100
        began_s = time.process_time()
        shown = template.render(page=page(house.report(), ()), every_s=0, root="").encode()
        took_ms.append((time.process_time() - began_s) * 1000)
        if shown.count(b"target-") < TARGETS:
            raise RuntimeError("the page does not show every target")
    await ledger.close()
    return {
        "days": days,
        "cpu_first_ms": round(took_ms[0], 1),
        "cpu_anew_ms": round(statistics.median(took_ms), 1),
        "cpu_drawn_at_start_ms": round(drawn_ms, 1),
    }


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        authority = Authority(Path(name))
        spawning = multiprocessing.get_context("fork")
        tell: multiprocessing.Queue[int] = spawning.Queue()
        server = spawning.Process(target=_serve, args=(authority.server(), tell), daemon=True)
        server.start()
        base_url = f"https://127.0.0.1:{tell.get()}"
        for days in HISTORIES:
            database = Path(name, f"{days}.db")
            asyncio.run(published(database, days))
            print(json.dumps(asyncio.run(painted(database, days))), flush=True)
            print(json.dumps(measured(Path(name, str(days)), base_url, authority.ca_file, days)), flush=True)
        server.terminate()


if __name__ == "__main__":
    main()
