"""CPU of one https exchange: a new connection and a full handshake, 50 in flight, server in another process.

Prints one JSON line: CPU milliseconds of one exchange of ours (per loop), of one GET of plain httpx over its own
pool made to connect anew each time, and the ratio. Rounds alternate, so that both meet the same machine.
"""

import asyncio
import json
import multiprocessing
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.certificates import Authority
from wamon.core.observation import Phase, ProbeKind
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request
from wamon.wire.trust import trust

BODY = b'{"verified_name":"Lucky Shrub","display_phone_number":"15550783881","id":"106540352242922"}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nfacebook-api-version: v25.0\r\nx-fb-trace-id: Abc\r\n"
    b"x-fb-rev: 1\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
) % (len(BODY), BODY)
IN_FLIGHT = 50
EXCHANGES = 1500
ROUNDS = 5
TIMEOUT_MS = 20_000

Once = Callable[[], Awaitable[None]]


class _Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, piece: bytes) -> None:
        if piece.endswith(b"\r\n\r\n"):
            self.transport.write(ANSWER)  # type: ignore[attr-defined]
            self.transport.close()


def _serve(context: ssl.SSLContext, tell: "multiprocessing.Queue[int]") -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Server, "127.0.0.1", 0, ssl=context, backlog=1024)
        tell.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


async def _many(once: Once) -> float:
    """CPU milliseconds of each of EXCHANGES runs, IN_FLIGHT at a time."""
    left = iter(range(EXCHANGES))

    async def worker() -> None:
        for _ in left:
            await once()

    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return (time.process_time() - began) * 1000 / EXCHANGES


async def _ours(ca_file: str, url: str) -> float:
    request = Request("GET", url, bearer="EAAG" * 40)
    async with open_client(trust(ca_file)) as client:

        async def once() -> None:
            seen = await exchange(client, request, target="t", probe=ProbeKind.API, at_ms=0, timeout_ms=TIMEOUT_MS)
            if seen.reached is not Phase.ANSWERED:
                raise RuntimeError(f"not answered: {seen}")

        return await _many(once)


async def _plain(ca_file: str, url: str) -> float:
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=0)
    async with httpx.AsyncClient(verify=trust(ca_file), trust_env=False, limits=limits) as client:

        async def once() -> None:
            (await client.get(url, timeout=TIMEOUT_MS / 1000)).json()

        return await _many(once)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        spawning = multiprocessing.get_context("fork")
        tell: multiprocessing.Queue[int] = spawning.Queue()
        server = spawning.Process(target=_serve, args=(authority.server(), tell), daemon=True)
        server.start()
        url = f"https://127.0.0.1:{tell.get()}/v25.0/106540352242922?fields=id,display_phone_number"
        runs: dict[str, list[float]] = {"uvloop": [], "asyncio": [], "httpx_pool": []}
        for _ in range(ROUNDS):
            runs["uvloop"].append(uvloop.run(_ours(authority.ca_file, url)))
            runs["asyncio"].append(asyncio.run(_ours(authority.ca_file, url)))
            runs["httpx_pool"].append(uvloop.run(_plain(authority.ca_file, url)))
        server.terminate()
    cost = {name: round(statistics.median(each), 3) for name, each in runs.items()}
    ratio = round(cost["uvloop"] / cost["httpx_pool"], 3)
    print(json.dumps({"cpu_ms_per_exchange": cost, "ratio_to_httpx_pool": ratio}))


if __name__ == "__main__":
    main()
