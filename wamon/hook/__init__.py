"""Tells wamon what became of an application's WhatsApp messages: an event hook for httpx, added in two lines.

    import wamon.hook
    wamon.hook.watch(client, "http://127.0.0.1:9877/api/v1/exchanges", os.environ["WAMON_REPORTS"])

``client`` is an ``httpx.Client`` or an ``httpx.AsyncClient``. Only its posts to ``/messages`` of the Graph host
are looked at. What leaves the process is instants, HTTP status, Meta's codes and trace ids: no token, phone
number, name or text. Reports are made and sent by a daemon thread with a bounded queue, and count once however
often they are sent; what does not fit is dropped and counted. Nothing here raises into the application, nor waits
for anybody. It imports nothing else of wamon, and not httpx.
"""

import logging
import os
import threading
import time
from typing import Any

from wamon.hook.desk import GOODBYE_S, Counts, Desk
from wamon.hook.ears import GRAPH, Ears

__all__ = ["GRAPH", "Counts", "counts", "flush", "watch"]

_log = logging.getLogger("wamon.hook")
_desks: dict[tuple[str, str, str], Desk] = {}
_opening = threading.Lock()


def watch(client: Any, to: str, secret: str, *, graph: str = GRAPH, target: str = "") -> bool:
    """Report what becomes of the messages that a client sends from now on; False where it cannot: see the log.

    ``to`` is wamon's address for reports, ``secret`` what its ``[reports] secret`` says, ``graph`` the address
    that the client sends to. ``target`` names one traffic target; without it the sending number's are found by its
    id. Clients with the same ``to``, ``secret`` and ``target`` share a queue and a thread, so a client may live as
    briefly as it likes. Hooks of the application's own stay. Never raises.
    """
    try:
        Ears(_desk(to, secret, target), graph).join(client)
    except Exception as refused:
        _log.warning("nothing is reported to wamon: %s", refused)
        return False
    return True


def _desk(to: str, secret: str, target: str) -> Desk:
    with _opening:
        if (to, secret, target) not in _desks:
            _desks[to, secret, target] = Desk(to, secret, target)
        return _desks[to, secret, target]


def counts() -> Counts:
    """What became of every outcome of this process, whatever client it was of."""
    return Counts(
        *(sum(one) for one in zip(Counts(), *(desk.counts for desk in list(_desks.values())), strict=True))
    )


def flush(within_s: float = GOODBYE_S) -> bool:
    """Send what waits, for so long at most; whether all of it is dealt with. The end of the process does this."""
    until_s = time.monotonic() + within_s
    hurried = [desk.hurry() for desk in list(_desks.values())]
    return all(one.wait(max(0.0, until_s - time.monotonic())) for one in hurried)


def _in_a_forked_child() -> None:
    global _opening
    _opening = threading.Lock()
    for desk in _desks.values():
        desk.begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_forked_child)
