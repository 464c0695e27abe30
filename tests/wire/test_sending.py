"""What goes over the line, what never does, and when a request counts as sent."""

import asyncio
import gzip
import logging
import ssl
from collections.abc import Callable

import pytest

from tests.support import hostile
from tests.support.hostile import OK, Behaviour, serve, whole
from tests.wire.conftest import Look
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request

LARGE = b"x" * (24 * 1024 * 1024)
"""More than the kernels of both sides take without anybody reading."""

CANARY = "EAAGcanaryToken|withSecret/+0123456789"


def listens(heads: list[bytes], answer: bytes = OK + b"Content-Length: 2\r\n\r\n{}") -> Behaviour:
    """A decent server that writes down the heads it hears."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await hostile.heard(reader))
        writer.write(answer)

    return behave


def test_the_request_goes_out_as_it_was_made_and_asks_for_nothing_compressed_or_kept(look: Look) -> None:
    heads: list[bytes] = []

    async def story() -> int:
        async with serve(listens(heads)) as port:
            await look(f"http://127.0.0.1:{port}/v25.0/1?fields=id,status", bearer="EAAG")
            return port

    port = asyncio.run(story())
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "GET /v25.0/1?fields=id,status HTTP/1.1"
    assert sorted(lines[1:-2]) == [
        "Accept-Encoding: identity",
        "Accept: */*",
        "Authorization: Bearer EAAG",
        "Connection: close",
        f"Host: 127.0.0.1:{port}",
        "User-Agent: wamon/0.1.0",
    ]


def test_a_body_goes_out_whole_with_its_length(look: Look) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await hostile.heard(reader)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def story() -> Exchange:
        async with serve(echo) as port:
            return await look(f"http://127.0.0.1:{port}/", method="POST", content=b'{"entry":[]}')

    assert asyncio.run(story()).body == {"entry": []}


def test_no_redirect_is_followed_and_no_cookie_comes_back(trusted: ssl.SSLContext) -> None:
    heads: list[bytes] = []
    answer = b"HTTP/1.1 302 x\r\nLocation: /elsewhere?token=1\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"

    async def story() -> Exchange:
        async with serve(listens(heads, answer)) as port, open_client(trusted) as client:
            request = Request("GET", f"http://127.0.0.1:{port}/")
            for _ in range(2):
                seen = await exchange(client, request, target="t", probe=ProbeKind.API, at_ms=0, timeout_ms=2000)
            return seen

    seen = asyncio.run(story())
    assert (seen.http_status, dict(seen.headers)) == (302, {"location": "/elsewhere", "content-length": "0"})
    assert len(heads) == 2
    assert not any(b"ookie" in head or b"elsewhere" in head for head in heads)


def test_the_environment_offers_proxies_in_vain(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def story() -> Exchange:
        async with serve(whole(b"{}")) as port:
            return await look(f"http://127.0.0.1:{port}/")

    assert asyncio.run(story()).reached is Phase.ANSWERED


def test_what_is_compressed_stays_compressed(look: Look) -> None:
    packed = gzip.compress(b'{"id":"1"}')

    async def story() -> Exchange:
        async with serve(whole(packed, OK + b"Content-Encoding: gzip\r\n")) as port:
            return await look(f"http://127.0.0.1:{port}/")

    assert asyncio.run(story()).body == packed.decode("utf-8", "replace")


SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@SCHEMES
def test_a_request_that_nobody_takes_in_was_not_sent(scheme: str, look: Look, server_tls: ssl.SSLContext) -> None:
    async def story() -> Exchange:
        async with serve(hostile.hears_nothing, server_tls if scheme == "https" else None) as port:
            return await look(f"{scheme}://127.0.0.1:{port}/", method="POST", content=LARGE, timeout_ms=500)

    seen = asyncio.run(story())
    assert (seen.reached, seen.failure) == (Phase.SECURED, Failure.READ_TIMEOUT)


@SCHEMES
def test_an_answer_is_heard_while_the_request_is_still_going_out(
    scheme: str, look: Look, server_tls: ssl.SSLContext
) -> None:
    early = b'HTTP/1.1 500 x\r\nContent-Length: 20\r\n\r\n{"error":{"code":2}}'

    async def story() -> Exchange:
        async with serve(hostile.interrupts(early), server_tls if scheme == "https" else None) as port:
            return await look(f"{scheme}://127.0.0.1:{port}/", method="POST", content=LARGE)

    seen = asyncio.run(story())
    assert (seen.reached, seen.failure, seen.http_status) == (Phase.ANSWERED, None, 500)
    assert seen.body == {"error": {"code": 2}}


def test_an_early_answer_survives_the_reset_behind_it(look: Look) -> None:
    async def refuse_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"HTTP/1.1 413 x\r\nContent-Length: 2\r\n\r\n{}")
        await hostile.resets_at_once(reader, writer)

    async def story() -> Exchange:
        async with serve(refuse_and_reset) as port:
            return await look(f"http://127.0.0.1:{port}/", method="POST", content=LARGE)

    seen = asyncio.run(story())
    assert (seen.reached, seen.failure, seen.http_status) == (Phase.ANSWERED, None, 413)


def test_a_reset_in_the_middle_of_a_request_leaves_it_unsent(look: Look) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        await hostile.resets_at_once(reader, writer)

    async def story() -> Exchange:
        async with serve(reset) as port:
            return await look(f"http://127.0.0.1:{port}/", method="POST", content=LARGE)

    seen = asyncio.run(story())
    assert (seen.reached, seen.failure) == (Phase.SECURED, Failure.CONNECTION_RESET)


HEADERS = {
    b"X-FB-Trace-ID: Abc": ("x-fb-trace-id", "Abc"),
    b"facebook-api-version: v25.0": ("facebook-api-version", "v25.0"),
    b'X-App-Usage: {"call_count":1}': ("x-app-usage", '{"call_count":1}'),
    b'WWW-Authenticate: OAuth "Facebook Platform"': ("www-authenticate", 'OAuth "Facebook Platform"'),
    b"Retry-After: 60": ("retry-after", "60"),
    b"Location: https://one.example/a?token=1": ("location", "https://one.example/a"),
    b"Server: caf\xe9": ("server", "café"),
    b"Set-Cookie: session=1": None,
    b"Authorization: echoed": None,
    b"X-Other: 1": None,
}


@pytest.mark.parametrize("line", HEADERS, ids=lambda line: line.decode("latin-1"))
def test_only_headers_that_are_evidence_are_kept(line: bytes, look: Look) -> None:
    async def story() -> Exchange:
        async with serve(whole(b"", b"HTTP/1.1 200 OK\r\n" + line + b"\r\n")) as port:
            return await look(f"http://127.0.0.1:{port}/")

    kept = dict(asyncio.run(story()).headers)
    del kept["content-length"]
    assert kept == (dict([pair]) if (pair := HEADERS[line]) else {})


def test_a_repeated_header_is_kept_as_one(look: Look) -> None:
    async def story() -> Exchange:
        head = b"HTTP/1.1 401 x\r\nWWW-Authenticate: a\r\nwww-authenticate: b\r\n"
        async with serve(whole(b"", head)) as port:
            return await look(f"http://127.0.0.1:{port}/")

    assert asyncio.run(story()).headers["www-authenticate"] == "a, b"


def echoing(say: Callable[[bytes], bytes]) -> Behaviour:
    """Says back what it was told, in some form."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(say(await hostile.heard(reader)))

    return behave


def _bearer(head: bytes) -> bytes:
    return head.split(b"Bearer ")[1].split(b"\r\n")[0]


def _target(head: bytes) -> bytes:
    return head.split(b" ")[1]


ECHOES = {
    "text": lambda head: b"HTTP/1.0 400 x\r\n\r\nMalformed access token " + _bearer(head),
    "json": lambda head: (
        b'HTTP/1.0 400 x\r\n\r\n{"error":{"message":"Malformed access token %s"}}' % _bearer(head)
    ),
    "url": lambda head: b"HTTP/1.0 400 x\r\n\r\nno " + _target(head),
    "header": lambda head: b"HTTP/1.0 400 x\r\nWWW-Authenticate: OAuth %s\r\n\r\n" % _bearer(head),
    "location": lambda head: b"HTTP/1.0 302 x\r\nLocation: https://one.example%s\r\n\r\n" % _target(head),
    "path": lambda head: b"HTTP/1.0 302 x\r\nLocation: https://one.example/%s/\r\n\r\n" % _bearer(head),
    "nothing": lambda head: b"",
    "garbage": lambda head: b"HTTP/1.1 " + _bearer(head) + b"\r\n\r\n",
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_token_is_nowhere_but_in_the_request(
    echo: str, look: Look, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def story() -> Exchange:
        asyncio.get_running_loop().set_debug(True)
        async with serve(echoing(ECHOES[echo])) as port:
            url = f"http://127.0.0.1:{port}/debug_token?input_token=EAAGcanaryToken%7CwithSecret%2F%2B0123456789"
            return await look(url, bearer=CANARY, inspected=CANARY)

    with caplog.at_level(logging.DEBUG):
        seen = asyncio.run(story())
    everything = f"{seen!r} {caplog.text} {capfd.readouterr()}"
    assert "anaryToken" not in everything
    assert "withSecret" not in everything
    assert seen.http_status or seen.failure


def test_a_password_in_an_address_is_sent_and_shown_nowhere(look: Look) -> None:
    def say(head: bytes) -> bytes:
        return b"HTTP/1.0 401 x\r\n\r\ncanary-password " + head

    async def story() -> Exchange:
        async with serve(echoing(say)) as port:
            return await look(f"http://operator:canary-password@127.0.0.1:{port}/")

    seen = asyncio.run(story())
    assert "Authorization: Basic [redacted]" in seen.body
    assert "canary-password" not in repr(seen)


def test_the_libraries_below_stay_quiet_at_debug(look: Look, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with serve(whole(b"{}")) as port:
            await look(f"http://127.0.0.1:{port}/?input_token={CANARY[:10]}")

    with caplog.at_level(logging.DEBUG):
        asyncio.run(story())
    assert [record.name for record in caplog.records if record.name.startswith("http")] == []
