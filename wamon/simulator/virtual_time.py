"""An asyncio loop whose clock jumps to the next timer when nothing is in flight, while its sockets stay real."""

import asyncio
import fcntl
import os
import selectors
import socket
import struct
import termios
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

QUIET_S = 100e-6
"""Real time without a readable or writable socket before a jump, while any connection is open."""

UNDER_WAY_S = 200e-3
"""The longest real time a jump waits for bytes that the kernel still reports as unacknowledged."""

HOLD_LIMIT_S = 60.0
"""Real seconds after which work that hangs no longer holds the clock, so that its deadline can come."""


class _Clock:
    """Virtual seconds since the loop was made, and who is holding them."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._walking_since_s: float | None = None
        self._holds: dict[object, float] = {}
        self.jumps = 0

    def now_s(self) -> float:
        if self._walking_since_s is None:
            return self._now_s
        return self._now_s + time.monotonic() - self._walking_since_s

    @property
    def walking(self) -> bool:
        return self._walking_since_s is not None

    def walk(self) -> None:
        self._walking_since_s = time.monotonic()

    def jump(self, seconds: float) -> None:
        self._now_s += seconds
        self.jumps += 1

    def hold(self, limit_s: float) -> Callable[[], None]:
        name = object()
        self._holds[name] = time.monotonic() + limit_s

        def let_go() -> None:
            self._holds.pop(name, None)

        return let_go

    def held_s(self) -> float:
        """Real seconds for which the clock is still held; 0 when it is free."""
        if not self._holds:
            return 0.0
        return max(0.0, max(self._holds.values()) - time.monotonic())


class _JumpingSelector(selectors.DefaultSelector):
    """Waits by moving the clock. ``wires`` are the open file descriptors that bytes may be on their way to."""

    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock
        self._keys: dict[int, selectors.SelectorKey] = {}
        self.wires: set[int] = set()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """As in selectors. asyncio asks before each registration, so a miss must not cost a composed sentence."""
        return self._keys[fileobj if isinstance(fileobj, int) else fileobj.fileno()]

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().modify(fileobj, events, data)
        self._keys[key.fd] = key
        return key

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._keys[key.fd] = key
        if not _listens(key.fd):
            self.wires.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._keys.pop(key.fd, None)
        self.wires.discard(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._clock.walking:
            return super().select(timeout)
        while (held_s := self._clock.held_s()) > 0:
            if ready := super().select(held_s):
                return ready
        if self.wires and (ready := self._settle()):
            return ready
        if timeout is None:
            return super().select(None)
        self._clock.jump(timeout)
        return ready

    def _settle(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Give the kernel a moment: what was just sent over loopback must arrive before the clock moves."""
        began_s = quiet_since_s = now_s = time.perf_counter()
        while now_s - quiet_since_s <= QUIET_S and now_s - began_s <= UNDER_WAY_S:
            if ready := super().select(0):
                return ready
            now_s = time.perf_counter()
            if any(map(_unacknowledged, self.wires)):
                quiet_since_s = now_s
                os.sched_yield()
        return []


def _listens(fd: int) -> bool:
    """Whether a descriptor is a listening socket; pipes and files are not."""
    try:
        borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=fd)
    except OSError:
        return False
    try:
        return bool(borrowed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False
    finally:
        borrowed.detach()


def _unacknowledged(fd: int) -> int:
    """Bytes that were sent on a descriptor and have not arrived at the other end; 0 where nobody can tell."""
    try:
        waiting: tuple[int] = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return 0
    return waiting[0]


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Timers run in virtual time, sockets and pipes in real time.

    When no callback is ready, no socket is readable or writable and no work outside the loop is under way, the
    clock jumps to the next timer. Jobs given to ``run_in_executor`` hold the clock until they are done; anything
    else that works outside the loop (a child process, another thread) is announced with ``holding_time``.
    """

    def __init__(self, start_ms: int) -> None:
        self._clock = _Clock()
        self._start_ms = start_ms
        jumping = _JumpingSelector(self._clock)
        super().__init__(jumping)
        jumping.wires.clear()  # the loop's own wake-up pipe carries no traffic

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._clock.now_s()

    def now_ms(self) -> int:
        """The virtual instant, as UTC milliseconds."""
        return self._start_ms + round(self._clock.now_s() * 1_000)

    @property
    def jumps(self) -> int:
        """How often the clock has jumped."""
        return self._clock.jumps

    def when(self, at_ms: int) -> float:
        """A UTC instant on the scale of ``time()``, for ``call_at``."""
        return (at_ms - self._start_ms) / 1_000

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for a UTC instant; returns at once when it has passed."""
        await asyncio.sleep(max(0.0, self.when(at_ms) - self.time()))

    def walk(self) -> None:
        """From here on the clock keeps the wall's pace: for the time after a scenario, when people look at it."""
        self._clock.walk()

    @contextmanager
    def holding_time(self, limit_s: float = HOLD_LIMIT_S) -> Iterator[None]:
        """Stop the clock while real work is under way outside the loop, for at most ``limit_s`` real seconds."""
        let_go = self._clock.hold(limit_s)
        try:
            yield
        finally:
            let_go()

    def hold_until_done(self, future: "asyncio.Future[_T]", limit_s: float = HOLD_LIMIT_S) -> "asyncio.Future[_T]":
        """Stop the clock until a future is done that something outside the loop will complete; returns it."""
        let_go = self._clock.hold(limit_s)
        future.add_done_callback(lambda _: let_go())
        return future

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> "asyncio.Future[_T]":
        """As in asyncio; the clock stands still until the job is done."""
        return self.hold_until_done(super().run_in_executor(executor, func, *args))

    async def shutdown_default_executor(self, *timeout_s: Any) -> None:
        """As in asyncio; joining threads is real work."""
        with self.holding_time():
            await super().shutdown_default_executor(*timeout_s)


def run_virtual(work: Coroutine[Any, Any, _T], start_ms: int) -> _T:
    """Run a coroutine to its end in a loop of its own that starts at ``start_ms`` (UTC)."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_ms)) as runner:
        return runner.run(work)


def virtual_loop() -> VirtualTimeLoop:
    """The running loop, where it is a virtual one. Raises RuntimeError elsewhere."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise RuntimeError("the running loop keeps real time: start the work with run_virtual")
    return loop
