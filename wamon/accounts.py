"""What Graph says of every account now and then, in a running watch: asked seldom, written down, never judged."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple, Protocol

from wamon.core.account_facts import (
    HEALTH,
    SUBSCRIBED,
    AccountFact,
    Stated,
    health_fact,
    number_fact,
    number_subject,
    subscription_fact,
    template_fact,
    template_subject,
)
from wamon.core.account_lines import Expected
from wamon.core.cadence import next_slot, offset_ms
from wamon.core.finding import Cause
from wamon.core.observation import Exchange
from wamon.core.timeline import HOUR, MINUTE, SECOND
from wamon.jobs import Job
from wamon.ledger import LedgerError
from wamon.probes.account import health_request, number_request, subscribed_apps_request, template_request
from wamon.probes.aim import Aim
from wamon.settings import (
    Account,
    AnyTarget,
    ApiTarget,
    MessageTarget,
    Settings,
    TokenTarget,
    WebhookTarget,
)
from wamon.wire.request import Request
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.look import Watch

_log = logging.getLogger("wamon.accounts")

EVERY_MS = HOUR
"""A handful of calls an hour: less than a thousandth of what an account with a registered number may call."""

FIRST_AFTER_MS = MINUTE // 2
"""After a start soon, but behind the first looks."""

APART_MS = SECOND
"""How far apart accounts are asked after a start, on average: two hundred at once would make every look late."""


AT_ONCE = 20
"""Questions of one round: an account of a thousand numbers is asked in parts over the hour, never in one burst."""


class Askers(Protocol):
    """Sends a request the way a target's are sent. Never raises for what it sees."""

    def aim(self, name: str) -> Aim: ...

    async def send(self, name: str, request: Request, at_ms: int) -> Exchange: ...


class Question(NamedTuple):
    """One thing to ask of an account, and how to read the answer."""

    subject: str
    request: Callable[[Aim], Request]
    read: Callable[[Exchange], AccountFact]


class Accounts:
    """Rounds through the accounts of which a target carries the token; an account that is throttled is spared."""

    def __init__(
        self,
        settings: Settings,
        askers: Askers,
        book: Bookkeeper,
        clock: Callable[[], int],
        watch: Watch,
    ) -> None:
        self._settings = settings
        self._askers = askers
        self._book = book
        self._clock = clock
        self._watch = watch
        self._begun: set[str] = set()
        self.stated: dict[tuple[str, str], Stated] = {}
        """What was said last of every account and subject, since the start."""
        self.expected = expected(settings)

    def jobs(self, every_ms: int = EVERY_MS) -> list[Job]:
        """Rounds for each account that can be asked at all."""
        return [
            self._job(account.name, carrier.name, list(questions_of(account, self._settings)), every_ms)
            for account in (self._settings.graph, *self._settings.accounts)
            if (carrier := carrier_of(account.name, self._settings)) is not None
        ]

    def _job(self, account: str, carrier: str, questions: Sequence[Question], every_ms: int) -> Job:
        parts = [questions[first : first + AT_ONCE] for first in range(0, len(questions), AT_ONCE)] or [()]
        due = self._due(account, every_ms // len(parts))
        return Job(f"account:{account}", due, self._round(account, carrier, cycle(parts)))

    def _due(self, account: str, every_ms: int) -> Callable[[int], int]:
        offset = offset_ms(account, every_ms)
        first_ms = FIRST_AFTER_MS + offset_ms(account, APART_MS * (1 + len(self._settings.accounts)))

        def due(now_ms: int) -> int:
            regular = next_slot(now_ms, every_ms, offset)
            return regular if account in self._begun else min(regular, now_ms + first_ms)

        return due

    def _throttled(self, account: str) -> bool:
        """Every call prolongs a block: then nothing is asked that is not needed."""
        last = (
            self._watch.last.get(one.name) for one in self._watch.vigil.watched.values() if one.account == account
        )
        return any(one is not None and one[1].cause is Cause.THROTTLING for one in last)

    def _round(
        self, account: str, carrier: str, parts: Iterator[Sequence[Question]]
    ) -> Callable[[int], Awaitable[None]]:
        async def ask(_now_ms: int) -> None:
            self._begun.add(account)
            stated = []
            for one in next(parts):
                if self._throttled(account):
                    break
                stated.append(await answer(one, account, carrier, self._askers, self._clock()))
            self.stated |= {(one.account, one.subject): one for one in stated}
            try:
                await self._book.keep_account_facts(stated)
            except LedgerError as trouble:
                _log.error("what Graph says of account %s could not be recorded: %s", account, trouble)

        return ask


def carrier_of(account: str, settings: Settings) -> AnyTarget | None:
    """The target whose token, time-out and trust an account's questions travel with."""
    asking = (ApiTarget, MessageTarget, TokenTarget)
    return next((one for one in settings.targets if one.account == account and isinstance(one, asking)), None)


async def answer(one: Question, account: str, carrier: str, askers: Askers, at_ms: int) -> Stated:
    """Ask one question, and read the answer."""
    exchange = await askers.send(carrier, one.request(askers.aim(carrier)), at_ms)
    return Stated(at_ms, account, one.subject, one.read(exchange))


def expected(settings: Settings) -> dict[str, Expected]:
    """What the configuration says of every account: its app, and where its webhooks should go."""
    own_door = (settings.receiver.public_url,) if settings.receiver.public_url else ()
    return {
        account.name: Expected(
            account.app_id or "",
            own_door
            + tuple(
                one.url
                for one in settings.targets
                if isinstance(one, WebhookTarget) and one.account == account.name
            ),
        )
        for account in (settings.graph, *settings.accounts)
    }


def questions_of(account: Account, settings: Settings) -> Iterator[Question]:
    """What can be asked of an account: without its ``waba_id`` only of its numbers."""
    own = [one for one in settings.targets if one.account == account.name]
    for number in sorted({one.phone_number_id for one in own if isinstance(one, ApiTarget | MessageTarget)}):
        yield Question(number_subject(number), partial(number_request, phone_number_id=number), number_fact)
    if not account.waba_id:
        return
    yield Question(SUBSCRIBED, partial(subscribed_apps_request, waba_id=account.waba_id), subscription_fact)
    yield Question(HEALTH, partial(health_request, waba_id=account.waba_id), health_fact)
    for name, language in sorted({(one.template, one.language) for one in own if isinstance(one, MessageTarget)}):
        yield Question(
            template_subject(name, language),
            partial(template_request, waba_id=account.waba_id, name=name),
            partial(template_fact, name=name, language=language),
        )
