"""Good answers of the plainest shapes, known by their keys: nearly every look is one, and needs no rule."""

from collections.abc import Callable, Mapping

from wamon.core.observation import Exchange, ProbeKind
from wamon.core.shapes import is_accepted, is_node, token_facts

_MORE_THAN_PLAIN = frozenset({"error", "errors", "error_code", "data", "entry", "statuses"})
"""A body with any of these keys may tell of an error: the rules read it."""


def at_a_glance(exchange: Exchange) -> str | None:
    """The rule that finds an answered exchange good, where no rule before it can say anything; else None.

    None says nothing at all: the rules are asked.
    """
    look = _GLANCES.get(exchange.probe)
    return None if look is None else look(exchange)


def _control(_exchange: Exchange) -> str:
    return "control"


def _node(exchange: Exchange) -> str | None:
    body = exchange.body
    plain = isinstance(body, dict) and "messaging_product" not in body and _MORE_THAN_PLAIN.isdisjoint(body)
    return "success" if plain and _is_fine(exchange) and is_node(body) else None


def _acceptance(exchange: Exchange) -> str | None:
    """One message, which says nothing of errors."""
    body = exchange.body
    if not isinstance(body, dict) or not _MORE_THAN_PLAIN.isdisjoint(body) or not _is_fine(exchange):
        return None
    messages = body.get("messages")
    alone = isinstance(messages, list) and len(messages) == 1 and is_accepted(body)
    return "success" if alone and "errors" not in body["messages"][0] else None


def _token(exchange: Exchange) -> str | None:
    facts = token_facts(exchange.body)
    return "token_inspected" if facts is not None and facts.good(exchange.at_ms or 0) else None


def _is_fine(exchange: Exchange) -> bool:
    return (exchange.http_status or 200) < 300


_GLANCES: Mapping[ProbeKind | None, Callable[[Exchange], str | None]] = {
    ProbeKind.API: _node,
    ProbeKind.MESSAGE: _acceptance,
    ProbeKind.TOKEN: _token,
    ProbeKind.CONTROL: _control,
}
