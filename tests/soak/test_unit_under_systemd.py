"""The unit as it is shipped, installed from a wheel, under a real systemd: it comes back, whatever ends it."""

import asyncio
import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.cli.platform import simulated
from tests.conftest import Prometheus
from tests.running.daemon import free_port
from tests.running.test_daemon import hung_port as hung_listener
from tests.soak.machine import Machine, booted, eventually, hung, may_boot
from tests.support.sinks import Sink, json_sink
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, PHONE_NUMBER_ID

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
UNIT = "wamon.service"
CONFIGURATION = """
[service]
listen = "127.0.0.1:{port}"
[graph]
base_url = "{graph}"
access_token = "credential:access_token"
[reference]
enabled = false
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "1s"
timeout = "500ms"
[[targets]]
name = "control-1"
probe = "control"
url = "{control}"
interval = "10s"
timeout = "1s"
[[channels]]
name = "ops"
url = "credential:ops"
"""
DROP_IN = "[Service]\n" + "".join(
    f"LoadCredential={name}:/etc/wamon/credentials/{name}\n" for name in ("access_token", "ops")
)


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


class Installed:
    """wamon as a service of a machine, seen from outside."""

    def __init__(self, machine: Machine, simulator: Simulator, sink: Sink) -> None:
        self.machine, self.sink, self.port = machine, sink, free_port()
        self.text = CONFIGURATION.format(
            port=self.port,
            graph=simulator.base_url,
            number=PHONE_NUMBER_ID,
            control=simulator.control_urls[0],
        )
        self.put("/etc/wamon/wamon.toml", self.text, 0o644)
        self.put("/etc/wamon/credentials/access_token", ACCESS_TOKEN, 0o600)
        self.put("/etc/wamon/credentials/ops", sink.url, 0o600)
        self.put("/etc/systemd/system/wamon.service.d/credentials.conf", DROP_IN, 0o644)
        command = ["/opt/wamon/bin/wamon", "install-service", "--yes", "-c", "/etc/wamon/wamon.toml"]
        self.said = machine.run(*command).stderr

    def put(self, place: str, text: str, mode: int) -> None:
        path = self.machine.path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def get(self, path: str) -> str:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
        return ""

    def today(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/api/v1/days?target=cloud-api"))["days"][-1]
        return found

    def show(self, *names: str) -> dict[str, str]:
        return self.machine.show(UNIT, *names)

    def restarts(self) -> int:
        return int(self.show("NRestarts")["NRestarts"])

    def pid(self) -> int:
        return int(eventually(lambda: self.machine.pid_of(UNIT), "a main process"))

    def well(self) -> None:
        """Active, ready, and looking."""
        eventually(
            lambda: self.show("ActiveState", "SubState") == ACTIVE and self.get("/readyz"), "it is ready", 90
        )

    def journal(self) -> str:
        return self.machine.run("journalctl", "-u", UNIT, "--no-pager", "-o", "cat").stdout


ACTIVE = {"ActiveState": "active", "SubState": "running"}


@pytest.fixture(scope="module")
def service() -> Iterator[Installed]:
    if why := may_boot():
        pytest.skip(why)
    with simulated() as simulator, sink_in_a_thread() as sink, booted() as machine:
        yield Installed(machine, simulator, sink)


@pytest.fixture(autouse=True)
def _well_before_and_after(service: Installed) -> Iterator[None]:
    service.well()
    service.sink.posts.clear()
    service.machine.path("/run/wamon/last-word").unlink(missing_ok=True)
    yield
    service.well()


def test_it_is_active_when_it_is_ready_and_not_before(service: Installed) -> None:
    assert "running; look with: systemctl status wamon.service" in service.said
    assert service.machine.run("systemctl", "is-enabled", UNIT).stdout == "enabled\n"
    service.machine.run("systemctl", "restart", UNIT)
    assert json.loads(service.get("/healthz")) == {"healthy": True, "reasons": []}, "asked as soon as it is active"


def test_its_secrets_are_credentials_and_stand_nowhere_else(service: Installed) -> None:
    pid = service.pid()
    eventually(lambda: 'verdict="ok"} 0' not in service.get("/metrics"), "a look that the token opened")
    for piece in ("environ", "cmdline"):
        with open(f"/proc/{pid}/{piece}", "rb") as file:
            assert ACCESS_TOKEN.encode() not in file.read()
    assert os.stat(f"/proc/{pid}").st_uid >= 61184, "a user that exists only while it runs"
    assert ACCESS_TOKEN not in service.journal() + service.get("/metrics") + service.get("/")
    state = service.machine.path("/var/lib/private/wamon")
    assert state.stat().st_mode & 0o777 == 0o700
    assert {one.name for one in state.iterdir()} >= {"wamon.db"}


def test_a_real_prometheus_scrapes_it(service: Installed, prometheus: Callable[..., Prometheus]) -> None:
    server = prometheus(f"127.0.0.1:{service.port}")
    server.wait_for("process_start_time_seconds > 0")
    assert server.query("wamon_target_state == 1")


ENDS = {
    signal.SIGKILL: (15, "signal KILL ended it"),
    signal.SIGSEGV: (15, "signal SEGV ended it"),
    signal.SIGSTOP: (60, "it hung, and the watchdog ended it"),
}


@pytest.mark.parametrize(("number", "within_s", "words"), [(one, *rest) for one, rest in ENDS.items()], ids=str)
def test_p22_it_is_back_after_a_signal_and_its_last_word_was_heard(
    service: Installed, number: signal.Signals, within_s: float, words: str
) -> None:
    before, down_before = service.restarts(), service.today()["down_s"]
    os.kill(service.pid(), number)
    eventually(lambda: service.restarts() > before, "a restart", within_s)
    service.well()
    assert service.today()["down_s"] == down_before, "its own absence is nobody's downtime"
    (title,) = eventually(lambda: service.sink.titles, "the last word")
    assert words in title


def test_it_is_back_after_a_hang_and_says_where_it_stood(service: Installed) -> None:
    before = service.restarts()
    with hung(service.pid()):
        eventually(lambda: service.restarts() > before, "a restart", 60)
    service.well()
    assert "Fatal Python error: Aborted" in service.journal()
    assert service.sink.titles == [one for one in service.sink.titles if "the watchdog ended it" in one] != []


def test_a_reload_of_a_bad_configuration_changes_nothing(service: Installed) -> None:
    pid = service.pid()
    service.put("/etc/wamon/wamon.toml", service.text.replace('"1s"', '"1"', 1), 0o644)
    service.machine.run("systemctl", "reload", UNIT)
    eventually(lambda: "the old one stays" in service.journal(), "the refusal")
    service.put("/etc/wamon/wamon.toml", service.text, 0o644)
    assert service.pid() == pid


def test_a_crash_loop_goes_on_until_it_is_mended_and_is_told_once(service: Installed) -> None:
    service.put("/etc/wamon/wamon.toml", "[servise]\n" + service.text, 0o644)
    service.machine.run("systemctl", "restart", UNIT, check=False)
    before = service.restarts()
    eventually(lambda: service.restarts() >= before + 6, "six restarts", 90)
    assert len([one for one in service.sink.titles if "it ended with exit code 2" in one]) == 1
    assert "servise" in service.journal()
    service.put("/etc/wamon/wamon.toml", service.text, 0o644)
    service.well()


def test_it_stops_cleanly_within_five_seconds_beside_fifty_hung_targets(service: Installed) -> None:
    with hung_listener() as hung_port:
        _stopped_beside(service, hung_port)


def _stopped_beside(service: Installed, hung_port: int) -> None:
    hanging = "".join(
        f'[[targets]]\nname = "hung-{n}"\nprobe = "control"\nurl = "http://127.0.0.1:{hung_port}/{n}"\n'
        'interval = "5s"\ntimeout = "4s"\n'
        for n in range(50)
    )
    service.put("/etc/wamon/wamon.toml", service.text + hanging, 0o644)
    service.machine.run("systemctl", "restart", UNIT)
    time.sleep(6)  # every hung target has been asked
    began = time.monotonic()
    service.machine.run("systemctl", "stop", UNIT)
    assert time.monotonic() - began < 5
    assert service.show("Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    assert service.sink.titles == []
    service.put("/etc/wamon/wamon.toml", service.text, 0o644)
    service.machine.run("systemctl", "start", UNIT)
