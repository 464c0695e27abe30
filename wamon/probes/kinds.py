"""The table of probe kinds that make a request of their own."""

from collections.abc import Callable, Mapping

from wamon.core.observation import ProbeKind
from wamon.probes import api, control, edge, message, token, webhook
from wamon.probes.aim import Aim
from wamon.wire.request import Request

KINDS: Mapping[ProbeKind, Callable[[Aim], Request]] = {
    ProbeKind.EDGE: edge.request,
    ProbeKind.API: api.request,
    ProbeKind.MESSAGE: message.request,
    ProbeKind.WEBHOOK: webhook.request,
    ProbeKind.TOKEN: token.request,
    ProbeKind.CONTROL: control.request,
}
"""``roundtrip``, ``traffic`` and ``status`` are not here: they are told to us, nobody asks."""

NEW_EACH_TIME = frozenset((ProbeKind.MESSAGE, ProbeKind.WEBHOOK))
"""Kinds whose request holds the nonce; of the others one request serves for ever."""
