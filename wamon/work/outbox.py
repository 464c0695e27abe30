"""The outbox as the drain sees it: what is owed by the book, and what waits in memory because of the disk."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from wamon.core.dispatching import Dispatch, Letter, Mailing, Outcome, Pending, Summing, tone_of
from wamon.core.notice import Notice
from wamon.ledger import Ledger, LedgerError, words
from wamon.letters import written
from wamon.work.backlog import SPARE_ROOM, Backlog

_STATES = {
    Outcome.SENT: words.DispatchState.SENT,
    Outcome.FAILED: words.DispatchState.FAILED,
    Outcome.GIVEN_UP: words.DispatchState.GIVEN_UP,
    Outcome.SUPPRESSED: words.DispatchState.SUPPRESSED,
}


class Outbox:
    """Notices on their way: in the book, or waiting for it. ``on_dispatch`` hears of every attempt."""

    def __init__(self, ledger: Ledger, backlog: Backlog) -> None:
        self._ledger = ledger
        self._backlog = backlog
        self._untold: dict[str, words.Notice] = {}
        self.on_dispatch: Callable[[Dispatch], None] = lambda _row: None

    async def enqueue(self, notices: Sequence[words.Notice]) -> list[words.Notice]:
        """Write notices whose key is new; what must wait for the disk is sent all the same. Gives the new ones."""
        keys = [one.key for one in notices]
        known = await self._ledger.read(lambda book: book.known(keys))
        fresh = [one for one in notices if one.key not in known and one.key not in self._untold]
        self._untold |= {one.key: one for one in fresh}
        try:
            await self._backlog.write(
                lambda book: book.enqueue(fresh), written=lambda: self._in_the_book(fresh), spare=SPARE_ROOM
            )
        except LedgerError:
            self._in_the_book(fresh)
            raise
        return fresh

    async def told(self, incidents: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """The channels that heard of each incident, or are about to."""
        names = set(incidents)
        heard = await self._ledger.read(lambda book: {name: book.channels_told(name) for name in names})
        for one in self._untold.values():
            for name in names.intersection(one.evidence):
                heard[name] |= frozenset(one.channels)
        return heard

    async def sent_since(self, at_ms: int) -> Mapping[str, Sequence[int]]:
        """When each channel was sent a letter since an instant."""
        return await self._ledger.read(lambda book: book.sent_since(at_ms))

    def _in_the_book(self, notices: Iterable[words.Notice]) -> None:
        """From now on the book tells what is owed of them."""
        for one in notices:
            self._untold.pop(one.key, None)

    async def pending_dispatches(self) -> Sequence[Pending]:
        """Every notice on every channel that has no final dispatch yet, those that wait to be written too."""
        await self._backlog.settle()
        untold = [
            Pending(one, channel, next_attempt_ms=one.not_before_ms or 0, html=one.html)
            for one in self._untold.values()
            for channel in one.channels
        ]
        owed = [
            Pending(
                one.notice,
                one.last.channel,
                one.last.attempt,
                one.last.next_attempt_ms or 0,
                one.notice.html,
                one.last.at_ms,
            )
            for one in await self._ledger.owed()
        ]
        written = {one.notice.key for one in owed}
        return [*owed, *(one for one in untold if one.notice.key not in written)]

    async def append_dispatches(self, dispatches: Sequence[Dispatch]) -> None:
        """Write what attempts came to; the notices themselves first, where those wait."""
        if dispatches:
            await self._backlog.settle()
            await self._ledger.append_dispatches([_to_book(one) for one in dispatches])
        for one in dispatches:
            self.on_dispatch(one)

    async def state(self, now_ms: int) -> tuple[int, int]:
        """How many notices wait, and for how long the oldest has."""
        owed = await self.pending_dispatches()
        return len(owed), max((now_ms - one.queued_at_ms for one in owed), default=0)


def in_words(notice: Notice, channels: tuple[str, ...] = ()) -> words.Notice:
    """A notice as it goes into the book, its text written out: what is sent later is what was said then."""
    text = written(notice)
    return words.Notice(
        key=notice.key,
        kind=notice.kind.value,
        phase=notice.phase.value,
        target=notice.target,
        severity=notice.severity.value,
        title=notice.title,
        body=text.body,
        created_at_ms=notice.created_at_ms,
        html=text.html,
        evidence=(notice.incident,) if notice.incident else (),
        channels=channels,
    )


def summed_up(step: Summing) -> Mailing:
    """Many notices as one letter, in words."""
    text = written(step.notice)
    keys = ", ".join(one.notice.key for one in reversed(step.covers))
    letter = Letter(step.notice.key, step.notice.title, f"{text.body}\n\nnotice: {keys}", tone_of(step.notice))
    return Mailing(letter, step.covers, step.reason)


def _to_book(row: Dispatch) -> words.Dispatch:
    return words.Dispatch(
        row.notice_key,
        row.channel,
        _STATES[row.outcome],
        row.attempt,
        row.at_ms,
        row.next_attempt_ms,
        row.detail or None,
    )
