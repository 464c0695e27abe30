"""What proves a caller of the callback URL to be Meta: the handshake's verify token, an event's signature."""

import hmac
from collections.abc import Mapping, Sequence

SIGNATURE = b"x-hub-signature-256"
"""The header of the signature, as ASGI spells names."""

_SCHEME = b"sha256="
_SIGNATURE_BYTES = len(_SCHEME) + 64


def looks_signed(given: bytes | None) -> bool:
    """Whether a header has the form of a signature at all; what has not need not be read further."""
    return given is not None and len(given) == _SIGNATURE_BYTES and given.startswith(_SCHEME)


def authentic(raw: bytes, given: bytes, keys: Sequence[bytes]) -> bool:
    """Whether one of the app secrets signed these bytes, exactly as they travelled. Takes no less time for a no.

    Source: Meta, "Webhooks, validating payloads", and the vectors computed from it: HMAC-SHA256 in lower-case
    hexadecimal over the received bytes, which Meta has escaped already. Read 2026-06.
    """
    matches = [hmac.compare_digest(given, _SCHEME + _signature(key, raw)) for key in keys]
    return any(matches)


def _signature(key: bytes, raw: bytes) -> bytes:
    return hmac.digest(key, raw, "sha256").hex().encode()


def challenge(asked: Mapping[bytes, bytes], verify_token: bytes) -> bytes | None:
    """What a handshake must be answered with; None where it has to be refused.

    Source: Meta, "Webhooks, verification requests", read 2026-06.
    """
    known = hmac.compare_digest(asked.get(b"hub.verify_token", b""), verify_token)
    if not known or asked.get(b"hub.mode") != b"subscribe":
        return None
    return asked.get(b"hub.challenge") or None
