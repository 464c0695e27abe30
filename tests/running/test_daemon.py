"""The daemon's promises: ready when it says so, gone when told, nothing lost, nobody starved."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.platform import SECRETS, simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from tests.support.contents import contents
from tests.support.sinks import Sink, json_sink
from wamon.control import ask, socket_path
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import APP_SECRET


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def test_it_says_ready_and_feeds_the_watchdog_and_stops_within_five_seconds(
    platform: Simulator, tmp_path: Path
) -> None:
    port, told = free_port(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(20)
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
    with running(tmp_path, configuration(platform, tmp_path, port), port, environ) as daemon:
        assert told.recv(100) == b"READY=1"
        assert told.recv(100) == b"WATCHDOG=1"
        daemon.ready()
        assert daemon.json("/healthz") == {"healthy": True, "reasons": []}
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two looks")
        path = socket_path(daemon.environ, tmp_path / "wamon.db")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        nothing = {"rulings": 0, "turned": [], "days": [], "kept": [], "kept_more": 0}
        assert ask(path, "reclassify", {"dry_run": True}) == nothing
        code, took_s = daemon.stop()
        assert (code, took_s < 5) == (0, True)
        words = []
        while not words or words[-1] != b"STOPPING=1":
            words.append(told.recv(100))
        assert not path.exists()
    told.close()


def test_meta_s_page_is_read_soon_after_the_start(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        word = eventually(
            lambda: (one := daemon.json("/api/v1/status")["reference"])["months"] and one, "the daily figures"
        )
        assert (word["fresh"], word["trouble"]) == (True, "")
        assert {one["light"] for one in word["services"]} == {"green"}


def test_a_way_to_meta_s_page_that_is_barred_is_quiet_and_changes_nothing(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    text = configuration(platform, tmp_path, port).replace(
        platform.reference_url, f"http://127.0.0.1:{free_port()}"
    )
    with running(tmp_path, text, port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.json("/api/v1/status")["reference"]["trouble"], "the reason")
        word = daemon.json("/api/v1/status")["reference"]
        assert (word["read_at"], word["fresh"], word["services"]) == (None, False, [])
        assert "connection refused" in word["trouble"].lower()
        assert daemon.json("/healthz") == {"healthy": True, "reasons": []}
        assert daemon.json("/api/v1/status")["state"] == "operational"
        assert daemon.log.read_text().count("Meta's status page") == 1


UNUSABLE = {
    "": "[service] listen: 192.0.2.1:1: cannot assign requested address",
    '[[channels]]\nname = "ops"\nurl = "env:T_NONSENSE"\n': "channel ops, url:",
}
"""What only a start would find, unless it is tried before."""


def test_p21_a_bad_reload_changes_nothing_and_a_good_one_watches_more(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    text = configuration(platform, tmp_path, port)
    with running(tmp_path, text, port, {"T_NONSENSE": "nonsense://nobody"}) as daemon:
        daemon.ready()
        daemon.file.write_text(text.replace('interval = "2s"', 'interval = "2"'))
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the old one stays" in daemon.log.read_text(), "the refusal in the log")
        assert "target cloud-api, interval: '2' is not a duration such as 30s, 5m or 2h" in daemon.log.read_text()
        assert daemon.get("/readyz")[0] == 200
        eventually(lambda: "wamon_config_reload_successful 0.0" in daemon.get("/metrics")[1], "the metric")
        for more, refusal in UNUSABLE.items():
            daemon.file.write_text(text.replace(f"127.0.0.1:{port}", "192.0.2.1:1") if not more else text + more)
            daemon.process.send_signal(signal.SIGHUP)
            eventually(lambda refusal=refusal: refusal in daemon.log.read_text(), refusal)
            assert daemon.get("/readyz")[0] == 200
        daemon.file.write_text(
            text + '[[targets]]\nname = "graph"\nprobe = "edge"\ninterval = "2s"\ntimeout = "1s"\n'
        )
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: daemon.attempts("graph", "ok") >= 1, "a look at the new target")
        assert daemon.process.poll() is None
        assert "wamon_config_reload_successful 1.0" in daemon.get("/metrics")[1]
        seconds = daemon.json("/api/v1/days?target=cloud-api")["days"][-1]["seconds"]
        assert seconds > 1


def test_kill_9_loses_no_acknowledged_look_and_the_time_between_is_unobserved(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two looks")
        shown = eventually(lambda: counted_by_metrics(daemon, "cloud-api"), "a look in /metrics")
        daemon.stop(signal.SIGKILL)
        with sqlite3.connect(f"file:{tmp_path / 'wamon.db'}?mode=ro", uri=True) as book:
            kept = (
                "SELECT count(*) FROM observations o JOIN targets t ON t.id = o.target WHERE t.name = 'cloud-api'"
            )
            assert book.execute(kept).fetchone()[0] >= shown
        time.sleep(3)  # the time that must be unobserved afterwards
        daemon.start()
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") > shown, "a look after the restart")
        eventually(lambda: daemon.json("/api/v1/days?target=cloud-api")["days"], "a day")
        row = daemon.json("/api/v1/days?target=cloud-api")["days"][-1]
        assert row["down_s"] == 0
        assert row["unobserved_s"] >= 2
        assert daemon.stop()[0] == 0


def counted_by_metrics(daemon: Running, target: str) -> int:
    wanted = f'wamon_probe_attempts_total{{target="{target}",verdict="ok"}} '
    found = [line for line in daemon.get("/metrics")[1].splitlines() if line.startswith(wanted)]
    return int(float(found[0].removeprefix(wanted))) if found else 0


@contextmanager
def sink_in_a_thread() -> Iterator[Sink]:
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Sink] = []

    async def live() -> None:
        async with json_sink() as sink:
            found.append(sink)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def test_an_outage_is_told_when_it_opens_and_when_it_is_over(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    channel = '[[channels]]\nname = "ops"\nurl = "env:T_OPS"\n'
    with sink_in_a_thread() as sink:
        text = configuration(platform, tmp_path, port, channel)
        with running(tmp_path, text, port, {"T_OPS": sink.url}) as daemon:
            daemon.ready()
            eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two good looks")
            platform.faults += [GraphError(500, 131016)] * 8
            opened = eventually(lambda: [one for one in sink.titles if "URGENT" in one], "the opening")
            assert opened[0].startswith("[URGENT] Meta · account management fails · cloud-api · since ")
            assert "code 131016" in opened[0]
            resolved = eventually(lambda: [one for one in sink.titles if "RESOLVED" in one], "the end")
            assert len(opened) == len(resolved) == 1
            incidents = daemon.json("/api/v1/incidents")["incidents"]
            assert [(one["target"], one["verdict"], one["cause"]) for one in incidents] == [
                ("cloud-api", "system_error", "service")
            ]
            assert daemon.stop()[0] == 0


def test_an_authentication_error_asks_about_the_token_and_a_failure_asks_the_controls(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a good look")
        before = daemon.attempts("control-1", "ok")
        asked = daemon.attempts("token", "ok")
        platform.faults += [GraphError(401, 190, message="(#190) Cannot parse access token")]
        eventually(lambda: daemon.attempts("cloud-api", "user_error") >= 1, "the refusal")
        # The token is due in minutes and the controls in seconds: only the failure can have asked them this soon.
        eventually(lambda: daemon.attempts("token", "ok") > asked, "debug_token at once", 6)
        eventually(lambda: daemon.attempts("control-1", "ok") > before, "a control at once", 8)


@contextmanager
def hung_port() -> Iterator[int]:
    """Takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield server.getsockname()[1]


def test_p23_fifty_hung_targets_delay_neither_a_good_one_by_a_second_nor_the_stop(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    with hung_port() as hung:
        hanging = "".join(
            f'[[targets]]\nname = "hung-{n}"\nprobe = "control"\nurl = "http://127.0.0.1:{hung}/{n}"\n'
            'interval = "2s"\ntimeout = "1900ms"\n'
            for n in range(50)
        )
        with running(tmp_path, configuration(platform, tmp_path, port, hanging), port) as daemon:
            daemon.ready()
            eventually(lambda: daemon.attempts("cloud-api", "ok") >= 6, "six looks beside fifty hung targets", 30)
            code, took_s = daemon.stop()
            assert (code, took_s < 5) == (0, True), took_s
        with sqlite3.connect(f"file:{tmp_path / 'wamon.db'}?mode=ro", uri=True) as book:
            rows = book.execute(
                "SELECT o.at_ms FROM observations o JOIN targets t ON t.id = o.target WHERE t.name = 'cloud-api'"
            ).fetchall()
        instants = sorted(at_ms for (at_ms,) in rows)
        gaps = [after - before for before, after in pairwise(instants)]
        assert max(gaps) < 3_000, f"an interval of 2 s became {gaps}"


def test_a_second_daemon_on_the_same_database_is_refused_with_a_sentence(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        other = tmp_path / "other"
        other.mkdir()
        with running(other, configuration(platform, tmp_path, free_port()), port) as second:
            assert second.process.wait(20) == 2
            assert f"process {daemon.process.pid} is writing to it" in second.log.read_text()


def test_no_secret_is_in_the_log_the_metrics_the_database_or_the_command_line(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    text = configuration(platform, tmp_path, port).replace("[service]", '[service]\nlog_level = "debug"')
    with running(tmp_path, text, port) as daemon:
        daemon.ready()
        platform.faults += [
            GraphError(401, 190, message=f"Malformed access token {daemon.environ['T_ACCESS']}")
        ] * 2
        eventually(lambda: daemon.attempts("cloud-api", "user_error") >= 1, "an answer that echoes the token")
        shown = daemon.get("/metrics")[1] + daemon.get("/")[1] + json.dumps(daemon.json("/api/v1/status"))
        command_line = Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes()
        daemon.stop()
    everything = contents(tmp_path / "wamon.db") + daemon.log.read_bytes() + shown.encode() + command_line
    for name in ("T_ACCESS", "T_APP_SECRET"):
        assert daemon.environ[name].encode() not in everything
    assert os.fsencode("cloud-api") in everything


def test_neither_a_backup_nor_a_crash_nor_the_environment_carries_a_secret_that_came_from_a_file(
    platform: Simulator, tmp_path: Path
) -> None:
    port, secrets = free_port(), {**SECRETS, "T_APP_SECRET": APP_SECRET}
    text = configuration(platform, tmp_path, port).replace("[service]", '[service]\nlog_level = "debug"')
    for name in ("T_ACCESS", "T_APP_SECRET"):
        (tmp_path / name).write_text(secrets[name])
        (tmp_path / name).chmod(0o600)
        text = text.replace(f"env:{name}", f"file:{tmp_path / name}")
    without = {**dict.fromkeys(secrets, ""), "PYTHONFAULTHANDLER": "1"}
    with running(tmp_path, text, port, without) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a look with the token")
        environ = Path(f"/proc/{daemon.process.pid}/environ").read_bytes()
        backup = tmp_path / "backup.db"
        subprocess.run([sys.executable, "-m", "wamon", "db", "backup", backup, "-c", daemon.file], check=True)
        assert daemon.stop(signal.SIGABRT)[0] == -signal.SIGABRT
    crash, kept = daemon.log.read_bytes(), contents(backup)
    assert b"Fatal Python error: Aborted" in crash
    assert b"cloud-api" in kept
    for name in ("T_ACCESS", "T_APP_SECRET"):
        assert secrets[name].encode() not in environ + kept + crash, name
