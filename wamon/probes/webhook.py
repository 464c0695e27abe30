"""``webhook``: Meta's handshake, played against the business's own endpoint, and its harmless relatives."""

import hmac
from hashlib import sha256

from wamon.probes.aim import Aim
from wamon.wire.request import Request, with_query

WRONG_TOKEN = "wamon-deliberately-wrong"  # noqa: S105  # meant to be refused
EMPTY_EVENT = b'{"object":"whatsapp_business_account","entry":[]}'
_JSON = (("Content-Type", "application/json"),)
_SIGNATURE = "X-Hub-Signature-256"
_SECRET_PARTS = frozenset(("hub.challenge", "hub.verify_token", _SIGNATURE.lower()))


def request(aim: Aim) -> Request:
    """The handshake: the right token, and ``nonce`` as the challenge that must come back as the whole body."""
    return Request(
        "GET",
        _handshake(aim, aim.verify_token),
        secrets=(aim.verify_token,),
        volatile=_SECRET_PARTS,
        expected_body=aim.nonce,
    )


def wrong_token_request(aim: Aim) -> Request:
    """The handshake with a token that no endpoint may accept: a 200 with the challenge is a security finding."""
    return Request(
        "GET",
        _handshake(aim, WRONG_TOKEN),
        secrets=(aim.verify_token,),
        volatile=frozenset(("hub.challenge",)),
        expected_body=aim.nonce,
    )


def signed_event_request(aim: Aim) -> Request:
    """An event about nothing, signed as Meta signs: the endpoint must take it."""
    return _event(aim, sign(aim.app_secret, EMPTY_EVENT), _SECRET_PARTS)


def forged_event_request(aim: Aim) -> Request:
    """The same event under a signature nobody made with the secret: the endpoint must refuse it."""
    return _event(aim, sign(WRONG_TOKEN, EMPTY_EVENT), frozenset())


def unsigned_event_request(aim: Aim) -> Request:
    """The same event without any signature: to be refused as well."""
    return Request("POST", aim.url, headers=_JSON, content=EMPTY_EVENT, secrets=(aim.app_secret,))


def sign(secret: str, raw: bytes) -> str:
    """The value of ``X-Hub-Signature-256`` for a body, over its bytes as they travel."""
    return "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()


def _handshake(aim: Aim, verify_token: str) -> str:
    return with_query(
        aim.url,
        ("hub.mode", "subscribe"),
        ("hub.challenge", aim.nonce),
        ("hub.verify_token", verify_token),
    )


def _event(aim: Aim, signature: str, volatile: frozenset[str]) -> Request:
    return Request(
        "POST",
        aim.url,
        headers=(*_JSON, (_SIGNATURE, signature)),
        content=EMPTY_EVENT,
        secrets=(aim.app_secret,),
        volatile=volatile,
    )
