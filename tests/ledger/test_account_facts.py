"""What Graph says of accounts is written as it was read, found by span and by subject, and forgotten in time."""

from collections.abc import Callable

from tests.ledger.sample import NOON, Story
from wamon.core.account_facts import (
    EntityHealth,
    HealthFact,
    MissingFact,
    NumberFact,
    Stated,
    SubscriptionFact,
    TemplateFact,
    UnreadFact,
)
from wamon.core.timeline import HOUR, Span
from wamon.ledger import Ledger

Shelf = Callable[[Story], None]

BLOCKED = HealthFact((EntityHealth("WABA", "BLOCKED", 141006), EntityHealth("APP", "AVAILABLE")))
ROWS = [
    Stated(NOON, "graph", "template canary/en_US", TemplateFact("canary", "en_US", "APPROVED", "ab", "UTILITY")),
    Stated(NOON + 1, "graph", "subscribed_apps", SubscriptionFact(("1", "2"), "https://alt.example/")),
    Stated(NOON + 2, "client", "health", BLOCKED),
    Stated(NOON + 3, "client", "number 1", NumberFact(BLOCKED, app_url="https://a.example/")),
    Stated(NOON + HOUR, "graph", "template canary/en_US", MissingFact()),
    Stated(NOON + 2 * HOUR, "graph", "template canary/en_US", UnreadFact(190)),
]


def test_facts_are_read_back_as_they_were_written(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.write(lambda book: book.keep_account_facts(ROWS))
        assert await ledger.read(lambda book: book.account_facts(Span(NOON, NOON + 3 * HOUR))) == ROWS
        assert await ledger.read(lambda book: book.account_facts(Span(NOON + 1, NOON + HOUR))) == ROWS[1:4]


def test_the_latest_of_every_subject_stays_when_old_ones_go(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.write(lambda book: book.keep_account_facts(ROWS))
        latest = sorted(ROWS[1:4] + ROWS[5:])
        assert sorted(await ledger.read(lambda book: book.latest_account_facts())) == latest
        assert await ledger.write(lambda book: book.prune_account_facts(NOON + 3 * HOUR)) == 2
        assert sorted(await ledger.read(lambda book: book.account_facts(Span(0, NOON + 3 * HOUR)))) == latest
