"""What people say beside the verdicts: notices held back for a while, incidents acknowledged, notes to them."""

import msgspec

from wamon.core.incident import Kind, Severity


class Silence(msgspec.Struct, frozen=True):
    """From one instant to another people do not hear of what it is about; what is left empty means all of them.

    It holds back notices and nothing else: looks, figures and pages go on. ``number``, ``author`` and ``because``
    are those of its declaration.
    """

    start_ms: int
    end_ms: int
    targets: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    severities: tuple[Severity, ...] = ()
    number: int = 0
    author: str = ""
    because: str = ""

    def holds(self, at_ms: int) -> bool:
        """Whether it is in force."""
        return self.start_ms <= at_ms < self.end_ms

    def about(self, target: str, account: str, kind: Kind, severity: Severity) -> bool:
        """Whether such trouble is meant."""
        if not self.names(target, account) or (self.kinds and kind not in self.kinds):
            return False
        return severity in (self.severities or (severity,))

    @property
    def subject(self) -> str:
        """What it is about: ``cloud-api, account acme, outage``."""
        named = [*self.targets, *(f"account {one}" for one in self.accounts)] or ["all targets"]
        return ", ".join([*named, *(one.value for one in (*self.kinds, *self.severities))])

    def names(self, target: str, account: str) -> bool:
        """Whether it is about a target of an account."""
        return target in self.targets or account in self.accounts or not (self.targets or self.accounts)


class Remark(msgspec.Struct, frozen=True):
    """What a person said of an incident: of a target, at an instant within it. ``ack``: somebody sees to it."""

    target: str
    incident_ms: int
    at_ms: int
    author: str
    text: str
    ack: bool = False
