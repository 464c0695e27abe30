"""Where outcomes wait to be reported: a bounded queue, and one daemon thread that tells wamon of many at once."""

import atexit
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from secrets import token_hex
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from wamon.hook.call import Outcome
from wamon.hook.redacted import UntoldError, document

WAITING = 2_000
"""So many outcomes wait at most; one more is dropped."""
TOGETHER, GATHER_S = 200, 1.0
"""One report tells of so many outcomes at most, and of those that came within so long."""
PATIENCE_S = 5.0
"""So long wamon may be silent while it takes a report in."""
LONGEST_WAIT_S = 30.0
GOODBYE_S = 0.5
"""What the end of the process may wait for the last report."""

TAKEN, UNREACHED, UNANSWERED = 200, 0, 1
AGAIN = frozenset({UNREACHED, UNANSWERED, 429, 503})
"""After these a report is sent again. wamon counts the same bytes once, and no two reports have the same."""

_SAYINGS = {
    TAKEN: "taken in",
    UNREACHED: "wamon cannot be reached; start it, or look at the address",
    UNANSWERED: "wamon does not answer",
    401: "refused; the secret is not that of [reports] secret",
    404: "refused; wamon takes no reports: write [reports] secret in its configuration, or look at the address",
}
_log = logging.getLogger("wamon.hook")


class Counts(NamedTuple):
    """What became of outcomes: told to wamon, dropped for want of room, lost because wamon refused them.

    ``untold`` ones could not be made out: the application did not read the answer to its end, or it was too large.
    ``faults`` are errors of the hook itself, which the application never sees.
    """

    reported: int = 0
    dropped: int = 0
    lost: int = 0
    untold: int = 0
    faults: int = 0


class Desk:
    """Takes outcomes from any thread without waiting. Raises ValueError for an address or a secret of no use."""

    def __init__(self, to: str, secret: str, target: str = "") -> None:
        self._to = urlsplit(to)
        if self._to.scheme not in ("http", "https") or not self._to.hostname:
            raise ValueError("the address is no URL such as http://127.0.0.1:9877/api/v1/exchanges")
        if not secret or not secret.isascii() or not secret.isprintable():
            raise ValueError("the secret is empty or no plain line; it is what [reports] secret of wamon says")
        self._secret, self._target = secret, target
        self.begin()

    def begin(self) -> None:
        """With nothing: a forked child has no thread, and what waited is its parent's to tell."""
        self._outcomes: SimpleQueue[Outcome | threading.Event] = SimpleQueue()
        self._starting, self._woken = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._said, self._wait_s = TAKEN, 1.0
        self._reported = self._dropped = self._lost = self._untold = 0
        self.faults = 0

    @property
    def counts(self) -> Counts:
        """How many outcomes came to what, in this process."""
        return Counts(self._reported, self._dropped, self._lost, self._untold, self.faults)

    def leave(self, outcome: Outcome | None) -> None:
        """Leave an outcome to be told; None for one that cannot be."""
        if outcome is None:
            self._untold += 1
        elif self._outcomes.qsize() >= WAITING:
            self._dropped += 1
        else:
            self._outcomes.put(outcome)
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="wamon reports", daemon=True)
                thread.start()
                self._thread = thread
                atexit.unregister(self.flush)  # a forked child has its parent's
                atexit.register(self.flush)

    def hurry(self) -> threading.Event:
        """Send what waits now; the event is set when all of it is told, or given up."""
        told = threading.Event()
        if self._thread is None:
            told.set()
        else:
            self._outcomes.put(told)
            self._woken.set()
        return told

    def flush(self, within_s: float = GOODBYE_S) -> bool:
        """The same, waiting for it; whether it was done in time."""
        return self.hurry().wait(within_s)

    def _run(self) -> None:
        while True:
            outcomes, flushed = self._gather()
            try:
                self._send(list(self._documents(outcomes)))
            except Exception:
                self.faults += 1
            if flushed is not None:
                flushed.set()

    def _gather(self) -> tuple[list[Outcome], threading.Event | None]:
        """The next outcomes, and whom to tell when they are told of. Asleep it costs the application nothing."""
        one: Outcome | threading.Event = self._outcomes.get()
        found: list[Outcome] = []
        if not isinstance(one, threading.Event) and self._outcomes.qsize() < TOGETHER:
            self._woken.wait(GATHER_S)
            self._woken.clear()
        with suppress(Empty):
            while not isinstance(one, threading.Event):
                found.append(one)
                if len(found) == TOGETHER:
                    return found, None
                one = self._outcomes.get_nowait()
            return found, one
        return found, None

    def _documents(self, outcomes: list[Outcome]) -> Iterator[dict[str, Any]]:
        for one in outcomes:
            try:
                yield document(one, self._target)
            except UntoldError:
                self._untold += 1

    def _send(self, documents: list[dict[str, Any]]) -> None:
        if documents:
            documents[0]["report"] = token_hex(8)
        body = json.dumps(documents).encode()
        while documents:
            answer = self._post(body)
            self._say(answer)
            if answer == TAKEN:
                self._reported, self._wait_s = self._reported + len(documents), 1.0
                return
            if answer not in AGAIN:
                self._lost += len(documents)
                documents = []
            self._woken.wait(self._wait_s)
            self._woken.clear()
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def _post(self, body: bytes) -> int:
        """The HTTP status that wamon answered with, or that it could not be reached, or that nobody knows."""
        path = (self._to.path or "/") + (f"?{self._to.query}" if self._to.query else "")
        head = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            "Connection": "close",
        }
        with self._door() as door:
            try:
                door.connect()
            except OSError:
                return UNREACHED
            try:
                door.request("POST", path, body, head)
                return door.getresponse().status
            except (OSError, HTTPException):
                return UNANSWERED

    @contextmanager
    def _door(self) -> Iterator[HTTPConnection]:
        host, port = self._to.hostname or "", self._to.port
        if self._to.scheme == "https":
            door: HTTPConnection = HTTPSConnection(host, port, timeout=PATIENCE_S, context=_trust())
        else:
            door = HTTPConnection(host, port, timeout=PATIENCE_S)
        try:
            yield door
        finally:
            door.close()

    def _say(self, answer: int) -> None:
        """One line in the log when it begins, and one when it ends."""
        if answer != self._said:
            words = _SAYINGS.get(answer, f"refused with HTTP {answer}")
            _log.log(logging.INFO if answer == TAKEN else logging.WARNING, "reports to wamon: %s", words)
        self._said = answer


@cache
def _trust() -> SSLContext:
    return create_default_context()  # costs tens of milliseconds, so it is made once
