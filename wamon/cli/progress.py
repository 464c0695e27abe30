"""A sign of life on stderr for what lasts more than two seconds and is watched."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 2.0
_EVERY_S = 0.5
_CLEAR = "\r\x1b[K"


@contextmanager
def patience(doing: str, after_s: float = PATIENCE_S) -> Iterator[None]:
    """Show ``doing`` and the seconds it takes, once a while has passed; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    ticking = threading.Thread(target=_tick, args=(doing, done, after_s), daemon=True)
    ticking.start()
    try:
        yield
    finally:
        done.set()
        ticking.join()


def _tick(doing: str, done: threading.Event, after_s: float) -> None:
    began_s = time.monotonic()
    if done.wait(after_s):
        return
    while True:
        sys.stderr.write(f"{_CLEAR}{doing} ... {time.monotonic() - began_s:.0f} s")
        sys.stderr.flush()
        if done.wait(_EVERY_S):
            break
    sys.stderr.write(_CLEAR)
    sys.stderr.flush()
