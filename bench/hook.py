"""CPU of one message sent with httpx over a connection kept alive, with `wamon.hook` watching and without.

Prints one JSON line: CPU microseconds a call of the whole process (the reporting thread included) and of the
application's own thread alone, for both kinds of client, with the ratio. Graph and wamon are a process of their
own; rounds alternate, so that both meet the same machine, and the ratio is the median of theirs.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import wamon.hook

BODY = (
    b'{"messaging_product":"whatsapp","contacts":[{"input":"15550000000"}],"messages":[{"id":"wamid.HBgLMTU1"}]}'
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nfacebook-api-version: v25.0\r\nx-fb-trace-id: Abc\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s"
) % (len(BODY), BODY)
PATH = "/v25.0/106540352242922/messages"
MESSAGE = {"messaging_product": "whatsapp", "to": "15550000000", "type": "template", "template": {"name": "x"}}
CALLS = 400
ROUNDS = 25

Figures = tuple[float, float]
"""Microseconds of CPU a call: of the process, of the application's thread."""


class _Server(asyncio.Protocol):
    """Graph and wamon in one: whatever is asked whole is answered 200."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiting = transport, b""

    def data_received(self, piece: bytes) -> None:
        self.waiting += piece
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if found and len(body) >= length:
            self.waiting = b""
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


def _serve(tell: "multiprocessing.Queue[int]") -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        tell.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


def _measured(began: tuple[int, int]) -> Figures:
    wamon.hook.flush(10)
    process, thread = time.process_time_ns() - began[0], began[1]
    return process / CALLS / 1_000, thread / CALLS / 1_000


def _sync(url: str, prepare: Callable[[object], object]) -> Figures:
    with httpx.Client(trust_env=False) as client:
        prepare(client)
        client.post(url, json=MESSAGE)
        process, thread = time.process_time_ns(), time.thread_time_ns()
        for _ in range(CALLS):
            client.post(url, json=MESSAGE).raise_for_status()
        return _measured((process, time.thread_time_ns() - thread))


def _async(url: str, prepare: Callable[[object], object]) -> Figures:
    async def calls() -> Figures:
        async with httpx.AsyncClient(trust_env=False) as client:
            prepare(client)
            await client.post(url, json=MESSAGE)
            process, thread = time.process_time_ns(), time.thread_time_ns()
            for _ in range(CALLS):
                (await client.post(url, json=MESSAGE)).raise_for_status()
            return _measured((process, time.thread_time_ns() - thread))

    return asyncio.run(calls())


def _compared(measure: Callable[[str, Callable[[object], object]], Figures], base: str) -> dict[str, object]:
    def watch(client: object) -> bool:
        return wamon.hook.watch(client, f"{base}/api/v1/exchanges", "a secret", graph=base)

    rounds = [(measure(base + PATH, lambda _: None), measure(base + PATH, watch)) for _ in range(ROUNDS)]
    found: dict[str, object] = {}
    for place, name in enumerate(("process", "own_thread")):
        plain, watched = (statistics.median(one[side][place] for one in rounds) for side in (0, 1))
        ratio = statistics.median(after[place] / before[place] for before, after in rounds)
        found[name] = {"without_us": round(plain), "with_us": round(watched), "ratio": round(ratio, 3)}
    return found


def main() -> None:
    """Measure and print."""
    tell: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=_serve, args=(tell,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{tell.get(timeout=10)}"
    figures = {"sync": _compared(_sync, base), "async": _compared(_async, base)}
    counts = wamon.hook.counts()
    assert counts.faults == counts.untold == 0, counts
    print(json.dumps(figures | {"counts": counts._asdict()}))
    server.kill()


if __name__ == "__main__":
    main()
