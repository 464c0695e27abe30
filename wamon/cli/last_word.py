"""``wamon notify last-word``: how the service ended before, told when systemd starts it again."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, say
from wamon.cli.clock import now_ms
from wamon.cli.notify import send, urls_of
from wamon.core.dispatching import Letter, Tone
from wamon.core.incident import Kind
from wamon.core.timeline import iso
from wamon.settings import SettingsError, load_channels

AGAIN_AFTER_S = 3600
"""A service that ends every two seconds says so once an hour."""

DEADLINE_MS = 5_000
"""The start waits for this."""

_HOW = {
    "watchdog": "it hung, and the watchdog ended it",
    "signal": "signal {status} ended it",
    "core-dump": "it crashed with signal {status}",
    "exit-code": "it ended with exit code {status}",
    "oom-kill": "there was no memory left",
    "timeout": "it did not start or stop in time",
}
"""By ``$SERVICE_RESULT`` (systemd.exec, section on environment variables)."""


def last_word_command(config: Path | None, environ: Mapping[str, str] = os.environ) -> int:
    """Tell every channel that hears of unobserved time how the service ended before. Raises CannotError."""
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not folder:
        raise CannotError("systemd runs this before it starts the service; try wamon notify test")
    ended = Path(folder, "ended")
    if config is None or not ended.exists():
        return FINE
    how, _, status = ended.read_text().strip().partition(" ")
    ended.unlink()
    if _said_lately(Path(folder, "last-word")):
        return FINE
    try:
        channels = load_channels(config).channels
    except SettingsError as refused:
        raise CannotError(refused.report()) from None
    urls, missing = urls_of(one for one in channels if Kind.UNOBSERVED in one.on)
    fates = asyncio.run(send(urls, letter(how, status), DEADLINE_MS))
    missing += [f"channel {name}: {fate.detail}" for name, fate in fates.items() if not fate.ok]
    for sentence in missing:
        say(f"wamon: {sentence}")
    return BAD_NEWS if missing else FINE


def _said_lately(mark: Path) -> bool:
    """Whether it was said within the hour; from now on it was. The mark is in memory: a full disk is no storm."""
    lately = mark.exists() and time.time() - mark.stat().st_mtime < AGAIN_AFTER_S
    if not lately:
        mark.touch()
    return lately


def letter(how: str, status: str) -> Letter:
    """What is said of a service that ended so: systemd's ``$SERVICE_RESULT`` and ``$EXIT_STATUS``."""
    at, place = iso(now_ms()), os.uname().nodename
    why = _HOW.get(how, how).format(status=status or "unknown")
    return Letter(
        key=f"last-word@{at}",
        title=f"[CRITICAL] wamon on {place} ended · {why} · do: journalctl -u wamon -n 100",
        body=f"Told at {at}, before the next start. What passes until it runs again is unobserved, and told when"
        " it is back. While it goes on ending, systemd starts it every two seconds, this comes once an hour.",
        tone=Tone.FAILURE,
    )
