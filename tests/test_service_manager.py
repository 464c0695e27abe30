"""The words to systemd, over a real datagram socket and from a real process."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from wamon.service_manager import notify, watchdog_interval_s


def bound(address: str) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(address)
    channel.settimeout(5)
    return channel


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket as systemd would listen on, and its name as systemd would write it in the environment."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@wamon-test-{os.getpid()}"
    with closing(bound(name.replace("@", "\0", 1) if request.param == "abstract" else name)) as channel:
        yield channel, name


def test_a_state_arrives_word_for_word(listener: tuple[socket.socket, str]) -> None:
    channel, name = listener
    assert notify("READY=1\nSTATUS=watching 3 targets, Köln", {"NOTIFY_SOCKET": name})
    assert channel.recv(4096).decode() == "READY=1\nSTATUS=watching 3 targets, Köln"


def test_without_a_service_manager_nothing_is_said() -> None:
    assert not notify("READY=1", {})
    assert not notify("READY=1", {"NOTIFY_SOCKET": ""})


def test_a_service_manager_that_has_gone_does_not_stop_us(tmp_path: Path) -> None:
    assert not notify("WATCHDOG=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})


def test_a_service_manager_that_does_not_read_does_not_stall_us(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with closing(bound(address)):
        told = [notify("STATUS=" + "x" * 1000, {"NOTIFY_SOCKET": address}) for _ in range(2000)]
    assert told[0]
    assert not told[-1], "the queue never filled: this test proves nothing here"


def test_the_process_environment_is_read_when_the_word_is_said(listener: tuple[socket.socket, str]) -> None:
    channel, name = listener
    program = "from wamon.service_manager import notify; raise SystemExit(not notify('STOPPING=1'))"
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "NOTIFY_SOCKET": name}, check=True)
    assert channel.recv(4096) == b"STOPPING=1"


ME = str(os.getpid())
WATCHED = {
    "no watchdog": ({}, None),
    "thirty seconds": ({"WATCHDOG_USEC": "30000000"}, 30.0),
    "meant for this process": ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": ME}, 1.5),
    "meant for our parent": ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getppid())}, None),
    "no number": ({"WATCHDOG_USEC": "30s"}, None),
    "zero is no interval": ({"WATCHDOG_USEC": "0"}, None),
}


@pytest.mark.parametrize(("environ", "interval_s"), WATCHED.values(), ids=WATCHED.keys())
def test_the_watchdog_interval_is_ours_only_when_meant_for_us(
    environ: dict[str, str], interval_s: float | None
) -> None:
    assert watchdog_interval_s(environ) == interval_s
