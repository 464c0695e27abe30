"""``wamon install-service``: the unit, and how it gets into its place."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import wamon
from wamon.cli.answers import CannotError
from wamon.cli.service import program, put, refuse_hidden, start, unit_text
from wamon.cli.service_places import service_places
from wamon.cli.service_secrets import refuse_unreachable
from wamon.settings import parse

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


SECRETIVE = """
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "106540352242922"
[[channels]]
name = "ops"
url = "{url}"
"""


def secretive(folder: Path, url: str, *kept: str) -> Path:
    """A configuration with a token and a channel, and the files of some credentials."""
    config = folder / "wamon.toml"
    config.write_text(SECRETIVE.format(url=url))
    (folder / "credentials").mkdir()
    for name in kept:
        (folder / "credentials" / name).write_text("a word")
    return config


def test_the_unit_loads_every_credential_that_the_configuration_names(
    tmp_path: Path, real: Callable[..., Path]
) -> None:
    config = secretive(tmp_path, "credential:ops_url", "access_token", "ops_url", "not_named")
    ended = wamon("install-service", "--print", "-c", config)
    lines = [one for one in ended.out.splitlines() if "LoadCredential=" in one]
    kept = tmp_path / "credentials"
    assert lines == [f"LoadCredential=access_token:{kept}/access_token", f"LoadCredential=ops_url:{kept}/ops_url"]
    unit = tmp_path / "wamon.service"
    unit.write_text(ended.out)
    done = subprocess.run([real("systemd-analyze", package="systemd"), "verify", unit], capture_output=True)
    assert done.returncode == 0, done.stderr


REFUSED = {
    "env:OPS_URL": 'channel ops, url: a service has no variable OPS_URL; write "credential:NAME" there and put',
    "credential:ops_url": "credential ops_url: put it into {folder}/ops_url, such as with: install -D -m 600",
}


@pytest.mark.parametrize(("url", "said"), REFUSED.items())
def test_what_the_service_could_not_read_is_refused_before_it_is_installed(
    tmp_path: Path, place: dict[str, str], url: str, said: str
) -> None:
    config = secretive(tmp_path, url, "access_token")
    folder = tmp_path / "credentials"
    with pytest.raises(CannotError, match=re.escape(said.format(folder=folder))):
        refuse_unreachable(parse(config.read_text()), config, tmp_path / "units" / "wamon.service.d")
    dropin = tmp_path / "units" / "wamon.service.d" / "mine.conf"
    dropin.parent.mkdir()
    dropin.write_text("[Service]\n")
    refuse_unreachable(parse(config.read_text()), config, dropin.parent)


def test_a_shell_finds_the_ledger_and_the_socket_of_the_service(tmp_path: Path) -> None:
    """By the place of its configuration; whatever is set already, and any other file, is left alone."""
    config = tmp_path / "etc" / "wamon" / "wamon.toml"
    (config.parent / "credentials").mkdir(parents=True)
    (tmp_path / "var" / "lib" / "wamon").mkdir(parents=True)
    assert service_places(config, {}) == {
        "STATE_DIRECTORY": f"{tmp_path}/var/lib/wamon",
        "CREDENTIALS_DIRECTORY": f"{tmp_path}/etc/wamon/credentials",
    }
    (tmp_path / "run" / "wamon").mkdir(parents=True)
    assert service_places(config, {"STATE_DIRECTORY": "/x"}).keys() == {
        "RUNTIME_DIRECTORY",
        "CREDENTIALS_DIRECTORY",
    }
    assert service_places(tmp_path / "wamon.toml", {}) == {}
    assert service_places(None, {}) == {}
    config.write_text('[[targets]]\nname = "graph"\nprobe = "edge"\n')
    asked_for = wamon("uptime", "-c", config)
    assert f"there is no database {tmp_path}/var/lib/wamon/wamon.db" in asked_for.err
