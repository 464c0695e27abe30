"""``wamon run``: the daemon, with as few libraries in memory as it can have."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wamon.daemon import Daemon, Ended
from wamon.ledger import LedgerError
from wamon.settings import Settings, SettingsError, default_settings, load, warnings

_log = logging.getLogger("wamon")


def run_command(config: Path | None) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again and keeps the old one when it is bad.

    Gives the exit code: 0 after a clean stop, 2 for a configuration or a database that cannot be used.
    """
    try:
        settings = _settings(config)
        _start_log(settings)
        for said in warnings(settings, datetime.now(UTC).date()):
            _log.warning("%s", said)
        return _loop(_serve(config, settings))
    except (SettingsError, LedgerError, OSError, ValueError) as refused:
        sys.stderr.write(f"wamon: {refused}\n")
        return 2


def _settings(config: Path | None) -> Settings:
    return default_settings() if config is None else load(config)


def _start_log(settings: Settings) -> None:
    logging.basicConfig(level=settings.service.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("apprise", "apscheduler", "asyncio", "httpcore", "httpx", "urllib3", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _loop(main: Coroutine[Any, Any, int]) -> int:
    """On uvloop where it installs, else on asyncio's own loop."""
    run: Callable[[Coroutine[Any, Any, int]], int]
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    gc.freeze()  # what start-up made stays: collections need not walk it again
    return run(main)


async def _serve(config: Path | None, settings: Settings) -> int:
    """One daemon after the other: a reload is a clean stop and a start with the new configuration."""
    loop = asyncio.get_running_loop()
    daemon = Daemon(settings, os.environ)
    while True:
        ended: asyncio.Future[Ended] = loop.create_future()
        upcoming: list[Daemon] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, ended, Ended.STOPPED)
        reloading = _Reloading(config, daemon, upcoming, ended)
        loop.add_signal_handler(signal.SIGHUP, reloading.begin)
        if await daemon.run(ended) is Ended.STOPPED:
            return 0
        daemon = upcoming[-1]


def _end(ended: "asyncio.Future[Ended]", why: Ended) -> None:
    if not ended.done():
        ended.set_result(why)


class _Reloading:
    """Tries a new configuration first: included files, secrets, channels, addresses. A bad one changes nothing."""

    def __init__(
        self, config: Path | None, running: Daemon, upcoming: list[Daemon], ended: "asyncio.Future[Ended]"
    ) -> None:
        self._config, self._running, self._upcoming, self._ended = config, running, upcoming, ended
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """SIGHUP came."""
        task = asyncio.create_task(self._reload(), name="reload")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _reload(self) -> None:
        try:
            fresh = Daemon(_settings(self._config), os.environ)
            await fresh.rehearse(self._running)
        except (SettingsError, OSError, ValueError) as refused:
            _log.error("the configuration was not reloaded, the old one stays: %s", refused)
            self._running.keep_configuration()
            return
        self._upcoming.append(fresh)
        _end(self._ended, Ended.RELOAD)
