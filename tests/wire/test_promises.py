"""What no target can do to us: starve others, use up time, memory or descriptors, stall the loop."""

import asyncio
import gc
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import hostile
from tests.support.certificates import Authority
from tests.support.hostile import serve, whole
from tests.wire.conftest import Look, Run
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request
from wamon.wire.resolver import Address, Found, Resolver, system_look_up

pytestmark = pytest.mark.timed

MIB = 1024 * 1024


async def seen_by(client: httpx.AsyncClient, url: str, timeout_ms: int = 5000) -> Exchange:
    request = Request("GET", url)
    return await exchange(client, request, target="t", probe=ProbeKind.CONTROL, at_ms=0, timeout_ms=timeout_ms)


class HangingNames:
    """The system's resolver, where every name that begins with ``hung`` hangs until ``release``."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, family: socket.AddressFamily) -> Found:
        self.asked.append(host)
        if not host.startswith("hung"):
            return [Address(socket.AF_INET, "127.0.0.1", 0)]
        self._gate.wait(30)
        return "released"

    def release(self) -> None:
        self._gate.set()


@pytest.fixture
def names() -> Iterator[HangingNames]:
    hanging = HangingNames()
    yield hanging
    hanging.release()


def resolver_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "wamon-dns"}


def test_p8_fifty_hung_targets_and_fifty_hung_names_do_not_delay_a_good_one(
    names: HangingNames, trusted: ssl.SSLContext, server_tls: ssl.SSLContext
) -> None:
    async def story() -> tuple[float, list[Exchange]]:
        async with (
            serve(hostile.says_nothing, server_tls) as silent,
            serve(whole(b"{}"), server_tls) as good,
            open_client(trusted, resolver=Resolver(look_up=names)) as client,
        ):
            with hostile.black_hole() as hole:
                urls = [f"https://hung{n}.example/" for n in range(50)]
                urls += [f"https://127.0.0.1:{silent}/"] * 25 + [f"https://127.0.0.1:{hole}/"] * 25
                hung = [asyncio.create_task(seen_by(client, url, 1500)) for url in urls]
                await asyncio.sleep(0.5)
                slowest = 0.0
                for _ in range(5):
                    seen = await seen_by(client, f"https://localhost:{good}/")
                    assert seen.reached is Phase.ANSWERED
                    slowest = max(slowest, seen.durations_ms["total"])
                return slowest, await asyncio.gather(*hung)

    slowest_ms, hung = asyncio.run(story())
    assert slowest_ms < 1000
    assert [one.failure for one in hung] == (
        [Failure.DNS_ERROR] * 50 + [Failure.READ_TIMEOUT] * 25 + [Failure.CONNECT_TIMEOUT] * 25
    )


def test_a_hung_name_holds_one_thread_and_is_asked_once_however_many_want_it(
    names: HangingNames, trusted: ssl.SSLContext
) -> None:
    before = resolver_threads()

    async def story() -> set[threading.Thread]:
        async with open_client(trusted, resolver=Resolver(look_up=names)) as client:
            for _ in range(2):
                await asyncio.gather(*(seen_by(client, "http://hung.example/", 50) for _ in range(20)))
            held = resolver_threads() - before
            names.release()
            await seen_by(client, "http://good.example:1/")
            return held

    assert len(asyncio.run(story())) == 1
    assert names.asked == ["hung.example", "good.example"]


def test_a_name_is_asked_anew_for_every_exchange(names: HangingNames, trusted: ssl.SSLContext) -> None:
    async def story() -> None:
        async with serve(whole(b"{}")) as port, open_client(trusted, resolver=Resolver(look_up=names)) as client:
            for _ in range(3):
                await seen_by(client, f"http://good.example:{port}/")

    asyncio.run(story())
    assert names.asked == ["good.example"] * 3


def test_the_threads_of_a_closed_client_end(names: HangingNames, trusted: ssl.SSLContext) -> None:
    before = resolver_threads()

    async def story() -> set[threading.Thread]:
        async with open_client(trusted, resolver=Resolver(look_up=names)) as client:
            await asyncio.gather(*(seen_by(client, f"http://hung{n}.example/", 50) for n in range(5)))
            hung = resolver_threads() - before
            names.release()
            return hung

    hung = asyncio.run(story())
    assert len(hung) == 5
    for thread in hung:
        thread.join(5)
    assert not hung & resolver_threads()


def test_the_systems_resolver_gives_addresses_or_its_reason() -> None:
    assert Address(socket.AF_INET, "127.0.0.1", 0) in system_look_up("localhost", socket.AF_UNSPEC)
    assert system_look_up("127.0.0.1", socket.AF_INET6) == "127.0.0.1: Address family for hostname not supported"


def best(attempts: int, measure: Callable[[], float]) -> float:
    """The smallest of several figures: a busy machine adds to each, and never takes away."""
    return min(measure() for _ in range(attempts))


@pytest.mark.parametrize("name", ["silent", "drip"])
def test_the_deadline_holds_within_a_tenth_of_a_second(
    name: str, look: Look, run: Run, server_tls: ssl.SSLContext
) -> None:
    async def story() -> tuple[Exchange, float]:
        async with serve(hostile.NAMED[name], server_tls) as port:
            began = time.monotonic()
            return await look(f"https://127.0.0.1:{port}/", timeout_ms=400), time.monotonic() - began

    def late_ms() -> float:
        seen, took_s = run(story())
        assert seen.failure in (Failure.READ_TIMEOUT, Failure.DEADLINE_EXCEEDED)
        assert 395 <= seen.durations_ms["total"] <= took_s * 1000  # uvloop's timers count whole milliseconds
        return took_s * 1000 - 400

    assert best(3, late_ms) < 100


class _Jumping(selectors.DefaultSelector):
    """Waits for sockets a little, and for timers not at all: the time it did not wait is written down."""

    skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else min(timeout, 0.05))
        if not ready and timeout:
            self.skipped_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop with real sockets whose clock jumps to the next timer when nothing else is going on."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.skipped_s


def test_deadlines_and_durations_follow_the_clock_of_the_loop(look: Look) -> None:
    async def story() -> Exchange:
        async with serve(hostile.says_nothing) as port:
            return await look(f"http://127.0.0.1:{port}/", timeout_ms=30_000)

    began = time.monotonic()
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        seen = runner.run(story())
    assert seen.failure is Failure.READ_TIMEOUT
    assert 30_000 <= seen.durations_ms["total"] < 31_000
    assert time.monotonic() - began < 10


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_five_hundred_failures_leave_no_descriptor_behind(trusted: ssl.SSLContext) -> None:
    async def story() -> tuple[int, int, list[Exchange]]:
        async with (
            serve(hostile.resets_at_once) as reset,
            serve(hostile.hears_and_closes) as closed,
            serve(hostile.says_nothing) as silent,
            serve(hostile.NAMED["endless_body"]) as endless,
            open_client(trusted) as client,
        ):
            with hostile.refused_port() as refused:
                urls = [f"http://127.0.0.1:{port}/" for port in (reset, closed, silent, endless, refused)]
                urls.append(f"https://127.0.0.1:{closed}/")
                before = descriptors()
                seen = []
                for _ in range(84):
                    seen += await asyncio.gather(*(seen_by(client, url, 30) for url in urls))
                await asyncio.sleep(0.2)  # the servers' own ends go
                return before, descriptors(), seen

    before, after, seen = asyncio.run(story())
    assert len(seen) > 500
    assert all(one.failure for one in seen)
    assert after <= before


def test_whoever_cancels_an_exchange_gets_his_cancellation_and_the_socket_back(trusted: ssl.SSLContext) -> None:
    async def story() -> tuple[int, int]:
        async with serve(hostile.says_nothing) as port, open_client(trusted) as client:
            before = descriptors()
            task = asyncio.create_task(seen_by(client, f"http://127.0.0.1:{port}/"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.1)
            return before, descriptors()

    before, after = asyncio.run(story())
    assert after == before


@pytest.fixture(scope="module")
def hostile_ports(authority: Authority) -> Iterator[dict[str, int]]:
    with hostile.named_in_a_process(authority.server_file()) as ports:
        yield ports


LATE = (Failure.READ_TIMEOUT, Failure.DEADLINE_EXCEEDED)
ENDINGS: dict[str, Failure | None] = {
    "well": None,
    "silent": Failure.READ_TIMEOUT,
    "reset": Failure.CONNECTION_RESET,
    "endless_body": Failure.BODY_TOO_LARGE,
    "endless_chunks": Failure.PROTOCOL_ERROR,
    "endless_chunk_extension": Failure.PROTOCOL_ERROR,
    "endless_headers": Failure.PROTOCOL_ERROR,
    "endless_header_line": Failure.PROTOCOL_ERROR,
    "endless_informational": Failure.PROTOCOL_ERROR,
    "endless_trailers": Failure.PROTOCOL_ERROR,
    "gzip_bomb": None,
    "deep_json": None,
    "wide_json": None,
    "drip": Failure.DEADLINE_EXCEEDED,
}


class Stalls:
    """How long the loop did not come round: by the clock, and by the CPU it burnt meanwhile (seconds).

    The clock also shows what other programs took from us, so it proves little on a busy machine.
    """

    def __init__(self) -> None:
        self.clock_s = self.cpu_s = 0.0

    async def watch(self) -> None:
        last = (time.monotonic(), time.thread_time())
        while True:
            await asyncio.sleep(0.001)
            now = (time.monotonic(), time.thread_time())
            self.clock_s, self.cpu_s = max(self.clock_s, now[0] - last[0]), max(self.cpu_s, now[1] - last[1])
            last = now


@pytest.fixture
def small_heap() -> Iterator[None]:
    """The garbage collector looks only at what the test itself makes, not at all that pytest has loaded."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("small_heap")
def test_p9_hostile_targets_neither_stall_the_loop_nor_fill_the_memory(
    run: Run, hostile_ports: dict[str, int], trusted: ssl.SSLContext
) -> None:
    async def story() -> float:
        stalls = Stalls()
        async with open_client(trusted) as client:
            for name, failure in ENDINGS.items():
                url = f"https://127.0.0.1:{hostile_ports[name]}/"
                watching = asyncio.create_task(stalls.watch())
                timeout_ms = 500 if failure in LATE else 20_000
                seen = await asyncio.gather(*(seen_by(client, url, timeout_ms) for _ in range(8)))
                watching.cancel()
                assert {one.failure for one in seen} == {failure}, name
        assert stalls.clock_s < 1
        return stalls.cpu_s

    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark so far
    assert best(2, lambda: run(story())) < 0.05
    assert _memory("VmHWM") - before < 32 * MIB


def _memory(line: str) -> int:
    """Bytes, from the kernel's own book."""
    for each in Path("/proc/self/status").read_text().splitlines():
        if each.startswith(line):
            return int(each.split()[1]) * 1024
    raise AssertionError(line)
