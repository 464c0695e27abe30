"""A machine of its own: a Debian booted by systemd-nspawn, a real systemd as PID 1 and wamon in /opt/wamon."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("WAMON_SOAK_ROOT", ROOT / ".soak" / "root"))
UNIFIED = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}


def eventually(ask: Callable[[], Any], why: str, within_s: float = 30.0) -> Any:
    """The first true answer; fails with the reason when none comes in time."""
    end = time.monotonic() + within_s
    while not (found := ask()):
        assert time.monotonic() < end, f"not within {within_s:g} s: {why}"
        time.sleep(0.2)
    return found


class Machine:
    """A booted machine. Its changes are kept in memory and gone when it ends; the network is the host's."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def path(self, inside: str) -> Path:
        """A file of the machine, as the host sees it."""
        return Path(f"/proc/{self._leader}/root{inside}")

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command inside; its output."""
        entering = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "--", *command]
        done = subprocess.run(entering, capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def show(self, unit: str, *names: str) -> dict[str, str]:
        """Properties of a unit."""
        said = self.run("systemctl", "show", unit, f"--property={','.join(names)}").stdout
        return dict(line.split("=", 1) for line in said.splitlines())

    def pid_of(self, unit: str) -> int:
        """The main process of a unit, as the host numbers it; 0 while there is none."""
        inside = self.show(unit, "MainPID")["MainPID"]
        if inside == "0":
            return 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = [line for line in status.read_text().splitlines() if line.startswith("NSpid:")]
                below = (
                    os.stat(status.parent / "ns" / "pid").st_ino == os.stat(f"/proc/{self._leader}/ns/pid").st_ino
                )
            except OSError:
                continue  # it ended meanwhile
            if below and numbers and numbers[0].split()[-1] == inside:
                return int(status.parent.name)
        return 0


@contextmanager
def booted() -> Iterator[Machine]:
    """Boot, wait until systemd says that it runs, and power off afterwards."""
    options = ["--quiet", "--boot", "--volatile=overlay", "--register=no", "--keep-unit", "--console=pipe"]
    command = ["systemd-nspawn", f"--directory={FOLDER}", f"--machine=wamon-{os.getpid()}", *options]
    log = FOLDER.with_suffix(".boot.log").open("wb")
    spawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | UNIFIED)
    children = Path(f"/proc/{spawn.pid}/task/{spawn.pid}/children")
    try:
        leader = int(eventually(lambda: children.read_text().split(), f"a machine; see {log.name}")[0])
        machine = Machine(leader)
        asking = ["systemctl", "is-system-running"]
        eventually(
            lambda: machine.run(*asking, check=False).stdout.strip() in ("running", "degraded"), "systemd", 90
        )
        yield machine
        machine.run("systemctl", "poweroff", check=False)
        spawn.wait(60)
    finally:
        spawn.kill()
        spawn.wait()
        log.close()


_HOLDING = """
import ctypes, os, sys
libc, tid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
for request in (0x4206, 0x4207):  # PTRACE_SEIZE, PTRACE_INTERRUPT
    if libc.ptrace(request, tid, None, None):
        sys.exit(os.strerror(ctypes.get_errno()))
print("held", flush=True)
while True:
    _, status = os.waitpid(tid, 0x40000000)  # __WALL
    if os.WIFEXITED(status) or os.WIFSIGNALED(status):
        break
"""


@contextmanager
def hung(pid: int) -> Iterator[None]:
    """Stop the main thread of a process as a hang would: its other threads go on, and signals still end it."""
    holder = subprocess.Popen([sys.executable, "-c", _HOLDING, str(pid)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()


def may_boot() -> str | None:
    """Why no machine can be booted here; None where it can."""
    if os.geteuid() != 0:
        return "only root may boot a machine: sudo make soak"
    if not (FOLDER / "opt" / "wamon" / "bin" / "wamon").exists():
        return f"there is no machine in {FOLDER}: scripts/soak-root {FOLDER}"
    if ctypes.CDLL(None).unshare(0) != 0:
        return "this kernel gives no namespaces"
    return None
