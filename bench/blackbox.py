"""wamon beside blackbox_exporter and Prometheus from Debian, in one run, on the same TLS target on loopback.

Prints two JSON lines. CPU is user and system time of whole processes, from /proc.
``exchange``: one https exchange with a new connection and a full handshake, 50 in flight: ours through httpx, and
a probe that blackbox_exporter is asked for over kept-alive connections.
``paced``: one whole observation, 1,000 targets every 20 s: a real daemon (probed, judged, stored durably, counted)
and Prometheus that scrapes blackbox_exporter and stores what it says. The window is 60 s a side, after 30 s of
settling; a real comparison would take an hour, so both are shortened alike.
"""

import asyncio
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httptools
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.beside.processes import answers, cost_ms, cpu_s, free_port, memory, started, until
from bench.beside.watch import configuration, watching
from bench.exchange import _ours, _serve
from tests.support.certificates import Authority

IN_FLIGHT = 50
PROBES = 1_500
ROUNDS = 5
TARGETS = 1_000
INTERVAL_S = 20
SETTLING_S = 30
WINDOW_S = 60

MODULE = """\
modules:
  https:
    prober: http
    timeout: 10s
    http:
      preferred_ip_protocol: ip4
      tls_config: {{ca_file: {ca_file}}}
"""
SCRAPING = """\
global: {{scrape_interval: {interval_s}s, scrape_timeout: 10s}}
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {{module: [https]}}
    file_sd_configs: [{{files: [{targets}]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "{blackbox}"}}
"""


class _Asking(asyncio.Protocol):
    """One kept-alive connection to blackbox_exporter, asked for one probe after another."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._parser: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self, path: str) -> "asyncio.Future[bytes]":
        self.answered = asyncio.get_running_loop().create_future()
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: blackbox\r\n\r\n".encode())
        return self.answered

    def data_received(self, piece: bytes) -> None:
        self._parser.feed_data(piece)

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        self.answered.set_result(b"".join(self._body))


async def probes(port: int, url: str, pid: int) -> float:
    """Milliseconds of blackbox_exporter's CPU for one probe, IN_FLIGHT at a time."""
    loop = asyncio.get_running_loop()
    left = iter(range(PROBES))

    async def worker() -> None:
        _, asking = await loop.create_connection(_Asking, "127.0.0.1", port)
        for _ in left:
            if b"\nprobe_success 1" not in await asking.ask(f"/probe?module=https&target={url}"):
                raise RuntimeError("blackbox_exporter could not probe the target")
        asking.transport.close()

    before = cpu_s(pid)
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return (cpu_s(pid) - before) * 1000 / PROBES


@contextmanager
def graph(authority: Authority) -> Iterator[str]:
    """A Graph over TLS in a process of its own; its base URL."""
    spawning = multiprocessing.get_context("fork")
    tell: multiprocessing.Queue[int] = spawning.Queue()
    server = spawning.Process(target=_serve, args=(authority.server(), tell), daemon=True)
    server.start()
    try:
        yield f"https://127.0.0.1:{tell.get()}"
    finally:
        server.terminate()
        server.join()


@contextmanager
def blackbox(folder: Path, ca_file: str) -> Iterator[tuple[int, int]]:
    """A running blackbox_exporter: process id and port."""
    port, file = free_port(), folder / "blackbox.yml"
    file.write_text(MODULE.format(ca_file=ca_file))
    command: list[str | Path] = [
        "prometheus-blackbox-exporter",
        f"--config.file={file}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with started(command, folder / "blackbox.log") as pid:
        until(lambda: answers(f"http://127.0.0.1:{port}/-/healthy"), "blackbox_exporter answers")
        yield pid, port


@contextmanager
def prometheus(folder: Path, targets: list[str], blackbox_port: int) -> Iterator[int]:
    """A Prometheus that scrapes every target through blackbox_exporter; its process id."""
    port, home = free_port(), folder / "prometheus"
    home.mkdir()
    (home / "targets.json").write_text(json.dumps([{"targets": targets}]))
    (home / "prometheus.yml").write_text(
        SCRAPING.format(
            interval_s=INTERVAL_S, targets=home / "targets.json", blackbox=f"127.0.0.1:{blackbox_port}"
        )
    )
    command: list[str | Path] = [
        "prometheus",
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with started(command, folder / "prometheus.log") as pid:
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "Prometheus is ready")
        yield pid


def exchanges(folder: Path, authority: Authority) -> dict[str, object]:
    """The first line: rounds alternate, so that both meet the same machine."""
    mine, theirs = [], []
    with graph(authority) as base_url, blackbox(folder, authority.ca_file) as (pid, port):
        url = f"{base_url}/v25.0/106540352242922?fields=id"
        for _ in range(ROUNDS):
            mine.append(uvloop.run(_ours(authority.ca_file, url)))
            theirs.append(asyncio.run(probes(port, url, pid)))
    ours_ms, blackbox_ms = statistics.median(mine), statistics.median(theirs)
    return {
        "exchange": {"wamon_cpu_ms": round(ours_ms, 2), "blackbox_exporter_cpu_ms": round(blackbox_ms, 2)},
        "ratio": round(ours_ms / blackbox_ms, 2),
        "in_flight": IN_FLIGHT,
    }


def theirs_paced(folder: Path, authority: Authority, base_url: str) -> dict[str, float]:
    """Milliseconds of CPU a check of blackbox_exporter and of Prometheus."""
    targets = [f"{base_url}/v25.0/1{n}?fields=id" for n in range(TARGETS)]
    checks = TARGETS * WINDOW_S / INTERVAL_S
    with (
        blackbox(folder, authority.ca_file) as (exporter, port),
        prometheus(folder, targets, port) as server,
    ):
        time.sleep(SETTLING_S)
        before = cpu_s(exporter)
        both_ms = cost_ms([exporter, server], WINDOW_S) / checks
        exporter_ms = (cpu_s(exporter) - before) * 1000 / checks
        mib = memory(exporter).resident + memory(server).resident
    return {"both_cpu_ms": both_ms, "exporter_cpu_ms": exporter_ms, "both_mib": mib}


def ours_paced(folder: Path, authority: Authority, base_url: str) -> dict[str, float]:
    """Milliseconds of CPU an observation of a real daemon; as many observations as there should be."""
    port = free_port()
    text = configuration(TARGETS, INTERVAL_S, base_url, authority.ca_file, port, folder)
    with watching(folder, text, port) as daemon:
        time.sleep(SETTLING_S)
        before = len(daemon.looks())
        used_ms = cost_ms([daemon.pid], WINDOW_S)
        looks = len(daemon.looks()) - before
        mib = memory(daemon.pid).resident
    expected = TARGETS * WINDOW_S / INTERVAL_S
    if abs(looks - expected) > expected * 0.02:
        raise RuntimeError(f"{looks} looks where {expected:g} were due")
    return {"cpu_ms": used_ms / looks, "mib": mib}


def paced(folder: Path, authority: Authority) -> dict[str, object]:
    """The second line."""
    with graph(authority) as base_url:
        theirs = theirs_paced(folder, authority, base_url)
        mine = ours_paced(folder, authority, base_url)
    return {
        "paced": {
            "wamon_cpu_ms": round(mine["cpu_ms"], 2),
            "blackbox_exporter_and_prometheus_cpu_ms": round(theirs["both_cpu_ms"], 2),
            "of_it_blackbox_exporter": round(theirs["exporter_cpu_ms"], 2),
        },
        "ratio": round(mine["cpu_ms"] / theirs["both_cpu_ms"], 2),
        "resident_mib": {"wamon": mine["mib"], "blackbox_exporter_and_prometheus": theirs["both_mib"]},
        "targets": TARGETS,
        "every_s": INTERVAL_S,
        "shortened_to_s": WINDOW_S,
    }


def main() -> None:
    """Measure and print."""
    for program in ("prometheus-blackbox-exporter", "prometheus"):
        if shutil.which(program) is None:
            print(json.dumps({"skipped": f"{program} is not installed: apt-get install {program}"}))
            return
    with tempfile.TemporaryDirectory() as name:
        authority = Authority(Path(name))
        print(json.dumps(exchanges(Path(name), authority)), flush=True)
        print(json.dumps(paced(Path(name), authority) | {"cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
