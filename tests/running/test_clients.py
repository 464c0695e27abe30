"""Clients of a partner in one daemon: a file each, taken up together, told apart."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import PHONE_NUMBER_ID

CLIENT = """
[[accounts]]
name = "{name}"
[[targets]]
name = "{name}.number"
account = "{name}"
probe = "api"
phone_number_id = "{number}"
interval = "2s"
timeout = "1s"
[[channels]]
name = "{name}"
url = "env:T_CHANNEL"
"""


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def files(folder: Path, *names: str) -> None:
    """One file a client, beside the main one."""
    beside = folder / "conf.d"
    beside.mkdir(exist_ok=True)
    for name in names:
        (beside / f"{name}.toml").write_text(CLIENT.format(name=name, number=PHONE_NUMBER_ID))


def spent_on_children(daemon: Running) -> int:
    """Processor time of the children that a daemon has started and waited for, in ticks."""
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[13]) + int(fields[14])


def test_a_new_client_is_taken_up_by_a_reload_that_reads_the_channels_once(
    platform: Simulator, tmp_path: Path
) -> None:
    """Beside the daemon that still runs: the child that reads them takes seconds, in which nobody would look."""
    files(tmp_path, "acme")
    port = free_port()
    text = configuration(platform, tmp_path, port).replace("[service]", '[service]\ninclude = "conf.d"', 1)
    with running(tmp_path, text, port, {"T_CHANNEL": "json://127.0.0.1:9/"}) as daemon:
        daemon.ready()
        once = spent_on_children(daemon)
        files(tmp_path, "globex")
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: daemon.attempts("globex.number", "ok") >= 1, "a look at the new client")
        assert once > 0
        assert spent_on_children(daemon) - once < 1.6 * once
