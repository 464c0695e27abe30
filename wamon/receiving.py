"""The webhook receiver of a running daemon: its endpoint, and the record of when it listened."""

import logging
from collections.abc import Callable

from wamon.ledger import Ledger, LedgerError
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.web.webhook import PATH, Webhook
from wamon.wiring import Secrets, doors
from wamon.work.receive import Intake

_log = logging.getLogger("wamon.receive")


class Receiver:
    """Takes Meta's webhooks in. ``webhook`` is the ASGI app; whoever serves it calls `beat` while it listens."""

    def __init__(self, webhook: Webhook, ledger: Ledger) -> None:
        self.webhook = webhook
        self._ledger = ledger
        self._began_ms: int | None = None

    async def beat(self, now_ms: int) -> None:
        """It still listens, and can store. While it cannot, nobody listened: a new period begins afterwards."""
        began_ms = now_ms if self._began_ms is None else self._began_ms
        self._began_ms = None
        try:
            await self._ledger.write(lambda book: book.listen(began_ms, now_ms))
        except LedgerError as trouble:
            _log.error("the receiver cannot store: %s", trouble)
        else:
            self._began_ms = began_ms

    def step(self) -> None:
        """The clock was set, or the machine slept: a new period begins."""
        self._began_ms = None


async def open_receiver(
    settings: Settings, found: Secrets, ledger: Ledger, tally: Tally, clock: Callable[[], int]
) -> Receiver:
    """A receiver for every account, its key made or found."""
    key = await ledger.write(lambda book: book.hash_key())
    every = doors(settings, found)
    for path, door in every.items():
        if path != PATH and not door.keys:
            _log.warning("%s refuses everything: account %s has an empty app_secret", path, door.account)
    verify_token = settings.receiver.verify_token
    assert verify_token is not None, "the settings refuse a receiver without one"
    intake = Intake(ledger, key, clock)
    return Receiver(Webhook(every, found[verify_token].reveal().encode(), intake, tally.received), ledger)
