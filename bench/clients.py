"""Two hundred clients in one real process, a file each, every target looked at every minute; what it costs.

Prints a JSON line each for: reading the files and starting; a minute of watching (CPU of an observation, lateness,
calls on the wire by token, looks that were shared); the faces (page, metrics, JSON, ``wamon status``); a reload.
"""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.beside.graph import COUNTED, graph
from bench.beside.partner import tokens, write
from bench.beside.processes import answers, cpu_s, free_port, idle_s, memory, started, until
from bench.beside.watch import Daemon, lateness_ms, percentile
from tests.support.certificates import Authority
from wamon.schedule import wall_ms
from wamon.settings import AskingTarget, Settings, load
from wamon.sharing import leaders

CLIENTS = 200
SETTLING_S = 240
"""After a start every account is asked about once, for some 200 s: that is no part of what an hour costs."""
WINDOW_S = 120
HOUR_S = 3_600


def reading(main: Path) -> tuple[Settings, dict[str, object]]:
    """The files read, here and by the command line."""
    began = time.process_time()
    settings = load(main)
    took_s = time.process_time() - began
    began = time.monotonic()
    run(main, "check", "--show")
    return settings, {"files": CLIENTS + 1, "read_cpu_s": round(took_s, 2), "show_s": seconds_since(began)}


def run(main: Path, *words: str) -> str:
    """What a command prints, at 80 columns."""
    command = [sys.executable, "-m", "wamon", *words, "-c", str(main)]
    environ = {**os.environ, **tokens(CLIENTS), "COLUMNS": "80"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout


def seconds_since(began: float) -> float:
    """On the clock."""
    return round(time.monotonic() - began, 2)


class Wire:
    """What Graph was asked, by the end of the token."""

    def __init__(self, base_url: str, authority: Authority) -> None:
        self._url, self._context = base_url + COUNTED, ssl.create_default_context(cafile=authority.ca_file)

    def calls(self) -> Counter[str]:
        """So far."""
        with urllib.request.urlopen(self._url, context=self._context) as answer:
            return Counter(json.load(answer))


def looks_in(daemon: Daemon, since_ms: int, until_ms: int) -> list[tuple[str, int]]:
    """Those on record that began in a stretch of time."""
    return [one for one in daemon.looks() if since_ms <= one[1] < until_ms]


def watching(daemon: Daemon, settings: Settings, wire: Wire) -> dict[str, object]:
    """A window of nothing but watching."""
    since_ms, idle, calls, used_s = wall_ms(), idle_s(), wire.calls(), cpu_s(daemon.pid)
    time.sleep(WINDOW_S)
    used_s, idle, calls = cpu_s(daemon.pid) - used_s, idle_s() - idle, wire.calls() - calls
    until_ms = wall_ms()
    time.sleep(1)
    looks = looks_in(daemon, since_ms, until_ms)
    shared = leaders(settings)
    asked = sum(calls.values())
    by_token = Counter({token: number * HOUR_S // WINDOW_S for token, number in calls.items() if token})
    tokens_own = [number for _, number in by_token.most_common()[1:]]
    return {
        "seconds": WINDOW_S,
        "observations": len(looks),
        "asked_on_the_wire": asked,
        "saved_by_sharing": len(looks) - asked,
        "cpu_ms_per_observation": round(used_s * 1000 / len(looks), 2),
        "cpu_ms_per_exchange": round(used_s * 1000 / asked, 2),
        "cores_used": round(used_s / WINDOW_S, 3),
        "idle_cores": round(idle / WINDOW_S, 2),
        "memory_mib": memory(daemon.pid)._asdict(),
        "missed_on_record": daemon.missed(),
        "calls_an_hour": {"partner": max(by_token.values()), "own_token_most": max(tokens_own)},
    } | lateness(looks, settings, shared)


def lateness(looks: list[tuple[str, int]], settings: Settings, shared: dict[str, str]) -> dict[str, object]:
    """How long after its slot each look began that has a slot of its own name."""
    every = {one.name: one.interval_ms for one in settings.targets if isinstance(one, AskingTarget)}
    late = sorted(
        lateness_ms([(shared.get(name, name), at_ms)], every[name])[0] for name, at_ms in looks if name in every
    )
    return {f"late_p{percent}_ms": percentile(late, percent) for percent in (50, 99, 100)}


def faces(daemon: Daemon, main: Path) -> dict[str, object]:
    """How heavy and how slow every face is."""
    found: dict[str, object] = {}
    paths = {"page": "/", "metrics": "/metrics", "status": "/api/v1/status", "client": "/client/client-000"}
    for name, path in paths.items():
        time.sleep(1.1)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(daemon.base_url + path, timeout=60) as answer:
                body = answer.read()
        except urllib.error.HTTPError:
            continue
        found[name] = {"kib": len(body) >> 10, "ms": round((time.monotonic() - began) * 1000)}
        if name == "metrics":
            found["series"] = sum(not line.startswith(b"#") for line in body.splitlines())
    began = time.monotonic()
    lines = run(main, "status").splitlines()
    found["wamon_status"] = {"s": seconds_since(began), "lines": len(lines), "widest": max(map(len, lines))}
    return found


def reloaded(daemon: Daemon, main: Path) -> dict[str, object]:
    """A SIGHUP after one client's file was changed: until it is in force, and what it cost."""
    file = main.parent / "conf.d" / "client-001.toml"
    file.write_text(
        file.read_text() + '[[targets]]\nname = "client-001.more"\nprobe = "edge"\naccount = "client-001"\n'
    )
    began, used_s, missed = time.monotonic(), cpu_s(daemon.pid), daemon.missed()
    os.kill(daemon.pid, 1)
    until(lambda: b"client-001.more" in page(daemon), "the reload is in force")
    return {
        "in_force_after_s": seconds_since(began),
        "cpu_s": round(cpu_s(daemon.pid) - used_s, 2),
        "missed": daemon.missed() - missed,
    }


def page(daemon: Daemon) -> bytes:
    """The JSON of now; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(f"{daemon.base_url}/api/v1/status", timeout=10) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def checked(main: Path) -> dict[str, object]:
    """``wamon check`` of everything."""
    began = time.monotonic()
    lines = run(main, "check").splitlines()
    return {"check_s": seconds_since(began), "lines": len(lines), "widest": max(map(len, lines), default=0)}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder, authority = Path(name), Authority(Path(name))
        with graph(authority.server()) as base_url:
            port = free_port()
            file = write(folder / "partner", CLIENTS, base_url, authority.ca_file, port)
            settings, found = reading(file)
            began = time.monotonic()
            command: list[str | Path] = [sys.executable, "-m", "wamon", "run", "-c", file]
            with started(command, folder / "wamon.log", **tokens(CLIENTS)) as pid:
                daemon = Daemon(pid, f"http://127.0.0.1:{port}", folder / "partner" / "wamon.db")
                until(lambda: answers(f"{daemon.base_url}/healthz"), "wamon answers")
                found |= {"answers_after_s": seconds_since(began), "start_cpu_s": round(cpu_s(pid), 2)}
                print(json.dumps({"clients": CLIENTS, "targets": len(settings.targets)} | found), flush=True)
                time.sleep(SETTLING_S)
                print(json.dumps(watching(daemon, settings, Wire(base_url, authority))), flush=True)
                print(json.dumps(faces(daemon, file)), flush=True)
                print(json.dumps(checked(file)), flush=True)
                print(json.dumps(reloaded(daemon, file)), flush=True)
                log = (folder / "wamon.log").read_text()
                print(log[-2000:], file=sys.stderr)


if __name__ == "__main__":
    main()
