"""Who speaks for whom: trouble of many targets is told once, at the smallest thing that they have in common."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

import msgspec

from wamon.core.finding import Cause
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.observation import ProbeKind
from wamon.core.timeline import MINUTE
from wamon.core.watched import Watched

TOGETHER_MS = 5 * MINUTE
"""Trouble that begins within so much time of another may be one."""

FEWEST_NUMBERS = 3
FEWEST_PERCENT = 20
"""So many numbers, and so much of an account's, make it the account's trouble."""

EVERYONE = "platform"
"""What stands in a notice for unrelated apps that fail together."""

_WEIGHTS = (Severity.STANDARD, Severity.URGENT, Severity.CRITICAL)
_BREAKDOWN = frozenset({Cause.SERVICE, Cause.TIMEOUT, Cause.EDGE, Cause.MAINTENANCE})
"""How one breakdown of Meta's shows itself, on one number so and on another so."""

_OF_META = frozenset({ProbeKind.EDGE, ProbeKind.API, ProbeKind.MESSAGE, ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC})
_LED_BY_EDGE = frozenset({Kind.OUTAGE, Kind.DISRUPTION})


class Trouble(msgspec.Struct, frozen=True):
    """An incident as people are to hear of it. ``members`` are the targets it speaks for besides its own."""

    incident: Incident
    probe: ProbeKind
    weight: Severity
    members: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """A target, or what several have in common."""
        return self.incident.target


def heavier(one: Severity, other: Severity) -> bool:
    """Whether one severity outranks another."""
    return _WEIGHTS.index(one) > _WEIGHTS.index(other)


class Kin:
    """Targets belong to numbers, numbers to accounts, accounts that share a token or an app to that app."""

    def __init__(self, watched: Iterable[Watched] = ()) -> None:
        every = list(watched)
        self._number = {one.name: one.number or one.name for one in every}
        self._account = {one.name: one.account for one in every}
        self._apps = _apps(every)
        self._under: dict[str, frozenset[str]] = {}
        self._numbers = Counter(account for _, account in {(self.number(one.name), one.account) for one in every})

    @property
    def known(self) -> bool:
        """Whether anything is known of any target."""
        return bool(self._account)

    def number(self, target: str) -> str:
        """Meta's id of the number a target is about, else its own name."""
        return self._number.get(target, target)

    def account(self, target: str) -> str:
        """How the account of a target is called in notices."""
        return f"account {self._account.get(target, target)}"

    def app(self, target: str) -> str:
        """How the app of a target is called in notices: by its id, or by the first account on it."""
        account = self._account.get(target, target)
        return f"app {self._apps.get(account, account)}"

    def numbers_in(self, account: str) -> int:
        """How many numbers, and targets without one, an account has."""
        return self._numbers[account.removeprefix("account ")]

    def accounts_in(self, label: str) -> int:
        """How many accounts an app has, or everyone."""
        return len({self._account[name] for name in self.under(label) if name in self._account})

    def under(self, label: str) -> frozenset[str]:
        """All targets, accounts and apps that a label speaks for; nothing for a target's own name."""
        if not self._under:
            below: dict[str, set[str]] = {}
            for name in self._account:
                account, app = self.account(name), self.app(name)
                below.setdefault(account, set()).add(name)
                below.setdefault(app, set()).update((name, account))
                below.setdefault(EVERYONE, set()).update((name, account, app))
            self._under = {label: frozenset(names) for label, names in below.items()}
        return self._under.get(label, frozenset())


def _apps(watched: Sequence[Watched]) -> dict[str, str]:
    """For each account the name of its app: accounts hang together by the app's id and by the token."""
    apps: dict[str, str] = {}
    first: dict[str, str] = {}
    for one in watched:
        shared = [bond for bond in (one.app, one.quota if one.quota != one.name else "") if bond]
        known = [first[bond] for bond in shared if bond in first]
        own = apps.setdefault(one.account, known[0] if known else one.account)
        for other in known:
            apps = {account: own if app == other else app for account, app in apps.items()}
            first = {bond: own if app == other else app for bond, app in first.items()}
        first |= dict.fromkeys(shared, own)
    ids = {apps[one.account]: one.app for one in reversed(watched) if one.app}
    return {account: ids.get(app, app) for account, app in apps.items()}


class _Level(NamedTuple):
    """One rung of the ladder: what trouble is gathered under, how much of it is enough, how wide it is called."""

    label: Callable[[str], str]
    enough: Callable[[str, set[str]], bool]
    wide: Callable[[str, set[str]], str]


def _ladder(kin: Kin) -> tuple[_Level, ...]:
    """From everyone down to an account."""

    def accounts(targets: set[str]) -> int:
        return len({kin.account(one) for one in targets})

    def numbers(targets: set[str]) -> int:
        return len({kin.number(one) for one in targets})

    def of_accounts(label: str, targets: set[str]) -> str:
        return f"{accounts(targets)}/{kin.accounts_in(label)} accounts"

    def enough_numbers(account: str, targets: set[str]) -> bool:
        failing = numbers(targets)
        return failing >= FEWEST_NUMBERS and 100 * failing >= FEWEST_PERCENT * kin.numbers_in(account)

    return (
        _Level(lambda _: EVERYONE, lambda _, targets: len({kin.app(one) for one in targets}) > 1, of_accounts),
        _Level(kin.app, lambda _, targets: accounts(targets) > 1, of_accounts),
        _Level(
            kin.account,
            enough_numbers,
            lambda account, targets: f"{account}, {numbers(targets)}/{kin.numbers_in(account)} numbers",
        ),
    )


def gathered(troubles: Iterable[Trouble], kin: Kin, now_ms: int) -> list[Trouble]:
    """The same trouble, told once where several targets have it for one reason; the rest as it was."""
    if not kin.known:
        return list(troubles)
    alike: dict[object, list[Trouble]] = {}
    for one in troubles:
        alike.setdefault(_reason(one.incident), []).append(one)
    found: list[Trouble] = []
    for rest in alike.values():
        for level in _ladder(kin):
            groups, rest = _formed(rest, level, now_ms)
            found += groups
        found += rest
    return _led(found, kin, now_ms)


def _reason(incident: Incident) -> object:
    """Whose trouble and why: owner and cause, which is a family of codes."""
    return incident.kind, "breakdown" if incident.cause in _BREAKDOWN else incident.cause


def _formed(rest: Sequence[Trouble], level: _Level, now_ms: int) -> tuple[list[Trouble], list[Trouble]]:
    """What is gathered on one rung, and what is left for the next."""
    groups: list[Trouble] = []
    left: list[Trouble] = []
    by_label: dict[str, list[Trouble]] = {}
    for one in sorted(rest, key=lambda one: one.incident.opened_ms):
        by_label.setdefault(level.label(one.target), []).append(one)
    for label, row in by_label.items():
        if not level.enough(label, {one.target for one in row}):  # then no part of the row is either
            left += row
            continue
        while row:
            members = _together(row, label, level, now_ms)
            if members:
                groups.append(_merged(label, level.wide(label, {one.target for one in members}), members))
            else:
                left.append(row[0])
            row = row[max(1, len(members)) :]
    return groups, left


def _together(row: Sequence[Trouble], label: str, level: _Level, now_ms: int) -> list[Trouble]:
    """The trouble that begins a row and is enough to be one, with all that came while it lasted; else none."""
    first_ms = row[0].incident.opened_ms
    window = list(takewhile(lambda one: one.incident.opened_ms - first_ms <= TOGETHER_MS, row))
    if not level.enough(label, {one.target for one in window}):
        return []
    end_ms = max(one.incident.span(now_ms).end_ms for one in window)
    for one in row[len(window) :]:
        if one.incident.opened_ms > end_ms:
            break
        window.append(one)
        end_ms = max(end_ms, one.incident.span(now_ms).end_ms)
    return window


def _merged(label: str, wide: str, members: Sequence[Trouble]) -> Trouble:
    """Many incidents as one: the heaviest says what fails, the most common verdict and cause why."""
    each = [one.incident for one in members]
    ends = [one.closed_ms for one in each if one.closed_ms is not None]
    (verdict, cause), _ = Counter((one.verdict, one.cause) for one in each).most_common(1)[0]
    codes = Counter(code for one in each for code in one.codes)
    lead = _heaviest(members)
    return Trouble(
        Incident(
            target=label,
            kind=each[0].kind,
            opened_ms=min(one.opened_ms for one in each),
            closed_ms=max(ends) if len(ends) == len(each) else None,
            verdict=verdict,
            cause=cause,
            provisional=all(one.provisional for one in each),
            codes=tuple(code for code, _ in codes.most_common(3)),
            wide=wide,
        ),
        lead.probe,
        lead.weight,
        tuple(dict.fromkeys(one.target for one in members)),
    )


def _heaviest(members: Iterable[Trouble]) -> Trouble:
    return max(members, key=lambda one: (_WEIGHTS.index(one.weight), -one.incident.opened_ms))


def _led(troubles: Sequence[Trouble], kin: Kin, now_ms: int) -> list[Trouble]:
    """Where Graph's edge fails it speaks for all that is behind it; of one number the heaviest for the others."""
    leads = sorted(
        troubles, key=lambda one: (not _is_edge(one), -_WEIGHTS.index(one.weight), one.incident.opened_ms)
    )
    led: dict[int, list[Trouble]] = {}
    taken: set[int] = set()
    for place, lead in enumerate(leads):
        if place in taken:
            continue
        followers = [
            number
            for number, one in enumerate(leads)
            if number > place and number not in taken and _follows(one, lead, kin, now_ms)
        ]
        taken.update(followers)
        led[place] = [leads[number] for number in followers]
    return [_leading(leads[place], followers, kin) for place, followers in led.items()]


def _is_edge(one: Trouble) -> bool:
    return one.probe is ProbeKind.EDGE and one.incident.kind in _LED_BY_EDGE


def _follows(one: Trouble, lead: Trouble, kin: Kin, now_ms: int) -> bool:
    """Whether it is the lead's trouble too, as long as the lead has it."""
    a, b = one.incident, lead.incident
    if a.target == b.target or not b.opened_ms - TOGETHER_MS <= a.opened_ms <= b.span(now_ms).end_ms:
        return False
    edge = _is_edge(lead) and one.probe in _OF_META and a.kind is b.kind
    number = (
        not a.wide and not b.wide and kin.number(a.target) == kin.number(b.target) and _reason(a) == _reason(b)
    )
    outlives = a.closed_ms is None and b.closed_ms is not None
    return (edge or number) and not outlives


def _leading(lead: Trouble, followers: Sequence[Trouble], kin: Kin) -> Trouble:
    if not followers:
        return lead
    weight = _heaviest((lead, *followers)).weight
    return msgspec.structs.replace(lead, weight=weight, members=tuple(_spoken_for(lead, followers)))


def _spoken_for(lead: Trouble, followers: Iterable[Trouble]) -> Iterator[str]:
    names = dict.fromkeys(lead.members)
    for one in followers:
        names |= dict.fromkeys(one.members or (one.target,))
    yield from (name for name in names if name != lead.target)


def speaks_for(trouble: Trouble, target: str, kin: Kin) -> bool:
    """Whether what is told of the trouble is told of a target, or of what several targets have in common."""
    if target == trouble.target:
        return False
    return target in trouble.members or target in kin.under(trouble.target)
