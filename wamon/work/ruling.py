"""Rulings by people: their words read, the looks they mean turned, closed days restated; and taken back."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Cause, Mark, Origin, Ruling, Verdict
from wamon.core.maintenance import Window
from wamon.core.restatement import Change
from wamon.core.review import MARGIN_MS, Turn, counted_text, turned
from wamon.core.spoken import CAUSES, Said, Spoken
from wamon.core.timeline import DAY, Span, iso
from wamon.core.watched import EVIDENCE, Watched
from wamon.ledger.words import Declaration
from wamon.settings.spelling import did_you_mean, shown
from wamon.work import restate
from wamon.work.maintenance import RemovalAsked, read_instant, require_reason

T = TypeVar("T", Verdict, Cause)

KIND = "ruling"
"""The kind of a declaration that rules on looks."""

EVERY = "*"

NEIGHBOURS_MS = DAY
"""How far from a turned look a day may change with it: a run or a chain reaches over a midnight."""

_SHAPES = (
    "cloud-api@2026-11-01T00:00:30.250Z for one look, cloud-api@2026-11-01T10:00/2026-11-01T10:40 for a range, "
    "cloud-api:authentication@... for a cause in it, *@... for every target"
)


class RulingAsked(msgspec.Struct, frozen=True):
    """A ruling in a person's words, as the command line takes them."""

    what: str
    verdict: str
    because: str
    author: str
    cause: str | None = None
    reopen: bool = False


class Book(restate.Book, Protocol):
    """What is read besides."""

    async def declarations(self, kind: str) -> Sequence[Declaration]: ...

    async def windows(self) -> Sequence[Window]: ...

    async def marks_by_rules(self, target: str, span: Span) -> Sequence[Mark]:
        """A target's looks with what the rules found, people's words left aside."""
        ...

    async def ruled_by(self, number: int) -> Mapping[str, Span]:
        """The looks that a declaration ruled on: by target, from the first to behind the last."""
        ...


class Meant(NamedTuple):
    """What a ruling does to the looks there are."""

    rulings: list[Ruling]
    turns: list[Turn]
    touched: dict[str, Sequence[Span]]


async def rule(
    book: Book, asked: RulingAsked, plan: restate.Plan, *, off_loop: Executor | None = None
) -> restate.Restated:
    """Rule on looks, and restate the closed days they lie on. Raises ValueError with what to write instead."""
    spoken = read_ruling(asked, plan.targets, plan.zone, plan.now_ms)
    said = Said(spoken, asked.author, asked.because, plan.now_ms)
    meant = await _meant(book, said, plan)
    if not meant.rulings and spoken.end_ms <= plan.now_ms:
        raise ValueError(_nothing(spoken))
    change = Change(
        kind=KIND,
        what=f"{what_text(spoken)} is {spoken.verdict.value}, {counted_text(len(meant.rulings), 'look')}",
        author=asked.author,
        because=asked.because,
        at_ms=plan.now_ms,
        reason=f"ruled {spoken.verdict.value} by {asked.author}: {asked.because}",
        touched=meant.touched,
        windows=await book.windows(),
        content=msgspec.to_builtins(spoken),
        rulings=meant.rulings,
        reach_ms=NEIGHBOURS_MS,
        turns=meant.turns,
    )
    return await restate.restate(book, change, plan, off_loop=off_loop)


async def _meant(book: Book, said: Said, plan: restate.Plan) -> Meant:
    meant = Meant([], [], {})
    span, edition, pruned = said.spoken.span, plan.known.catalogue.edition, await book.pruned()
    past = Span(span.start_ms, min(span.end_ms, plan.now_ms + 1))
    for one in plan.targets:
        if one.probe in EVIDENCE or said.spoken.target not in (None, one.name):
            continue
        fresh = said.rulings(one.name, await book.marks_by_rules(one.name, span), edition)
        if fresh or pruned.get(one.name, 0) > span.start_ms:
            meant.touched[one.name] = (past,)
        if fresh:
            around = await book.marks(one.name, Span(span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS))
            meant.rulings.extend(fresh)
            meant.turns.extend(turned(around, fresh, plan.now_ms))
    return meant


def _nothing(spoken: Spoken) -> str:
    if spoken.single:
        return f"{spoken.target} has no look at {iso(spoken.start_ms)}: wamon incidents and the page name instants"
    what = f"with the cause {spoken.of.value}" if spoken.of else "that was not good"
    return (
        f"{spoken.target or 'no target'} has no look {what} from {iso(spoken.start_ms)} to {iso(spoken.end_ms)}; "
        f"good ones are meant by the cause none, such as {spoken.target or EVERY}:none@..."
    )


async def undo(
    book: Book, asked: RemovalAsked, plan: restate.Plan, *, off_loop: Executor | None = None
) -> restate.Restated:
    """Take a ruling back: what stood before it stands again. Raises ValueError, or LedgerError the second time."""
    found = next((one for one in await book.declarations(KIND) if one.n == asked.number), None)
    if found is None:
        raise ValueError(f"there is no ruling {asked.number}: wamon rule --list shows the numbers")
    spoken, spans = said_of(found).spoken, await book.ruled_by(asked.number)
    turns: list[Turn] = []
    for name, span in spans.items():
        around = Span(span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS)
        after = await book.marks(name, around, without=asked.number)
        turns += _turned_back(name, await book.marks(name, around), after, plan.now_ms)
    change = Change(
        kind=KIND,
        what=f"{what_text(spoken)} is {spoken.verdict.value} no longer",
        author=asked.author,
        because=asked.reason,
        at_ms=plan.now_ms,
        reason=f"ruling {asked.number} undone by {asked.author}: {asked.reason}",
        touched={name: (span,) for name, span in spans.items()},
        windows=await book.windows(),
        withdraws=asked.number,
        reach_ms=NEIGHBOURS_MS,
        turns=turns,
    )
    return await restate.restate(book, change, plan, off_loop=off_loop)


def _turned_back(name: str, before: Sequence[Mark], after: Sequence[Mark], now_ms: int) -> list[Turn]:
    back = [
        Ruling(name, then.at_ms, then.finding, Origin.PERSON, "", now_ms)
        for now, then in zip(before, after, strict=True)
        if now.finding != then.finding
    ]
    return turned(before, back, now_ms)


def said_of(declared: Declaration) -> Said:
    """What a declaration rules."""
    spoken = msgspec.convert(declared.content, Spoken)
    return Said(spoken, declared.author, declared.because, declared.declared_at_ms, declared.n)


def read_ruling(asked: RulingAsked, targets: Sequence[Watched], zone: ZoneInfo, now_ms: int) -> Spoken:
    """The ruling that was meant; times without an offset are in ``zone``.

    Raises ValueError with a sentence that shows a right value.
    """
    require_reason(asked.because)
    verdict = _word("VERDICT", asked.verdict, Verdict)
    cause = None if asked.cause is None else _word("--cause", asked.cause, Cause)
    if cause is not None and cause not in CAUSES[verdict]:
        fitting = ", ".join(sorted(one.value for one in CAUSES[verdict]))
        raise ValueError(
            f"--cause {cause.value} does not go with {verdict.value}: leave it out, or take {fitting}"
        )
    about, found, times = asked.what.rpartition("@")
    if not found:
        raise ValueError(f"WHAT {shown(asked.what)} names no time: write {_SHAPES}")
    target, named, of = about.partition(":")
    start, ranged, end = times.partition("/")
    start_ms = read_instant("WHAT", start, zone, now_ms)
    end_ms = read_instant("WHAT", end, zone, now_ms) if ranged else start_ms + 1
    if end_ms <= start_ms:
        raise ValueError(f"WHAT ends at {iso(end_ms)}, not after its beginning {iso(start_ms)}: name a later end")
    if target == EVERY and not ranged:
        raise ValueError(f"one look is one target's: write cloud-api@{iso(start_ms)}")
    return Spoken(
        verdict,
        start_ms,
        end_ms,
        None if target == EVERY else _target(target, targets),
        _word("WHAT, cause", of, Cause) if named else None,
        not ranged,
        cause,
    )


def _word(place: str, text: str, words: type[T]) -> T:
    try:
        return words(text)
    except ValueError:
        raise ValueError(
            f"{place} {shown(text)} is none; {did_you_mean(text, [one.value for one in words])}"
        ) from None


def _target(name: str, targets: Sequence[Watched]) -> str:
    found = next((one for one in targets if one.name == name), None)
    if found is None:
        names = [one.name for one in targets if one.probe not in EVIDENCE]
        raise ValueError(f"target {shown(name)} is not watched; {did_you_mean(name, names)}")
    if found.probe in EVIDENCE:
        raise ValueError(f"target {name} is evidence and has no days: rule on a target that it speaks of")
    return name


def what_text(spoken: Spoken) -> str:
    """``cloud-api:authentication@2026-11-01T10:00:00Z/2026-11-01T10:40:00Z``: as it may be said again."""
    of = f":{spoken.of.value}" if spoken.of else ""
    end = "" if spoken.single else f"/{iso(spoken.end_ms)}"
    return f"{spoken.target or EVERY}{of}@{iso(spoken.start_ms)}{end}"
