"""What tests of the wire share: an authority, servers under it, and one look at them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from tests.support.certificates import Authority
from wamon.core.observation import Exchange, ProbeKind
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request
from wamon.wire.trust import trust

Look = Callable[..., Awaitable[Exchange]]
Run = Callable[..., Any]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """``run(coroutine)`` on either kind of loop: they tell of errors on a socket in different ways."""
    chosen: Run = request.param
    return chosen


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server_tls(authority: Authority) -> ssl.SSLContext:
    return authority.server()


@pytest.fixture(scope="session")
def trusted(authority: Authority) -> ssl.SSLContext:
    return trust(authority.ca_file)


@pytest.fixture
def look(trusted: ssl.SSLContext) -> Look:
    """``await look(url, ...)``: one exchange through a client of its own."""

    async def look(
        url: str, *, timeout_ms: int = 5000, client: dict[str, Any] | None = None, **parts: Any
    ) -> Exchange:
        request = Request(parts.pop("method", "GET"), url, **parts)
        async with open_client(**{"trust": trusted, **(client or {})}) as opened:
            return await exchange(
                opened, request, target="t", probe=ProbeKind.API, at_ms=1_000, timeout_ms=timeout_ms
            )

    return look
