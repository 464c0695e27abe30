"""What a doctor looks at: the machine, its names, the daemon's addresses, its files; judged elsewhere."""

import ctypes
import errno
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from wamon import __version__
from wamon.cli.answers import CannotError
from wamon.cli.database import opened
from wamon.cli.now import ask
from wamon.core.diagnosis import (
    Line,
    daemon_line,
    database_line,
    disk_line,
    listening_line,
    name_line,
    permission_line,
)
from wamon.settings import Address, ControlTarget, Settings, WebhookTarget, secrets_needed
from wamon.settings.urls import host_of, is_numeric
from wamon.wire.resolver import Found, system_look_up
from wamon.wire.second_opinion import NameServer

_UNSYNCHRONISED = 5
_TIMEX_BYTES = 512
"""More than the kernel's structure; of it only the result of the call is read."""


def synchronised() -> bool | None:
    """Whether the kernel takes its clock for synchronised; None where it cannot be asked."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED


def hosts(settings: Settings) -> list[str]:
    """Every name that is looked up, each once."""
    urls = [account.base_url for account in (settings.graph, *settings.accounts)]
    urls += [one.url for one in settings.targets if isinstance(one, ControlTarget | WebhookTarget)]
    return [host for host in dict.fromkeys(map(host_of, urls)) if not is_numeric(host)]


async def names(settings: Settings) -> list[Line]:
    """Both families of every name, and a second resolver's word where one is configured."""
    second = settings.network.second_resolver
    server = NameServer(*second) if second else None
    wanted, families = hosts(settings), (socket.AF_INET, socket.AF_INET6)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda one: system_look_up(*one), [(h, f) for h in wanted for f in families]))
    pairs = zip(wanted, found[::2], found[1::2], strict=True)
    return [
        name_line(
            host,
            _count(ipv4),
            _count(ipv6),
            second=await server.knows(host) if server else None,
            refusal=ipv4 if isinstance(ipv4, str) else "",
        )
        for host, ipv4, ipv6 in pairs
    ]


def _count(found: Found) -> int:
    return 0 if isinstance(found, str) else len(found)


def machine(settings: Settings) -> Iterator[Line]:
    """Disk, permissions, database."""
    path = settings.service.database_path(os.environ).absolute()
    folder = next(one for one in (path.parent, *path.parents) if one.exists())
    yield disk_line(str(folder), shutil.disk_usage(folder).free)
    parts = [folder, *(one for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")) if one.exists())]
    yield permission_line([str(one) for one in parts if not os.access(one, os.W_OK)], list(_exposed(settings)))
    yield database_line(str(path), _problems(settings) if path.exists() else None)


def _exposed(settings: Settings) -> Iterator[str]:
    """Files of secrets that everybody may read."""
    for name in sorted(
        {need.reference.name for need in secrets_needed(settings) if need.reference.scheme == "file"}
    ):
        try:
            mode = Path(name).stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IROTH:
            yield name


def _problems(settings: Settings) -> list[str]:
    try:
        with closing(opened(settings)) as book:
            return book.check()
    except CannotError as refused:
        return [str(refused)]


def watch(settings: Settings, config: Path | None) -> Iterator[Line]:
    """The daemon, and the addresses it listens on or would."""
    version = _answered(config, "/api/v1/status").get("version")
    running = version is not None
    alive = _answered(config, "/healthz").get("reasons") == [] if running else None
    yield daemon_line(version, __version__, alive)
    yield _listening("[service] listen", settings.service.listen, running)
    own = settings.receiver.listen
    if settings.receiving and own not in (None, settings.service.listen):
        yield _listening("[receiver] listen", own, running)


def _answered(config: Path | None, path: str) -> Any:
    try:
        return ask(config, path)
    except CannotError:
        return {}


def _listening(setting: str, address: Address, running: bool) -> Line:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    refusal: OSError | None = None
    try:
        with socket.create_server((address.host, address.port), family=family):
            pass
    except OSError as failed:
        refusal = failed
    taken = refusal is not None and refusal.errno == errno.EADDRINUSE
    said = (refusal.strerror or str(refusal)).lower() if refusal else None
    return listening_line(setting, str(address), said, by_daemon=running and taken)
