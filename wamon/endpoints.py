"""The business's endpoint beyond its looks, in a running watch: what it must refuse, certificate, speed."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from wamon.core.cadence import next_slot, offset_ms
from wamon.core.endpoint_checks import (
    Checked,
    Flaw,
    event_taken,
    key_prefix,
    known_flaws,
    not_public,
    notices,
    slow,
    token_taken,
)
from wamon.core.observation import Exchange
from wamon.core.timeline import DAY, HOUR, Span
from wamon.jobs import Job
from wamon.ledger import LedgerError
from wamon.probes.aim import Aim
from wamon.probes.webhook import forged_event_request, unsigned_event_request, wrong_token_request
from wamon.settings import Settings, WebhookTarget
from wamon.wire.request import Request
from wamon.wiring import renewed
from wamon.work.bookkeeping import Bookkeeper

_log = logging.getLogger("wamon.endpoints")

EVERY_MS = HOUR
"""What an endpoint must refuse is tried seldom: its log should not be full of us."""


class Askers(Protocol):
    """Sends a request the way a target's are sent. Never raises for what it sees."""

    def aim(self, name: str) -> Aim: ...

    async def send(self, name: str, request: Request, at_ms: int, *, public: bool = False) -> Exchange:
        """With ``public`` only the public authorities are trusted, whatever the target's ``ca_file``."""
        ...


def _at_its_slot(name: str, every_ms: int) -> Callable[[int], int]:
    """At an instant of the hour of its own, so that not all installations call at the full one."""
    return lambda now_ms: next_slot(now_ms, every_ms, offset_ms(name, every_ms))


class Endpoints:
    """Rounds of checks, one a target. What people were told of before is read from the book when first needed."""

    def __init__(self, settings: Settings, askers: Askers, book: Bookkeeper) -> None:
        self._targets = [one for one in settings.targets if isinstance(one, WebhookTarget)]
        self._askers = askers
        self._book = book
        self._opened: dict[str, dict[Flaw, int]] = {}

    def jobs(self, every_ms: int = EVERY_MS) -> list[Job]:
        """A round for each endpoint."""
        return [
            Job(f"endpoint:{one.name}", _at_its_slot(one.name, every_ms), self._round(one))
            for one in self._targets
        ]

    def _round(self, target: WebhookTarget) -> Callable[[int], Awaitable[None]]:
        async def check(now_ms: int) -> None:
            try:
                opened = await self._known(target.name)
                checked = await self._check(target, opened, now_ms)
                found = notices(target.name, checked, opened, now_ms)
                told = await self._book.people.aloud(found, {target.name: target.account}, now_ms)
                if told:
                    await self._book.enqueue(told)
                    self._opened.pop(target.name)
            except LedgerError as trouble:
                _log.error("what the checks of %s found could not be recorded: %s", target.name, trouble)

        return check

    async def _known(self, name: str) -> dict[Flaw, int]:
        if name not in self._opened:
            self._opened[name] = known_flaws(name, await self._book.notice_keys(key_prefix(name)))
        return self._opened[name]

    async def _check(self, target: WebhookTarget, opened: dict[Flaw, int], now_ms: int) -> list[Checked]:
        aim = renewed(self._askers.aim(target.name))
        handshake = await self._askers.send(target.name, wrong_token_request(aim), now_ms)
        found = [Checked(Flaw.WRONG_TOKEN, token_taken(handshake))]
        if target.signed_event:
            for flaw, request in (
                (Flaw.FORGED_EVENT, forged_event_request(aim)),
                (Flaw.UNSIGNED_EVENT, unsigned_event_request(aim)),
            ):
                seen = await self._askers.send(target.name, request, now_ms)
                found.append(Checked(flaw, event_taken(seen)))
        if target.ca_file and target.url.startswith("https:"):
            seen = await self._askers.send(target.name, wrong_token_request(aim), now_ms, public=True)
            found.append(not_public(seen))
        times_ms = await self._book.answer_times(target.name, Span(now_ms - DAY, now_ms))
        return [*found, slow(times_ms, was_slow=Flaw.SLOW in opened)]
