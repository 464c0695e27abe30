"""CPU of one whole https observation: asked, judged, stored durably, counted, and planned anew.

Prints one JSON line: CPU milliseconds of the exchange alone and of the whole observation, side by side in one run
(all threads of this process; the server is another one), and how many observations shared one commit.
"""

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.exchange import EXCHANGES, IN_FLIGHT, ROUNDS, _many, _ours, _serve
from tests.support.certificates import Authority
from wamon.assembly import House
from wamon.ledger import open_ledger
from wamon.settings import AskingTarget, parse, resolve_all
from wamon.wiring import Askers, asking
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

TARGETS = 100
SECRET = {"TOKEN": "EAAG" * 40}


def _settings(base_url: str, ca_file: str) -> str:
    head = f'[graph]\nbase_url = "{base_url}"\naccess_token = "env:TOKEN"\n'
    return head + "".join(
        f'[[targets]]\nname = "t{n}"\nprobe = "api"\nphone_number_id = "1{n}"\nca_file = "{ca_file}"\n'
        for n in range(TARGETS)
    )


async def _whole(base_url: str, ca_file: str, folder: Path) -> tuple[float, float]:
    """CPU milliseconds of a look, and looks per commit."""
    settings = parse(_settings(base_url, ca_file))
    secrets = resolve_all(settings, SECRET)
    targets = [one for one in settings.targets if isinstance(one, AskingTarget)]
    askers = Askers({one.name: asking(one, settings, secrets) for one in targets})
    ledger = open_ledger(folder / "bench.db")
    book = Bookkeeper(ledger, {})
    started = time.time_ns() // 1_000_000
    ticks = iter(range(started, started + 100_000_000))
    house = House(settings, book, askers, lambda: next(ticks), drain=Drain(book.outbox, askers, lambda: 0))
    await house.wake_up()
    names = [one.name for one in targets]
    turn = iter(names * (EXCHANGES // TARGETS + 1))

    async def once() -> None:
        await house.watch.look(next(turn))

    before = ledger.commits
    cost = await _many(once)
    shared = EXCHANGES / max(1, ledger.commits - before)
    if any(finding.verdict != "ok" for _, finding in house.watch.last.values()):
        raise RuntimeError("a look was not ok")
    await askers.close()
    await ledger.close()
    return cost, shared


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        spawning = multiprocessing.get_context("fork")
        tell: multiprocessing.Queue[int] = spawning.Queue()
        server = spawning.Process(target=_serve, args=(authority.server(), tell), daemon=True)
        server.start()
        base_url = f"https://127.0.0.1:{tell.get()}"
        alone: list[float] = []
        whole: list[tuple[float, float]] = []
        for number in range(ROUNDS):
            book = Path(folder, str(number))
            book.mkdir()
            alone.append(uvloop.run(_ours(authority.ca_file, f"{base_url}/v25.0/1?fields=id")))
            whole.append(uvloop.run(_whole(base_url, authority.ca_file, book)))
        server.terminate()
    exchange_ms = statistics.median(alone)
    observation_ms = statistics.median(cost for cost, _ in whole)
    figures = {
        "cpu_ms_per_exchange": round(exchange_ms, 3),
        "cpu_ms_per_observation": round(observation_ms, 3),
        "ratio": round(observation_ms / exchange_ms, 3),
        "observations_per_commit": round(statistics.median(shared for _, shared in whole), 1),
        "in_flight": IN_FLIGHT,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
