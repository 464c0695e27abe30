"""The daemon and its disk: full for a while, damaged, put back from a copy taken while it wrote."""

import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from tests.running.test_daemon import sink_in_a_thread
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


@contextmanager
def full_disk(daemon: Running) -> Iterator[None]:
    """No file of the daemon may grow beyond what its journal has now: the next row does not fit."""
    most = (daemon.folder / "wamon.db-wal").stat().st_size
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, unlimited)


def counted(daemon: Running, metric: str) -> float:
    """The sum of a metric's series for cloud-api as /metrics tells it, which may be five seconds old."""
    lines = re.findall(rf'^{metric}{{target="cloud-api".*}} (\S+)$', daemon.get("/metrics")[1], re.MULTILINE)
    return sum(map(float, lines))


def test_while_the_disk_is_full_it_looks_on_and_tells_people_and_afterwards_it_records_again(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    channel = '[[channels]]\nname = "ops"\nurl = "env:T_OPS"\n'
    with (
        sink_in_a_thread() as sink,
        running(tmp_path, configuration(platform, tmp_path, port, channel), port, {"T_OPS": sink.url}) as daemon,
    ):
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two good looks")
        with full_disk(daemon):
            platform.faults += [GraphError(500, 131016)] * 6
            opened = eventually(lambda: [one for one in sink.titles if "URGENT" in one], "an outage that is told")
            assert "account management fails · cloud-api" in opened[0]
            lost = eventually(lambda: counted(daemon, "wamon_unrecorded_total"), "the metric that says so")
            assert counted(daemon, "wamon_probe_attempts_total") >= lost
            assert daemon.attempts("cloud-api", "system_error") == 0, "nothing of it is in the book"
        eventually(lambda: [one for one in sink.titles if "RESOLVED" in one], "the end of it")
        before = daemon.attempts("cloud-api", "ok")
        eventually(lambda: daemon.attempts("cloud-api", "ok") > before, "looks that are recorded again")
        assert daemon.attempts("cloud-api", "system_error") == 6, "what was seen meanwhile is in the book as well"
        eventually(lambda: sent(tmp_path) == len(sink.titles), "what was told is written down afterwards")
        assert daemon.json("/healthz") == {"healthy": True, "reasons": []}
        assert daemon.stop()[0] == 0
        assert len([one for one in sink.titles if "URGENT" in one]) == 1, "nothing was told twice"


def sent(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        return int(book.execute("SELECT count(*) FROM dispatches WHERE state = 'sent'").fetchone()[0])


def test_a_copy_taken_while_it_wrote_takes_the_place_of_a_damaged_file(
    platform: Simulator, tmp_path: Path
) -> None:
    port, database = free_port(), tmp_path / "wamon.db"
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two looks")
        command = [sys.executable, "-m", "wamon", "db", "backup", tmp_path / "copy.db", "-c", daemon.file]
        subprocess.run(command, check=True, env=daemon.environ, capture_output=True)
        with closing(sqlite3.connect(f"file:{tmp_path / 'copy.db'}?mode=ro", uri=True)) as copy:
            saved = copy.execute("SELECT target, at_ms FROM observations").fetchall()
        assert len(saved) >= 2
        daemon.stop(signal.SIGKILL)

        whole = database.read_bytes()
        Path(f"{database}-wal").unlink()
        database.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])
        daemon.start()
        assert daemon.process.wait(20) == 2
        assert "the database is damaged" in daemon.log.read_text()
        assert database.read_bytes()[4096:12288] == b"\xff" * 8192, "nothing was repaired behind our back"

        database.write_bytes(b"")
        daemon.start()
        assert daemon.process.wait(20) == 2
        assert "an emptied file is not a new ledger" in daemon.log.read_text()

        shutil.copy(tmp_path / "copy.db", database)
        daemon.start()
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") > len(saved), "a look after the copy was put back")
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as book:
            assert set(saved) <= set(book.execute("SELECT target, at_ms FROM observations"))
