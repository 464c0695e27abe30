"""Reading from the book what webhooks and accounts told, as evidence for a weekly pass."""

from collections.abc import Sequence

from wamon.core.gathering import NOTHING_BESIDE, Beside
from wamon.core.heard import Delivery, Heard, beside, with_late, with_messages, with_templates
from wamon.core.timeline import Span
from wamon.core.watched import Watched
from wamon.ledger.book import Book


def heard(book: Book, targets: Sequence[Watched], span: Span) -> Beside:
    """All that was told in a span."""
    return with_templates(_by_webhook(book, targets, span), book.account_facts(span))


def _by_webhook(book: Book, targets: Sequence[Watched], span: Span) -> Beside:
    """All that arrived; nothing where this installation has never had a receiver."""
    key = book.hash_key_made()
    if key is None:
        return NOTHING_BESIDE
    events = [Heard(one.account, one.received_at_ms, one.event) for one in book.account_events(span)]
    statuses = [
        Delivery(
            one.account,
            one.received_at_ms,
            one.report.canary or "",
            one.report.message_status,
            one.report.at_ms,
        )
        for one in book.reports_of_canaries(span)
    ]
    found = beside(events, statuses, book.listening(span), targets, span, key)
    found = with_messages(found, book.delivered_after_all(span))
    return with_late(found, book.canaries(span.start_ms), statuses)
