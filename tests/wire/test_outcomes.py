"""Every way an exchange can end, over real sockets: how far it got, why it ended, what is kept."""

import asyncio
import ssl
from typing import Any, NamedTuple

import msgspec
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import hostile
from tests.support.hostile import OK, Behaviour, answers, whole
from tests.wire.conftest import Look
from wamon.core.observation import MAXIMUM_BODY_BYTES, Exchange, Failure, Phase, ProbeKind
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request
from wamon.wire.trust import trust

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Seen(NamedTuple):
    """What an exchange must say."""

    reached: Phase | None
    failure: Failure | None = None
    http_status: int | None = None
    body: Any = None


def answered(http_status: int, body: Any) -> Seen:
    return Seen(Phase.ANSWERED, None, http_status, body)


def cut(failure: Failure, http_status: int | None = None, body: Any = None) -> Seen:
    return Seen(Phase.SENT, failure, http_status, body)


GOOD: dict[str, tuple[Behaviour, Seen]] = {
    "an object": (whole(b'{"id":"1"}'), answered(200, {"id": "1"})),
    "an array": (whole(b' [1, {"a": null}]'), answered(200, [1, {"a": None}])),
    "a bare number stays text": (whole(b"90071992547"), answered(200, "90071992547")),
    "html": (whole(b"<html>sorry</html>", b"HTTP/1.1 502 x\r\n"), answered(502, "<html>sorry</html>")),
    "no body": (whole(b"", b"HTTP/1.1 500 x\r\n"), answered(500, None)),
    "a graph error": (
        whole(b'{"error":{"code":2}}', b"HTTP/1.1 500 x\r\n"),
        answered(500, {"error": {"code": 2}}),
    ),
    "no length, closed": (answers(b"HTTP/1.0 200 OK\r\n\r\n{}"), answered(200, {})),
    "no length, cut json is text": (answers(b"HTTP/1.0 200 OK\r\n\r\n{"), answered(200, "{")),
    "not chunked, to the end": (answers(OK + b"Transfer-Encoding: identity\r\n\r\n{}"), answered(200, {})),
    "chunked": (answers(CHUNKED + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX: y\r\n\r\n"), answered(200, {})),
    "no content": (answers(b"HTTP/1.1 204 x\r\n\r\n"), answered(204, None)),
    "informational first": (
        answers(
            b"HTTP/1.1 103 x\r\nServer: early\r\n\r\nHTTP/1.1 100 x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n{}"
        ),
        answered(200, {}),
    ),
    "more than asked for": (
        answers(OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 500 x\r\nContent-Length: 1\r\n\r\nx??"),
        answered(200, {}),
    ),
    "a redirect": (
        answers(b"HTTP/1.1 302 x\r\nLocation: https://one.example:port/\r\nContent-Length: 0\r\n\r\n"),
        answered(302, None),
    ),
    "invalid utf-8": (whole(b'{"a":"\xff"}'), answered(200, '{"a":"�"}')),
    "lone surrogate": (whole(rb'{"a":"\ud800"}'), answered(200, r'{"a":"\ud800"}')),
    "not a number": (whole(b'{"a":NaN}'), answered(200, '{"a":NaN}')),
    "endless number": (whole(b"[1e999]"), answered(200, "[1e999]")),
    "number of 5000 digits": (whole(b"[" + b"9" * 5000 + b"]"), answered(200, "[" + "9" * 5000 + "]")),
    "number of 22 digits": (whole(b"[" + b"9" * 22 + b"]"), answered(200, [10**22 - 1])),
    "nested 5000 deep": (whole(b"[" * 5000 + b"]" * 5000), answered(200, "[" * 5000 + "]" * 5000)),
    "nested 100 deep": (whole(b"[" * 100 + b"]" * 100), answered(200, "[" * 100 + "]" * 100)),
    "nested a little": (whole(b"[" * 60 + b"]" * 60 + b" "), answered(200, eval("[" * 60 + "]" * 60))),
    "wide": (whole(b"[" + b"[]," * 999 + b"[]]"), answered(200, [[]] * 1000)),
    "too many parts": (whole(b"[" + b"[]," * 4096 + b"[]]"), answered(200, "[" + "[]," * 4096 + "[]]")),
    "brackets in a text": (whole(b'{"a":"' + b"[" * 99 + rb"\"" + b'"}'), answered(200, {"a": "[" * 99 + '"'})),
    "exactly the largest body": (
        whole(b"x" * MAXIMUM_BODY_BYTES),
        answered(200, "x" * MAXIMUM_BODY_BYTES),
    ),
}

BAD: dict[str, tuple[Behaviour, Seen]] = {
    "silence": (hostile.says_nothing, cut(Failure.READ_TIMEOUT)),
    "closed before an answer": (hostile.hears_and_closes, cut(Failure.CONNECTION_RESET)),
    "reset after the request": (hostile.resets_after(b""), cut(Failure.CONNECTION_RESET)),
    "reset in the body": (
        hostile.resets_after(b"HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nab"),
        cut(Failure.CONNECTION_RESET, 500, "ab"),
    ),
    "reset in a body without length": (
        hostile.resets_after(b"HTTP/1.0 200 OK\r\n\r\nab"),
        cut(Failure.CONNECTION_RESET, 200, "ab"),
    ),
    "shorter than promised": (
        answers(b"HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\n{}"),
        cut(Failure.CONNECTION_RESET, 503, {}),
    ),
    "cut between chunks": (answers(CHUNKED + b"2\r\n{}\r\n"), cut(Failure.CONNECTION_RESET, 200, {})),
    "cut in the head": (answers(b"HTTP/1.1 500 x\r\nServer: a"), cut(Failure.CONNECTION_RESET, 500)),
    "cut in the status": (answers(b"HTTP/1.1 50"), cut(Failure.CONNECTION_RESET)),
    "only an early hint": (answers(b"HTTP/1.1 103 x\r\n\r\n"), cut(Failure.CONNECTION_RESET)),
    "broken chunk": (answers(CHUNKED + b"2\r\n{}\r\nZZ\r\n"), cut(Failure.PROTOCOL_ERROR, 200, {})),
    "another protocol": (answers(b"SSH-2.0-OpenSSH_9.2\r\n"), cut(Failure.PROTOCOL_ERROR)),
    "two lengths": (
        answers(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nab"),
        cut(Failure.PROTOCOL_ERROR, 200),
    ),
    "another protocol was agreed upon": (
        answers(b"HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"),
        cut(Failure.PROTOCOL_ERROR),
    ),
    "dripping head": (hostile.drips(b"HTTP/1.1 200 OK\r\nX: ", b"x"), cut(Failure.DEADLINE_EXCEEDED, 200)),
    "dripping body": (
        hostile.drips(b"HTTP/1.1 429 x\r\nContent-Length: 9\r\n\r\n{}", b""),
        cut(Failure.DEADLINE_EXCEEDED, 429, {}),
    ),
    "one byte too large": (
        whole(b"x" * (MAXIMUM_BODY_BYTES + 1)),
        cut(Failure.BODY_TOO_LARGE, 200, "x" * MAXIMUM_BODY_BYTES),
    ),
    "endless body": (
        hostile.NAMED["endless_body"],
        cut(Failure.BODY_TOO_LARGE, 200, "x" * MAXIMUM_BODY_BYTES),
    ),
    "endless headers": (hostile.NAMED["endless_headers"], cut(Failure.PROTOCOL_ERROR, 200)),
    "endless header line": (hostile.NAMED["endless_header_line"], cut(Failure.PROTOCOL_ERROR, 200)),
    "endless early hints": (hostile.NAMED["endless_informational"], cut(Failure.PROTOCOL_ERROR)),
    "endless trailers": (hostile.NAMED["endless_trailers"], cut(Failure.PROTOCOL_ERROR, 200)),
    "endless chunk extension": (hostile.NAMED["endless_chunk_extension"], cut(Failure.PROTOCOL_ERROR, 200)),
}

TABLE = GOOD | BAD
LATE = (Failure.READ_TIMEOUT, Failure.DEADLINE_EXCEEDED)
RUNS = {"asyncio": asyncio.run, "uvloop": uvloop.run}


@pytest.mark.parametrize(("scheme", "loop"), [("https", "asyncio"), ("https", "uvloop"), ("http", "asyncio")])
@pytest.mark.parametrize("name", TABLE)
def test_every_answer_is_written_down_as_it_came(
    name: str, scheme: str, loop: str, look: Look, server_tls: ssl.SSLContext
) -> None:
    behaviour, expected = TABLE[name]

    async def story() -> Exchange:
        async with hostile.serve(behaviour, server_tls if scheme == "https" else None) as port:
            return await look(
                f"{scheme}://127.0.0.1:{port}/", timeout_ms=400 if expected.failure in LATE else 5000
            )

    seen = RUNS[loop](story())
    assert Seen(seen.reached, seen.failure, seen.http_status, seen.body) == expected
    assert (seen.detail is None) == (expected.failure is None)


@settings(max_examples=150)
@given(raw=st.binary(max_size=300) | st.sampled_from([OK, CHUNKED]).flatmap(lambda h: st.binary().map(h.__add__)))
def test_whatever_a_server_says_becomes_an_exchange(raw: bytes) -> None:
    async def story() -> Exchange:
        async with hostile.serve(answers(raw)) as port, open_client(trust()) as client:
            request = Request("GET", f"http://127.0.0.1:{port}/")
            return await exchange(client, request, target="t", probe=ProbeKind.EDGE, at_ms=0, timeout_ms=3000)

    seen = asyncio.run(story())
    assert (seen.reached is Phase.ANSWERED) == (seen.failure is None)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=dict)["reached"] == seen.reached
