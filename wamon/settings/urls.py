"""Addresses and URLs in the configuration: what is refused, and whose host it is."""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from wamon.settings.spelling import RefusedError, shown

META_DOMAINS = (
    "facebook.com",
    "facebook.net",
    "fb.com",
    "fb.me",
    "fbcdn.net",
    "fbsbx.com",
    "instagram.com",
    "cdninstagram.com",
    "m.me",
    "messenger.com",
    "meta.com",
    "metastatus.com",
    "threads.com",
    "threads.net",
    "wa.me",
    "whatsapp.com",
    "whatsapp.net",
)
"""A control there would fail together with what it is meant to be compared with."""

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
_DNS_PORT = 53
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")


class Address(NamedTuple):
    """Where to listen: a host or IP address without brackets, and a port (0: any free one)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def host_of(url: str) -> str:
    """The host in lower case, without port and final dot."""
    return (urlsplit(url).hostname or "").rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


def belongs_to_meta(host: str) -> bool:
    """Whether the host is under a domain of Meta's."""
    return any(host == domain or host.endswith(f".{domain}") for domain in META_DOMAINS)


def without_query(url: str) -> str:
    """The URL as it may be shown: a query may hold a key."""
    address, mark, _ = url.partition("?")
    return f"{address}?***" if mark else address


def read_url(value: object) -> str:
    """An absolute http or https URL without a password and without a fragment; raises RefusedError."""
    such_as = "a URL such as https://business.example/webhook"
    parts = _split(value)
    if not isinstance(value, str) or parts is None or parts.scheme not in ("http", "https"):
        raise RefusedError(f"{_shown_url(value)} is not {such_as}")
    if "@" in parts.netloc:
        raise RefusedError(
            f"holds a user name or password before the host, which is a secret; write {such_as} without it"
        )
    if parts.fragment:
        raise RefusedError(f"{_shown_url(value)} ends in a fragment (#), which is never sent; leave it out")
    if not _usable_host(parts.hostname or ""):
        raise RefusedError(f"{_shown_url(value)} names no usable host; write {such_as}")
    return value


def read_graph_url(value: object) -> str:
    """Graph's base URL, without a final slash. Plain http only on this machine: the token travels with it."""
    url = read_url(value).rstrip("/")
    if "?" in url:
        raise RefusedError(f"{_shown_url(url)} has a query; write https://graph.facebook.com")
    if url.startswith("http:") and not is_loopback(host_of(url)):
        raise RefusedError(f"{_shown_url(url)} would send the token unencrypted; write https://graph.facebook.com")
    return url


def read_site_url(value: object) -> str:
    """The base URL of Meta's status site, without a final slash; paths are put behind it."""
    url = read_url(value).rstrip("/")
    if "?" in url:
        raise RefusedError(f"{_shown_url(url)} has a query; write https://metastatus.com")
    return url


def read_address(value: object) -> Address:
    """``host:port`` or ``[ipv6]:port``; raises RefusedError."""
    such_as = "an address with a port, such as 127.0.0.1:9877"
    found = re.fullmatch(r"(?:\[([^\]]*)\]|([^:\[\]]*)):([0-9]{1,5})", value) if isinstance(value, str) else None
    if found is None or int(found[3]) > 65535:
        raise RefusedError(f"{shown(value)} is not {such_as}")
    host = found[1] or found[2] or ""
    if not (_IPV6 if found[1] else _HOST).fullmatch(host):
        raise RefusedError(f"{shown(value)} is not {such_as}")
    return Address(host, int(found[3]))


def read_resolver(value: object) -> Address:
    """A numeric address, with a port where it is not 53; raises RefusedError. A name would need a resolver."""
    text = value if isinstance(value, str) else ""
    if is_numeric(text):
        return Address(text, _DNS_PORT)
    try:
        found = read_address(value)
    except RefusedError:
        found = Address("", 0)
    if not is_numeric(found.host) or not found.port:
        raise RefusedError(
            f"{shown(value)} is not a resolver's numeric address such as 9.9.9.9 or [2620:fe::fe]:53"
        )
    return found


def is_numeric(host: str) -> bool:
    """Whether a host is an address itself and has no name to look up."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _split(value: object) -> SplitResult | None:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None


def _usable_host(host: str) -> bool:
    return bool((_IPV6 if ":" in host else _HOST).fullmatch(host))


def _shown_url(value: object) -> str:
    """A URL that is refused may hold a password or a key: those parts stay out."""
    if not isinstance(value, str):
        return shown(value)
    return shown(without_query(re.sub(r"//[^/]*@", "//***@", value)))
