"""A clock that jumps, sockets that do not."""

import asyncio
import os
import random
import signal
import socket
import sys
import threading
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wamon.core.timeline import DAY, HOUR, parse_iso
from wamon.simulator.virtual_time import HOLD_LIMIT_S, VirtualTimeLoop, run_virtual, virtual_loop

START_MS = parse_iso("2026-11-02T00:00:00Z")


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers as many bytes as it is sent, after as many virtual milliseconds as the first line says."""
    try:
        pause_ms, size = map(int, (await reader.readline()).split())
        body = await reader.readexactly(size)
        if pause_ms:
            await asyncio.sleep(pause_ms / 1_000)
        writer.write(body)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client gave up, which some tests want
    finally:
        writer.close()


async def _ask(port: int, pause_ms: int = 0, size: int = 100, timeout_s: float = 10) -> bytes:
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"%d %d\n" % (pause_ms, size) + b"x" * size)
            return await reader.read()
        finally:
            writer.close()


async def _listen() -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0, limit=2**20)
    return server, server.sockets[0].getsockname()[1]


def test_a_week_of_minutes_passes_in_a_moment() -> None:
    async def minutes() -> int:
        for _ in range(7 * 24 * 60):
            await asyncio.sleep(60)
        return virtual_loop().now_ms()

    began = time.perf_counter()
    assert run_virtual(minutes(), START_MS) == START_MS + 7 * DAY
    assert time.perf_counter() - began < 10


def test_the_clock_reads_exactly_the_instant_that_was_waited_for() -> None:
    async def instants() -> list[int]:
        loop = virtual_loop()
        read = []
        for at_ms in range(START_MS, START_MS + 7 * DAY, 3_600_007):
            await loop.sleep_until(at_ms)
            read.append(loop.now_ms())
        return read

    assert run_virtual(instants(), START_MS) == list(range(START_MS, START_MS + 7 * DAY, 3_600_007))


def test_waiting_for_an_instant_that_has_passed_takes_no_time() -> None:
    async def late() -> int:
        await asyncio.sleep(10)
        await virtual_loop().sleep_until(START_MS)
        return virtual_loop().now_ms()

    assert run_virtual(late(), START_MS) == START_MS + 10_000


def test_timers_fire_in_the_order_of_their_instants() -> None:
    async def order() -> list[int]:
        loop, fired = virtual_loop(), []
        for at_ms in (START_MS + 3 * HOUR, START_MS + 1, START_MS + 2 * DAY, START_MS + HOUR):
            loop.call_at(loop.when(at_ms), lambda at_ms=at_ms: fired.append((at_ms, loop.now_ms())))
        await asyncio.sleep(3 * 86_400)
        assert all(asked == read for asked, read in fired)
        return [asked - START_MS for asked, _ in fired]

    assert run_virtual(order(), START_MS) == [1, HOUR, 3 * HOUR, 2 * DAY]


def test_five_thousand_exchanges_meet_no_spurious_time_out() -> None:
    async def exchanges() -> int:
        server, port = await _listen()
        sizes = random.Random(1)

        async def client(number: int) -> int:
            whole = 0
            for _ in range(250):
                await asyncio.sleep(1 + number / 7)
                size = sizes.choice((1, 300, 5_000, 120_000))
                whole += len(await _ask(port, size=size)) == size
            return whole

        async with server:
            return sum(await asyncio.gather(*map(client, range(20))))

    assert run_virtual(exchanges(), START_MS) == 5_000


def test_exchanges_meet_no_spurious_time_out_on_a_busy_machine() -> None:
    async def exchanges() -> int:
        server, port = await _listen()
        async with server:
            whole = 0
            for _ in range(300):
                await asyncio.sleep(30)
                whole += len(await _ask(port, size=40_000)) == 40_000
            return whole

    burn = [sys.executable, "-c", "while True: pass"]
    burners = [os.posix_spawn(burn[0], burn, os.environ) for _ in range(4)]
    try:
        assert run_virtual(exchanges(), START_MS) == 300
    finally:
        for pid in burners:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.sampled_from((0, 1, 9_998, 10_001, 60_000)), st.integers(0, 70_000)),
        min_size=1,
        max_size=12,
    )
)
def test_an_exchange_times_out_exactly_when_its_answer_takes_longer(asked: list[tuple[int, int, int]]) -> None:
    async def exchange(port: int, start_ms: int, pause_ms: int, size: int) -> bool:
        loop = virtual_loop()
        await asyncio.sleep(start_ms / 1_000)
        began_ms = loop.now_ms()
        try:
            assert len(await _ask(port, pause_ms, size)) == size
        except TimeoutError:
            assert loop.now_ms() - began_ms == 10_000
            return False
        assert loop.now_ms() - began_ms == pause_ms
        return True

    async def exchanges() -> list[bool]:
        server, port = await _listen()
        async with server:
            return list(await asyncio.gather(*(exchange(port, *one) for one in asked)))

    assert run_virtual(exchanges(), START_MS) == [pause_ms < 10_000 for _, pause_ms, _ in asked]


def test_work_in_an_executor_takes_no_virtual_time() -> None:
    async def work() -> float:
        loop = virtual_loop()
        ticking = asyncio.create_task(_tick())
        await loop.run_in_executor(None, time.sleep, 0.05)
        ticking.cancel()
        return loop.time()

    assert run_virtual(work(), START_MS) == 0


async def _tick() -> None:
    for _ in range(100_000):
        await asyncio.sleep(1)


def test_an_executor_job_is_not_overtaken_by_its_time_out() -> None:
    async def work() -> str:
        async with asyncio.timeout(0.01):
            return await asyncio.get_running_loop().run_in_executor(None, lambda: time.sleep(0.05) or "done")

    assert run_virtual(work(), START_MS) == "done"


def test_the_clock_goes_on_after_an_executor_job_that_failed_or_was_cancelled() -> None:
    async def work() -> float:
        loop = virtual_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        loop.run_in_executor(None, time.sleep, 0.05).cancel()
        await asyncio.sleep(60)
        return loop.time()

    assert run_virtual(work(), START_MS) == 60


def test_a_thread_that_is_announced_stops_the_clock_until_it_answers() -> None:
    async def work() -> float:
        loop = virtual_loop()
        answer: asyncio.Future[str] = loop.hold_until_done(loop.create_future())
        threading.Timer(0.05, loop.call_soon_threadsafe, (answer.set_result, "here")).start()
        async with asyncio.timeout(0.01):
            assert await answer == "here"
        return loop.time()

    assert run_virtual(work(), START_MS) == 0


def test_a_child_process_takes_no_virtual_time_while_time_is_held() -> None:
    async def work() -> tuple[bytes, float]:
        loop = virtual_loop()
        with loop.holding_time():
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "print('out')", stdout=asyncio.subprocess.PIPE
            )
            async with asyncio.timeout(0.01):
                told, _ = await child.communicate()
        held_s = loop.time()
        await asyncio.sleep(5)
        return told, held_s

    assert run_virtual(work(), START_MS) == (b"out\n", 0)


def test_a_hold_that_hangs_lets_its_deadline_come() -> None:
    async def work() -> float:
        loop = virtual_loop()
        with loop.holding_time(limit_s=0.05), pytest.raises(TimeoutError):
            async with asyncio.timeout(20):
                await asyncio.Event().wait()
        return loop.time()

    began = time.perf_counter()
    assert run_virtual(work(), START_MS) == 20
    assert 0.05 <= time.perf_counter() - began < HOLD_LIMIT_S / 2


def test_the_clock_waits_for_bytes_that_the_kernel_still_reports_as_unacknowledged() -> None:
    async def work() -> float:
        loop = virtual_loop()
        near, far = socket.socketpair()
        heard = loop.create_future()
        loop.add_reader(near, lambda: heard.done() or heard.set_result(near.recv(10)))
        threading.Thread(target=_answer_late, args=(far,)).start()
        near.send(b"question")
        async with asyncio.timeout(10):
            assert await heard == b"answer"
        loop.remove_reader(near)
        near.close()
        return loop.time()

    assert run_virtual(work(), START_MS) == 0


def _answer_late(far: socket.socket) -> None:
    with far:
        time.sleep(0.002)
        far.send(b"answer")
        far.recv(10)


def test_a_walking_clock_keeps_the_pace_of_the_wall() -> None:
    async def work() -> float:
        loop = virtual_loop()
        await asyncio.sleep(86_400)
        loop.walk()
        await asyncio.sleep(0.1)
        return loop.time() - 86_400

    began = time.perf_counter()
    walked_s = run_virtual(work(), START_MS)
    assert 0.1 <= walked_s <= time.perf_counter() - began


def test_an_outside_client_is_answered_after_the_last_timer() -> None:
    async def work() -> bytes:
        server, port = await _listen()
        async with server:
            return await virtual_loop().run_in_executor(None, _blocking_ask, port)

    assert run_virtual(work(), START_MS) == b"xyz"


def _blocking_ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"0 3\nxyz")
        return connection.recv(10)


@pytest.mark.timed
def test_a_jump_is_cheap_with_and_without_open_connections() -> None:
    async def ticks(count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            await asyncio.sleep(1)
        return (time.process_time() - began) / count

    async def work() -> tuple[float, float, float]:
        server, port = await _listen()
        async with server:
            alone_s = await ticks(5_000)
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            beside_s = await ticks(1_000)
            writer.close()
            await asyncio.sleep(1)
            return alone_s, beside_s, await ticks(5_000)

    alone_s, beside_s, after_s = run_virtual(work(), START_MS)
    assert beside_s < 1e-3
    assert max(alone_s, after_s) < beside_s / 2, "only open connections make a jump wait"


@pytest.mark.timed
def test_waiting_without_any_timer_burns_no_processor() -> None:
    async def work() -> str:
        loop = virtual_loop()
        answer: asyncio.Future[str] = loop.create_future()
        threading.Timer(0.3, loop.call_soon_threadsafe, (answer.set_result, "here")).start()
        return await answer

    began_s = time.process_time()
    assert run_virtual(work(), START_MS) == "here"
    assert time.process_time() - began_s < 0.15


def test_joining_an_executors_threads_takes_no_virtual_time() -> None:
    async def work() -> float:
        loop = virtual_loop()
        loop.run_in_executor(None, time.sleep, 0.05).cancel()
        await asyncio.sleep(0)
        ticking = asyncio.create_task(_tick())
        await loop.shutdown_default_executor()
        ticking.cancel()
        return loop.time()

    assert run_virtual(work(), START_MS) == 0


def test_no_descriptor_is_left_open() -> None:
    async def work() -> None:
        server, port = await _listen()
        async with server:
            await _ask(port)
        await asyncio.sleep(1)

    before = os.listdir("/proc/self/fd")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run_virtual(work(), START_MS)
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_loop_that_keeps_real_time_is_refused_with_the_reason() -> None:
    async def work() -> VirtualTimeLoop:
        return virtual_loop()

    with pytest.raises(RuntimeError, match="the running loop keeps real time: start the work with run_virtual"):
        asyncio.run(work())
