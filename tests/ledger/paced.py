"""Days as they come: many targets looked at in turn, durations as real ones, now and then a failure."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from tests.ledger.sample import EDITION, GOOD, NOON, THEIRS
from wamon.core.finding import Context, Origin, Ruling
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.publication import kept_figures
from wamon.core.secondary import Secondary
from wamon.core.timeline import DAY, SECOND
from wamon.core.uptime import Figures
from wamon.ledger import Book
from wamon.ledger.words import Publication

TARGETS = 20
INTERVAL_MS = 30 * SECOND
A_DAY = TARGETS * DAY // INTERVAL_MS

Look = tuple[Exchange, Context, Ruling]


def paced(days: float, failing: float = 0.0, since_ms: int = NOON) -> Iterator[Look]:
    """Every look of so many days in the order it is taken: a share of them fails."""
    chance = random.Random(7)
    contexts = [
        [
            Context("api", INTERVAL_MS, f"account-{n}", f"{n:016x}", f"{n:08x}", "v25.0", slow=slow)
            for slow in (False, True)
        ]
        for n in range(TARGETS)
    ]
    phases = [chance.randrange(INTERVAL_MS) for _ in range(TARGETS)]
    for slot in range(round(days * DAY / INTERVAL_MS)):
        for n in range(TARGETS):
            at_ms = since_ms + slot * INTERVAL_MS + phases[n] + round(chance.expovariate(0.5))
            context = contexts[n][slot % 10 == 0]
            yield _look(f"target-{n:02}", at_ms, context, chance, chance.random() < failing)


def _look(target: str, at_ms: int, context: Context, chance: random.Random, fails: bool) -> Look:
    first_byte = chance.lognormvariate(4.7, 0.5)
    exchange = Exchange(
        target=target,
        probe=ProbeKind.API,
        at_ms=at_ms,
        reached=Phase.ANSWERED,
        http_status=500 if fails else 200,
        body={"error": {"code": 2, "message": "Service temporarily unavailable"}} if fails else {"id": target},
        durations_ms={
            "dns": chance.lognormvariate(0.5, 1.0),
            "connect": chance.lognormvariate(2.8, 0.3),
            "tls": chance.lognormvariate(3.4, 0.3),
            "first_byte": first_byte,
            "total": first_byte + chance.expovariate(1.0),
        },
    )
    ruling = Ruling(target, at_ms, THEIRS if fails else GOOD, Origin.LIVE, EDITION, exchange.end_ms)
    return exchange, context, ruling


def publish_days(book: Book, days: int, first: date = date(2025, 1, 1)) -> None:
    """A closed day after the other for every target, every tenth of them restated."""
    for number in range(days):
        for n in range(TARGETS):
            for revision in range(2 if (number + n) % 10 == 0 else 1):
                book.publish([(_published(f"target-{n:02}", first + timedelta(days=number), revision), [])])


def _published(target: str, day: date, revision: int) -> Publication:
    sums = Figures(DAY, 0, 90_000, 0, 61_000, 0, 725_000 * revision, 0, 0, 0, 600_000, 910_000, 3)
    kept = kept_figures(sums, Secondary(12 * revision, 0, 2_880, 2_856, 288, 287_300_000))
    reason = "weekly pass: same token valid" if revision else "closed"
    return Publication(target, day, "Europe/Berlin", NOON, "closed", kept, reason, "wamon")
