"""A recorded exchange as JSON, in and out (CONTRACT section 4): lenient in, exact out."""

from collections.abc import Mapping
from typing import Any

from wamon.core.observation import PHASES, STEPS, Exchange, Failure, Phase, ProbeKind
from wamon.core.timeline import iso, parse_iso

_KINDS = {kind.value: kind for kind in ProbeKind}
_STEPS = frozenset(STEPS)
_FAILURES = {failure.value: failure for failure in Failure}

_IMPLIED = {
    Failure.DNS_ERROR: Phase.NONE,
    Failure.CONNECT_REFUSED: Phase.NONE,
    Failure.CONNECT_TIMEOUT: Phase.NONE,
    Failure.TLS_ERROR: Phase.CONNECTED,
    Failure.READ_TIMEOUT: Phase.SENT,
    Failure.PROTOCOL_ERROR: Phase.SENT,
    Failure.BODY_TOO_LARGE: Phase.SENT,
}
"""Where a recorder left out ``reached``, what its failure says of it. A reset or a deadline says nothing."""


def read_exchange(document: Mapping[str, Any]) -> Exchange:
    """An exchange from a parsed JSON object. Unknown keys are ignored; a key of a wrong type counts as absent."""
    get = document.get
    failure = _FAILURES.get(_text(get("failure")) or "")
    status = _integer(get("http_status"))
    body = get("body")
    return Exchange(
        target=_text(get("target")) or "",
        probe=_KINDS.get(_text(get("probe")) or ""),
        at_ms=_instant(get("at")),
        request_fingerprint=_text(get("request_fingerprint")),
        token_fingerprint=_text(get("token_fingerprint")),
        reached=_reached(get("reached"), failure, status, body),
        failure=failure,
        http_status=status,
        headers=_headers(get("headers")),
        body=body if isinstance(body, dict | list | str) else None if body is None else str(body),
        durations_ms=_durations(get("durations_ms")),
        expected_body=_text(get("expected_body")),
        peer=_text(get("peer")),
        certificate_expires_ms=_instant(get("certificate_expires_at")),
        detail=_text(get("detail")),
    )


def read_head(target: Any, probe: Any, at: Any) -> tuple[str, ProbeKind | None, int | None]:
    """Only which target, which probe and when, of the same keys."""
    return _text(target) or "", _KINDS.get(_text(probe) or ""), _instant(at)


def write_exchange(seen: Exchange) -> dict[str, Any]:
    """The JSON object of an exchange; `read_exchange` gives the same exchange back."""
    document: dict[str, Any] = {
        "target": seen.target,
        "probe": seen.probe.value if seen.probe else None,
        "at": iso(seen.at_ms) if seen.at_ms is not None else None,
        "request_fingerprint": seen.request_fingerprint,
        "token_fingerprint": seen.token_fingerprint,
        "reached": seen.reached.name.lower() if seen.reached is not None else None,
        "failure": seen.failure.value if seen.failure else None,
        "http_status": seen.http_status,
        "headers": dict(seen.headers),
        "body": seen.body,
        "durations_ms": dict(seen.durations_ms),
    }
    if seen.certificate_expires_ms is not None:
        document["certificate_expires_at"] = iso(seen.certificate_expires_ms)
    optional = {"expected_body": seen.expected_body, "peer": seen.peer, "detail": seen.detail}
    return document | {key: value for key, value in optional.items() if value is not None}


def _reached(found: Any, failure: Failure | None, status: int | None, body: Any) -> Phase | None:
    """As recorded; else what the rest implies. A bare body or status counts as an answer."""
    if isinstance(found, str) and found in PHASES:
        return PHASES[found]
    if failure is not None:
        return Phase.SENT if status is not None else _IMPLIED.get(failure)
    return Phase.ANSWERED if status is not None or body is not None else None


def _text(found: Any) -> str | None:
    return found if isinstance(found, str) else None


def _integer(found: Any) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return int(found) if isinstance(found, str) and found.isdecimal() and len(found) < 10 else None


def _instant(found: Any) -> int | None:
    if not isinstance(found, str):
        return None
    try:
        return parse_iso(found)
    except (ValueError, OverflowError):
        return None


def _headers(found: Any) -> Mapping[str, str]:
    if not isinstance(found, dict) or not found:
        return {}
    return {
        name.lower(): value if isinstance(value, str) else _header(value)
        for name, value in found.items()
        if isinstance(name, str)
    }


def _header(value: Any) -> str:
    """A recorder may keep a repeated header as a list, or a number as a number."""
    return (
        value if isinstance(value, str) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    )


def _durations(found: Any) -> Mapping[str, float]:
    if not isinstance(found, dict):
        return {}
    return {step: float(value) for step, value in found.items() if step in _STEPS and _measured(value)}


def _measured(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < 1e9
