"""What looks share, as one object for all that share it: a fortnight of looks holds a handful."""

from wamon.core.finding import Context
from wamon.core.gleaning import passing
from wamon.core.observation import Exchange, ProbeKind


class Contexts:
    """Gives each look its context; equal ones are the same object."""

    def __init__(self) -> None:
        self._shared: dict[Context, Context] = {}
        self._last: dict[str, Context] = {}

    def of(self, exchange: Exchange, probe: ProbeKind, interval_ms: int, account: str, repeated: bool) -> Context:
        """What the look shares with the one before, mostly; else with any other."""
        last, told = self._last.get(exchange.target), passing(exchange)
        if (
            last is not None
            and last.interval_ms == interval_ms
            and last.request_fingerprint == exchange.request_fingerprint
            and last.token_fingerprint == exchange.token_fingerprint
            and last.repeated is repeated
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
        )
        context = self._last[exchange.target] = self._shared.setdefault(context, context)
        return context
