"""The platform's rows read aloud: at every instant each target, canary, account and direction is asked.

Written from the published arithmetic, section 2, *Many numbers* and *Components*; where the text leaves a choice,
the comment that begins with *Read:* says which one was taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wamon.core.finding import Cause, Column, Finding
from wamon.core.observation import ProbeKind
from wamon.core.timeline import Span

from .oracle import TEN_MINUTES, UNPROVED, Story, Sums, elementary, inside

SPEAKS = {
    ProbeKind.MESSAGE: ("send",),
    ProbeKind.ROUNDTRIP: ("send", "receive"),
    ProbeKind.TRAFFIC: ("send", "receive"),
}
ROWS = {"platform": ("send", "receive"), "platform.send": ("send",), "platform.receive": ("receive",)}
REPORTING = (Column.UP, Column.DOWN, Column.USER)


@dataclass
class Target:
    """One target of the world: whose it is, what was seen, since when, and what was declared of it."""

    name: str
    probe: ProbeKind
    account: str
    story: Story
    first_ms: int
    maintenance: tuple[Span, ...] = ()

    @property
    def canary(self) -> str:
        return self.name.removesuffix(".roundtrip")


@dataclass
class Word:
    """What somebody says of one stretch: a column, whose words they are, and three flags for the bounds."""

    column: Column | None = None
    finding: Finding | None = None
    meta: bool = False
    proven: bool = False
    bracket: bool = False
    trouble: bool = False


@dataclass
class Line:
    """Words by stretch, in the order of time, over the same stretches for everybody."""

    stretches: list[Span]
    words: list[Word] = field(default_factory=list)

    def only_long_chains(self) -> "Line":
        """Read: ten consecutive minutes must be ten minutes of whoever speaks here."""
        k = 0
        while k < len(self.words):
            last = k
            while last < len(self.words) and self.words[last].meta:
                last += 1
            length = sum(one.end_ms - one.start_ms for one in self.stretches[k:last])
            for word in self.words[k:last]:
                word.meta = length >= TEN_MINUTES
            k = last + 1
        return self


def enough(down: int, reporting: int) -> bool:
    """At least half of the reporting, and at least two of them; with one, that one."""
    return 2 * down >= reporting and down >= 2 if reporting > 1 else down == 1


def target_line(target: Target, stretches: list[Span], resting: Sequence[Span]) -> Line:
    """Read: a target in maintenance says nothing for the whole; what all rest in is the overlay's affair."""
    line = Line(stretches)
    for one in stretches:
        instant = one.start_ms
        if inside(instant, target.maintenance) and not inside(instant, resting):
            line.words.append(Word())
            continue
        owner = target.story.owner(instant)
        line.words.append(
            Word(
                owner.shown if owner else None,
                owner.mark.finding if owner else None,
                inside(instant, target.story.meta_down),
                inside(instant, target.story.proven),
                inside(instant, target.story.brackets),
                owner is not None and owner.shown is Column.DOWN,
            )
        )
    return line.only_long_chains()


WORST_SEEN = (Column.DOWN, Column.NETWORK, Column.USER, Column.UP)


def canary_line(lines: Sequence[Line]) -> Line:
    """A canary and its way back: the worse of what was seen of it."""
    return folded(lines, lambda words: pick(words, WORST_SEEN), any_flag)


def quorum_line(lines: Sequence[Line]) -> Line:
    """Numbers of an account, or accounts."""
    return folded(lines, by_quorum, flag_by_quorum)


def either_line(lines: Sequence[Line]) -> Line:
    """Send or receive: down when either is; what one of them cannot see is not seen."""
    return folded(lines, worse_direction, any_flag)


def folded(lines, choose, flag) -> Line:
    whole = Line(lines[0].stretches)
    for k in range(len(whole.stretches)):
        words = [line.words[k] for line in lines]
        column, finding = choose(words)
        whole.words.append(
            Word(
                column,
                finding,
                flag(words, "meta"),
                flag(words, "proven"),
                flag(words, "bracket"),
                any(word.trouble for word in words),
            )
        )
    return whole.only_long_chains()


def pick(words: Iterable[Word], order: Sequence[Column]) -> tuple[Column | None, Finding | None]:
    for column in order:
        for word in words:
            if word.column is column:
                return column, word.finding
    return None, None


def by_quorum(words: Sequence[Word]) -> tuple[Column | None, Finding | None]:
    """Read: of those who agree the first one's words are taken; who cannot reach Meta does not report."""
    reporting = [word for word in words if word.column in REPORTING]
    down = [word for word in reporting if word.column is Column.DOWN]
    if down and enough(len(down), len(reporting)):
        return Column.DOWN, down[0].finding
    return pick(words, (Column.UP, Column.USER, Column.NETWORK))


def worse_direction(words: Sequence[Word]) -> tuple[Column | None, Finding | None]:
    if any(word.column is Column.DOWN for word in words):
        return pick(words, (Column.DOWN,))
    if any(word.column in (None, Column.UNOBSERVED) for word in words):
        return None, None
    return pick(words, (Column.NETWORK, Column.USER, Column.UP))


def any_flag(words: Sequence[Word], name: str) -> bool:
    return any(getattr(word, name) for word in words)


def flag_by_quorum(words: Sequence[Word], name: str) -> bool:
    """Read: a bound holds of the whole where it holds of a quorum of those who report or are in it."""
    held = sum(getattr(word, name) for word in words)
    reporting = sum(word.column in REPORTING for word in words)
    return held > 0 and enough(held, max(held, reporting))


def shared_maintenance(targets: Sequence[Target]) -> list[Span]:
    """The time in which all of them rest."""
    edges = sorted({edge for one in targets for span in one.maintenance for edge in span})
    return [
        Span(start, end)
        for start, end in pairwise(edges)
        if all(inside(start, one.maintenance) for one in targets)
    ]


def together(targets: Sequence[Target], stretches: list[Span], resting: Sequence[Span]) -> Line | None:
    """One direction over all canaries and accounts."""
    accounts: dict[str, dict[str, list[Line]]] = {}
    for one in targets:
        line = target_line(one, stretches, resting)
        accounts.setdefault(one.account, {}).setdefault(one.canary, []).append(line)
    each = [quorum_line([canary_line(lines) for lines in canaries.values()]) for canaries in accounts.values()]
    return quorum_line(each) if each else None


def tell_platform(
    world: Sequence[Target], day: Span, now_ms: int, unobserved: Sequence[Span] = ()
) -> Mapping[str, Sums]:
    """The platform's rows of one day. Null, and of all time there is, where nobody sends or receives."""
    watched = [one for one in world if max(day.start_ms, one.first_ms) < min(day.end_ms, now_ms)]
    told: dict[str, Sums] = {}
    for row, directions in ROWS.items():
        speakers = [one for one in watched if set(SPEAKS.get(one.probe, ())) & set(directions)]
        began = min((one.first_ms for one in speakers or world), default=None)
        if began is None or (not speakers and row != "platform"):
            continue
        within = Span(max(day.start_ms, began), min(day.end_ms, now_ms))
        if within.end_ms <= within.start_ms:
            continue
        resting = shared_maintenance(speakers) if speakers else []
        edges = [edge for one in speakers for edge in one.story.edges()]
        edges += [edge for one in speakers for span in one.maintenance for edge in span]
        edges += [edge for span in unobserved for edge in span]
        # Chains are joined before the day is cut out of them.
        ever = Span(min([within.start_ms, *edges]), max([within.end_ms, *edges]) + 1)
        stretches = elementary([*edges, *within], ever)
        each = [
            line
            for way in directions
            if (line := together([one for one in speakers if way in SPEAKS[one.probe]], stretches, resting))
        ]
        whole = either_line(each) if len(each) > 1 else each[0] if each else None
        told[row] = summed(whole, within, stretches, resting, unobserved)
    return told


def summed(
    line: Line | None, within: Span, stretches: list[Span], resting: Sequence[Span], unobserved: Sequence[Span]
) -> Sums:
    sums = Sums(total_ms=within.end_ms - within.start_ms)
    for k, one in enumerate(stretches):
        if not within.start_ms <= one.start_ms < within.end_ms:
            continue
        length, word = one.end_ms - one.start_ms, line.words[k] if line else Word()
        if inside(one.start_ms, resting):
            sums.maintenance_ms += length
            continue
        hidden = inside(one.start_ms, unobserved)
        if not hidden and word.trouble and word.column is not Column.DOWN:
            sums.partial_ms += length
        if hidden or word.column in (None, Column.UNOBSERVED):
            sums.unobserved_ms += length
            sums.worst_down_ms += length
            sums.proven_down_ms += 0 if hidden else length * word.proven
            continue
        add_word(sums, word, length)
    return sums


def add_word(sums: Sums, word: Word, length: int) -> None:
    finding = word.finding
    if word.column is Column.NETWORK:
        sums.network_ms += length
        sums.blind_spot_ms += length
    if word.column is Column.USER and finding:
        sums.user_error_ms += length
        sums.unproved_ms += length * (finding.cause in UNPROVED)
    if word.column is Column.DOWN and finding:
        sums.down_ms += length
        sums.meta_down_ms += length * word.meta
        blind = finding.rule == "everywhere_but_there" or finding.cause is Cause.ENDPOINT
        sums.blind_spot_ms += length * blind
    sums.proven_down_ms += length * word.proven
    sums.worst_down_ms += length * (word.column is Column.USER or word.bracket)
