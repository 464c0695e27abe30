"""``wamon notify last-word``: how the service ended before, told when systemd starts it again."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, say
from wamon.cli.clock import now_ms
from wamon.cli.notify import letter_of, send, urls_of
from wamon.core.incident import Kind
from wamon.core.own_words import last_word
from wamon.settings import SettingsError, load_channels

AGAIN_AFTER_S = 3600
"""A service that ends every two seconds says so once an hour."""

DEADLINE_MS = 5_000
"""The start waits for this."""


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
    at_ms = now_ms()
    letter = letter_of(last_word(os.uname().nodename, how, status, at_ms), at_ms)
    fates = asyncio.run(send(urls, letter, DEADLINE_MS))
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
