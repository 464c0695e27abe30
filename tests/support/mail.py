"""A real mail server for tests: aiosmtpd with STARTTLS and a login, and one that only drips."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

USER, PASSWORD = "wamon", "s3kr1t-p%ss/word"


@dataclass
class Authority:
    """A certificate authority of the test's own; ``trusted`` is the environment in which a child accepts it."""

    root: trustme.CA
    path: Path

    @property
    def trusted(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.path), "REQUESTS_CA_BUNDLE": str(self.path)}

    def server_context(self, *hosts: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.root.issue_cert(*hosts).configure_cert(context)
        return context


def new_authority(folder: Path) -> Authority:
    root = trustme.CA()
    path = folder / "authority.pem"
    root.cert_pem.write_to_path(path)
    return Authority(root, path)


@dataclass
class MailServer:
    """What arrived, and how. ``refused`` recipients get a 550, while ``held`` none."""

    port: int = 0
    refused: set[str] = field(default_factory=set)
    arrived: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def url(
        self, *, password: str = "s3kr1t-p%25ss%2Fword", to: str = "ops@example.org", host: str = "localhost"
    ) -> str:
        address = f"mailtos://{USER}:{password}@{host}:{self.port}"
        return f"{address}?mode=starttls&from=wamon@example.org&to={to}"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append("accepted" if right else "refused")
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused and self.held is not None:
            self.came.set()
            await self.held.wait()
        if address in self.refused:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.arrived.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        self.over_tls.append(session.ssl is not None)
        return "250 OK"


@asynccontextmanager
async def mail_server(authority: Authority, **behaviour: Any) -> AsyncIterator[MailServer]:
    """A server on loopback that takes mail only after STARTTLS and a login."""
    mail = MailServer(**behaviour)
    context = authority.server_context("localhost", "127.0.0.1")

    def session() -> SMTP:
        return SMTP(
            mail,
            hostname="localhost",
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=mail.authenticate,
            enable_SMTPUTF8=True,
            data_size_limit=None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()


@asynccontextmanager
async def dripping_mail_server() -> AsyncIterator[int]:
    """A server whose greeting never ends: one byte every 50 ms, so that no socket time-out ever strikes."""

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220-")
            while True:
                writer.write(b"x" if not writer.is_closing() else b"")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
