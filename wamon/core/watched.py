"""What is watched: a target as the core knows it, without its secrets."""

import msgspec

from wamon.core.observation import ProbeKind

EVIDENCE = frozenset({ProbeKind.TOKEN, ProbeKind.CONTROL, ProbeKind.STATUS})
"""Probes that have no days of their own."""

UNASKED = frozenset({ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC, ProbeKind.STATUS})
"""Probes that nobody asks: their looks are told to us, by Meta's webhooks and by applications."""


class Watched(msgspec.Struct, frozen=True):
    """What the watch must know of a target. The default account is called ``graph``, as its table is.

    Targets of one ``quota`` share the cap on extra looks: those that are asked with the same token. ``number`` is
    Meta's id of the phone number, ``app`` of the app, ``waba`` of the account, ``template`` is ``name/language``;
    empty where not known. ``group`` is the first of the targets that ask the very same: they have the same slots.
    An answer that takes longer than ``slow_after_ms`` is slow; 0: none is. ``direction`` is the half of the
    platform that traffic speaks for, ``send`` or ``receive``; empty for both.
    """

    name: str
    probe: ProbeKind
    interval_ms: int
    account: str = "graph"
    quota: str = ""
    number: str = ""
    app: str = ""
    template: str = ""
    waba: str = ""
    slow_after_ms: int = 0
    group: str = ""
    direction: str = ""

    @property
    def place(self) -> str:
        """What gives the target its place within its interval."""
        return self.group or self.name

    @property
    def asked(self) -> bool:
        """Whether wamon itself looks at it, at slots that may pass without a look."""
        return self.probe not in UNASKED

    @property
    def told(self) -> bool:
        """Whether its looks come when customers write: time without any is quiet, and no trouble."""
        return self.probe is ProbeKind.TRAFFIC
