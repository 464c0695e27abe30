"""The README's way from nothing to a service, executed line by line as a stranger would.

Not executed are pip's lines (this wamon is put in its place), and systemd as the first process: the unit is
verified, and what it would start is started. Graph, the controls and the channel are simulated.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import eventually, free_port
from tests.running.test_clients import sinks
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, PHONE_NUMBER_ID

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("## From nothing to a service")[2].partition("\n## ")[0]
BLOCKS = "".join(re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL))
COMMANDS = re.findall(r"^# (.+?)(?:  +#.*)?$", BLOCKS, re.MULTILINE)
FIGURES = "wamon uptime -c /etc/wamon/wamon.toml"
DAY_S = 86_400


class Machine:
    """A fresh machine's folders, in which the README's commands run; every path of theirs is beneath a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {
            "PATH": f"{root}/usr/local/bin:/usr/bin:/bin",
            "HOME": str(root),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "80",
        }
        for folder in ("usr/local/bin", "opt/wamon/bin", "work"):
            (root / folder).mkdir(parents=True)
        program = root / "opt" / "wamon" / "bin" / "wamon"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={os.getcwd()} exec {sys.executable} -m wamon "$@"\n')
        program.chmod(0o755)

    def run(self, command: str, given: str = "", code: int | None = 0) -> str:
        """What a line of the README prints. Fails where it does not end as it should."""
        placed = re.sub(r"(?<!\S)/(?=(opt|etc|usr/local)/)", f"{self.root}/", command)
        done = subprocess.run(
            ["/bin/sh", "-c", placed],
            input=given,
            capture_output=True,
            text=True,
            env=self.environ,
            cwd=self.root / "work",
            timeout=60,
        )
        assert code is None or done.returncode == code, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def service(self) -> subprocess.Popen[bytes]:
        """What the unit starts, with what systemd gives it."""
        places = {
            "STATE_DIRECTORY": self.root / "var" / "lib" / "wamon",
            "RUNTIME_DIRECTORY": self.root / "run" / "wamon",
            "CREDENTIALS_DIRECTORY": self.root / "etc" / "wamon" / "credentials",
        }
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        unit = (self.root / "wamon.service").read_text()
        start = re.search(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)
        assert start is not None
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "wamon", *start[1].split()],
                env=self.environ | {name: str(place) for name, place in places.items()},
                cwd=os.getcwd(),
                stdout=log,
                stderr=log,
            )


def the(beginning: str) -> str:
    """The README's one line that begins so, or is so."""
    if beginning in COMMANDS:
        return beginning
    (found,) = [one for one in COMMANDS if one.startswith(beginning)]
    return found


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def quick(config: Path, platform: Simulator, port: int) -> None:
    """The one thing that is changed beside the README: simulated ends, an address of its own, a look a second."""
    text = config.read_text()
    text = text.replace("127.0.0.1:9877", f"127.0.0.1:{port}")
    text = text.replace("[graph]", f'[graph]\nbase_url = "{platform.base_url}"', 1)
    text = text.replace('interval = "60s"', 'interval = "1s"').replace('interval = "15m"', 'interval = "3s"')
    for name, url in zip(("www.gstatic", "cp.cloudflare"), platform.control_urls, strict=True):
        text = text.replace(f"https://{name}.com/generate_204", url)
    config.write_text(text + "\n[reference]\nenabled = false\n")


def test_a_strangers_way_from_nothing_to_a_service_a_first_notice_and_a_first_statement(
    tmp_path: Path, platform: Simulator, real: Callable[..., Path]
) -> None:
    analyze = real("systemd-analyze", package="systemd")
    machine, port = Machine(tmp_path), free_port()
    config = tmp_path / "etc" / "wamon" / "wamon.toml"
    machine.run(the("ln -s"))
    with sinks("ops") as found:
        machine.run(the("install -D -m 600 /dev/stdin /etc/wamon/credentials/access_token"), f"{ACCESS_TOKEN}\n")
        machine.run(the("install -D -m 600 /dev/stdin /etc/wamon/credentials/ops_url"), f"{found['ops'].url}\n")
        answers = [PHONE_NUMBER_ID, "", "", "credential:ops_url", ""]
        assert "Next:" in machine.run(the("wamon init"), "\n".join(answers) + "\n")
        quick(config, platform, port)
        assert "is valid" in machine.run(the("wamon check"))
        machine.run(the("wamon notify test"))
        assert [post["title"] for post in found["ops"].posts], "the first notice"
        unit = machine.run(f"{the('wamon install-service')} --print")
        assert f"LoadCredential=ops_url:{tmp_path}/etc/wamon/credentials/ops_url" in unit
        (tmp_path / "wamon.service").write_text(unit)
        done = subprocess.run([analyze, "verify", tmp_path / "wamon.service"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        service = machine.service()
        try:
            eventually(lambda: "All targets operational" in now(machine), "all is well", 40)
            assert "runs and is well" in machine.run(the("wamon doctor"), code=None)
        finally:
            service.terminate()
            assert service.wait(20) == 0
        machine.environ |= tomorrow(real("faketime", package="faketime"))
        service = machine.service()
        try:
            table = eventually(lambda: says(machine, the(FIGURES)), "the day is closed", 40)
        finally:
            service.terminate()
            service.wait(20)
    assert "closed" in table
    statement = next(one for one in COMMANDS if one.endswith("statement.html"))
    machine.run(statement)
    page = (tmp_path / "work" / "statement.html").read_text()
    assert "<h2>Method</h2>" in page
    assert "cloud-api" in page


def tomorrow(faketime: Path) -> dict[str, str]:
    """The environment of a process for which it is a day later."""
    library = sorted(faketime.parent.parent.glob("lib/**/faketime/libfaketimeMT.so.1"))[0]
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"+{DAY_S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def now(machine: Machine) -> str:
    return machine.run(the("wamon status"), code=None)


def says(machine: Machine, command: str) -> str:
    """What it prints, once it has something to print."""
    said = machine.run(command, code=None)
    return said if "cloud-api" in said else ""


WAMON = ("init", "check", "notify", "install-service", "status", "doctor", "uptime")
EXECUTED = ("ln ", "install ", *(f"wamon {one} " for one in WAMON))


def test_every_command_of_the_section_is_executed_or_is_pip_s() -> None:
    others = [one for one in COMMANDS if not one.startswith(EXECUTED)]
    assert [one.split()[0] for one in others] == ["python3", "/opt/wamon/bin/pip", "/opt/wamon/bin/pip"]
    assert (Path(__file__).parents[2] / "requirements.lock").is_file()
