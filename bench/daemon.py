"""A real daemon under load: how late its looks begin, how much memory it keeps, and both while it is scraped.

Prints a JSON line for 20 targets and one for 1,000, every 10 s. ``lateness``: of the looks of a minute, after half
a minute of settling; every slot of that minute is a look or a recorded gap. ``memory``: MiB resident then,
the sending child, which is another process, left out. ``while_scraped``: half a minute more, a scrape a second.
``idle_cores`` says what the machine had to spare: without any, lateness measures the others.
"""

import json
import multiprocessing
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.beside.processes import free_port, idle_s, memory
from bench.beside.watch import Daemon, configuration, lateness_ms, percentile, watching
from bench.exchange import _serve
from tests.support.certificates import Authority
from wamon.schedule import wall_ms

INTERVAL_S = 10
FEW, MANY = 20, 1_000
SETTLING_S = 30
WINDOW_S = 60
SCRAPED_S = 30


def punctuality(daemon: Daemon, targets: int, since_ms: int, until_ms: int) -> dict[str, object]:
    """Lateness of every look of a window, and whether every slot of it is accounted for."""
    time.sleep(1)  # the last looks of the window are being written
    looks = [one for one in daemon.looks() if since_ms <= one[1] < until_ms]
    late = lateness_ms(looks, INTERVAL_S * 1000)
    due = targets * (until_ms - since_ms) // (INTERVAL_S * 1000)
    figures = {f"p{percent}_ms": percentile(late, percent) for percent in (50, 99, 100)}
    return figures | {"looks": len(looks), "due": due, "missed_on_record": daemon.missed()}


def window(daemon: Daemon, targets: int, seconds: int, scrape: bool) -> dict[str, object]:
    """Watch for so many seconds, scraped or not."""
    since_ms, sizes, idle = wall_ms(), [], idle_s()
    for _ in range(seconds):
        began = time.monotonic()
        if scrape:
            with urllib.request.urlopen(f"{daemon.base_url}/metrics", timeout=30) as answer:
                sizes.append(answer.read().count(b"\n"))
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))
    idle_cores = round((idle_s() - idle) / seconds, 2)
    found = punctuality(daemon, targets, since_ms, wall_ms()) | {"idle_cores": idle_cores}
    return found | ({"series": max(sizes)} if sizes else {})


def measured(folder: Path, base_url: str, ca_file: str, targets: int) -> dict[str, dict[str, object]]:
    """One daemon with so many targets."""
    folder.mkdir()
    port = free_port()
    with watching(folder, configuration(targets, INTERVAL_S, base_url, ca_file, port, folder), port) as daemon:
        time.sleep(SETTLING_S)
        found = {"lateness": window(daemon, targets, WINDOW_S, scrape=False)}
        found["memory"] = memory(daemon.pid)._asdict()
        found["while_scraped"] = window(daemon, targets, SCRAPED_S, scrape=True)
        found["memory_after_scrapes"] = memory(daemon.pid)._asdict()
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        authority = Authority(Path(name))
        spawning = multiprocessing.get_context("fork")
        tell: multiprocessing.Queue[int] = spawning.Queue()
        server = spawning.Process(target=_serve, args=(authority.server(), tell), daemon=True)
        server.start()
        base_url = f"https://127.0.0.1:{tell.get()}"
        for targets in (FEW, MANY):
            found = measured(Path(name, str(targets)), base_url, authority.ca_file, targets)
            print(json.dumps({"targets": targets, "every_s": INTERVAL_S} | found), flush=True)
        server.terminate()


if __name__ == "__main__":
    main()
