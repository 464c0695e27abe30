"""A file of recorded exchanges: the targets it names, and its lines in the order of their instants."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from codecs import BOM_UTF8
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import median_low
from typing import BinaryIO, NamedTuple, TextIO

from wamon.core.contexts import slow_after_ms
from wamon.core.days import PLATFORM_ROWS
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.reading import Head, head_of, read_head, read_line
from wamon.core.timeline import DAY, MINUTE, Span, iso
from wamon.core.watched import Watched

_SORTED_WITHIN_MS = 5 * MINUTE
_SORTED_LINES = 65_536
"""A small disorder is sorted: a line may come this late. The number of lines only bounds the memory of it."""

_APART = 366
"""Days without a line; what lies beyond them was dated by a clock that was wrong."""

_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(9000, 1, 1).toordinal()
"""What is computed of much later days would not fit a calendar."""

_SAMPLE = 10_000
"""Lines of one target from which its interval is taken where the configuration does not name it."""

_READ_AHEAD = 1 << 18


class Survey(NamedTuple):
    """What a file is about: its targets, and the time in which its lines are believed to lie.

    ``scattered``: some line stands so far from its place that no buffer mends it, as where files were joined.
    """

    targets: list[Watched]
    believed: Span
    scattered: bool = False


class _Latest:
    """The latest instant that a file has named so far, kept as text: few lines are worth a calendar."""

    def __init__(self) -> None:
        self._text = ""

    def is_far_before(self, head: Head) -> bool:
        """Whether a line comes more than the small disorder after one that is later than it."""
        text = head.at
        if isinstance(text, str) and text >= self._text and text[-1:] == "Z":
            self._text = text
            return False
        at_ms = head_of(head)[1]
        if at_ms is None:
            return False
        latest_ms = head_of(Head(at=self._text))[1] or 0
        if at_ms >= latest_ms:
            self._text = iso(at_ms)
        return latest_ms - at_ms > _SORTED_WITHIN_MS


def survey(path: Path, known: Sequence[Watched], latency_objective_ms: int | None = None) -> Survey:
    """The configured targets, and those that only the file names, with the median of their spacing.

    A line that lies years from most others is the word of a clock that was wrong.
    """
    enough = {one.name for one in known} | {*PLATFORM_ROWS}
    seen: dict[str, array[int]] = {}
    kinds: dict[str, ProbeKind] = {}
    days: Counter[str] = Counter()
    latest, scattered = _Latest(), False
    with _opened(path) as lines:
        for line in lines:
            head = read_head(line)
            scattered = scattered or latest.is_far_before(head)
            target = head.target if isinstance(head.target, str) else ""
            if isinstance(head.at, str):
                days[head.at[:10]] += 1
            if target in enough:
                continue
            probe, at_ms = head_of(head)
            if at_ms is None:
                continue
            if target not in seen:
                seen[target], kinds[target] = array("q"), probe or ProbeKind.API
            seen[target].append(at_ms)
            if len(seen[target]) == _SAMPLE:
                enough.add(target)
    named = (
        Watched(
            name,
            kinds[name],
            MINUTE if kinds[name] is ProbeKind.TRAFFIC else _spacing(instants),
            slow_after_ms=slow_after_ms(kinds[name], latency_objective_ms),
        )
        for name, instants in seen.items()
    )
    return Survey([*known, *named], _believed(days), scattered)


def _believed(lines_of: Mapping[str, int]) -> Span:
    """The longest row of days, by lines, without a year between two of them; a zone may move either end."""
    days = sorted(
        (day, lines) for text, lines in lines_of.items() if _EPOCH <= (day := _ordinal(text)) < _LAST_DAY
    )
    rows: list[list[tuple[int, int]]] = []
    for one in days:
        if rows and one[0] - rows[-1][-1][0] <= _APART:
            rows[-1].append(one)
        else:
            rows.append([one])
    if not rows:
        return Span(0, 0)
    longest = max(rows, key=lambda row: sum(lines for _, lines in row))
    return Span(max(1, (longest[0][0] - _EPOCH - 1) * DAY), (longest[-1][0] - _EPOCH + 2) * DAY)


def _ordinal(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return 0


def _opened(path: Path) -> BinaryIO:
    """The lines of a file, behind the byte order mark that some editors write."""
    lines = path.open("rb", buffering=_READ_AHEAD)
    if lines.read(len(BOM_UTF8)) != BOM_UTF8:
        lines.seek(0)
    return lines


def _spacing(instants: array[int]) -> int:
    ordered = sorted(set(instants))
    gaps = [after - before for before, after in pairwise(ordered)]
    return max(1, median_low(gaps)) if gaps else MINUTE


def exchanges(path: Path, complaints: TextIO, believed: Span, *, scattered: bool = False) -> Iterator[Exchange]:
    """Every line that can be used, in the order of their instants; ``scattered`` as `survey` found it.

    A line that cannot be used is named by its number on ``complaints`` and skipped.
    """
    lines = _gathered(path) if scattered else _as_written(path)
    return _sorted(_usable(lines, complaints, believed))


def _as_written(path: Path) -> Iterator[tuple[int, bytes]]:
    with _opened(path) as lines:
        yield from enumerate(lines, 1)


def _gathered(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines by their instants, those without one first; only where each begins is held, not the line."""
    instants, places = array("q"), array("q")
    with _opened(path) as lines:
        place = lines.tell()
        for line in lines:
            instants.append(head_of(read_head(line))[1] or 0)
            places.append(place)
            place += len(line)
    with path.open("rb") as lines:
        for index in sorted(range(len(instants)), key=instants.__getitem__):
            lines.seek(places[index])
            yield index + 1, lines.readline()


def _usable(lines: Iterable[tuple[int, bytes]], complaints: TextIO, believed: Span) -> Iterator[Exchange]:
    start_ms, end_ms = believed
    for number, line in lines:
        exchange, wrong = read_line(line)
        if exchange is None or exchange.at_ms is None:
            if line.isspace():
                continue
            wrong = wrong or "no 'at' with an instant such as 2026-11-01T00:00:30.250Z"
            complaints.write(f"line {number}: {wrong}; skipped\n")
        elif not start_ms <= exchange.at_ms < end_ms:
            far = f"'at' {iso(exchange.at_ms)} lies more than a year from most of the lines"
            complaints.write(f"line {number}: {far}; skipped\n")
        elif exchange.target in PLATFORM_ROWS:
            complaints.write(f"line {number}: {exchange.target!r} is the row of all targets together; skipped\n")
        else:
            yield exchange


def _sorted(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """In the order of their instants, equals in the order of the file, as far as a small buffer reaches."""
    waiting: deque[tuple[int, Exchange]] = deque()
    newest = 0
    for exchange in exchanges:
        at_ms = exchange.at_ms or 0
        if at_ms >= newest:
            newest = at_ms
            waiting.append((at_ms, exchange))
        else:
            waiting.insert(bisect_right(waiting, at_ms, key=_at), (at_ms, exchange))
        while newest - waiting[0][0] > _SORTED_WITHIN_MS or len(waiting) > _SORTED_LINES:
            yield waiting.popleft()[1]
    for _, exchange in waiting:
        yield exchange


def _at(waiting: tuple[int, Exchange]) -> int:
    return waiting[0]
