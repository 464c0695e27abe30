"""``wamon install-service``: the unit, and how it gets into its place."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import wamon
from wamon.cli.answers import CannotError
from wamon.cli.service import program, put, refuse_hidden, start, unit_text

SYSTEMCTL = '#!/bin/sh\necho "$@" >> "$SYSTEMCTL_LOG"\ncase "$*" in *$FAILING*) echo broken >&2; exit 4;; esac\n'


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """A configuration, a folder for units, and a systemctl that writes down what it was told."""
    (tmp_path / "units").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "wamon.toml").write_text('[[targets]]\nname = "graph"\nprobe = "edge"\n')
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    return {
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "SYSTEMCTL_LOG": str(tmp_path / "log"),
        "FAILING": "nothing-fails",
    }


def install(folder: Path, *more: str, **variables: str) -> tuple[int, str, str]:
    ended = wamon("install-service", "-c", folder / "wamon.toml", "--folder", folder / "units", *more, **variables)
    return ended.code, ended.out, ended.err


def test_print_only_prints_the_unit_with_this_program_and_configuration(tmp_path: Path) -> None:
    ended = wamon("install-service", "--print", "-c", "my.toml", cwd=tmp_path)
    assert ended.code == 0
    assert f"ExecStart={program()} run -c {tmp_path}/my.toml\n" in ended.out
    assert "WatchdogSec=" in ended.out


def test_the_unit_is_accepted_by_systemd(tmp_path: Path, real: Callable[..., Path]) -> None:
    analyze = real("systemd-analyze", package="systemd")
    unit = tmp_path / "wamon.service"
    unit.write_text(unit_text(Path("/bin/true"), Path("/etc/wamon/wamon.toml")))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "place", [Path("/home", "me", "wamon"), Path("/root", "wamon"), Path("/run/user", "wamon")]
)
def test_a_program_that_the_service_cannot_see_is_refused(place: Path) -> None:
    seen = Path("/bin/true")
    with pytest.raises(CannotError, match=f"the service cannot see {place}, for it sees no home folders"):
        refuse_hidden(seen, place)
    with pytest.raises(CannotError, match="there is no /opt/none/bin/wamon"):
        refuse_hidden(Path("/opt/none/bin/wamon"), seen)
    refuse_hidden(seen, Path("/usr/bin/env"))


def test_systemd_is_told_to_read_and_to_start_it(
    tmp_path: Path, place: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    unit = tmp_path / "units" / "wamon.service"
    put(unit, "[Unit]\n")
    start(unit)
    assert (unit.read_text(), unit.stat().st_mode & 0o777) == ("[Unit]\n", 0o644)
    assert Path(place["SYSTEMCTL_LOG"]).read_text() == "daemon-reload\nenable --now wamon.service\n"
    assert "running; look with" in capsys.readouterr().err


def test_what_systemd_says_is_passed_on(
    tmp_path: Path, place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (place | {"FAILING": "enable"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotError, match=r"systemctl enable --now wamon.service failed \(broken\)") as refused:
        start(tmp_path / "units" / "wamon.service")
    assert refused.value.code == 1
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotError, match="there is no systemctl here"):
        start(tmp_path / "units" / "wamon.service")


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotError, match="run this as root, or with sudo"):
        put(tmp_path / "none" / "wamon.service", "")


def test_a_bad_configuration_is_refused_before_anything_is_written(tmp_path: Path, place: dict[str, str]) -> None:
    (tmp_path / "wamon.toml").write_text("[servise]\n")
    code, _, err = install(tmp_path, "--yes", **place)
    assert code == 2
    assert "servise" in err
    assert list((tmp_path / "units").iterdir()) == []
