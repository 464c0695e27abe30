"""The control socket: how commands that change something speak to the running daemon, HTTP over a Unix socket."""

import http.client
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wamon.ledger import LedgerError
from wamon.web.serving import serve_socket

NAME = "control.sock"
MODE = 0o600
"""Only the user that runs the daemon may speak to it."""

ANSWERS_WITHIN_S = 600.0

Command = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]


class ControlError(Exception):
    """The daemon refused a command; the text says why."""


def socket_path(environ: Mapping[str, str], database: Path) -> Path:
    """``$RUNTIME_DIRECTORY/control.sock`` where systemd gives a folder, else beside the database."""
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder, NAME) if folder else database.with_name(f"{database.name}.{NAME}")


@asynccontextmanager
async def listen(path: Path, commands: Mapping[str, Command]) -> AsyncIterator[None]:
    """Take commands while the context lasts. A socket that a killed daemon left is replaced."""
    listening = _bound(path)
    try:
        async with serve_socket(_app(commands), listening):
            yield
    finally:
        _gone(path)


def _bound(path: Path) -> socket.socket:
    """Made with its mode, not given it afterwards: there is no moment in which others may connect."""
    _gone(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~MODE)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen()
    return listening


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def _app(commands: Mapping[str, Command]) -> Starlette:
    routes = [Route(f"/{name}", _taking(command), methods=["POST"]) for name, command in commands.items()]
    return Starlette(routes=routes)


def _taking(command: Command) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await request.body(), type=dict[str, Any])
            answer, status = await command(wanted), 200
        except (ValueError, msgspec.MsgspecError, LedgerError) as refused:
            answer, status = {"error": str(refused)}, 400
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    return take


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWERS_WITHIN_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWERS_WITHIN_S)
        self.sock.connect(str(self._path))


def ask(path: Path, command: str, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the running daemon a command; None when no daemon listens there. Raises ControlError."""
    connection = _UnixConnection(path)
    try:
        connection.request("POST", f"/{command}", msgspec.json.encode(wanted))
        response = connection.getresponse()
        answer = msgspec.json.decode(response.read(), type=dict[str, Any])
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except PermissionError:
        raise ControlError(
            f"{path}: only the user that runs the daemon may speak to it; say it as that user, with sudo -u"
        ) from None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError) as trouble:
        raise ControlError(f"{path}: the daemon does not answer as it should: {trouble}") from trouble
    finally:
        connection.close()
    if response.status != 200:
        raise ControlError(str(answer.get("error", f"the daemon answered {response.status}")))
    return answer
