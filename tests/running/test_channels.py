"""A daemon with every sort of channel: well, refused, dripping, hung; what is told, and what stays secret."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from tests.support.contents import contents
from tests.support.mail import MailServer, dripping_mail_server, mail_server, new_authority
from tests.support.sinks import Sink, black_hole, json_sink
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator

WRONG_PASSWORD, DRIPPING_PASSWORD = "kanari-wrong-password", "kanari-dripping-password"
SLACK = ("T1KANARI2", "A1KANARI3", "TIkanarikanarikanariOXrI")
HOOK, LIFE = "kanari-of-the-hook", "kanari-of-the-sign-of-life"
CANARIES = (WRONG_PASSWORD, DRIPPING_PASSWORD, *SLACK, HOOK, LIFE)


class Ends(NamedTuple):
    """Where the channels end, and the environment that leads there."""

    sink: Sink
    life: Sink
    mail: MailServer
    environ: dict[str, str]


async def _open(stack: AsyncExitStack, folder: Path) -> Ends:
    authority = new_authority(folder)
    sink, life = [await stack.enter_async_context(json_sink()) for _ in range(2)]
    mail = await stack.enter_async_context(mail_server(authority))
    dripping = await stack.enter_async_context(dripping_mail_server())
    hole = await stack.enter_async_context(black_hole())
    environ = {
        **authority.trusted,
        "HTTPS_PROXY": f"http://127.0.0.1:{hole}",
        "NO_PROXY": "127.0.0.1",
        "T_OPS": f"{sink.url}{HOOK}",
        "T_REFUSED": mail.url(password=WRONG_PASSWORD),
        "T_DRIP": f"mailto://u:{DRIPPING_PASSWORD}@127.0.0.1:{dripping}?from=a@example.org&to=b@example.org",
        "T_SLACK": f"slack://{'/'.join(SLACK)}/",
        "T_LIFE": f"http://127.0.0.1:{life.port}/{LIFE}",
    }
    return Ends(sink, life, mail, environ)


@contextmanager
def ends(folder: Path) -> Iterator[Ends]:
    """All of them, served by a loop of their own."""
    loop, ended, found = asyncio.new_event_loop(), asyncio.Event(), list[Ends]()
    ready = threading.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            found.append(await _open(stack, folder))
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


CHANNELS = "".join(
    f'[[channels]]\nname = "{name}"\nurl = "env:T_{name.upper()}"\n'
    for name in ("ops", "refused", "drip", "slack")
)


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def children(daemon: Running) -> list[Path]:
    """The processes that the daemon has started, as folders of /proc."""
    pids = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text().split()
    return [Path("/proc", pid) for pid in pids]


def attempts(folder: Path, channel: str) -> list[str]:
    """What the book says of failed attempts on a channel."""
    with closing(sqlite3.connect(f"file:{folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        rows = book.execute("SELECT error FROM dispatches WHERE channel = ? AND state = 'failed'", (channel,))
        return [error for (error,) in rows.fetchall()]


def test_p15_hung_channels_delay_neither_a_well_one_nor_the_exit_and_no_secret_shows(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    text = configuration(platform, tmp_path, port, CHANNELS).replace(
        "[service]", '[service]\nlog_level = "debug"\nheartbeat_url = "env:T_LIFE"\nheartbeat_interval = "1s"'
    )
    with ends(tmp_path) as found, running(tmp_path, text, port, found.environ) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a good look")
        echo = GraphError(401, 190, message=f"Malformed access token {daemon.environ['T_ACCESS']}")
        platform.faults += [echo] * 3 + [GraphError(500, 131016)] * 12
        eventually(lambda: found.sink.titles, "the well channel is told", within_s=30)
        eventually(lambda: attempts(tmp_path, "refused"), "the refused one says why")
        eventually(lambda: len(children(daemon)) == 4, "the hung ones are still at it")
        assert eventually(lambda: found.life.paths, "the sign of life")[0] == f"/{LIFE}"
        seen = [
            read(daemon, path) for path in ("/metrics", "/", "/api/v1/status", "/api/v1/incidents", "/healthz")
        ]
        seen += [(one / part).read_bytes() for one in children(daemon) for part in ("cmdline", "environ")]
        seen.append(Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes())
        code, took_s = daemon.stop()
        assert (code, took_s < 5) == (0, True), took_s
    assert "535" in (why := " ".join(attempts(tmp_path, "refused"))) or "password" in why
    seen += [contents(tmp_path / "wamon.db"), daemon.log.read_bytes(), json.dumps(found.sink.posts).encode()]
    hay = b"\0".join(seen)
    assert b"cloud-api" in hay
    for secret in (*CANARIES, daemon.environ["T_ACCESS"], daemon.environ["T_APP_SECRET"]):
        assert secret.encode() not in hay, secret


def read(daemon: Running, path: str) -> bytes:
    return daemon.get(path)[1].encode()
