"""Who is Meta: the vectors of the signature, two secrets during a rotation, and the handshake."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.callback import authentic, challenge, looks_signed

SECRET = b"test_app_secret"
VECTORS = {
    b'{"object":"whatsapp_business_account","entry":[]}': (
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    ),
    b'{"object": "whatsapp_business_account", "entry": []}': (
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a"
    ),
    rb'{"t":"\u00e4"}': "50daf52e6a4c373be5927cf97fa1da300f00e8b4050de7aedeffdce3e532ab1a",
    '{"t":"ä"}'.encode(): "06fa411aed765ad4d417fb5f4e739b523235ab8ddf97c74c12dd6dc6cb93130d",
}


def signed(raw: bytes, key: bytes = SECRET) -> bytes:
    return b"sha256=" + hmac.new(key, raw, "sha256").hexdigest().encode()


@pytest.mark.parametrize(("raw", "digest"), VECTORS.items())
def test_a_signature_is_proved_over_the_bytes_as_they_travelled(raw: bytes, digest: str) -> None:
    given = b"sha256=" + digest.encode()
    assert authentic(raw, given, [SECRET])
    assert not authentic(raw + b" ", given, [SECRET])
    assert not authentic(raw, given, [b"another secret"])
    assert [other for other in VECTORS if authentic(other, given, [SECRET])] == [raw]


def test_during_a_rotation_either_secret_proves_and_a_third_does_not() -> None:
    keys = [b"new", b"old"]
    assert [authentic(b"{}", signed(b"{}", key), keys) for key in (b"new", b"old", b"older")] == [
        True,
        True,
        False,
    ]


def test_without_a_secret_nothing_is_authentic() -> None:
    assert not authentic(b"{}", signed(b"{}", b""), [])


@pytest.mark.parametrize(
    "given",
    [
        None,
        b"",
        b"sha256=",
        b"sha1=" + b"0" * 66,
        b"sha256=" + b"0" * 63,
        b"sha256=" + b"0" * 65,
        b"SHA256=" + b"0" * 64,
    ],
)
def test_what_has_not_the_form_of_a_signature_is_seen_at_once(given: bytes | None) -> None:
    assert not looks_signed(given)


@given(st.binary(max_size=100), st.binary(max_size=100), st.lists(st.binary(max_size=20), max_size=3))
def test_no_header_raises_and_none_is_authentic_by_chance(raw: bytes, given: bytes, keys: list[bytes]) -> None:
    assert not authentic(raw, given, keys)
    assert not authentic(raw, "sha256=ä".encode() + given, keys)
    assert all(authentic(raw, signed(raw, key), keys) for key in keys)


def test_upper_case_hexadecimal_is_not_what_meta_sends() -> None:
    assert not authentic(b"{}", b"sha256=" + signed(b"{}")[7:].upper(), [SECRET])


ASKED = {b"hub.mode": b"subscribe", b"hub.challenge": b"1158201444", b"hub.verify_token": b"token"}


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, b"1158201444"),
        ({b"hub.challenge": b"any bytes \xff"}, b"any bytes \xff"),
        ({b"hub.verify_token": b"Token"}, None),
        ({b"hub.verify_token": "tökén".encode()}, None),
        ({b"hub.verify_token": b""}, None),
        ({b"hub.mode": b"unsubscribe"}, None),
        ({b"hub.mode": b""}, None),
        ({b"hub.challenge": b""}, None),
    ],
)
def test_the_challenge_comes_back_to_whoever_knows_the_token(
    change: dict[bytes, bytes], answer: bytes | None
) -> None:
    assert challenge(ASKED | change, b"token") == answer


@pytest.mark.parametrize("missing", ASKED)
def test_a_handshake_that_lacks_a_part_is_refused(missing: bytes) -> None:
    assert challenge({name: value for name, value in ASKED.items() if name != missing}, b"token") is None
