"""What hindsight stands on besides the look itself: other looks, statements about tokens, templates, messages.

Every piece has "nothing known" as its default, and nothing known never turns anything.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

import msgspec

from wamon.core.finding import Context, Finding, Mark
from wamon.core.observation import ProbeKind
from wamon.core.passing import Health
from wamon.core.shapes import TokenFacts
from wamon.core.timeline import DAY, Span, iso


def name_of(target: str, at_ms: int) -> str:
    """How a look is called as evidence: ``target@instant``."""
    return f"{target}@{iso(at_ms)}"


class When(NamedTuple):
    """A look by its instant and its target, without anything that it saw."""

    at_ms: int
    target: str

    @property
    def name(self) -> str:
        """How it is called as evidence."""
        return name_of(self.target, self.at_ms)


class Record(msgspec.Struct, frozen=True):
    """All looks of one target, ordered, with their findings by the live rules and all that is known now.

    ``bad`` are the places of those that are not good, ``contexts`` the few that all looks share. ``number``,
    ``app`` and ``template`` (``name/language``) are Meta's ids where they are known, else empty.
    """

    target: str
    probe: ProbeKind
    account: str
    marks: Sequence[Mark]
    findings: Sequence[Finding]
    bad: Sequence[int] = ()
    contexts: Sequence[Context] = ()
    number: str = ""
    app: str = ""
    template: str = ""

    def name(self, place: int) -> str:
        """How a look is called as evidence."""
        return name_of(self.target, self.marks[place].at_ms)

    def places(self, start_ms: int, end_ms: int) -> range:
        """The looks from one instant to another, both included."""
        first = bisect_left(self.marks, start_ms, key=_at)
        return range(first, bisect_right(self.marks, end_ms, lo=first, key=_at))

    def around(self, at_ms: int) -> tuple[int, int] | None:
        """The nearest looks on both sides of an instant, each within one of its intervals; one at it is both."""
        after = bisect_left(self.marks, at_ms, key=_at)
        if after < len(self.marks) and self.marks[after].at_ms == at_ms:
            return after, after
        if not 0 < after < len(self.marks):
            return None
        left, right = self.marks[after - 1], self.marks[after]
        near = at_ms - left.at_ms <= left.interval_ms and right.at_ms - at_ms <= right.interval_ms
        return (after - 1, after) if near else None

    def health_around(self, start_ms: int, end_ms: int, reach_ms: int = DAY) -> Iterator[tuple[int, Health]]:
        """What was said of the number from the last word before a stretch to the first one after it."""
        inside = self.places(start_ms, end_ms)
        before = self._spoken(range(inside.start - 1, -1, -1), start_ms - reach_ms, end_ms + reach_ms)
        after = self._spoken(range(inside.stop, len(self.marks)), start_ms - reach_ms, end_ms + reach_ms)
        for place in chain(before, inside, after):
            told = self.marks[place].context.told.health
            if told is not None:
                yield place, told

    def _spoken(self, places: range, from_ms: int, to_ms: int) -> tuple[int, ...]:
        """The first of some looks that tells of health, unless it lies too far away."""
        for place in places:
            mark = self.marks[place]
            if not from_ms <= mark.at_ms <= to_ms:
                return ()
            if mark.context.told.health is not None:
                return (place,)
        return ()


def _at(one: Mark | When) -> int:
    return one.at_ms


class TokenLook(NamedTuple):
    """What `debug_token` said at an instant of the token with this fingerprint; failed calls are left out."""

    at_ms: int
    target: str
    interval_ms: int
    token_fingerprint: str | None
    facts: TokenFacts

    @property
    def good(self) -> bool:
        """Valid then, with both permissions."""
        return self.facts.good(self.at_ms)

    @property
    def bad(self) -> bool:
        """Invalid, expired or without a permission then."""
        return self.facts.bad(self.at_ms)

    @property
    def name(self) -> str:
        """How it is called as evidence."""
        return name_of(self.target, self.at_ms)


_INSTANT: Callable[[tuple[int, str]], int] = itemgetter(0)


class TokenUse(msgspec.Struct, frozen=True):
    """When one token of an account was accepted and when it was refused as a token; ordered."""

    accepted: Sequence[When] = ()
    refused: Sequence[When] = ()

    def accepted_after(self, at_ms: int) -> When | None:
        """The first acceptance after an instant."""
        place = bisect_right(self.accepted, at_ms, key=_at)
        return self.accepted[place] if place < len(self.accepted) else None


class Acceptances(msgspec.Struct, frozen=True):
    """When which requests were accepted, on any target.

    ``instants`` are ordered, each with its target, by fingerprint and served version; ``ever`` holds every
    fingerprint that was accepted at all, as far back as the looks reach.
    """

    instants: Mapping[tuple[str, str | None], Sequence[tuple[int, str]]] = {}
    ever: frozenset[str] = frozenset()

    def beside(self, request: str, version: str | None, at_ms: int) -> tuple[When | None, When | None]:
        """The last acceptance before an instant and the first one after it; None where there is none."""
        known = self.instants.get((request, version), ())
        before, after = bisect_left(known, at_ms, key=_INSTANT), bisect_right(known, at_ms, key=_INSTANT)
        return (
            When(*known[before - 1]) if before else None,
            When(*known[after]) if after < len(known) else None,
        )


class TemplateLook(NamedTuple):
    """What was learned of a template at an instant; ``template`` is ``name/language``.

    ``components`` is the digest a node showed. ``changed``: a webhook told that somebody changed them.
    """

    at_ms: int
    template: str
    name: str
    template_status: str = ""
    components: str = ""
    changed: bool = False


class Posted(msgspec.Struct, frozen=True):
    """When Meta posted outages of what a target watches; ``shared``: those of Graph and its login besides."""

    own: tuple[Span, ...] = ()
    shared: tuple[Span, ...] = ()


def unchanged(looks: Sequence[TemplateLook], template: str, span: Span) -> bool:
    """Whether a template's components are known to have been the same throughout.

    The nearest nodes shown on both sides agree, so does every one between, and nobody reported a change there.
    """
    own = [one for one in looks if one.template == template and (one.components or one.changed)]
    before = [place for place, one in enumerate(own) if one.at_ms <= span.start_ms and one.components]
    after = [place for place, one in enumerate(own) if one.at_ms >= span.end_ms and one.components]
    if not before or not after:
        return False
    between = own[before[-1] : after[0] + 1]
    return len({one.components for one in between if one.components}) == 1 and not any(
        one.changed for one in between
    )
