"""One client's days: what its own targets published, and the platform as its own numbers alone show it."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from wamon.cli.answers import CannotError
from wamon.core.clients import NOBODY, discretion
from wamon.core.days import PLATFORM_ROWS, Overlay, client_targets
from wamon.core.finding import Mark
from wamon.core.knowledge import knowledge
from wamon.core.maintenance import covers
from wamon.core.observation import ProbeKind
from wamon.core.periods import first_watched
from wamon.core.platform import RECEIVE, SEND
from wamon.core.publication import Publication
from wamon.core.review import MARGIN_MS, Ground, day_publications, decided
from wamon.core.timeline import Span, day_span, subtract
from wamon.core.vigil import Watched
from wamon.ledger import Book
from wamon.settings import Settings
from wamon.settings.spelling import did_you_mean
from wamon.wiring import watched
from wamon.work import maintenance
from wamon.work.restate import everyone

EVER = Span(0, 1 << 62)
REASON = "computed now, from this client's own looks"


class Client:
    """An account with its targets, those of earlier times too. Raises CannotError where none is known."""

    def __init__(self, account: str, book: Book, settings: Settings, now_ms: int) -> None:
        before = [
            Watched(name, ProbeKind(one.probe), one.interval_ms, one.account)
            for name, one in book.last_contexts().items()
        ]
        every = everyone(watched(settings), before)
        self.targets = client_targets(account, every)
        if not self.targets:
            known = sorted({one.account for one in every})
            raise CannotError(f"no target belongs to an account {account}; {did_you_mean(account, known)}")
        self.alone = all(one in self.targets for one in every if one.probe in SEND | RECEIVE)
        self.speaks = any(one.probe in SEND | RECEIVE for one in self.targets)
        others = {name for one in every if one not in self.targets for name in (one.name, one.account)}
        self.discreet = discretion(frozenset(others - {NOBODY}))
        """Makes of a reason one in which no other client is named."""
        self._book, self._settings, self._now_ms = book, settings, now_ms

    def owns(self, row: str) -> bool:
        """Whether a published row is of this client only; the platform's is where nobody else speaks for it."""
        return any(one.name == row for one in self.targets) or (self.alone and row in PLATFORM_ROWS)

    def platform(self, days: Iterable[tuple[date, str]]) -> list[Publication]:
        """The platform's rows of days, each given with its zone, from this client's looks.

        Nothing where they are published as they are, where no target of its own speaks for the platform, and for
        days that are too old to be computed.
        """
        if self.alone or not self.speaks:
            return []
        return [row for day, zone in days for row in self._of_day(day, ZoneInfo(zone))]

    def _of_day(self, day: date, zone: ZoneInfo) -> list[Publication]:
        span, pruned = day_span(day, zone), self._book.pruned()
        around = Span(span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS)
        marks: dict[str, list[Mark]] = {one.name: self._book.marks(one.name, around) for one in self.targets}
        if not all(decided(row, span, pruned.get(name)) for name, row in marks.items()):
            return []
        rows = day_publications(marks, day, self._ground(zone, span), REASON)
        return [row for row in rows if row.target in PLATFORM_ROWS]

    def _ground(self, zone: ZoneInfo, span: Span) -> Ground:
        first_ms = first_watched(self._book.targets(), self._book.running(EVER))
        began_ms = min(first_ms.values(), default=self._now_ms)
        windows = maintenance.standing(self._book.declarations(maintenance.KIND))
        accounts = {one.name: one.account for one in self.targets}
        return Ground(
            targets=self.targets,
            first_ms=first_ms,
            known=knowledge(),
            zone=zone,
            confirm=self._settings.availability.confirm,
            now_ms=self._now_ms,
            latest=lambda _target, _day: None,
            overlay=Overlay(
                covers(windows, accounts, span),
                tuple(subtract([Span(began_ms, self._now_ms)], self._book.running(EVER))),
            ),
        )
