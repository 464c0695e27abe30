"""Small worlds by seed: a few accounts with canaries and ways back, each with its maintenance and its faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random

from wamon.core.days import Overlay
from wamon.core.finding import Mark
from wamon.core.maintenance import Cover
from wamon.core.observation import ProbeKind
from wamon.core.segments import Timeline, account
from wamon.core.timeline import Span, union
from wamon.core.watched import Watched

from . import oracle
from .slow_platform import Target
from .strategies import DOWN, ENDPOINT, EVERYWHERE, EXPIRED, MISSED, NETWORK, OFFSETS, REFUSED, UNSURE, UP, mark

START = 1_000_000_000
MINUTE = 60_000
KINDS = (ProbeKind.MESSAGE, ProbeKind.MESSAGE, ProbeKind.MESSAGE, ProbeKind.TRAFFIC, ProbeKind.EDGE)


@dataclass(frozen=True)
class World:
    """All that the day's rows are made of."""

    targets: tuple[Watched, ...]
    marks: Mapping[str, tuple[Mark, ...]]
    first_ms: Mapping[str, int]
    maintenance: Mapping[str, tuple[Span, ...]]
    unobserved: tuple[Span, ...]
    day: Span
    now_ms: int

    @cached_property
    def timelines(self) -> dict[str, Timeline]:
        return {name: account(marks, self.now_ms) for name, marks in self.marks.items()}

    @property
    def overlay(self) -> Overlay:
        return Overlay({name: Cover(spans) for name, spans in self.maintenance.items()}, self.unobserved)

    @property
    def told(self) -> list[Target]:
        """The same for the oracle."""
        return [
            Target(
                one.name,
                one.probe,
                one.account,
                oracle.tell(self.marks[one.name], self.now_ms),
                self.first_ms[one.name],
                self.maintenance.get(one.name, ()),
            )
            for one in self.targets
        ]


def _faults(rng: Random) -> list[tuple[int, int, object]]:
    """Stretches in which things go wrong for many at once."""
    found = []
    at = START
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        at += rng.choice((2, 5, 9)) * MINUTE + rng.choice(OFFSETS)
        length = rng.choice((20_000, MINUTE, 3 * MINUTE, 9 * MINUTE, 600_000, 11 * MINUTE, 14 * MINUTE))
        found.append(
            (at, at + length, rng.choice((DOWN, DOWN, DOWN, MISSED, EVERYWHERE, NETWORK, EXPIRED, UNSURE)))
        )
        at += length
    return found


def _looks(rng: Random, faults: list[tuple[int, int, object]]) -> tuple[Mark, ...]:
    """One target's looks: some share the faults, some have others of their own, some look seldom or pause."""
    interval = rng.choice((MINUTE, MINUTE, MINUTE, 30_000, 150_000, 300_000))
    shares, own = rng.random() < 0.7, rng.random() < 0.25
    off = (rng.randrange(40), rng.randrange(12)) if rng.random() < 0.25 else (99, 0)
    at, looks = START + rng.randrange(interval), []
    while at < START + rng.choice((25, 40)) * MINUTE:
        finding = next((fault for first, last, fault in faults if shares and first <= at < last), UP)
        if own and rng.random() < 0.3:
            finding = rng.choice((DOWN, DOWN, REFUSED, NETWORK, UNSURE, ENDPOINT))
        if not off[0] <= (at - START) // MINUTE < off[0] + off[1]:
            looks.append(mark(at, finding, interval, slow=rng.random() < 0.1))
        at += interval if rng.random() < 0.9 else rng.choice((10_000, 20_000, interval + 1, 2 * interval))
    return tuple(looks)


def _spans(rng: Random, often: float) -> tuple[Span, ...]:
    if rng.random() > often:
        return ()
    spans = []
    for _ in range(rng.choice((1, 1, 2))):
        start = START + rng.randrange(40) * MINUTE + rng.choice((0, 0, 30_000, 12_345))
        spans.append(Span(start, start + rng.choice((1, 30_000, 5 * MINUTE, 12 * MINUTE))))
    return tuple(union(spans))


def world(rng: Random) -> World:
    """Up to five targets of up to four accounts, over some forty minutes."""
    faults, common = _faults(rng), _spans(rng, 0.3)
    accounts = [f"account-{n}" for n in range(rng.choice((1, 1, 2, 2, 3, 4)))]
    targets: list[Watched] = []
    while len(targets) < rng.choice((1, 2, 3, 4, 5, 5)):
        kind, who = rng.choice(KINDS), rng.choice(accounts)
        name = f"{kind.value}-{len(targets)}"
        targets.append(Watched(name, kind, MINUTE, who))
        if kind is ProbeKind.MESSAGE and rng.random() < 0.6:
            targets.append(Watched(f"{name}.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, who))
    now_ms = START + rng.choice((20, 41, 60)) * MINUTE + rng.choice(OFFSETS)
    rests = rng.random() < 0.4
    declared = {one.name: common if rests else _spans(rng, 0.25) for one in targets}
    marks = {one.name: tuple(m for m in _looks(rng, faults) if m.at_ms <= now_ms) for one in targets}
    cuts = sorted(START + rng.randrange(-5, 45) * MINUTE + rng.choice(OFFSETS) for _ in range(2))
    return World(
        tuple(targets),
        marks,
        {one.name: START + rng.choice((-600, -600, 0, 5, 12)) * MINUTE for one in targets},
        {name: spans for name, spans in declared.items() if spans},
        _spans(rng, 0.25),
        Span(*cuts) if rng.random() < 0.5 else Span(START - MINUTE, now_ms + MINUTE),
        now_ms,
    )
