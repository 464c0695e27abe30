"""A real daemon under a bench: a configuration of many targets on one address, started, and read afterwards."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.beside.processes import answers, free_port, started, until
from wamon.core.cadence import offset_ms

TOKEN = "EAAG" * 40
"""As long as a real one."""


def configuration(
    targets: int, interval_s: int, base_url: str, ca_file: str, port: int, folder: Path, name: str = "t{n}"
) -> str:
    """So many api targets of one account on a Graph of ours."""
    head = (
        f'[service]\nlisten = "127.0.0.1:{port}"\ndatabase = "{folder / "wamon.db"}"\n'
        f'[graph]\nbase_url = "{base_url}"\naccess_token = "env:BENCH_TOKEN"\n[reference]\nenabled = false\n'
    )
    return head + "".join(
        f'[[targets]]\nname = "{name.format(n=n)}"\nprobe = "api"\nphone_number_id = "1{n}"\n'
        f'ca_file = "{ca_file}"\ninterval = "{interval_s}s"\ntimeout = "5s"\n'
        for n in range(targets)
    )


class Daemon(NamedTuple):
    """A running daemon: its process id, its address and its database."""

    pid: int
    base_url: str
    database: Path

    def looks(self) -> list[tuple[str, int]]:
        """Every look on record: target and instant."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as book:
            return book.execute(
                "SELECT name, at_ms FROM observations o JOIN targets t ON t.id = o.target"
            ).fetchall()

    def missed(self) -> int:
        """How many slots passed without a look."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as book:
            return int(book.execute("SELECT coalesce(sum(slots), 0) FROM missed").fetchone()[0])


@contextmanager
def watching(folder: Path, text: str, port: int) -> Iterator[Daemon]:
    """Run ``wamon run`` on a configuration until the block ends; ready when it begins."""
    file = folder / "wamon.toml"
    file.write_text(text)
    command: list[str | Path] = [sys.executable, "-m", "wamon", "run", "-c", file]
    with started(command, folder / "wamon.log", BENCH_TOKEN=TOKEN) as pid:
        base_url = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{base_url}/healthz"), f"wamon answers; its log: {folder / 'wamon.log'}")
        yield Daemon(pid, base_url, folder / "wamon.db")


def lateness_ms(looks: list[tuple[str, int]], interval_ms: int) -> list[int]:
    """How long after its slot each look began, in order of size."""
    return sorted((at_ms - offset_ms(name, interval_ms)) % interval_ms for name, at_ms in looks)


def percentile(ordered: list[int], percent: float) -> int:
    """A percentile of an ordered list that is not empty."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


__all__ = ["Daemon", "configuration", "free_port", "lateness_ms", "percentile", "watching"]
