"""A daemon under test: a real process with a configuration of its own, asked over HTTP and its sockets."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.cli.platform import SECRETS
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import APP_ID, APP_SECRET, PHONE_NUMBER_ID


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(ask: Callable[[], Any], why: str, within_s: float = 20.0) -> Any:
    """The first true answer; fails with the reason when none comes in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s:g} s: {why}")


def configuration(simulator: Simulator, folder: Path, port: int, more: str = "") -> str:
    first, second = simulator.control_urls
    return f"""
[service]
listen = "127.0.0.1:{port}"
database = "{folder / "wamon.db"}"
[graph]
base_url = "{simulator.base_url}"
access_token = "env:T_ACCESS"
app_id = "{APP_ID}"
app_secret = "env:T_APP_SECRET"
[reference]
base_url = "{simulator.reference_url}"
[incidents]
open_after = "2s"
resolve_after = "1s"
[availability]
recheck = "500ms"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{PHONE_NUMBER_ID}"
interval = "2s"
timeout = "1s"
[[targets]]
name = "token"
probe = "token"
interval = "10m"
[[targets]]
name = "control-1"
probe = "control"
url = "{first}"
interval = "10s"
timeout = "1s"
[[targets]]
name = "control-2"
probe = "control"
url = "{second}"
interval = "10s"
timeout = "1s"
{more}
"""


class Running:
    """One daemon process and the folder it lives in."""

    def __init__(self, folder: Path, text: str, port: int, environ: Mapping[str, str] = {}) -> None:
        self.folder, self.port = folder, port
        self.file = folder / "wamon.toml"
        self.file.write_text(text)
        self.environ = {**os.environ, **SECRETS, "T_APP_SECRET": APP_SECRET, **environ}
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wamon", "run", "-c", str(self.file)],
                env=self.environ,
                stderr=log,
                stdout=log,
            )

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[1])

    def ready(self) -> "Running":
        eventually(lambda: self.get("/readyz")[0] == 200, f"ready; the log says {self.log.read_text()}")
        return self

    def attempts(self, target: str, verdict: str) -> int:
        """How many looks the book has of a target with that first verdict; /metrics may be five seconds old."""
        try:
            with closing(sqlite3.connect(f"file:{self.folder / 'wamon.db'}?mode=ro", uri=True)) as book:
                row = book.execute(
                    "SELECT observations FROM tallies JOIN targets ON targets.id = target"
                    " WHERE name = ? AND verdict = ?",
                    (target, verdict),
                ).fetchone()
        except sqlite3.OperationalError:
            return 0
        return int(row[0]) if row else 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(20), time.monotonic() - began


@contextmanager
def running(folder: Path, text: str, port: int, environ: Mapping[str, str] = {}) -> Iterator[Running]:
    daemon = Running(folder, text, port, environ)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait(10)
