"""What looks share, as one object for all that share it: a fortnight of looks holds a handful."""

from wamon.core.finding import Context
from wamon.core.gleaning import passing
from wamon.core.observation import Exchange, ProbeKind

ANSWERED = frozenset({ProbeKind.EDGE, ProbeKind.API, ProbeKind.MESSAGE, ProbeKind.WEBHOOK})
"""Probes that ask something and have days: their answers can be slow."""


def slow_after_ms(probe: ProbeKind, objective_ms: int | None) -> int:
    """When an answer is slow: a latency objective is about answers, not about ways back, traffic or evidence."""
    return objective_ms or 0 if probe in ANSWERED else 0


class Contexts:
    """Gives each look its context; equal ones are the same object."""

    def __init__(self) -> None:
        self._shared: dict[Context, Context] = {}
        self._last: dict[str, Context] = {}

    def of(
        self,
        exchange: Exchange,
        probe: ProbeKind,
        interval_ms: int,
        account: str,
        *,
        repeated: bool = False,
        slow_after_ms: int = 0,
    ) -> Context:
        """What the look shares with the one before, mostly; else with any other."""
        slow = 0 < slow_after_ms < exchange.durations_ms.get("total", 0.0)
        last, told = self._last.get(exchange.target), passing(exchange)
        if (
            last is not None
            and last.interval_ms == interval_ms
            and last.request_fingerprint == exchange.request_fingerprint
            and last.token_fingerprint == exchange.token_fingerprint
            and last.repeated is repeated
            and last.slow is slow
            and last.served_version == exchange.served_version
            and last.site == exchange.site
            and (last.told is told or last.told == told)
        ):
            return last
        context = Context(
            probe.value,
            interval_ms,
            account,
            exchange.request_fingerprint,
            exchange.token_fingerprint,
            exchange.served_version,
            exchange.site,
            told,
            repeated=repeated,
            slow=slow,
        )
        context = self._last[exchange.target] = self._shared.setdefault(context, context)
        return context
