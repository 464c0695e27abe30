"""Clients of a partner in one daemon: a file each, taken up together, told apart."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from tests.support.sinks import Sink, json_sink
from wamon.simulator.faults import GraphError
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


@contextmanager
def sinks(*names: str) -> Iterator[dict[str, Sink]]:
    """An end for each channel, served beside the test."""
    loop, ended, found, ready = asyncio.new_event_loop(), asyncio.Event(), dict[str, Sink](), threading.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            for name in names:
                found[name] = await stack.enter_async_context(json_sink())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    assert ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


OWN = """
[[accounts]]
name = "{name}"
base_url = "{base_url}"
app_id = "{app}"
[[targets]]
name = "{name}.number"
account = "{name}"
probe = "api"
phone_number_id = "{number}"
interval = "2s"
timeout = "1s"
[[channels]]
name = "{name}"
url = "env:T_{upper}"
accounts = ["{name}"]
"""
FAILS = GraphError(500, 131016)


def test_a_client_hears_of_its_own_trouble_and_of_everybodys_and_is_told_no_other_name(tmp_path: Path) -> None:
    """Two clients on platforms of their own, so that one can fail alone; a channel each, and one of the house."""
    names = ("acme", "globex")
    with simulated() as first, simulated() as second, sinks("ops", *names) as found:
        port = free_port()
        (tmp_path / "conf.d").mkdir()
        for name, platform in zip(names, (first, second), strict=True):
            own = OWN.format(
                name=name,
                base_url=platform.base_url,
                app=len(name),
                number=PHONE_NUMBER_ID,
                upper=name.upper(),
            )
            (tmp_path / "conf.d" / f"{name}.toml").write_text(own)
        ops = '[[channels]]\nname = "ops"\nurl = "env:T_OPS"\n'
        text = configuration(first, tmp_path, port, ops).replace("[service]", '[service]\ninclude = "conf.d"', 1)
        environ = {f"T_{name.upper()}": sink.url for name, sink in found.items()}
        with running(tmp_path, text, port, environ) as daemon:
            daemon.ready()
            second.faults += [FAILS] * 6
            eventually(lambda: any("resolved" in one for one in said(found["globex"])), "globex is well", 40)
            assert said(found["acme"]) == [], "what is another's trouble is not told"
            assert any("globex" in one for one in said(found["ops"])), "the house hears of all"
            first.faults += [FAILS] * 16
            second.faults += [FAILS] * 10
            eventually(lambda: said(found["acme"]), "acme hears of it", 40)
            eventually(lambda: len(said(found["ops"])) > 2, "so does the house", 40)
    for name, other in (names, names[::-1]):
        told = " ".join(said(found[name])).lower()
        assert name in told
        assert other not in told


def said(sink: Sink) -> list[str]:
    """Every letter whole: title and text."""
    return [f"{post['title']}\n{post['message']}" for post in sink.posts]
