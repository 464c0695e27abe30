"""Who listens to webhooks: each hears of every arrival, whatever another one does with it."""

import asyncio
import logging

import pytest

from tests.ledger.sample import NOON
from tests.support.receiver import status_event
from wamon.ledger import memory_ledger
from wamon.ledger.words import Arrival
from wamon.receiving import Listener, telling
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
