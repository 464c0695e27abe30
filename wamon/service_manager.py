"""What wamon says to systemd: ready, stopping, and a heartbeat, as datagrams to the socket it was given."""

import os
import socket
from collections.abc import Mapping


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send ``READY=1``, ``WATCHDOG=1``, ``STOPPING=1`` or ``STATUS=...``; several are joined by newlines.

    Without ``$NOTIFY_SOCKET`` (not under systemd) it says nothing and returns False. Never blocks and never
    raises: False also means that the service manager could not take the datagram now.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.setblocking(False)
        try:
            # A leading @ stands for the zero byte of Linux's abstract names.
            channel.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return False
    return True


def watchdog_interval_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Seconds within which systemd wants the next ``WATCHDOG=1``; None where it does not watch this process.

    Beat at half of it. A value that is no number is treated as absent.
    """
    meant_for = environ.get("WATCHDOG_PID", "")
    within_us = environ.get("WATCHDOG_USEC", "")
    if not within_us.isdecimal() or meant_for not in ("", str(os.getpid())):
        return None
    return int(within_us) / 1_000_000 or None
