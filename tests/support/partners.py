"""Reports of a partner with many clients."""

import msgspec

from tests.support.reports import DOWN, NOW_MS, OK, days, report, target
from wamon.core.account_lines import Light, Line
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, State
from wamon.core.timeline import MINUTE


def two_hundred(*failing: int) -> Report:
    """Clients with a number, an edge and a token each; of some the number is down."""
    past = days({})
    rows = []
    for n in range(200):
        down = n in failing
        name = f"client-{n:03}"
        state = {"state": State.OUTAGE, "since_ms": NOW_MS - MINUTE, "last": DOWN} if down else {"last": OK}
        rows += [
            target(f"{name}.number", past=past, account=name, **state),
            target(f"{name}.graph", ProbeKind.EDGE, past=past, account=name),
            target(f"{name}.token", ProbeKind.TOKEN, account=name),
        ]
    now = report(rows)
    own = tuple(Line(f"client-{n:03}", "health", Light.GREEN, "can send") for n in range(200))
    return msgspec.structs.replace(now, ourselves=own)
