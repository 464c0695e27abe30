"""Maintenance as people declare it: their words read, the window written, days that are closed restated."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.maintenance import LONGEST_RECURRING_MS, Once, Recurring, Window, cover, expand, local_ms
from wamon.core.restatement import Change
from wamon.core.timeline import MINUTE, Span, day_of, day_span, from_ms, iso, to_ms
from wamon.core.watched import Watched
from wamon.ledger.words import Declaration
from wamon.settings.durations import format_duration
from wamon.settings.spelling import RefusedError, did_you_mean, shown
from wamon.settings.values import DURATION, WEEKDAY, WEEKDAYS, ZONE, Reader
from wamon.work import restate

T = TypeVar("T")

KIND = "maintenance"
"""The kind of a declaration that holds a window."""

_WHEN = "--from 2026-11-01T02:00 --to 2026-11-01T04:00, or --every monday --at 02:00 --for 2h"


class MaintenanceAsked(msgspec.Struct, frozen=True):
    """A window in a person's words, as the command line takes them. Nothing said of a target means all of them."""

    because: str
    author: str
    from_: str | None = None
    to: str | None = None
    every: str | None = None
    at: str | None = None
    for_: str | None = None
    first: date | None = None
    last: date | None = None
    zone: str | None = None
    targets: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    reopen: bool = False


class RemovalAsked(msgspec.Struct, frozen=True):
    """Which declaration is taken back, by whom, and why: who takes a word back need not give a reason."""

    number: int
    author: str
    because: str = ""
    reopen: bool = False

    @property
    def reason(self) -> str:
        """What is kept where no reason was given."""
        return self.because.strip() or "no reason given"


class Book(restate.Book, Protocol):
    """What is read and written besides."""

    async def declarations(self, kind: str) -> Sequence[Declaration]: ...


async def add(
    book: Book, asked: MaintenanceAsked, plan: restate.Plan, *, off_loop: Executor | None = None
) -> restate.Restated:
    """Declare a window, and restate the closed days it covers. Raises ValueError with what to write instead."""
    window = read_window(asked, plan.targets, plan.zone, plan.now_ms)
    windows = [*standing(await book.declarations(KIND)), window]
    change = Change(
        kind=KIND,
        what=window_text(window),
        author=asked.author,
        because=asked.because,
        at_ms=plan.now_ms,
        reason=f"maintenance declared afterwards by {asked.author}: {asked.because}",
        touched=_past(window, plan),
        windows=windows,
        content=content_of(window),
    )
    return await restate.restate(book, change, plan, off_loop=off_loop)


async def remove(
    book: Book, asked: RemovalAsked, plan: restate.Plan, *, off_loop: Executor | None = None
) -> restate.Restated:
    """Take a window back, for the past too: what was seen beneath it counts again.

    Raises ValueError, or LedgerError where somebody did so before.
    """
    declared = await book.declarations(KIND)
    found = next((one for one in declared if one.n == asked.number), None)
    if found is None:
        raise ValueError(f"there is no maintenance {asked.number}: wamon maintenance list shows the numbers")
    window = window_of(found)
    change = Change(
        kind=KIND,
        what=window_text(window),
        author=asked.author,
        because=asked.reason,
        at_ms=plan.now_ms,
        reason=f"maintenance removed by {asked.author}: {asked.reason}",
        touched=_past(window, plan),
        windows=standing(one for one in declared if one.n != asked.number),
        withdraws=asked.number,
    )
    return await restate.restate(book, change, plan, off_loop=off_loop)


def _past(window: Window, plan: restate.Plan) -> dict[str, Sequence[Span]]:
    """What of the past a window covers, by target."""
    spans = expand([window], Span(0, plan.now_ms))
    return {one.name: spans for one in plan.targets if spans and window.covers(one.name, one.account)}


def window_of(declared: Declaration) -> Window:
    """The window a declaration holds."""
    return msgspec.convert({**declared.content, "declared_at_ms": declared.declared_at_ms}, Window)


def standing(declared: Iterable[Declaration]) -> list[Window]:
    """The windows that were not withdrawn."""
    return [window_of(one) for one in declared if one.withdrawn_at_ms is None]


def content_of(window: Window) -> Mapping[str, object]:
    """What a declaration keeps of a window; when it was declared is its own."""
    content: dict[str, object] = msgspec.to_builtins(window)
    del content["declared_at_ms"]
    return content


def read_window(asked: MaintenanceAsked, targets: Sequence[Watched], zone: ZoneInfo, now_ms: int) -> Window:
    """The window that was meant; times without an offset are in ``zone`` unless another one is named.

    Raises ValueError with a sentence that shows a right value.
    """
    require_reason(asked.because)
    own = zone if asked.zone is None else read_option(ZONE, "--zone", asked.zone)
    once, recurring = (asked.from_, asked.to), (asked.every, asked.at, asked.first, asked.last)
    if any(word is not None for word in once) and any(word is not None for word in recurring):
        raise ValueError(f"one window is either once or recurring: {_WHEN}")
    if any(word is not None for word in recurring):
        when: Once | Recurring = _recurring(asked, own, now_ms)
    elif any(word is not None for word in once):
        when = _once(asked, own, now_ms)
    else:
        raise ValueError(f"say when: {_WHEN}")
    known_names("--target", asked.targets, [one.name for one in targets])
    known_names("--account", asked.accounts, {one.account for one in targets})
    return Window(when, own.key, asked.targets, asked.accounts, now_ms)


def require_reason(because: str) -> None:
    """Raises ValueError where a person gives no reason."""
    if not because.strip():
        raise ValueError(
            "--because needs a reason, such as --because 'database moves': it is read beside the days"
        )


def known_names(option: str, names: Sequence[str], there: Iterable[str]) -> None:
    """Raises ValueError for a name that is not among those that are watched."""
    known = sorted(there)
    for name in names:
        if name not in known:
            raise ValueError(f"{option} {shown(name)} is not watched; {did_you_mean(name, known)}")


def _once(asked: MaintenanceAsked, zone: ZoneInfo, now_ms: int) -> Once:
    if (asked.to is None) is (asked.for_ is None):
        raise ValueError("a window needs one end: --to 2026-11-01T04:00 or --for 2h")
    start_ms = now_ms if asked.from_ is None else read_instant("--from", asked.from_, zone, now_ms)
    if asked.to is None:
        return Once(start_ms, start_ms + read_option(DURATION, "--for", asked.for_))
    end_ms = read_instant("--to", asked.to, zone, now_ms)
    if end_ms <= start_ms:
        raise ValueError(f"--to {iso(end_ms)} is not after --from {iso(start_ms)}: name a later end")
    return Once(start_ms, end_ms)


def _recurring(asked: MaintenanceAsked, zone: ZoneInfo, now_ms: int) -> Recurring:
    """Without a first day it begins today: what was declared today says nothing of last week."""
    if asked.every is None or asked.at is None or asked.for_ is None:
        raise ValueError("a recurring window needs --every, --at and --for: --every monday --at 02:00 --for 2h")
    duration_ms = read_option(DURATION, "--for", asked.for_)
    if duration_ms > LONGEST_RECURRING_MS:
        raise ValueError(f"--for {asked.for_} is longer than a week; write a shorter time, such as 2h")
    first = asked.first or day_of(now_ms, zone)
    if asked.last is not None and asked.last < first:
        raise ValueError(f"--last {asked.last} lies before the first day {first}; name a later one")
    return Recurring(_time("--at", asked.at), duration_ms, first, _weekdays(asked.every), asked.last)


def _time(option: str, text: str) -> time:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise ValueError(f"{option} {shown(text)} is no time of a day; write it like 02:00")
    return at


def _weekdays(words: str) -> tuple[int, ...]:
    if words.strip().lower() == "day":
        return ()
    return tuple(sorted({read_option(WEEKDAY, "--every", word.strip().lower()) for word in words.split(",")}))


def read_instant(option: str, text: str, zone: ZoneInfo, now_ms: int) -> int:
    """An instant in a person's words: ``now``, with an offset, or on the wall of a zone. Raises ValueError."""
    if text == "now":
        return now_ms
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        today = from_ms(now_ms).astimezone(zone)
        raise ValueError(
            f"{option} {shown(text)} is no time; write it like {today:%Y-%m-%d}T02:00, or {iso(now_ms)[:17]}00Z"
        ) from None
    return to_ms(moment) if moment.tzinfo else local_ms(moment.date(), moment.time(), zone)


def read_option(reader: Reader[T], option: str, text: object) -> T:
    """An option's value, by the reader of the same setting. Raises ValueError."""
    try:
        return reader.read(text)
    except RefusedError as refused:
        raise ValueError(f"{option}: {refused}") from None


def when_text(window: Window) -> str:
    """``2026-11-01 02:00 to 04:00``, ``every monday, thursday at 02:00 for 2h``: in the window's zone."""
    when, zone = window.when, ZoneInfo(window.zone)
    if isinstance(when, Once):
        start, end = (from_ms(one).astimezone(zone) for one in (when.start_ms, when.end_ms))
        whole = when.start_ms % MINUTE == when.end_ms % MINUTE == 0
        clock = "%H:%M" if whole else "%H:%M:%S"
        to = clock if start.date() == end.date() else f"%Y-%m-%d {clock}"
        return f"{start.strftime(f'%Y-%m-%d {clock}')} to {end.strftime(to)}"
    days = ", ".join(WEEKDAYS[one] for one in when.weekdays) or "day"
    last = f" until {when.last}" if when.last else ""
    return f"every {days} at {when.at:%H:%M} for {format_duration(when.duration_ms)} from {when.first}{last}"


def window_text(window: Window) -> str:
    """``all targets, 2026-11-01 02:00 to 04:00 (Europe/Berlin)``."""
    return f"{about_text(window)}, {when_text(window)} ({window.zone})"


def about_text(window: Window) -> str:
    """``all targets``, ``cloud-api, account client``."""
    named = [*window.targets, *(f"account {one}" for one in window.accounts)]
    return ", ".join(named) or "all targets"


def phase(window: Window, now_ms: int) -> str:
    """``now``, ``coming`` or ``over``."""
    if expand([window], Span(now_ms, now_ms + 1)):
        return "now"
    if isinstance(window.when, Recurring):
        zone = ZoneInfo(window.zone)
        last = window.when.last or max(window.when.first, day_of(now_ms, zone)) + timedelta(days=8)
        end_ms = day_span(last, zone).end_ms
    else:
        end_ms = window.when.end_ms
    return "coming" if expand([window], Span(now_ms, max(now_ms, end_ms))) else "over"


def retroactive(window: Window) -> bool:
    """Whether it was declared after the time it covers began."""
    return bool(cover([window], Span(0, window.declared_at_ms)).afterwards)
