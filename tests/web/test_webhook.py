"""The callback URL on a real port: who gets in, what is answered, and what no stranger can do to it."""

import asyncio
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.receiver import SECRET, Client, Listening, in_turn, listening, signature, status_event
from wamon.web.webhook import HELD_BYTES, LARGEST_BODY_BYTES, SMALL_BYTES

EMPTY = b'{"object":"whatsapp_business_account","entry":[]}'
SAMPLES = json.loads((Path(__file__).parents[1] / "stories" / "webhook_samples.json").read_text())


def told(story: Callable[[Listening], Awaitable[None]], path: Path | None = None) -> None:
    async def run() -> None:
        async with listening(path) as receiver:
            await story(receiver)

    asyncio.run(run())


def handshake(
    mode: str = "subscribe", token: str = "test+verify%20token", sent: str = "1158201444", path: str = ""
) -> bytes:
    query = f"hub.mode={mode}&hub.challenge={sent}&hub.verify_token={token}"
    return f"GET /webhook{path}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("asked", "http_status", "said"),
    [
        (handshake(), 200, b"1158201444"),
        (handshake(path="/acme"), 200, b"1158201444"),
        (handshake(path="/unkeyed"), 200, b"1158201444"),
        (handshake(sent="%3Cscript%3E%00%FF"), 200, b"<script>\x00\xff"),
        (handshake(token="wrong"), 403, None),
        (handshake(token="t%C3%A4st"), 403, None),
        (handshake(token="test%20verify%20token%00"), 403, None),
        (handshake(token=""), 403, None),
        (handshake(mode="unsubscribe"), 403, None),
        (handshake(sent=""), 403, None),
        (handshake(sent="1&" * 200), 403, None),
        (b"GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n", 403, None),
        (b"GET /webhook?hub.mode=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400, None),
        (handshake(path="/nobody"), 404, None),
        (handshake(path="/"), 404, None),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, None),
        (b"PUT /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, None),
        (b"DELETE /webhook HTTP/1.1\r\nHost: x\r\n\r\n", 405, None),
    ],
)
def test_the_handshake_is_answered_to_meta_alone(asked: bytes, http_status: int, said: bytes | None) -> None:
    async def story(receiver: Listening) -> None:
        found, body = await receiver.client().ask(asked)
        assert found == http_status
        assert said is None or body == said
        assert said is not None or b"1158201444" not in body

    told(story)


def test_a_challenge_is_text_to_every_browser() -> None:
    async def story(receiver: Listening) -> None:
        reader, writer = await asyncio.open_connection(receiver.host, receiver.port)
        writer.write(handshake(sent="%3Cscript%3E"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b"content-type: text/plain; charset=utf-8\r\n" in head
        assert b"x-content-type-options: nosniff\r\n" in head
        writer.close()

    told(story)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_documented_event_is_stored_and_counted(name: str) -> None:
    async def story(receiver: Listening) -> None:
        raw = json.dumps(SAMPLES[name]).encode()
        client = receiver.client()
        assert [await client.post(raw) for _ in range(3)] == [200, 200, 200]
        assert receiver.counted() == {"stored": 1, "duplicate": 2}
        assert await receiver.receipts() == 1

    told(story)


def test_each_account_has_its_own_secrets_and_two_of_them_during_a_rotation() -> None:
    async def story(receiver: Listening) -> None:
        client, raw = receiver.client(), [status_event(f"wamid.{n}") for n in range(3)]
        assert await client.post(raw[0], signature(raw[0], b"new acme secret"), "/webhook/acme") == 200
        assert await client.post(raw[1], signature(raw[1], b"old acme secret"), "/webhook/acme") == 200
        assert await client.post(raw[2], path="/webhook/acme") == 401
        assert await client.post(raw[2], signature(raw[2], b"new acme secret")) == 401
        assert await client.post(raw[2], path="/webhook/graph") == 200
        assert [one.account for one in await receiver.reports()] == ["acme", "acme", "graph"]

    told(story)


def test_an_account_without_a_secret_takes_nothing_and_says_why() -> None:
    async def story(receiver: Listening) -> None:
        client = receiver.client()
        head = b"POST /webhook/unkeyed HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(EMPTY)
        for key in (b"", SECRET):
            signed = b"X-Hub-Signature-256: %s\r\n\r\n" % signature(EMPTY, key)
            assert await client.ask(head + signed + EMPTY) == (
                403,
                b"This account has no app_secret: nothing that arrives here can be proved.\n",
            )
        assert receiver.counted() == {"bad_signature": 2}
        assert await receiver.receipts() == 0

    told(story)


MALFORMED = {
    "nothing": b"",
    "half of it": EMPTY[:-1],
    "no JSON": b"<html>",
    "not UTF-8": b'{"object":"\xff","entry":[]}',
    "a list": b"[]",
    "null": b"null",
    "no entries": b'{"object":"page"}',
    "deep": b"[" * 1_000_000 + b"]" * 1_000_000,
    "deep within": b'{"entry":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "a number of a million digits": b'{"entry":[' + b"9" * 1_000_000 + b"]}",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_what_is_signed_and_no_webhook_is_refused_and_not_stored(raw: bytes) -> None:
    async def story(receiver: Listening) -> None:
        assert await receiver.client().post(raw) == 400
        assert receiver.counted() == {"malformed": 1}
        assert await receiver.receipts() == 0
        assert await receiver.client().post(EMPTY) == 200

    told(story)


def test_half_a_surrogate_pair_costs_no_event() -> None:
    """Meta escapes what is not ASCII, and a text cut short may end in the middle of an emoji."""

    async def story(receiver: Listening) -> None:
        raw = status_event("wamid.A").replace(b'"sent"', b'"sent", "text": "\\ud83d"')
        assert await receiver.client().post(raw) == 200
        assert len(await receiver.reports()) == 1

    told(story)


def mangled(raw: bytes, moods: random.Random) -> tuple[bytes, bytes | None]:
    """A body and a header that no app secret has signed together."""
    right = signature(raw)
    place, byte = moods.randrange(len(raw)), moods.randrange(256)
    if raw[place] == byte:
        byte ^= 1
    ways: list[tuple[bytes, bytes | None]] = [
        (raw, None),
        (raw, b"sha256="),
        (raw, signature(raw, moods.randbytes(20))),
        (raw, signature(raw + b"\n")),
        (raw, right[:-1]),
        (raw, right + b"0"),
        (raw, right.upper()),
        (raw, right.replace(b"sha256", b"sha1")),
        (raw, b"sha256=" + bytes(moods.choices(range(0x80, 0x100), k=64))),
        (raw, "sha256=ä".encode() * 8),
        (raw, b"x" * moods.randrange(5_000)),
        (raw[:place], right),
        (raw + moods.randbytes(9), right),
        (raw[:place] + bytes((byte,)) + raw[place + 1 :], right),
        (b"", right),
        (moods.randbytes(moods.randrange(1, 300)), right),
        (json.dumps(json.loads(raw), separators=(",", ":")).encode(), right),
    ]
    return moods.choice(ways)


def test_p13_of_ten_thousand_forged_and_mangled_events_none_is_stored_and_none_is_a_500(tmp_path: Path) -> None:
    async def story(receiver: Listening) -> None:
        moods, found = random.Random(20260302), Counter[int]()
        left = iter(range(10_000))

        async def forge(client: Client) -> None:
            for number in left:
                raw, given = mangled(status_event(f"wamid.{number}"), moods)
                found[await client.post(raw, given)] += 1

        await asyncio.gather(*(forge(receiver.client()) for _ in range(16)))
        assert found == {401: 10_000}
        assert receiver.counted() == {"bad_signature": 10_000}
        assert await receiver.receipts() == 0
        assert await receiver.reports() == []
        assert await receiver.client().post(EMPTY) == 200

    told(story, tmp_path / "wamon.db")


BROKEN_HTTP = [
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999999\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /web\x00hook HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST \xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
    b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"CONNECT x:443 HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("octets", BROKEN_HTTP)
def test_broken_http_is_no_500_and_harms_nobody(octets: bytes) -> None:
    async def story(receiver: Listening) -> None:
        found, _ = await receiver.client().ask(octets)
        assert found in (0, 400, 401, 404, 405)
        assert await receiver.client().post(EMPTY) == 200

    told(story)


@pytest.mark.parametrize("more", [b"", b"Upgrade: h2c\r\nConnection: Upgrade\r\n"])
@pytest.mark.parametrize("length", [10, 1_000_000])
def test_a_body_that_reads_like_a_head_is_left_as_it_is(length: int, more: bytes) -> None:
    raw = b'{"entry": [], "x": "' + b"x" * length + b'\r\nUpgrade: h2c\r\n"}'

    async def story(receiver: Listening) -> None:
        client = receiver.client()
        assert await client.post(raw, more=more) == 400, "rightly signed, and a line end in a text is no JSON"
        assert await client.post(EMPTY, more=more) == 200

    told(story)


def test_a_body_in_many_pieces_is_one_body() -> None:
    async def story(receiver: Listening) -> None:
        raw = json.dumps(
            {"entry": [json.loads(status_event(f"wamid.{n}"))["entry"][0] for n in range(1_000)]}
        ).encode()
        assert len(raw) > 3 * SMALL_BYTES
        client = receiver.client()
        assert await client.post(raw) == 200
        chunks = b"".join(
            b"%x\r\n%s\r\n" % (len(raw[n : n + 7_777]), raw[n : n + 7_777]) for n in range(0, len(raw), 7_777)
        )
        head = (
            b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Hub-Signature-256: %s\r\n\r\n"
        )
        assert (await client.ask(head % signature(raw) + chunks + b"0\r\n\r\n"))[0] == 200
        assert receiver.counted() == {"stored": 1, "duplicate": 1}
        assert len(await receiver.reports()) == 1_000

    told(story)


def padded(length: int) -> bytes:
    return EMPTY[:-1] + b',"more":"' + b"x" * (length - len(EMPTY) - 10) + b'"}'


@pytest.mark.parametrize("chunked", [False, True])
def test_the_largest_body_is_metas_and_one_byte_more_is_too_large(chunked: bool) -> None:
    async def story(receiver: Listening) -> None:
        for raw, found in ((padded(LARGEST_BODY_BYTES), 200), (padded(LARGEST_BODY_BYTES + 1), 413)):
            framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(raw)
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(raw), raw) if chunked else raw
            head = b"POST /webhook HTTP/1.1\r\nHost: x\r\n%s\r\nX-Hub-Signature-256: %s\r\n\r\n"
            assert (await receiver.client().ask(head % (framing, signature(raw)) + body))[0] == found
        assert receiver.counted() == {"stored": 1, "too_large": 1}

    told(story)


@pytest.mark.parametrize(
    ("fields", "http_status"),
    [
        (b"Content-Length: 4000000\r\nX-Hub-Signature-256: %s\r\n" % signature(b""), 413),
        (b"Content-Length: 400\r\nX-Hub-Signature-256: sha256=abc\r\n", 401),
        (b"Content-Length: 400\r\n", 401),
    ],
)
def test_what_its_head_condemns_is_refused_before_its_body_comes(fields: bytes, http_status: int) -> None:
    async def story(receiver: Listening) -> None:
        async with asyncio.timeout(10):
            found, _ = await receiver.client().ask(b"POST /webhook HTTP/1.1\r\nHost: x\r\n%s\r\n" % fields)
        assert found == http_status

    told(story)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_a_hundred_megabytes_costs_no_memory_and_nobody_waits(announced: bool) -> None:
    async def story(receiver: Listening) -> None:
        reader, writer = await asyncio.open_connection(receiver.host, receiver.port)
        framing = b"Content-Length: 100000000" if announced else b"Transfer-Encoding: chunked"
        head = b"POST /webhook HTTP/1.1\r\nHost: x\r\n%s\r\nX-Hub-Signature-256: sha256=%s\r\n\r\n"
        writer.write(head % (framing, b"0" * 64))
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        piece = b"x" * 100_000 if announced else b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
        longest_s = 0.0
        for number in range(1_000):
            writer.write(piece)
            await writer.drain()
            if number % 100 == 0:
                began_s = time.monotonic()
                assert await receiver.client().post(EMPTY) == 200
                longest_s = max(longest_s, time.monotonic() - began_s)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        assert longest_s < 1
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 32 * 1024
        assert receiver.counted()["too_large"] == 1
        writer.close()

    told(story)


def test_many_large_bodies_at_once_share_what_they_may_hold_and_small_ones_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wamon.web.webhook.HELD_BYTES", 4_000_000)

    async def story(receiver: Listening) -> None:
        raw = padded(2_000_000)
        head = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Hub-Signature-256: %s\r\n\r\n"
        started = [await asyncio.open_connection(receiver.host, receiver.port) for _ in range(4)]
        answers = []
        for _, writer in started:
            writer.write(head % (len(raw), signature(raw)) + raw[:-1])
            await writer.drain()
        while len(answers) < 1:  # the others cannot be answered before their last byte
            answers = [reader for reader, _ in started if reader._buffer]
            await asyncio.sleep(0.01)
        assert await receiver.client().post(EMPTY) == 200
        found = []
        for reader, writer in started:
            writer.write(raw[-1:])
            found.append((await reader.readline()).split()[1])
            writer.close()
        assert b"503" in found
        assert found.count(b"200") >= 1
        raw = padded(3_000_000)
        assert await receiver.client().post(raw) == 200, "what was held is free again"
        assert receiver.counted()["unavailable"] == found.count(b"503")

    told(story)


def test_all_bodies_together_fit_into_the_memory_of_a_small_machine() -> None:
    assert HELD_BYTES + 512 * SMALL_BYTES < 96 * 1024 * 1024


def test_a_client_that_leaves_in_the_middle_is_no_matter() -> None:
    async def story(receiver: Listening) -> None:
        for cut in (10, 100, 200):
            raw = status_event("wamid.A")
            reader, writer = await asyncio.open_connection(receiver.host, receiver.port)
            head = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Hub-Signature-256: %s\r\n\r\n"
            writer.write((head % (len(raw), signature(raw)) + raw)[:cut])
            await writer.drain()
            writer.close()
            assert await reader.read() == b""
        assert await receiver.client().post(EMPTY) == 200
        assert receiver.counted() == {"stored": 1}

    told(story)


def test_a_crowd_shares_its_commits_and_everyone_is_answered(tmp_path: Path) -> None:
    async def story(receiver: Listening) -> None:
        before = receiver.ledger.commits
        events = [status_event(f"wamid.{n}", s) for n in range(1_000) for s in ("delivered", "sent")]
        found = await in_turn([receiver.client() for _ in range(64)], [*events, *events])
        assert found == {200: 4_000}
        assert receiver.counted() == {"stored": 2_000, "duplicate": 2_000}
        assert len(await receiver.reports()) == 2_000
        assert receiver.ledger.commits - before <= 400, "at most one wait for the disk in ten posts"

    told(story, tmp_path / "wamon.db")


def may_grow(receiver: Listening, pages: int) -> Awaitable[Any]:
    return receiver.ledger.write(
        lambda book: book.db.execute(
            f"PRAGMA max_page_count = {book.db.execute('PRAGMA page_count').fetchone()[0] + pages}"
        ).fetchone()
    )


def test_a_full_disk_is_503_and_what_meta_repeats_afterwards_is_stored(tmp_path: Path) -> None:
    async def story(receiver: Listening) -> None:
        events = [status_event(f"wamid.{n}") for n in range(300)]
        clients = [receiver.client() for _ in range(8)]
        await may_grow(receiver, 2)
        found = await in_turn(clients, events)
        assert found[200] + found[503] == 300
        assert found[503] > 0
        assert len(await receiver.reports()) == found[200], "503 is stored nowhere, 200 everywhere"
        await may_grow(receiver, 10_000)
        assert await in_turn(clients, events) == {200: 300}
        assert len(await receiver.reports()) == 300
        assert receiver.counted() == {"stored": 300, "duplicate": found[200], "unavailable": found[503]}

    told(story, tmp_path / "wamon.db")


def test_a_ledger_that_may_only_be_read_is_503(tmp_path: Path) -> None:
    async def story(receiver: Listening) -> None:
        client = receiver.client()
        await receiver.ledger.write(lambda book: book.db.execute("PRAGMA query_only = ON"))
        assert await client.post(EMPTY) == 503
        await receiver.ledger.write(lambda book: book.db.execute("PRAGMA query_only = OFF"))
        assert await client.post(EMPTY) == 200

    told(story, tmp_path / "wamon.db")
