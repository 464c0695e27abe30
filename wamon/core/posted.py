"""Outages that Meta posted, and the time each one speaks for: by service, from an hour before the first post."""

import re
from collections.abc import Iterable

import msgspec

from wamon.core.finding import Cause
from wamon.core.meta_page import GRAPH, LOGIN, WHATSAPP
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR, Span, union

BEFORE_FIRST_POST_MS = HOUR
"""Meta's first post comes late: an outage is taken to have begun up to this long before it."""

_CLOUD_API, _MANAGEMENT = "cloud api", "account management"
_SERVICES = {
    ProbeKind.API: frozenset({_MANAGEMENT}),
    ProbeKind.MESSAGE: frozenset({_CLOUD_API}),
    ProbeKind.ROUNDTRIP: frozenset({_CLOUD_API}),
    ProbeKind.TRAFFIC: frozenset({_CLOUD_API}),
}
"""Which of WhatsApp's services a probe watches; names as on Meta's page ("Status", read 2026-06-17)."""

_SHARED = frozenset({GRAPH, LOGIN})
"""Tokens and the Graph layer are shared with everybody else: these concern the edge and authentication."""

_GRAPH_CAUSES = frozenset({Cause.EDGE, Cause.AUTHENTICATION})
_FRONT = re.compile(r"^(whatsapp |business |platform )+")


class Outage(msgspec.Struct, frozen=True):
    """An outage that Meta posted as one; a light on the page alone, whatever its colour, is none.

    ``service`` is Meta's org id, or org id and the service's name: ``whatsapp-business-api/Cloud API``,
    ``graph-api``, ``facebook-login``. Of WhatsApp's org without a name nobody knows which service is meant, so
    it speaks for none. ``resolved_ms`` is None while nothing was posted as resolved.
    """

    service: str
    first_posted_ms: int
    resolved_ms: int | None
    title: str = ""


def posted_spans(
    outages: Iterable[Outage], probe: ProbeKind, now_ms: int, *, cause: Cause | None = None
) -> tuple[Span, ...]:
    """When Meta posted an outage of what a probe watches: sorted and disjoint.

    With ``cause`` edge or authentication, or for the probe of the edge, outages of Graph and of its login count
    too. An outage reaches from 60 minutes before its first post to the post that called it resolved, else to now.
    """
    shared = probe is ProbeKind.EDGE or (cause in _GRAPH_CAUSES and probe in _SERVICES)
    return tuple(union(_span(one, now_ms) for one in outages if _concerns(one.service, probe, shared=shared)))


def _span(one: Outage, now_ms: int) -> Span:
    end_ms = now_ms if one.resolved_ms is None else min(one.resolved_ms, now_ms)
    return Span(one.first_posted_ms - BEFORE_FIRST_POST_MS, end_ms)


def _concerns(service: str, probe: ProbeKind, *, shared: bool) -> bool:
    org, _, name = service.partition("/")
    if org in _SHARED:
        return shared
    return org == WHATSAPP and _plain(name) in _SERVICES.get(probe, ())


def _plain(name: str) -> str:
    """A service's name without capitals, punctuation and the names of the house."""
    return _FRONT.sub("", " ".join(re.findall(r"[a-z0-9]+", name.lower())))
