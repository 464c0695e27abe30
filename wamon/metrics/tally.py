"""What happens once is counted here, as it happens: verdicts as first given, slots missed, notices told."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import product

from wamon.core.dispatching import Outcome
from wamon.core.finding import Verdict
from wamon.core.observation import STEPS

RECEIPTS = ("stored", "duplicate", "bad_signature", "too_large", "malformed", "unavailable")
REPORTS = (
    "stored",
    "ignored",
    "duplicate",
    "bad_secret",
    "malformed",
    "too_large",
    "too_often",
    "unavailable",
)
MISSED = ("overlap", "misfire", "quota", "stopped", "clock")
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the steps' histogram, in seconds: a loopback connection to the longest time-out in use.

0.25 and 1 are Meta's own capacity targets for a webhook endpoint.
"""

RETURN_BOUNDS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Upper bounds of the ways back: a second is usual, two minutes the usual deadline; late ones count too."""

_RETURN_BOUNDS_MS = tuple(1000 * bound for bound in RETURN_BOUNDS_S)
_BOUNDS_MS = tuple(1000 * bound for bound in BOUNDS_S)
_VERDICTS = tuple(map(str, Verdict))


class _Counted:
    """The counters of one target; a step's row: the count under each bound, beyond all, and the sum in ms."""

    __slots__ = ("missed", "steps", "unrecorded", "verdicts")

    def __init__(self) -> None:
        self.verdicts = dict.fromkeys(_VERDICTS, 0)
        self.missed = dict.fromkeys(MISSED, 0)
        self.steps: dict[str, list[float]] = {}
        self.unrecorded = 0


class Tally:
    """What only happens once and is therefore counted: verdicts as first given, slots missed, notices sent.

    Written by the loop and read by the thread that renders; a count never falls. A verdict, reason or outcome
    outside its closed set raises KeyError; a target or channel that is new begins at zero.
    """

    def __init__(self, targets: Iterable[str] = (), channels: Iterable[str] = ()) -> None:
        self.targets = {name: _Counted() for name in targets}
        self.channels = {name: dict.fromkeys(map(str, Outcome), 0) for name in channels}
        self.returns: dict[tuple[str, str], list[float]] = {}
        self.receipts = dict.fromkeys(RECEIPTS, 0)
        self.reports = dict.fromkeys(REPORTS, 0)
        self.turns = dict.fromkeys(product(_VERDICTS, _VERDICTS), 0)
        self.reclassification_ms: int | None = None
        self.configured_ms: int | None = None
        self.reload_refused = False
        self.outbox_pending = 0
        self.outbox_oldest_ms = 0
        self.token_expiries_s: dict[str, float] = {}
        self.certificate_expiries_s: dict[str, float] = {}

    def attempt(self, target: str, verdict: str, durations_ms: Mapping[str, float]) -> None:
        """One look was taken and ruled on; ``durations_ms`` by step, those that were not reached left out."""
        counted = self.targets.get(target) or self._new(target)
        counted.verdicts[verdict] += 1
        for step in STEPS:
            if step in durations_ms:
                duration_ms = durations_ms[step]
                row = counted.steps.get(step) or counted.steps.setdefault(step, [0.0] * (len(BOUNDS_S) + 2))
                row[bisect_left(_BOUNDS_MS, duration_ms)] += 1
                row[-1] += duration_ms

    def _new(self, target: str) -> _Counted:
        return self.targets.setdefault(target, _Counted())

    def missed(self, target: str, reason: str, slots: int = 1) -> None:
        """Slots passed without a look."""
        (self.targets.get(target) or self._new(target)).missed[reason] += slots

    def unrecorded(self, target: str) -> None:
        """A look could not be written down when it was taken."""
        (self.targets.get(target) or self._new(target)).unrecorded += 1

    def notified(self, channel: str, outcome: str) -> None:
        """One attempt to hand a notice to a channel ended so."""
        self.channels.setdefault(channel, dict.fromkeys(map(str, Outcome), 0))[outcome] += 1

    def came_back(self, target: str, message_status: str, after_ms: int) -> None:
        """A status of a canary arrived so long after it left."""
        row = self.returns.setdefault((target, message_status), [0.0] * (len(RETURN_BOUNDS_S) + 2))
        row[bisect_left(_RETURN_BOUNDS_MS, after_ms)] += 1
        row[-1] += after_ms

    def received(self, outcome: str) -> None:
        """One webhook was answered so."""
        self.receipts[outcome] += 1

    def reported(self, outcome: str) -> None:
        """One report of an application was answered so."""
        self.reports[outcome] += 1

    def reclassified(self, before: str, after: str, count: int, at_ms: int) -> None:
        """A pass turned so many looks from one verdict to another."""
        self.turns[before, after] += count
        self.reclassification_ms = at_ms

    def outbox(self, pending: int, oldest_ms: int) -> None:
        """How many notices wait, and how long the oldest has waited."""
        self.outbox_pending, self.outbox_oldest_ms = pending, oldest_ms

    def token_expiry(self, account: str, at_s: float | None) -> None:
        """When an account's token ends, in seconds since 1970; 0 for never, None when it is not known."""
        if at_s is None:
            self.token_expiries_s.pop(account, None)
        else:
            self.token_expiries_s[account] = at_s

    def certificate_expiry(self, target: str, at_s: float) -> None:
        """When the certificate that a target showed ends, in seconds since 1970."""
        self.certificate_expiries_s[target] = at_s
