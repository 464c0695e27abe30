"""What ``wamon status`` says where more is watched than a screen holds: a line a client, trouble told once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wamon.cli.figures import figures_of
from wamon.core.report import State
from wamon.core.uptime import Figures
from wamon.core.watched import EVIDENCE
from wamon.settings.spelling import did_you_mean
from wamon.terminal import NONE, QUIET, STYLES, Cell, Page
from wamon.web.clients import ROOM, WORST_FIRST
from wamon.web.words import SIGNS, named, platform_share

Document = Mapping[str, Any]

LINES = 15
"""So many clients have a line; the others are counted."""

_PERIODS = ("today", "month")


def are_many(document: Document) -> bool:
    """Whether the targets with days are more than a screen holds."""
    return sum(bool(one["periods"]) for one in document["targets"]) > ROOM


def of_account(document: Document, account: str) -> Document:
    """The same document of one client. Raises ValueError with the nearest name where there is none of it."""
    own = [one for one in document["targets"] if one["account"] == account]
    if not own:
        known = sorted({one["account"] for one in document["targets"]})
        raise ValueError(f"no target belongs to an account {account}; {did_you_mean(account, known)}")
    names = {one["target"] for one in own}
    state = _state(one for one in own if one["probe"] not in EVIDENCE)
    return {
        **document,
        "state": state.value,
        "headline": f"{account}: {_counted(own)}",
        "targets": own,
        "incidents": [one for one in document["incidents"] if one["target"] in names],
        "ourselves": [one for one in document["ourselves"] if one["account"] in {account, *names}],
    }


def print_clients(page: Page, targets: Sequence[Document]) -> None:
    """A line for each client that is not well or lost something this month, the worst first.

    Where all belong to one account, for each target.
    """
    several = len({one["account"] for one in targets}) > 1
    key, what = ("account", "client") if several else ("target", "target")
    rows: dict[str, list[Document]] = {}
    for one in targets:
        rows.setdefault(one[key], []).append(one)
    told = sorted((name for name, own in rows.items() if _worth(own)), key=lambda name: _order(name, rows[name]))
    page.heading(f"{what.capitalize()}s")
    if told:
        heads = (what, "state", "targets", "worst today", "worst this month")
        page.table(heads, [_cells(name, rows[name]) for name in told[:LINES]], right=heads[3:])
    if len(told) > LINES:
        page.line((f"{len(told) - LINES} more {what}s have trouble or lost time: wamon status --json", QUIET))
    if calm := len(rows) - len(told):
        page.line((f"{calm} of {len(rows)} {what}s are well and lost nothing this month.", QUIET))
    if several:
        page.line(("One client with all its targets: wamon status --account NAME", QUIET))


def print_evidence(page: Page, targets: Iterable[Document]) -> None:
    """How many tokens and controls are well, and which are not."""
    states = {one["target"]: State(one["state"]) for one in targets}
    failing = [name for name, state in states.items() if state is not State.OPERATIONAL]
    said = f"; not well: {named(failing)}" if failing else ""
    page.line("")
    page.line((f"Evidence: {len(states) - len(failing)} of {len(states)} are well{said}", QUIET))


def _worth(own: Sequence[Document]) -> bool:
    month = [figures_of(one["periods"]["month"]) for one in own if one["periods"]]
    return _state(own) is not State.OPERATIONAL or any(one.down_ms for one in month)


def _order(name: str, own: Sequence[Document]) -> tuple[object, ...]:
    lost_ms = max(figures_of(one["periods"]["month"]).down_ms for one in own)
    return WORST_FIRST.index(_state(own)), -lost_ms, name


def _state(own: Iterable[Document]) -> State:
    return min((State(one["state"]) for one in own), key=WORST_FIRST.index, default=State.UNOBSERVED)


def _counted(own: Sequence[Document]) -> str:
    """``2 outage, 1 operational``: how many targets with days are in which state."""
    counts = Counter(State(one["state"]) for one in own if one["probe"] not in EVIDENCE)
    return ", ".join(f"{counts[state]} {state.value}" for state in WORST_FIRST if counts[state])


def _cells(name: str, own: Sequence[Document]) -> list[Cell]:
    state = _state(own)
    well = sum(one["state"] == State.OPERATIONAL for one in own)
    shares = [_worst([figures_of(one["periods"][period]) for one in own]) for period in _PERIODS]
    return [name, (f"{SIGNS[state]} {state.value}", STYLES.get(state, "")), f"{well} of {len(own)} well", *shares]


def _worst(rows: Sequence[Figures]) -> str:
    """The row that lost most, as it is told everywhere."""
    observed = [one for one in rows if one.observed_ms > 0]
    if not observed:
        return NONE
    share = platform_share(max(observed, key=lambda one: one.down_ms / one.observed_ms))
    return f"{share.text} {share.lost}".rstrip()
