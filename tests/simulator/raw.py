"""A client that hides nothing: the bytes of one exchange as they come over the socket."""

import asyncio
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, PHONE_NUMBER_ID

NODE = f"/v25.0/{PHONE_NUMBER_ID}"
APP_TOKEN = f"{APP_ID}|{APP_SECRET}"
CANARY = {
    "messaging_product": "whatsapp",
    "to": "15550000000",
    "type": "template",
    "template": {"name": "wamon_canary", "language": {"code": "en_US"}},
}


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, with header names in lower case."""

    http_status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]


async def octets(
    url: str,
    token: str = "",
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> bytes:
    """Everything that comes until the peer closes. Raises OSError as the kernel gives it."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = {"Host": parts.netloc, "Content-Length": str(len(body)), "Connection": "close", **(headers or {})}
        if token:
            lines["Authorization"] = f"Bearer {token}"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return await reader.read()
    finally:
        writer.transport.abort()


def parse(raw: bytes) -> Heard:
    """An answer out of its bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Heard(int(start.split()[1]), headers, body)


async def ask(url: str, token: str = "", **more: Any) -> Heard:
    """One whole exchange."""
    return parse(await octets(url, token, **more))


async def send(base_url: str, token: str = ACCESS_TOKEN, **changes: Any) -> Heard:
    """Send the canary, changed where asked; None leaves a key out."""
    message = {key: value for key, value in {**CANARY, **changes}.items() if value is not None}
    return await ask(f"{base_url}{NODE}/messages", token, method="POST", body=json.dumps(message).encode())
