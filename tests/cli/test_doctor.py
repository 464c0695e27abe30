"""``wamon doctor`` and ``wamon check --show``, against the simulated platform and a daemon that runs."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.platform import SECRETS, simulated
from tests.cli.program import asked, wamon
from tests.running.daemon import Running, configuration, eventually, free_port, running
from wamon.cli.doctor import drift_ms
from wamon.core.observation import Exchange
from wamon.core.timeline import parse_iso
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCOUNT_ID, APP_SECRET

ENVIRON = SECRETS | {"T_APP_SECRET": APP_SECRET}


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def written(folder: Path, simulator: Simulator, port: int, more: str = "") -> Path:
    text = configuration(simulator, folder, port, more)
    path = folder / "wamon.toml"
    path.write_text(text.replace("[reference]", f'waba_id = "{ACCOUNT_ID}"\n[reference]'))
    return path


def parts(config: Path, code: int, **environ: str) -> dict[str, dict[str, Any]]:
    ended = wamon("doctor", "-c", config, "--json", **(ENVIRON | environ))
    assert (ended.code, ended.err) == (code, "")
    return {one["part"]: one for one in reversed(ended.document["parts"])}  # of two about one part the graver


def test_a_watch_that_is_well_has_no_red_line(platform: Simulator, tmp_path: Path) -> None:
    """The daemon runs, Graph answers, the token has both permissions, the app is subscribed."""
    port = free_port()
    config = written(tmp_path, platform, port)
    with running(tmp_path, config.read_text(), port) as daemon:
        daemon.ready()
        found = parts(config, 0)
    assert [name for name, one in found.items() if one["light"] == "red"] == []
    for name in (
        "token of graph",
        "subscribed_apps of graph",
        "database",
        "daemon",
        "[service] listen",
        "secrets",
    ):
        assert found[name]["light"] == "green", found[name]
    assert {"clock", "disk", "permissions", "version"} <= set(found)


def test_the_page_and_the_doctor_say_the_same_of_us_line_by_line(platform: Simulator, tmp_path: Path) -> None:
    """An endpoint that is wrong, a token that is well, a version that ends."""
    port = free_port()
    hook = f"""
[[targets]]
name = "hook"
probe = "webhook"
url = "{platform.webhook_url}"
verify_token = "env:T_OTHER"
interval = "3s"
"""
    config = written(tmp_path, platform, port, hook)
    config.write_text(config.read_text().replace('interval = "10m"', 'interval = "3s"'))
    environ = {"T_OTHER": "not the word that it expects"}
    with running(tmp_path, config.read_text(), port, environ) as daemon:
        daemon.ready()
        wanted = {
            "token",
            "endpoint and its handshake",
            "graph version",
        }
        eventually(
            lambda: wanted <= {one["subject"] for one in daemon.json("/api/v1/status")["ourselves"]},
            "all lines",
            60,
        )
        page = [
            (f"{one['subject']} of {one['account']}", one["light"], one["text"], one["remedy"])
            for one in told(daemon)
        ]
        ended = wamon("doctor", "-c", config, "--json", **(ENVIRON | environ))
    doctor = [(one["part"], one["light"], one["said"], one["remedy"]) for one in ended.document["parts"]]
    assert [one for one in doctor if one[0] in {name for name, *_ in page}] == page
    assert {light for _, light, *_ in page} >= {"red", "green"}


def told(daemon: Running) -> list[dict[str, str]]:
    """The page's lines about ourselves, as programs read them."""
    return list(daemon.json("/api/v1/status")["ourselves"])


def test_what_is_in_the_way_is_red_and_says_what_to_do(platform: Simulator, tmp_path: Path) -> None:
    """A dead token, a channel nobody understands, an address that is taken, a secret that is not there."""
    open_secret = tmp_path / "verify"
    open_secret.write_text("a word")
    open_secret.chmod(0o644)
    more = f"""
[receiver]
verify_token = "file:{open_secret}"
app_secret = "env:T_MISSING"
[[channels]]
name = "ops"
url = "env:T_CHANNEL"
"""
    port = platform_port(platform)
    config = written(tmp_path, platform, port, more)
    found = parts(config, 1, T_ACCESS="EAAGdeadtoken", T_CHANNEL="nonsense://nobody")
    red = {name for name, one in found.items() if one["light"] == "red"}
    assert red >= {"token of graph", "channel ops", "[service] listen", "secrets"}
    assert all(found[name]["remedy"] for name in red)
    assert "T_MISSING is not set" in found["secrets"]["said"]
    assert (found["daemon"]["light"], found["database"]["light"]) == ("amber", "amber")
    assert found["permissions"]["said"] == f"others on this machine may read {open_secret}"
    text = wamon(
        "doctor", "-c", config, **(ENVIRON | {"T_ACCESS": "EAAGdeadtoken", "T_CHANNEL": "nonsense://nobody"})
    )
    assert text.code == 1
    assert text.out.index("red") < text.out.index("amber") < text.out.index("green")
    assert "EAAGdeadtoken" not in text.out + text.err
    assert "what to do:" in text.out


def platform_port(platform: Simulator) -> int:
    """A port that another program listens on."""
    return int(platform.base_url.rpartition(":")[2])


def test_a_configuration_that_cannot_be_read_is_2(tmp_path: Path) -> None:
    config = tmp_path / "wamon.toml"
    config.write_text('[servce]\nlisten = ""\n')
    ended = wamon("doctor", "-c", config)
    assert ended.code == 2
    assert "did you mean [service]?" in ended.err


def test_the_folder_of_a_database_that_nobody_may_write_is_red(platform: Simulator, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        tmp_path = Path("/proc/self")  # not even root writes there
    config = Path(os.environ.get("PYTEST_TMP", "/tmp")) / f"wamon-doctor-{os.getpid()}.toml"
    config.write_text(f'[service]\ndatabase = "{tmp_path / "wamon.db"}"\n')
    try:
        found = parts(config, 1)
    finally:
        config.unlink()
    assert found["permissions"]["said"].startswith("cannot write ")


DATES = {
    "Tue, 03 Nov 2026 10:00:00 GMT": 0,
    "Tue, 03 Nov 2026 09:59:00 GMT": 60_000,
    "Tue, 03 Nov 2026 10:01:00 GMT": -60_000,
    "yesterday": None,
}


@pytest.mark.parametrize(("date", "ahead_ms"), DATES.items())
def test_a_sites_date_tells_how_far_our_clock_is_ahead(date: str, ahead_ms: int | None) -> None:
    seen = Exchange(
        "control",
        at_ms=parse_iso("2026-11-03T10:00:00.250Z"),
        headers={"date": date},
        durations_ms={"total": 500.0},
    )
    assert drift_ms(seen) == ahead_ms


def test_every_setting_in_force_is_shown_and_nothing_private(tmp_path: Path) -> None:
    """The included file's too; what is printed is a configuration again."""
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "acme.toml").write_text('[[accounts]]\nname = "acme"\nwaba_id = "102290129340398"\n')
    config = tmp_path / "wamon.toml"
    config.write_text(
        '[service]\ninclude = "clients"\n[[targets]]\nname = "hook"\nprobe = "webhook"\n'
        'url = "https://b.example/hook?key=hunter2"\nverify_token = "env:T_VERIFY"\n'
    )
    shown = asked("check", "-c", config, "--show", "--json").document
    assert shown["availability"]["confirm"] == 2
    assert [one["name"] for one in shown["accounts"]] == ["acme"]
    text = wamon("check", "-c", config, "--show")
    assert (text.code, text.err) == (0, "")
    assert "hunter2" not in text.out
    assert tomllib.loads(text.out) == {name: value for name, value in shown.items() if value}
