"""The ledger in the words of the core: what the use-cases ask of their book, on the real one."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from wamon.core.account_facts import Stated
from wamon.core.afresh import OnRecord
from wamon.core.doubt import Trouble
from wamon.core.finding import Context, Mark, Origin, Ruling
from wamon.core.gathering import Beside
from wamon.core.knowledge import Look
from wamon.core.latency import Sketch
from wamon.core.maintenance import Window
from wamon.core.meta_page import Part, Version
from wamon.core.notice import Notice, Told
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.periods import first_watched
from wamon.core.publication import DayState, Passed, Publication, kept_figures
from wamon.core.reclassification import Account
from wamon.core.report import Told as Line
from wamon.core.restatement import Change
from wamon.core.roundtrip import Canary
from wamon.core.segments import Segment, Timeline
from wamon.core.spoken import Said
from wamon.core.subscription import Subscription, addressed
from wamon.core.timeline import Span, day_of
from wamon.core.traffic import DELIVERED_TO
from wamon.core.watched import Watched
from wamon.ledger import Ledger, words
from wamon.ledger.book import Book
from wamon.ledger.retention import prunable_ms
from wamon.ledger.reviewing import unruled
from wamon.work import maintenance, ruling
from wamon.work.backlog import Backlog
from wamon.work.care import Pruned
from wamon.work.hearing import heard
from wamon.work.maintenance import standing
from wamon.work.outbox import Outbox, in_words
from wamon.work.recalling import recalled
from wamon.work.ruling import said_of
from wamon.work.saying import People
from wamon.work.traffic_book import TrafficBook

T = TypeVar("T")

_EVER = Span(0, 1 << 62)
_SHOWN_NOTICES = 30


class Bookkeeper:
    """What was seen, ruled, published and told, through one open ledger.

    ``channels`` says of each channel what it is told. ``on_record`` hears of every look once it is written.
    """

    def __init__(self, ledger: Ledger, channels: Mapping[str, Subscription]) -> None:
        self._ledger = ledger
        self._channels = channels
        self._beside: set[asyncio.Task[object]] = set()
        self.on_record: Callable[[Exchange, Ruling], None] = lambda _exchange, _ruling: None
        self.recent_notices: tuple[Line, ...] = ()
        self.backlog = Backlog(ledger)
        self.outbox = Outbox(ledger, self.backlog)
        self.people, self.traffic = People(ledger), TrafficBook(ledger)

    def soon(self, writing: Coroutine[Any, Any, object]) -> None:
        """Write something beside what is going on now; its failure is told by the log."""
        task = asyncio.get_running_loop().create_task(writing)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def activate(self, targets: Sequence[str], at_ms: int) -> None:
        """Targets the book has not seen are watched from now on."""
        await self._ledger.activate(targets, at_ms)
        self._remember_notices(await self._ledger.notices(most=_SHOWN_NOTICES))

    async def record(
        self, exchange: Exchange, context: Context, ruling: Ruling, *, keep_exchange: bool = False
    ) -> words.Recorded | None:
        """Write a look and its first ruling; durable when this returns, or kept in the backlog: None."""
        return await self.backlog.write(
            lambda book: book.record(exchange, context, ruling, keep_exchange=keep_exchange),
            written=lambda: self.on_record(exchange, ruling),
        )

    async def append_rulings(self, rulings: Sequence[Ruling], *, declaration: int | None = None) -> object:
        """Write later rulings; a person's come with the number of their declaration."""
        return await self.backlog.write(lambda book: book.append_rulings(rulings, declaration=declaration))

    async def heartbeat(self, began_ms: int, now_ms: int) -> None:
        """An observer runs, since the beginning of this period."""
        await self.backlog.write(lambda book: book.heartbeat(began_ms, now_ms))

    async def missed(self, target: str, at_ms: int, reason: str, slots: int = 1) -> None:
        """Slots passed without a look."""
        why = words.MissedReason(reason)
        await self.backlog.write(lambda book: book.miss(target, at_ms, why, slots))

    async def prune(self, zone: ZoneInfo, kept_days: int, receipts_before_ms: int, now_ms: int) -> Pruned:
        """Forget single looks of days that are settled and published, and old webhooks; what was said stays."""
        before_ms = await self._ledger.read(lambda book: prunable_ms(book, zone, kept_days, now_ms))
        looks = await self._ledger.prune(before_ms) if before_ms else 0
        await self._ledger.write(lambda book: book.prune_account_facts(before_ms))
        await self._ledger.write(lambda book: book.prune_traffic(receipts_before_ms))
        webhooks = await self._ledger.prune_receipts(receipts_before_ms, canaries_before_ms=before_ms)
        return Pruned(before_ms, looks, webhooks)

    async def rebuild(self) -> Mapping[str, int]:
        """Make every cache anew from the facts; how much each holds."""
        return await self._ledger.write(lambda book: book.rebuild())

    async def closed_rows(self, at_ms: int) -> Sequence[tuple[date, str, str]]:
        """Day, row and zone of everything that was published by an instant."""
        return await self._ledger.read(lambda book: book.closed_rows(at_ms))

    async def last_looks(self) -> Mapping[str, int]:
        """When every target there ever was was last looked at."""
        return await self._ledger.read(lambda book: book.last_looks())

    async def first_ms(self) -> dict[str, int]:
        """When each target was first watched."""
        return first_watched(await self._ledger.targets(), await self.ran(_EVER))

    async def ran(self, span: Span) -> Sequence[Span]:
        """The periods in which an observer ran."""
        return await self._ledger.running(span)

    async def marks(self, target: str, span: Span, *, without: int | None = None) -> Sequence[Mark]:
        """A target's looks with their standing findings, or as they would stand without a declaration."""
        return await self._ledger.read(lambda book: book.marks(target, span, without=without))

    async def looks(self, control: str, span: Span) -> Sequence[Look]:
        """A control's looks, as evidence. How long a good one took is not needed."""
        return await self._ledger.read(lambda book: book.looks(control, span))

    async def troubles(self, span: Span) -> Mapping[str, Trouble]:
        """What was first found of looks that were kept whole: those not good, and evidence."""
        return await self._ledger.read(lambda book: book.troubles(span))

    async def known_of(self, target: Watched, days: Mapping[date, Span], span: Span) -> OnRecord:
        """What is known of a target without its days being read."""
        return await self._ledger.read(lambda book: book.known_of(target, days, span))

    async def account(self, target: str, account: str, span: Span) -> Account:
        """All that is on record for a target within a span."""
        found = await self._ledger.witnessed(span, targets=[target])
        kept = [one for one in found if not one.context.repeated]
        return Account(
            target,
            account,
            await self._ledger.marks(target, span),
            {one.exchange.at_ms or 0: one.exchange for one in kept},
            frozenset(
                one.exchange.at_ms or 0
                for one in kept
                if one.standing is not None and one.standing.origin is Origin.PERSON
            ),
        )

    async def answer_times(self, target: str, span: Span) -> Sequence[float]:
        """How long a target took for each of its good answers in a span, in ms."""
        return await self._ledger.read(lambda book: book.answer_times(target, span))

    async def notice_keys(self, prefix: str) -> Sequence[str]:
        """The names of all facts that people were told of and that begin so, oldest first."""
        return await self._ledger.read(lambda book: book.notice_keys(prefix))

    async def keep_account_facts(self, rows: Sequence[Stated]) -> None:
        """What Graph said of an account, beside the looks."""
        await self._ledger.write(lambda book: book.keep_account_facts(rows))

    async def account_facts(self) -> Sequence[Stated]:
        """What Graph said last of each account's every subject."""
        return await self._ledger.read(lambda book: book.latest_account_facts())

    async def beside(self, targets: Sequence[Watched], span: Span) -> Beside:
        """What webhooks and accounts told within a span, as evidence of a weekly pass."""
        return await self._ledger.read(lambda book: heard(book, targets, span))

    async def launch(self, canary: Canary) -> bool:
        """Write a canary down before it leaves; False where its slot had one, and nothing may be sent."""
        return await self._ledger.write(lambda book: book.launch(canary))

    async def canaries(self, since_ms: int) -> Sequence[Canary]:
        """The canaries that left at an instant or later."""
        return await self._ledger.read(lambda book: book.canaries(since_ms))

    async def reports_of_canary(self, mark: str) -> Sequence[words.Reported]:
        """Every status that Meta reported of a canary."""
        return await self._ledger.read(lambda book: book.reports_of_canary(mark))

    async def last_arrival_ms(self, span: Span, account: str) -> int | None:
        """When an account's last webhook within a span arrived that told of something."""
        return await self._ledger.read(lambda book: book.last_arrival_ms(span, account=account))

    async def keep_page(self, page: str, parts: Sequence[Part], seen_ms: int) -> bool:
        """Write down what a page of Meta's says, where it says something else than before."""
        return await self._ledger.write(lambda book: book.keep_page(page, parts, seen_ms))

    async def page_versions(self, since_ms: int) -> Sequence[Version]:
        """What the pages of Meta's said since an instant."""
        return await self._ledger.read(lambda book: book.page_versions(since_ms))

    async def latencies(self, first: date, last: date) -> Mapping[tuple[str, date], Sketch]:
        """How long the good looks of ended days took, by target and day."""
        return await self._ledger.read(lambda book: book.latencies(first, last))

    async def took(self, target: str, span: Span) -> Mapping[int, Sketch]:
        """How long a target's good looks of a span took, by hour; of real messages, how long to be delivered."""
        return await self._ledger.read(
            lambda book: book.took(target, span) or book.messages_took(target, DELIVERED_TO, span)
        )

    async def keep_latencies(self, rows: Sequence[tuple[str, date, Sketch]]) -> None:
        """Write down how long the good looks of ended days took."""
        await self._ledger.write(lambda book: book.keep_latencies(rows))

    async def read(self, ask: Callable[[Book], T]) -> T:
        """Ask the book something of its own, all of it at one moment."""
        return await self._ledger.read(ask)

    async def trail(self, span: Span, zone: ZoneInfo) -> dict[tuple[str, date], tuple[Publication, Publication]]:
        """The first and the latest publication of every row's day that a span touches."""
        first, last = day_of(span.start_ms, zone), day_of(span.end_ms, zone) + timedelta(days=1)
        return await self._ledger.trails(first, last)

    async def published_timelines(self, first: date, last: date) -> dict[str, Timeline]:
        """What stands of every target's days, put together again from the segments behind it."""
        found = await self._ledger.read(lambda book: book.standing_segments(first, last))
        return {target: Timeline(tuple(segments)) for target, segments in found.items()}

    async def latest(self, day: date) -> dict[str, Publication]:
        """What stands for one day, by row."""
        found = await self._ledger.trails(day, day)
        return {target: latest for (target, _), (_, latest) in found.items()}

    async def published(self, span: Span, zone: ZoneInfo) -> dict[tuple[str, date], Publication]:
        """What stands for every row's day that a span touches."""
        return {key: latest for key, (_, latest) in (await self.trail(span, zone)).items()}

    async def publish(self, rows: Sequence[tuple[Publication, Sequence[Segment]]]) -> object:
        """Write what is said of days, with the segments behind it."""
        self.backlog.refuse_while_it_waits()
        return await self._ledger.publish([(_to_book(row), segments) for row, segments in rows])

    async def commit(
        self,
        rulings: Sequence[Ruling],
        publications: Sequence[tuple[Publication, Sequence[Segment]]],
        notices: Iterable[Notice],
        passed: Passed,
    ) -> None:
        """The weekly pass in one transaction: killed at any step it leaves the old or the new state."""
        self.backlog.refuse_while_it_waits()
        letters = [self._addressed(one) for one in notices]
        rows = [(_to_book(row), segments) for row, segments in publications]

        def all_of_it(book: Book) -> None:
            book.append_rulings(rulings)
            book.publish(rows)
            book.enqueue(letters)
            book.passed(passed)

        await self._ledger.write(all_of_it)
        self._remember_notices(letters)

    async def declare(
        self,
        change: Change,
        publications: Sequence[tuple[Publication, Sequence[Segment]]],
        notices: Iterable[Notice],
    ) -> int:
        """What a person declares or takes back and what it makes of days, in one transaction; gives its number."""
        self.backlog.refuse_while_it_waits()
        letters = [self._addressed(one) for one in notices]
        rows = [(_to_book(row), segments) for row, segments in publications]
        withdrawn = change.withdraws

        def all_of_it(book: Book) -> int:
            if withdrawn is not None:
                book.withdraw(withdrawn, at_ms=change.at_ms, author=change.author, because=change.because)
            number = withdrawn or 0
            if change.content is not None:
                said = words.Declaration(change.kind, change.content, change.at_ms, change.author, change.because)
                number = book.declare(said, change.rulings)
            book.publish(rows)
            book.enqueue(letters)
            return number

        number = await self._ledger.write(all_of_it)
        self._remember_notices(letters)
        return number

    async def declarations(self, kind: str) -> Sequence[words.Declaration]:
        """Everything of a kind that people declared, oldest first, what was taken back too."""
        return await self._ledger.read(lambda book: book.declarations(kind))

    async def windows(self) -> Sequence[Window]:
        """The maintenance that stands."""
        return standing(await self.declarations(maintenance.KIND))

    async def marks_by_rules(self, target: str, span: Span) -> Sequence[Mark]:
        """A target's looks with what the rules found, people's words left aside."""
        return await self._ledger.read(lambda book: book.marks(target, span, people=False))

    async def said(self, since_ms: int) -> list[Said]:
        """The rulings by people that stand, about looks from after an instant."""
        every = [said_of(one) for one in await self.declarations(ruling.KIND) if one.withdrawn_at_ms is None]
        return [one for one in every if one.spoken.end_ms > since_ms]

    async def catch_up(self, said: Said, targets: Iterable[str], since_ms: int, edition: str) -> set[str]:
        """Rule on looks that came while the ruling on them was being written; the targets of those there were."""

        def rule(book: Book) -> set[str]:
            late = [one for target in targets for one in unruled(book, said, target, since_ms, edition)]
            book.append_rulings(late, declaration=said.number)
            return {one.target for one in late}

        return await self._ledger.write(rule)

    async def ruled_by(self, number: int) -> Mapping[str, Span]:
        """The looks that a declaration ruled on: by target, from the first to behind the last."""
        found = await self._ledger.read(lambda book: book.ruled_by(number))
        return {target: span for target, span, _ in found}

    async def pruned(self) -> Mapping[str, int]:
        """Up to which instant looks were dropped, by target; only targets of which some were."""
        return await self._ledger.read(lambda book: book.pruned())

    async def ever_watched(self) -> list[Watched]:
        """Every target there ever was, as it was when it was last looked at."""
        found = await self._ledger.read(lambda book: book.last_contexts())
        return [Watched(name, ProbeKind(one.probe), one.interval_ms, one.account) for name, one in found.items()]

    async def passes(self) -> Sequence[Passed]:
        """The weekly passes that were made."""
        return await self._ledger.read(lambda book: book.passes())

    async def enqueue(self, notices: Iterable[Notice]) -> object:
        """Write notices and owe them to the channels that want them; what must wait is sent all the same."""
        every = list(notices)
        told = await self.outbox.told(one.incident for one in every if one.incident)
        fresh = await self.outbox.enqueue([self._addressed(one, told.get(one.incident)) for one in every])
        self._remember_notices(fresh)
        return fresh

    def _addressed(self, notice: Notice, told: frozenset[str] | None = None) -> words.Notice:
        return in_words(notice, addressed(notice, self._channels, told or frozenset()))

    def _remember_notices(self, fresh: Iterable[words.Notice]) -> None:
        lines = [
            Line(
                one.created_at_ms,
                one.kind,
                one.phase,
                one.target,
                one.severity,
                one.title,
                one.evidence[0] if one.evidence else "",
            )
            for one in fresh
        ]
        every = sorted((*lines, *self.recent_notices), key=lambda one: -one.at_ms)
        self.recent_notices = tuple(every[:_SHOWN_NOTICES])

    async def told(self, since_ms: int) -> tuple[Told, ...]:
        """What people were last told of each incident."""
        return recalled(reversed(await self._ledger.notices(since_ms=since_ms)))


def _to_book(row: Publication) -> words.Publication:
    return words.Publication(
        row.target,
        row.day,
        row.zone,
        row.published_at_ms,
        DayState.CLOSED.value,
        kept_figures(row.figures, row.secondary),
        row.reason,
        row.author,
    )
