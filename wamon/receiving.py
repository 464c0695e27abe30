"""The webhook receiver of a running daemon: its endpoint, and the record of when it listened."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from wamon.core.finding import Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange
from wamon.ledger import Ledger, LedgerError
from wamon.ledger.words import Arrival
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.web.webhook import PATH, Webhook
from wamon.wiring import Secrets, doors
from wamon.work.receive import Intake

_log = logging.getLogger("wamon.receive")

Listener = Callable[[Arrival], None]
"""Hears of each new authentic webhook once it is on the disk. Called on the loop, so it is quick."""


class Receiver:
    """Takes Meta's webhooks in. ``webhook`` is the ASGI app; whoever serves it calls `beat` while it listens.

    ``calls`` is its self-test: a handshake with its public address.
    """

    def __init__(
        self, webhook: Webhook, ledger: Ledger, calls: Callable[[], Awaitable[Exchange]] | None = None
    ) -> None:
        self.webhook = webhook
        self._ledger = ledger
        self._calls = calls
        self._began_ms: int | None = None

    def listened_since(self, at_ms: int) -> bool:
        """Whether it has listened, and could store, without a break since an instant."""
        return self._began_ms is not None and self._began_ms <= at_ms

    async def reachable(self) -> bool:
        """Whether Meta's handshake reaches it from outside; taken to be so where nobody said how."""
        if self._calls is None:
            return True
        seen = await self._calls()
        fine = judge(seen, knowledge()).verdict is Verdict.OK
        if not fine:
            _log.warning("the receiver's self-test failed: %s", seen.detail or f"HTTP {seen.http_status}")
        return fine

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
    settings: Settings,
    found: Secrets,
    ledger: Ledger,
    tally: Tally,
    clock: Callable[[], int],
    listeners: Sequence[Listener] = (),
    calls: Callable[[], Awaitable[Exchange]] | None = None,
) -> Receiver:
    """A receiver for every account, its key made or found. Who joins ``listeners`` later is heard too."""
    key = await ledger.write(lambda book: book.hash_key())
    every = doors(settings, found)
    for path, door in every.items():
        if path != PATH and not door.keys:
            _log.warning("%s refuses everything: account %s has an empty app_secret", path, door.account)
    verify_token = settings.receiver.verify_token
    assert verify_token is not None, "the settings refuse a receiver without one"
    intake = Intake(ledger, key, clock, telling(listeners))
    return Receiver(Webhook(every, found[verify_token].reveal().encode(), intake, tally.received), ledger, calls)


def telling(listeners: Sequence[Listener]) -> Listener:
    """One listener that passes arrivals on to several; what goes wrong with one does not reach the others."""

    def tell_each(arrival: Arrival) -> None:
        for listener in listeners:
            try:
                listener(arrival)
            except Exception:
                _log.exception("a webhook is stored, but %s failed on it", listener)

    return tell_each
