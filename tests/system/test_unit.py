"""The service unit, as the real systemd-analyze judges it."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "wamon.service"
TEXT = UNIT.read_text()


@pytest.fixture
def analyze(real: Callable[..., Path]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the real systemd-analyze."""
    program = real("systemd-analyze", package="systemd")
    return lambda *arguments: subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def unit_with(folder: Path, text: str) -> Path:
    """The unit with a program that exists here in the place of the installed one."""
    unit = folder / "wamon.service"
    unit.write_text(
        re.sub("^ExecStart=/opt/wamon/bin/wamon", f"ExecStart={shutil.which('true')}", text, flags=re.M)
    )
    return unit


def test_systemd_accepts_the_unit_without_a_word(analyze: Callable, tmp_path: Path) -> None:
    answer = analyze("verify", "--man=no", unit_with(tmp_path, TEXT))
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


def test_systemd_would_say_so_if_a_line_were_wrong(analyze: Callable, tmp_path: Path) -> None:
    answer = analyze("verify", "--man=no", unit_with(tmp_path, TEXT.replace("WatchdogSec=", "WatchdogSeconds=")))
    assert "WatchdogSeconds" in answer.stderr


def exposure_of(analyze: Callable, unit: Path) -> float:
    answer = analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(r"exposure level for wamon\.service: (\d+\.\d)", answer.stdout)
    assert found, answer.stdout + answer.stderr
    return float(found[1])


def test_the_sandbox_leaves_little_exposed(analyze: Callable, tmp_path: Path) -> None:
    assert exposure_of(analyze, UNIT) <= 1.2
    assert exposure_of(analyze, unit_with(tmp_path, TEXT.replace("CapabilityBoundingSet=\n", ""))) > 1.2


def settings() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", TEXT, re.MULTILINE))


PROMISED = {
    "Type": "notify",
    "NotifyAccess": "main",
    "ExecStart": "/opt/wamon/bin/wamon run -c /etc/wamon/wamon.toml",
    "Restart": "always",
    "StartLimitIntervalSec": "0",
    "TimeoutAbortSec": "5",
    "StateDirectory": "wamon",
    "RuntimeDirectory": "wamon",
    "ProcSubset": "all",
    "LimitCORE": "0",
}


@pytest.mark.parametrize(("key", "value"), PROMISED.items())
def test_what_recovery_and_the_control_socket_lean_on_is_set(key: str, value: str) -> None:
    assert settings()[key] == value


def test_a_clean_stop_is_given_its_five_seconds_and_a_hang_is_noticed_within_a_minute() -> None:
    assert int(settings()["TimeoutStopSec"]) > 5
    assert int(settings()["WatchdogSec"]) + int(settings()["TimeoutAbortSec"]) <= 60


def test_no_credential_is_asked_for_that_a_fresh_machine_lacks() -> None:
    assert "LoadCredential" not in settings()
    assert "#LoadCredential=access_token:" in TEXT
