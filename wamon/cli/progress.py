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
def patience(doing: str) -> Iterator[None]:
    """Show ``doing`` and the seconds it has taken, once two have passed; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    ticking = threading.Thread(target=_tick, args=(doing, done), daemon=True)
    ticking.start()
    try:
        yield
    finally:
        done.set()
        ticking.join()


def _tick(doing: str, done: threading.Event) -> None:
    began_s = time.monotonic()
    shown = done.wait(PATIENCE_S)
    if shown:
        return
    while not done.wait(_EVERY_S):
        sys.stderr.write(f"{_CLEAR}{doing} ... {time.monotonic() - began_s:.0f} s")
        sys.stderr.flush()
    sys.stderr.write(_CLEAR)
    sys.stderr.flush()
