"""What the canaries of a target cost in a month, in a sentence for who chose their interval."""

from wamon.core.cadence import CAP_OF_CANARY
from wamon.core.timeline import DAY
from wamon.settings.schema import MessageTarget

DAYS_OF_MONTH = 31
CHEAPEST_USD, DEAREST_USD = 0.003, 0.03
"""What a delivered utility template costs, by market (price tools, 2026-10; no interface of Meta's tells it)."""


def regular_a_day(target: MessageTarget) -> int:
    """How many regular canaries leave in a day: what the interval gives, as far as the cap lets it."""
    return min(int(-(-DAY // target.interval_ms)), target.daily_cap)


def monthly_cost(target: MessageTarget) -> str:
    """``12 a day are 372 a month: about USD 1.12 to 11.16 ...``."""
    daily = regular_a_day(target)
    month = daily * DAYS_OF_MONTH
    return (
        f"{daily} a day are {month} a month: delivered utility templates cost about "
        f"USD {month * CHEAPEST_USD:.2f} to {month * DEAREST_USD:.2f}, by market; "
        f"from Meta's test number nothing; up to {CAP_OF_CANARY.looks} extra a day come after failures"
    )
