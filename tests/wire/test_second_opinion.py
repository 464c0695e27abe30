"""A second resolver's word on a name, from real datagrams."""

import asyncio
import struct
import time
from collections.abc import Mapping

import pytest

from tests.support.names import AAAA, BROKEN, CNAME, NOT_FOUND, REFUSED, A, Says, knowing, reply, resolving
from wamon.core.observation import SecondResolver
from wamon.wire.second_opinion import NameServer, SecondOpinion

FOUND = (A,)


def opinion(known: Mapping[str, Says], *controls: str, otherwise: Says = NOT_FOUND) -> SecondResolver:
    async def ask() -> SecondResolver:
        async with resolving(knowing(known, otherwise)) as resolver:
            return await SecondOpinion(NameServer("127.0.0.1", resolver.port, try_s=0.1), controls).on(
                "graph.example"
            )

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("said", "found"),
    {
        "an address": (FOUND, True),
        "another family's": ((AAAA,), True),
        "through another name": ((CNAME, A), True),
        "another name alone": ((CNAME,), False),
        "nothing": ((), False),
        "no such name": (NOT_FOUND, False),
        "it is broken": (BROKEN, False),
        "it refuses": (REFUSED, False),
        "silence": (None, False),
        "too short for a head": (b"\0\1", False),
    }.values(),
)
def test_a_name_is_known_where_it_has_an_address(said: Says, found: bool) -> None:
    assert opinion({"graph.example": said, "control.example": FOUND}, "control.example") == SecondResolver(
        "127.0.0.1", found, True
    )


@pytest.mark.parametrize(
    ("known", "controls", "shown"),
    {
        "all of them": ({"a.example": FOUND, "b.example": FOUND}, ("a.example", "b.example"), True),
        "one of two": ({"a.example": FOUND}, ("a.example", "b.example"), False),
        "none with a name": ({}, (), False),
    }.values(),
)
def test_it_has_shown_something_of_itself_where_it_knew_every_control(
    known: Mapping[str, Says], controls: tuple[str, ...], shown: bool
) -> None:
    assert opinion(known, *controls) == SecondResolver("127.0.0.1", False, shown)


def test_an_address_of_the_newer_family_alone_is_asked_for_after_the_older() -> None:
    async def ask() -> list[tuple[str, int]]:
        async with resolving(lambda _, kind: (AAAA,) if kind == AAAA else ()) as resolver:
            assert await NameServer("127.0.0.1", resolver.port).knows("Graph.Example.")
            return resolver.asked

    assert asyncio.run(ask()) == [("Graph.Example", A), ("Graph.Example", AAAA)]


def test_a_datagram_may_be_lost() -> None:
    lost = [True]

    def says(_: str, __: int) -> Says:
        return None if lost and lost.pop() else FOUND

    async def ask() -> bool:
        async with resolving(says) as resolver:
            return await NameServer("127.0.0.1", resolver.port, try_s=0.2).knows("graph.example")

    assert asyncio.run(ask())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: b"\0\0" + answer[2:] if answer[:2] != b"\0\0" else b"\1\1" + answer[2:],
        lambda answer: answer[:2] + b"\0\0" + answer[4:],
        lambda answer: answer.replace(b"graph", b"grape", 1),
        lambda answer: answer[:4] + struct.pack("!H", 2) + answer[6:],
        lambda answer: answer[:3] + bytes([answer[3] | BROKEN]) + answer[4:],
    ],
    ids=["another's number", "a question", "another name", "two questions", "an error with records"],
)
def test_an_answer_to_something_else_or_with_an_error_is_no_address(spoil: object) -> None:
    async def ask() -> bool:
        async with resolving(lambda *_: None) as resolver:

            def spoiled(query: bytes, addr: tuple[str, int]) -> None:
                resolver.transport.sendto(spoil(reply(query, FOUND)), addr)  # type: ignore[operator]

            resolver.datagram_received = spoiled  # type: ignore[method-assign]
            return await NameServer("127.0.0.1", resolver.port, try_s=0.1).knows("graph.example")

    assert not asyncio.run(ask())


def test_a_broken_answer_ends_where_its_bytes_end() -> None:
    async def ask(cut: int) -> bool:
        async with resolving(lambda *_: None) as resolver:

            def short(query: bytes, addr: tuple[str, int]) -> None:
                resolver.transport.sendto(reply(query, (CNAME, A))[:-cut], addr)

            resolver.datagram_received = short  # type: ignore[method-assign]
            return await NameServer("127.0.0.1", resolver.port, try_s=0.1).knows("graph.example")

    for cut in (5, 15, 18, 24):
        assert not asyncio.run(ask(cut)), cut


def test_where_nobody_listens_the_answer_is_no_at_once() -> None:
    began = time.monotonic()
    assert not asyncio.run(NameServer("127.0.0.1", 9, try_s=5).knows("graph.example"))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".example", "gr\u00e4ph.example"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    assert not asyncio.run(NameServer("127.0.0.1", 9).knows(name))
