"""Processes beside a bench: started, waited for, weighed by /proc, and ended."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, that a process and the children it waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * _TICK_S


def idle_s() -> float:
    """Seconds that the machine's cores have spent with nothing to do, all of them together."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return (int(fields[4]) + int(fields[5])) * _TICK_S


class Memory(NamedTuple):
    """Of one process, in MiB: what is resident now, and the most that ever was."""

    resident: float
    peak: float


def memory(pid: int) -> Memory:
    """What the kernel says of a process, its children left out."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Memory(*(round(int(lines[key].split()[0]) / 1024, 1) for key in ("VmRSS", "VmHWM")))


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def until(ask: Callable[[], object], why: str, within_s: float = 60.0) -> None:
    """Wait until something is so. Raises RuntimeError with ``why`` when it is not in time."""
    end = time.monotonic() + within_s
    while not ask():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {within_s:g} s: {why}")
        time.sleep(0.1)


@contextmanager
def started(command: list[str | Path], log: Path, **environ: str) -> Iterator[int]:
    """Run a program; its process id. It is told to end, and waited for, on the way out."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stderr, stderr=stderr, env={**os.environ, **environ})
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def cost_ms(pids: list[int], seconds: float) -> float:
    """Milliseconds of CPU that processes use together in so many seconds from now."""
    before = sum(map(cpu_s, pids))
    time.sleep(seconds)
    return (sum(map(cpu_s, pids)) - before) * 1000
