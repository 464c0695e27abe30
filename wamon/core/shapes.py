"""The shape of success, by kind of probe: what a good answer must contain."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from wamon.core.graph_error import DELIVERED, inbound_messages, status_reports
from wamon.core.observation import ProbeKind

ARRIVED = DELIVERED | {"sent"}
"""Any of these statuses means that the message came back from the platform."""

NEEDED_SCOPES = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})
"""Meta's two permissions for Cloud API ("Support", Authentication and Authorization Errors, read 2025-11-19)."""


def is_node(body: Any) -> bool:
    """A Graph node: it says its id."""
    return isinstance(body, dict) and isinstance(body.get("id"), str | int) and bool(body["id"])


def is_accepted(body: Any) -> bool:
    """The answer to a send: at least one message id."""
    messages = body.get("messages") if isinstance(body, dict) else None
    return isinstance(messages, list) and any(isinstance(one, dict) and one.get("id") for one in messages)


def is_report(body: Any) -> bool:
    """A webhook body that tells of messages."""
    return any(report.message_status in ARRIVED for report in status_reports(body)) or inbound_messages(body) > 0


def is_list(body: Any) -> bool:
    """A Graph edge: a page of nodes."""
    return isinstance(body, dict) and isinstance(body.get("data"), list | dict)


def is_done(body: Any) -> bool:
    """The answer to a call that has nothing to tell."""
    return isinstance(body, dict) and body.get("success") is True


def is_any_success(body: Any) -> bool:
    """For an exchange whose probe is not known: any documented shape."""
    return any(shape(body) for shape in (is_node, is_accepted, is_report, is_list, is_done))


class TokenFacts(msgspec.Struct, frozen=True):
    """What `debug_token` said of a token. ``scopes`` is None where it did not list them, ``app_id`` empty."""

    is_valid: bool
    scopes: frozenset[str] | None
    expires_at_s: int
    app_id: str = ""

    def expired(self, at_ms: int) -> bool:
        """Whether the stated expiry has passed; 0 means never."""
        return 0 < self.expires_at_s <= at_ms // 1000

    @property
    def lacks_scope(self) -> bool:
        """Whether one of Meta's two permissions is missing from the list."""
        return self.scopes is not None and not self.scopes >= NEEDED_SCOPES

    def good(self, at_ms: int) -> bool:
        """Valid, not expired, both permissions: nothing about the token explains a refusal."""
        return self.is_valid and not self.expired(at_ms) and self.scopes is not None and not self.lacks_scope

    def bad(self, at_ms: int) -> bool:
        """Invalid, expired or without a permission. An answer that lists no scopes may be neither good nor bad."""
        return not self.is_valid or self.expired(at_ms) or self.lacks_scope


def token_facts(body: Any) -> TokenFacts | None:
    """The facts in a `debug_token` answer; None when it is no such answer."""
    facts = body.get("data") if is_token(body) else None
    if facts is None:
        return None
    scopes, expires = facts.get("scopes"), facts.get("expires_at")
    named = frozenset([one for one in scopes if isinstance(one, str)]) if isinstance(scopes, list) else None
    app_id = facts.get("app_id")
    return TokenFacts(
        facts["is_valid"],
        named,
        expires if isinstance(expires, int) else 0,
        app_id if isinstance(app_id, str) else "",
    )


def is_token(body: Any) -> bool:
    """An answer of `debug_token`, whatever it says."""
    facts = body.get("data") if isinstance(body, dict) else None
    return isinstance(facts, dict) and isinstance(facts.get("is_valid"), bool)


SUCCESS: Mapping[ProbeKind | None, Callable[[Any], bool]] = {
    ProbeKind.EDGE: is_any_success,
    ProbeKind.API: is_node,
    ProbeKind.MESSAGE: is_accepted,
    ProbeKind.ROUNDTRIP: is_report,
    ProbeKind.TRAFFIC: is_any_success,
    ProbeKind.TOKEN: is_token,
    ProbeKind.STATUS: is_report,
    None: is_any_success,
}
