"""Names, addresses and handshakes that fail, and what a good one tells."""

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support import hostile
from tests.support.certificates import Authority, self_signed
from tests.support.hostile import Behaviour, answers, serve, whole
from tests.wire.conftest import Look, Run
from wamon.core.observation import Exchange, Failure, Phase
from wamon.wire.resolver import Address, Resolver

GOOD = whole(b'{"id":"1"}')


def ending(seen: Exchange) -> tuple[Phase | None, Failure | None]:
    return seen.reached, seen.failure


@pytest.mark.parametrize("host", ["x" * 64 + ".invalid", "no-such-name.invalid"])
def test_a_name_that_does_not_resolve_ends_before_anything_began(host: str, look: Look, run: Run) -> None:
    seen = run(look(f"https://{host}/"))
    assert ending(seen) == (Phase.NONE, Failure.DNS_ERROR)
    assert set(seen.durations_ms) == {"total"}
    assert seen.peer is None


def test_a_refused_connection_says_who_refused(look: Look, run: Run) -> None:
    with hostile.refused_port() as port:
        seen = run(look(f"https://127.0.0.1:{port}/"))
    assert ending(seen) == (Phase.NONE, Failure.CONNECT_REFUSED)
    assert seen.detail == f"127.0.0.1:{port}: Connection refused"
    assert set(seen.durations_ms) == {"dns", "total"}


def test_a_black_hole_takes_the_whole_deadline_and_not_more(look: Look, run: Run) -> None:
    with hostile.black_hole() as port:
        seen = run(look(f"https://127.0.0.1:{port}/", timeout_ms=300))
    assert ending(seen) == (Phase.NONE, Failure.CONNECT_TIMEOUT)
    assert seen.detail == "no end within 300 ms: the connection was being opened"
    assert 295 <= seen.durations_ms["total"] < 1000, "a loop may tell the time in steps of its own"


def several(*hosts: str) -> Resolver:
    """A resolver that knows one name, with these addresses."""
    return Resolver(look_up=lambda host, family: [Address(socket.AF_INET, each, 0) for each in hosts])


def test_the_next_address_is_tried_when_one_refuses(look: Look, run: Run) -> None:
    async def story() -> tuple[Exchange, int]:
        async with serve(GOOD) as port:
            client = {"resolver": several("127.0.0.2", "127.0.0.1")}
            return await look(f"http://several.example:{port}/", client=client), port

    seen, port = run(story())
    assert (ending(seen), seen.peer) == ((Phase.ANSWERED, None), f"127.0.0.1:{port}")


def test_an_address_that_hangs_leaves_the_others_their_share_of_the_time(look: Look, run: Run) -> None:
    async def story() -> Exchange:
        async with serve(GOOD) as port:
            with hostile.black_hole("127.0.0.2", port):
                client = {"resolver": several("127.0.0.2", "127.0.0.1")}
                return await look(f"http://several.example:{port}/", client=client, timeout_ms=600)

    seen = run(story())
    assert ending(seen) == (Phase.ANSWERED, None)
    assert 295 <= seen.durations_ms["connect"] < 590


def test_when_no_address_works_the_first_one_names_the_failure_and_all_are_told(look: Look, run: Run) -> None:
    with hostile.black_hole("127.0.0.2") as port:
        client = {"resolver": several("127.0.0.2", "127.0.0.3")}
        seen = run(look(f"http://several.example:{port}/", client=client, timeout_ms=300))
    assert ending(seen) == (Phase.NONE, Failure.CONNECT_TIMEOUT)
    assert seen.detail == f"127.0.0.2:{port}: no connection in time; 127.0.0.3:{port}: Connection refused"


@pytest.mark.parametrize(
    ("family", "host", "peer"),
    [
        (socket.AF_INET, "localhost", "127.0.0.1:{}"),
        (socket.AF_INET6, "[::1]", "[::1]:{}"),
        (socket.AF_UNSPEC, "[::1]", "[::1]:{}"),
    ],
)
def test_one_address_family_alone_can_be_asked_for(
    family: socket.AddressFamily, host: str, peer: str, look: Look, server_tls: ssl.SSLContext, run: Run
) -> None:
    if "::1" in peer and not _has_ipv6():
        pytest.skip("this machine's loopback has no IPv6")

    async def story() -> tuple[Exchange, int]:
        async with serve(GOOD, server_tls, "::1" if "::1" in peer else "127.0.0.1") as port:
            return await look(f"https://{host}:{port}/", client={"family": family}), port

    seen, port = run(story())
    assert (ending(seen), seen.peer) == ((Phase.ANSWERED, None), peer.format(port))


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_numeric_address_of_the_other_family_is_no_address(look: Look, run: Run) -> None:
    seen = run(look("http://127.0.0.1:1/", client={"family": socket.AF_INET6}))
    assert ending(seen) == (Phase.NONE, Failure.DNS_ERROR)


async def _silent_from_the_start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"\x16\x03\x03garbage" * 50)
    await writer.drain()


async def _resets_after_the_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    await hostile.resets_at_once(reader, writer)


async def _closes_after_the_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)


HANDSHAKES: dict[str, tuple[Behaviour, Failure, str]] = {
    "silence": (_silent_from_the_start, Failure.DEADLINE_EXCEEDED, "the TLS handshake was under way"),
    "garbage": (_garbage, Failure.TLS_ERROR, "TLS handshake failed"),
    "plain http, patient": (answers(b""), Failure.DEADLINE_EXCEEDED, "the TLS handshake was under way"),
    "reset": (_resets_after_the_hello, Failure.CONNECTION_RESET, "Connection reset by peer"),
    "closed": (_closes_after_the_hello, Failure.CONNECTION_RESET, "closed by the peer during the TLS handshake"),
    "closed at once": (hostile.closes_at_once, Failure.CONNECTION_RESET, "during the TLS handshake"),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_broken_handshake_got_as_far_as_connected(name: str, look: Look, run: Run) -> None:
    behaviour, failure, words = HANDSHAKES[name]

    async def story() -> Exchange:
        async with serve(behaviour) as port:
            return await look(f"https://127.0.0.1:{port}/", timeout_ms=400)

    seen = run(story())
    assert ending(seen) == (Phase.CONNECTED, failure)
    assert words in (seen.detail or "")
    assert set(seen.durations_ms) == {"dns", "connect", "total"}


def test_plain_http_on_a_tls_port_is_a_tls_error(look: Look, run: Run) -> None:
    async def http_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async def story() -> Exchange:
        async with serve(http_at_once) as port:
            return await look(f"https://127.0.0.1:{port}/")

    seen = run(story())
    assert ending(seen) == (Phase.CONNECTED, Failure.TLS_ERROR)
    assert seen.detail == "TLS handshake failed: WRONG_VERSION_NUMBER"


def refused_certificates(authority: Authority, folder: Path) -> dict[str, ssl.SSLContext]:
    return {
        "certificate has expired": authority.expired(),
        "IP address mismatch, certificate is not valid for '127.0.0.1'.": authority.server("other.example"),
        "unable to get local issuer certificate": self_signed(folder / "other"),
    }


@pytest.mark.parametrize("number", range(3))
def test_a_certificate_that_does_not_hold_is_refused_and_named(
    number: int, look: Look, authority: Authority, tmp_path: Path, run: Run
) -> None:
    words, context = list(refused_certificates(authority, tmp_path).items())[number]

    async def story() -> Exchange:
        async with serve(GOOD, context) as port:
            return await look(f"https://127.0.0.1:{port}/")

    seen = run(story())
    assert ending(seen) == (Phase.CONNECTED, Failure.TLS_ERROR)
    assert words in (seen.detail or "")


@contextmanager
def threaded_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Takes one connection on a thread: asyncio's own TLS neither says nor hears why somebody hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take_one() -> None:
            line, _ = listening.accept()
            with line:
                talk(line)

        thread = threading.Thread(target=take_one)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_an_endpoint_that_wants_a_client_certificate_refuses_after_the_handshake(
    look: Look, authority: Authority, run: Run
) -> None:
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)

    def demand(line: socket.socket) -> None:
        with suppress(ssl.SSLError):
            context.wrap_socket(line, server_side=True)

    with threaded_server(demand) as port:
        seen = run(look(f"https://127.0.0.1:{port}/"))
    assert seen.failure is Failure.TLS_ERROR
    assert seen.reached in (Phase.SECURED, Phase.SENT)
    assert seen.detail == "TLS failed after the handshake: TLSV13_ALERT_CERTIFICATE_REQUIRED"


def test_a_peer_hears_a_proper_good_bye(look: Look, run: Run, server_tls: ssl.SSLContext) -> None:
    heard: list[bytes] = []

    def answer(line: socket.socket) -> None:
        with server_tls.wrap_socket(line, server_side=True, suppress_ragged_eofs=False) as tls:
            tls.recv(4096)
            tls.sendall(hostile.OK + b"Content-Length: 2\r\n\r\n{}")
            heard.append(tls.recv(4096))  # raises SSLEOFError where the line is just dropped

    with threaded_server(answer) as port:
        seen = run(look(f"https://127.0.0.1:{port}/"))
    assert ending(seen) == (Phase.ANSWERED, None)
    assert heard == [b""]


def test_a_server_is_told_why_its_certificate_was_refused(look: Look, run: Run, authority: Authority) -> None:
    told: list[str] = []
    context = authority.expired()

    def offer(line: socket.socket) -> None:
        try:
            with context.wrap_socket(line, server_side=True) as tls:
                tls.recv(4096)
        except ssl.SSLError as alert:
            told.append(alert.reason)

    with threaded_server(offer) as port:
        run(look(f"https://127.0.0.1:{port}/"))
    assert told == ["SSLV3_ALERT_CERTIFICATE_EXPIRED"]


def test_the_end_of_the_certificate_is_told(look: Look, authority: Authority, run: Run) -> None:
    end = datetime.datetime(2035, 6, 1, 12, 30, tzinfo=datetime.UTC)

    async def story() -> Exchange:
        async with serve(GOOD, authority.server(not_after=end)) as port:
            return await look(f"https://127.0.0.1:{port}/")

    assert run(story()).certificate_expires_ms == int(end.timestamp() * 1000)


def test_every_exchange_is_a_connection_and_a_full_handshake_of_its_own(
    look: Look, authority: Authority, trusted: ssl.SSLContext, run: Run
) -> None:
    context = authority.server()

    async def story() -> None:
        async with serve(GOOD, context) as port:
            for _ in range(3):
                await look(f"https://127.0.0.1:{port}/")

    run(story())
    assert (context.session_stats()["accept_good"], context.session_stats()["hits"]) == (3, 0)


def test_the_steps_are_timed_apart(look: Look, server_tls: ssl.SSLContext, run: Run) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hostile.heard(reader)
        await asyncio.sleep(0.1)
        writer.write(hostile.OK + b"Content-Length: 2\r\n\r\n{")
        await asyncio.sleep(0.1)
        writer.write(b"}")

    async def story() -> Exchange:
        async with serve(slow, server_tls) as port:
            return await look(f"https://localhost:{port}/", client={"family": socket.AF_INET})

    steps = run(story()).durations_ms
    before = steps["dns"] + steps["connect"] + steps["tls"]
    assert all(steps[name] > 0 for name in ("dns", "connect", "tls"))
    assert before + 95 < steps["first_byte"]
    assert steps["first_byte"] + 95 < steps["total"]
