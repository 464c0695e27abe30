"""Every fault as a client meets it, byte by byte; and sites that leave nothing behind."""

import asyncio
import os
import socket
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.raw import NODE, ask, octets, parse, send
from tests.support.certificates import Authority
from wamon.core.timeline import parse_iso
from wamon.simulator.faults import (
    BlackHole,
    Delay,
    EmptyBody,
    Fault,
    Garbage,
    GraphError,
    HangUp,
    HtmlPage,
    Instead,
    Oversized,
    Point,
    Redirect,
    Reset,
    SlowDrip,
    Truncated,
)
from wamon.simulator.scenario import Place
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual, virtual_loop
from wamon.simulator.world import ACCESS_TOKEN

START_MS = parse_iso("2026-11-02T00:00:00Z")


def met(fault: Fault, look: Callable[[Simulator], Awaitable[Any]]) -> Any:
    """What a look at Graph gives while a fault waits for it, in virtual time."""

    async def meet() -> Any:
        async with Simulator() as sim:
            sim.faults += [fault]
            seen = await look(sim)
            assert (await ask(sim.base_url + NODE, ACCESS_TOKEN)).http_status == 200, "a fault strikes once"
            return seen

    return run_virtual(meet(), START_MS)


async def look(sim: Simulator) -> Any:
    return await ask(sim.base_url + NODE, ACCESS_TOKEN)


async def look_raw(sim: Simulator) -> bytes:
    return await octets(sim.base_url + NODE, ACCESS_TOKEN)


@pytest.mark.parametrize(
    ("error", "inside"),
    [
        (GraphError(500, 131016), {"type": "OAuthException", "code": 131016}),
        (GraphError(503, 2, is_transient=True), {"type": "OAuthException", "code": 2, "is_transient": True}),
        (
            GraphError(400, 130429, 2494055, "(#130429) Slow down", details="pair"),
            {
                "type": "OAuthException",
                "code": 130429,
                "error_subcode": 2494055,
                "error_data": {"messaging_product": "whatsapp", "details": "pair"},
            },
        ),
        (GraphError(400, None, message="no code"), {"type": "OAuthException", "message": "no code"}),
    ],
)
def test_an_error_comes_in_graphs_envelope(error: GraphError, inside: dict[str, Any]) -> None:
    seen = met(error, look)
    assert seen.http_status == error.http_status
    assert {**seen.error, **inside} == seen.error
    assert set(seen.error) - set(inside) <= {"message", "fbtrace_id"}
    assert seen.headers["facebook-api-version"] == "v25.0"


@pytest.mark.parametrize(
    ("fault", "http_status", "content_type", "body"),
    [
        (HtmlPage(502), 502, "text/html; charset=utf-8", b"Sorry, something went wrong."),
        (EmptyBody(503), 503, "", b""),
        (Redirect("https://portal.example/"), 302, "", b""),
        (Instead(200, "[]"), 200, "application/json", b"[]"),
        (Instead(599, "odd", "text/plain"), 599, "text/plain", b"odd"),
    ],
)
def test_what_stands_in_front_of_graph_answers_without_its_headers(
    fault: Fault, http_status: int, content_type: str, body: bytes
) -> None:
    seen = met(fault, look)
    assert (seen.http_status, seen.headers.get("content-type", "")) == (http_status, content_type)
    assert body in seen.body
    assert not [name for name in seen.headers if name.startswith("x-fb-") or name == "facebook-api-version"]


def test_a_redirect_says_where_to() -> None:
    assert met(Redirect("https://portal.example/"), look).headers["location"] == "https://portal.example/"


@pytest.mark.parametrize("point", [Point.ACCEPT, Point.REQUEST])
def test_a_hang_up_ends_the_connection_before_any_byte(point: Point) -> None:
    async def ending(sim: Simulator) -> bytes:
        try:
            return await look_raw(sim)
        except ConnectionResetError:  # at accept the request meets a socket that is gone
            return b""

    assert met(HangUp(point), ending) == b""


def test_a_hang_up_after_the_headers_leaves_the_body_out() -> None:
    seen = parse(met(HangUp(Point.HEADERS), look_raw))
    assert (seen.http_status, seen.body) == (200, b"")
    assert int(seen.headers["content-length"]) > 100


@pytest.mark.parametrize("point", list(Point))
def test_a_reset_tears_the_connection(point: Point) -> None:
    async def torn(sim: Simulator) -> str:
        try:
            await look_raw(sim)
        except ConnectionResetError:
            return "reset"
        return "closed"

    assert met(Reset(point), torn) == "reset"


@pytest.mark.parametrize("point", list(Point))
def test_a_black_hole_is_silent_until_the_client_gives_up(point: Point) -> None:
    async def give_up(sim: Simulator) -> int:
        began_ms = sim.now_ms()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await look_raw(sim)
        return sim.now_ms() - began_ms

    assert met(BlackHole(point), give_up) == 10_000


def test_a_delay_gives_the_right_answer_late() -> None:
    async def late(sim: Simulator) -> tuple[int, int]:
        began_ms = sim.now_ms()
        return (await look(sim)).http_status, sim.now_ms() - began_ms

    assert met(Delay(4_321), late) == (200, 4_321)


def test_a_slow_drip_brings_the_right_answer_byte_by_byte() -> None:
    async def slowly(sim: Simulator) -> tuple[Any, int, bytes]:
        began_ms = sim.now_ms()
        raw = await look_raw(sim)
        return parse(raw), sim.now_ms() - began_ms, raw

    seen, took_ms, raw = met(SlowDrip(gap_ms=100), slowly)
    assert seen.http_status == 200
    assert seen.headers["content-length"] == str(len(seen.body))
    assert took_ms == 100 * len(raw)


def test_a_slow_drip_ends_when_its_client_has_gone() -> None:
    async def leave(sim: Simulator) -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await look_raw(sim)
        await asyncio.sleep(5)
        return len(asyncio.all_tasks())

    assert met(SlowDrip(gap_ms=1_000), leave) == 1


def test_a_truncated_answer_promises_more_than_it_brings() -> None:
    seen = parse(met(Truncated(keep_bytes=10), look_raw))
    assert len(seen.body) == 10 < int(seen.headers["content-length"])


def test_garbage_is_no_http() -> None:
    assert not met(Garbage(), look_raw).startswith(b"HTTP/")


def test_an_oversized_answer_is_well_formed_and_as_long_as_it_says() -> None:
    seen = met(Oversized(300_000), look)
    assert len(seen.body) == int(seen.headers["content-length"]) == 300_000


def test_faults_are_used_up_one_per_request_in_their_order() -> None:
    async def four(sim: Simulator) -> list[int]:
        sim.faults = [GraphError(500, 131016), None, HtmlPage(503)]
        return [(await look(sim)).http_status for _ in range(4)]

    async def meet() -> list[int]:
        async with Simulator() as sim:
            return await four(sim)

    assert run_virtual(meet(), START_MS) == [500, 200, 503, 200]


def test_a_fault_of_graph_touches_no_other_site() -> None:
    async def meet() -> list[int]:
        async with Simulator() as sim:
            sim.faults += [EmptyBody(500)]
            return [(await ask(url)).http_status for url in sim.control_urls] + [len(sim.faults)]

    assert run_virtual(meet(), START_MS) == [200, 200, 1]


def test_a_refused_send_keeps_no_message_and_a_torn_one_keeps_it() -> None:
    async def meet() -> list[int]:
        async with Simulator() as sim:
            sim.faults += [GraphError(500, 131016), Reset()]
            await send(sim.base_url)
            refused = len(sim.graph.sent)
            with pytest.raises(ConnectionResetError):
                await send(sim.base_url)
            return [refused, len(sim.graph.sent)]

    assert run_virtual(meet(), START_MS) == [0, 1]


def test_a_pulled_cable_refuses_every_site_and_ports_stay_the_same() -> None:
    async def meet() -> None:
        async with Simulator() as sim:
            urls = [sim.base_url + NODE, sim.webhook_url, *sim.control_urls]
            sim.unplug()
            for url in urls:
                with pytest.raises(ConnectionRefusedError):
                    await ask(url)
            sim.plug()
            assert [sim.base_url + NODE, sim.webhook_url, *sim.control_urls] == urls
            for url in urls:
                assert (await ask(url)).http_status in (200, 401, 403)

    run_virtual(meet(), START_MS)


def test_a_silent_cable_answers_no_knock_and_can_be_put_back() -> None:
    async def meet() -> list[int]:
        async with Simulator() as sim:
            for _ in range(2):
                sim.unplug(silent=True)
                for url in (sim.base_url, *sim.control_urls):
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(5):
                            await ask(url)
                sim.plug()
            return [sim.now_ms() - START_MS, (await ask(sim.control_urls[0])).http_status]

    assert run_virtual(meet(), START_MS) == [30_000, 200]


def test_one_place_can_be_cut_off_alone() -> None:
    async def meet() -> int:
        async with Simulator() as sim:
            sim.unplug(where=[Place.GRAPH])
            with pytest.raises(ConnectionRefusedError):
                await ask(sim.base_url)
            return (await ask(sim.control_urls[1])).http_status

    assert run_virtual(meet(), START_MS) == 200


def test_pulling_the_cable_tears_what_is_under_way() -> None:
    async def meet() -> int:
        async with Simulator() as sim:
            sim.faults += [Delay(5_000)]
            waiting = asyncio.create_task(look_raw(sim))
            await asyncio.sleep(2)
            sim.unplug()
            with pytest.raises(ConnectionResetError):
                await waiting
            return sim.now_ms() - START_MS

    assert run_virtual(meet(), START_MS) == 2_000


def test_a_connection_is_kept_for_the_next_request_until_it_is_closed() -> None:
    async def two() -> list[bytes]:
        async with Simulator() as sim:
            reader, writer = await asyncio.open_connection("127.0.0.1", sim.control_sites[0].port)
            lines = []
            for last in (b"", b"Connection: close\r\n"):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + last + b"\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.split(b"Content-Length: ")[1]))
                lines.append(head.split(b"\r\n")[0])
            assert await reader.read() == b""
            writer.close()
            return lines

    assert run_virtual(two(), START_MS) == [b"HTTP/1.1 200 OK"] * 2


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3145729\r\n\r\n" + b"x" * 3145729,
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"",
        b"G",
    ],
)
def test_nonsense_from_a_client_ends_its_connection_and_nothing_else(nonsense: bytes) -> None:
    async def talk() -> tuple[bytes, int]:
        async with Simulator() as sim:
            reader, writer = await asyncio.open_connection("127.0.0.1", sim.graph_site.port)
            writer.write(nonsense)
            writer.write_eof()
            try:
                told = await reader.read()
            except ConnectionResetError:  # what was not read is thrown back
                told = b""
            writer.transport.abort()
            return told, (await look(sim)).http_status

    assert run_virtual(talk(), START_MS) == (b"", 200)


def test_graph_speaks_tls_with_the_given_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trust = ssl.create_default_context(cafile=authority.ca_file)

    async def secure() -> tuple[int, str]:
        async with Simulator(context=authority.server()) as sim:
            good = await ask(sim.base_url + NODE, ACCESS_TOKEN, context=trust)
            sim.faults += [HangUp(Point.ACCEPT)]
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await octets(sim.base_url + NODE, ACCESS_TOKEN, context=trust)
            return good.http_status, sim.base_url[:8]

    assert run_virtual(secure(), START_MS) == (200, "https://")


def test_nothing_is_left_open_after_faults_of_every_kind() -> None:
    async def week_of_faults() -> int:
        async with Simulator() as sim:
            for fault in (
                BlackHole(),
                BlackHole(Point.ACCEPT),
                SlowDrip(),
                Delay(99_000),
                Reset(),
                HangUp(),
                Garbage(),
            ):
                sim.faults += [fault]
                try:
                    async with asyncio.timeout(3):
                        await look_raw(sim)
                except (TimeoutError, ConnectionResetError):
                    pass
            sim.faults += [Delay(10_000)]
            left = asyncio.create_task(look_raw(sim))
            await asyncio.sleep(1)
            sim.unplug(silent=True)
        await asyncio.gather(left, return_exceptions=True)
        return len(asyncio.all_tasks())

    before = len(os.listdir("/proc/self/fd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        assert run_virtual(week_of_faults(), START_MS) == 1
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_stopped_site_has_closed_everything_at_once() -> None:
    async def stop() -> tuple[int, int, int]:
        before = len(os.listdir("/proc/self/fd"))
        with socket.socket() as client:
            async with Simulator() as sim:
                site = sim.control_sites[-1]
                site.faults += [Delay(60_000)]
                client.connect(("127.0.0.1", site.port))
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                await asyncio.sleep(1)
                during = len(os.listdir("/proc/self/fd"))
            return before, during, len(os.listdir("/proc/self/fd")) - 1

    before, during, after = run_virtual(stop(), START_MS)
    assert before == after < during


def test_a_cable_pulled_at_any_moment_of_an_exchange_leaves_no_socket_behind() -> None:
    async def pull() -> int:
        async with Simulator() as sim:
            before = len(os.listdir("/proc/self/fd"))
            for turns in range(12):
                looking = asyncio.create_task(look_raw(sim))
                for _ in range(turns):
                    await asyncio.sleep(0)
                sim.unplug()
                sim.plug()
                await asyncio.gather(looking, return_exceptions=True)
                await asyncio.sleep(1)
            return len(os.listdir("/proc/self/fd")) - before

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        assert run_virtual(pull(), START_MS) == 0


def test_a_stopped_simulator_gives_its_ports_back() -> None:
    async def ports() -> list[int]:
        async with Simulator() as sim:
            return [site.port for site in sim.sites]

    for port in run_virtual(ports(), START_MS):
        with socket.socket() as other:
            other.bind(("127.0.0.1", port))


def test_answers_take_the_latency_asked_for_and_the_same_one_in_every_run() -> None:
    async def spans() -> list[int]:
        async with Simulator(latency_ms=(80, 160)) as sim:
            took = []
            for _ in range(20):
                began_ms = virtual_loop().now_ms()
                await look(sim)
                took.append(virtual_loop().now_ms() - began_ms)
            return took

    first, second = (run_virtual(spans(), START_MS) for _ in range(2))
    assert first == second
    assert 80 <= min(first) < max(first) <= 160
