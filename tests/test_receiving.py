"""The receiver's surroundings: who listens to webhooks, and whether Meta reaches it at all."""

import asyncio
import logging

import pytest

from tests.ledger.sample import NOON
from tests.support.receiver import listening, status_event
from wamon.ledger import memory_ledger
from wamon.ledger.words import Arrival
from wamon.receiving import Listener, Receiver, telling
from wamon.settings import parse, resolve_all
from wamon.wiring import SELF_TEST, Askers, self_test
from wamon.work.receive import Intake, Received


def test_every_listener_hears_of_an_arrival_whatever_another_does(caplog: pytest.LogCaptureFixture) -> None:
    first: list[Arrival] = []
    late: list[Arrival] = []
    listeners: list[Listener] = [first.append, lambda _arrival: [][1]]

    async def story() -> None:
        ledger = memory_ledger()
        intake = Intake(ledger, b"key", lambda: NOON, telling(listeners))
        listeners.append(late.append)
        for wamid in ("wamid.1", "wamid.2", "wamid.2"):
            raw = status_event(wamid, biz_opaque_callback_data="wamon:canary:a")
            assert await intake.take("graph", raw) in (Received.STORED, Received.DUPLICATE)
        await ledger.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(story())
    assert first == late
    assert [report.canary for one in late for report in one.gist.reports] == ["wamon:canary:a"] * 2
    assert "a webhook is stored, but " in caplog.text


ADDRESS = '[[targets]]\nname = "graph"\nprobe = "edge"\n[receiver]\nverify_token = "env:V"\napp_secret = "env:S"\n'


@pytest.mark.parametrize(
    ("path", "verify_token", "found"),
    [("/webhook", "test verify token", True), ("/webhook", "another", False), ("/elsewhere", "x", False)],
)
def test_the_self_test_finds_whether_meta_s_handshake_reaches_the_receiver(
    path: str, verify_token: str, found: bool
) -> None:
    async def story() -> None:
        async with listening() as there:
            public = f'public_url = "http://{there.host}:{there.port}{path}"\n'
            settings = parse(ADDRESS + public)
            secrets = resolve_all(settings, {"V": verify_token, "S": "test_app_secret"})
            calling = self_test(settings, secrets)
            assert calling is not None
            askers = Askers({SELF_TEST: calling})
            receiver = Receiver(there.webhook, there.ledger, lambda: askers.ask(SELF_TEST, NOON))
            assert await receiver.reachable() is found
            await askers.close()

    asyncio.run(story())


def test_without_a_public_address_the_receiver_is_taken_to_be_reached_and_listens_since_its_first_beat() -> None:
    async def story() -> None:
        async with listening() as there:
            receiver = Receiver(there.webhook, there.ledger)
            assert await receiver.reachable()
            assert not receiver.listened_since(NOON)
            await receiver.beat(NOON)
            await receiver.beat(NOON + 15_000)
            assert receiver.listened_since(NOON)
            assert not receiver.listened_since(NOON - 1)
            receiver.step()
            assert not receiver.listened_since(NOON + 20_000)

    asyncio.run(story())
    assert self_test(parse(ADDRESS), {}) is None
