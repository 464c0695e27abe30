"""Whom a TLS connection trusts: one context per setting, made once, and what a certificate says of its end."""

import ssl
from functools import lru_cache

import certifi


@lru_cache(maxsize=16)
def trust(ca_file: str | None = None) -> ssl.SSLContext:
    """A client context that trusts the bundled public roots, or only the authorities of a PEM file.

    Reads and parses files for 20 to 40 ms: call it before the loop runs, or in a thread. Raises OSError when
    the file cannot be read and ssl.SSLError when it holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=ca_file or certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


_expiries: dict[bytes, int] = {}
_REMEMBERED = 512


def certificate_expiry_ms(tls: ssl.SSLObject) -> int | None:
    """``notAfter`` of the peer's certificate as UTC milliseconds; None when it shows none.

    Remembered by certificate, because decoding one costs more than the rest of this module together.
    """
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    known = _expiries.get(der)
    if known is None:
        if len(_expiries) >= _REMEMBERED:
            _expiries.clear()
        known = _expiries[der] = _decoded_expiry_ms(tls)
    return known


def _decoded_expiry_ms(tls: ssl.SSLObject) -> int:
    certificate = tls.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) * 1000
