"""Certificates for tests: an authority of their own, good servers, and every bad kind of server."""

import datetime
import ssl
from pathlib import Path

import trustme


class Authority:
    """A certificate authority in a folder; ``ca_file`` is what a client is told to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.ca_file = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.ca_file)

    def server(self, *names: str, not_after: datetime.datetime | None = None) -> ssl.SSLContext:
        """A server context with a certificate for these names, good for ages unless told otherwise."""
        begin = None if not_after is None else min(not_after, _now()) - datetime.timedelta(days=30)
        certificate = self._authority.issue_cert(
            *(names or ("localhost", "127.0.0.1", "::1")), not_before=begin, not_after=not_after
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def server_file(self) -> str:
        """The path of one PEM file with a good server's key and certificate, for servers in other processes."""
        path = self._folder / "server.pem"
        self._authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
        return str(path)

    def expired(self) -> ssl.SSLContext:
        """A server whose certificate ended yesterday."""
        return self.server(not_after=_now() - datetime.timedelta(days=1))


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server that vouches for itself: its certificate is from an authority nobody was told of."""
    folder.mkdir(exist_ok=True)
    return Authority(folder).server()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
