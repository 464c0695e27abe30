"""Many questions to others at once, but not all: an account's worth at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 16
"""Enough that two hundred accounts take seconds, few enough that no answer waits for the others' handshakes."""


async def abreast(asks: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """The answers in the order of the questions; so many are under way at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(ask: Callable[[], Awaitable[T]]) -> T:
        async with room:
            return await ask()

    return list(await asyncio.gather(*map(one, asks)))
