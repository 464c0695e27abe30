"""Whether the faults of a look are known from an application's reports alone: no word of Meta's, none of ours."""

from wamon.core.graph_error import dicts
from wamon.core.observation import Exchange, ProbeKind

APPLICATION = "application"
"""How a minute of real messages names the source of what an application reported."""


def hearsay(exchange: Exchange) -> bool:
    """True for a minute of real messages none of whose failures was told by a signed webhook."""
    body = exchange.body
    if exchange.probe is not ProbeKind.TRAFFIC or not isinstance(body, dict):
        return False
    minute = body.get("minute")
    kinds = dicts(minute.get("kinds")) if isinstance(minute, dict) else []
    return bool(kinds) and not any(one.get("codes") for one in kinds if one.get("source") != APPLICATION)
