"""Carries letters to the channels: a killable child process each, one letter at a time, never past a deadline."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from wamon.core.dispatching import Delivery, Letter
from wamon.notifier.errand import QUIET_EXIT, Errand, Report

DEADLINE_MS = 20_000
QUIET_MS = 60_000
CLOSING_GRACE_MS = 2_000
_DEATH_MS = 1_000
_STOPPING = "wamon is stopping: it is tried again after the next start"
_REMEMBERED_LETTERS = 1_000
_PASSED_ON = frozenset({
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
})  # fmt: skip
"""What a child may see of the daemon's environment: secrets live there too (``url = "env:NAME"``)."""


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a child is given: how to find programs, certificates and proxies."""
    return {name: value for name, value in environment.items() if name in _PASSED_ON}


class _Child:
    """One channel's process, started when first needed and again after its end."""

    def __init__(self, environment: Mapping[str, str], quiet_ms: int) -> None:
        self._environment = environment
        self._quiet_ms = quiet_ms
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def run(self, errand: Errand) -> Report:
        """Hand over one errand and wait for its report. Whoever stops waiting must call ``kill``.

        Raises ChildProcessError when the child ended without a report.
        """
        line = msgspec.json.encode(errand) + b"\n"
        for _ in range(2):
            report = await self._ask(line)
            if report:
                return msgspec.json.decode(report, type=Report)
            code = await self._end()
            if code != QUIET_EXIT:
                break
        raise ChildProcessError(f"the sending process ended with {code}")

    async def _ask(self, line: bytes) -> bytes:
        if self.pid is None:
            self._process = await self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):
            process.stdin.write(line)
            await process.stdin.drain()
        return await process.stdout.readline()

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wamon.notifier.child", str(self._quiet_ms / 1000),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        )  # fmt: skip

    async def _end(self) -> int:
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        """End the process and whatever it started, now."""
        if (pid := self.pid) is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._end(), _DEATH_MS / 1000)


class Courier:
    """Sends letters over the configured channels. Hold one per configuration and ``close`` it.

    ``urls`` maps a channel's name to its Apprise address, a secret as a whole: it goes to the child through
    stdin and nowhere else. ``environment`` is the children's whole environment (default: ``passed_on``).
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        deadline_ms: int = DEADLINE_MS,
        quiet_ms: int = QUIET_MS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._urls = dict(urls)
        self._deadline_ms = deadline_ms
        self._quiet_ms = quiet_ms
        self._environment = dict(passed_on(os.environ) if environment is None else environment)
        self._children = {channel: _Child(self._environment, quiet_ms) for channel in self._urls}
        self._turns = {channel: asyncio.Lock() for channel in self._urls}
        self._reached: dict[tuple[str, str], tuple[str, ...]] = {}
        self._limits: set[asyncio.Timeout] = set()
        self._closing = False

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, as configured."""
        return tuple(self._urls)

    def pid_of(self, channel: str) -> int | None:
        """The channel's child, while one runs."""
        return self._children[channel].pid

    async def send(self, channel: str, letter: Letter) -> Delivery:
        """One attempt; never raises for what a channel does. Attempts on one channel wait for each other.

        A channel that does not answer within the deadline is a failure, and its child is killed: whether the
        letter left is then unknown, and it may arrive twice.
        """
        if channel not in self._urls:
            return Delivery(ok=False, permanent=True, detail=self._unknown(channel))
        errand = Errand(
            self._urls[channel],
            letter.title,
            letter.body,
            letter.html,
            letter.tone.value,
            reached=self._reached.get((channel, letter.key), ()),
        )
        report = await self._attempt(channel, errand)
        self._remember(channel, letter, report)
        return Delivery(report.ok, report.permanent, report.detail)

    async def validate(self) -> dict[str, str]:
        """What is wrong with each address, as far as Apprise can tell without sending; empty: all understood.

        One child reads them all, so that fifty channels do not start fifty processes.
        """
        reader = _Child(self._environment, self._quiet_ms)
        try:
            read = {
                channel: await self._bounded(reader, Errand(url, only_read=True))
                for channel, url in self._urls.items()
            }
        finally:
            await reader.kill()
        return {channel: report.detail for channel, report in read.items() if not report.ok}

    def _unknown(self, channel: str) -> str:
        known = ", ".join(self._urls) or "none"
        return f"no channel is named {channel}: configured are {known}"

    def _remember(self, channel: str, letter: Letter, report: Report) -> None:
        """Keep who has this letter, so that a retry for one recipient does not repeat it to the others."""
        self._reached.pop((channel, letter.key), None)
        if report.reached:
            self._reached[channel, letter.key] = report.reached
        while len(self._reached) > _REMEMBERED_LETTERS:
            del self._reached[next(iter(self._reached))]

    async def _attempt(self, channel: str, errand: Errand) -> Report:
        async with self._turns[channel]:
            if self._closing:
                return Report(ok=False, reached=errand.reached, detail=_STOPPING)
            return await self._bounded(self._children[channel], errand)

    async def _bounded(self, child: _Child, errand: Errand) -> Report:
        limit = asyncio.timeout(self._deadline_ms / 1000)
        try:
            async with limit:
                self._limits.add(limit)
                return await child.run(errand)
        except BaseException as trouble:
            await child.kill()
            if isinstance(trouble, OSError | ValueError):
                return Report(ok=False, reached=errand.reached, detail=self._explain(trouble))
            raise
        finally:
            self._limits.discard(limit)

    def _explain(self, trouble: Exception) -> str:
        if self._closing:
            return _STOPPING
        return self._too_slow() if isinstance(trouble, TimeoutError) else f"{trouble}: it is tried again"

    def _too_slow(self) -> str:
        seconds = self._deadline_ms / 1000
        return (
            f"no answer within {seconds:g} s, the attempt was ended:"
            " look for a firewall, a wrong port, or a server in trouble"
        )

    async def close(self) -> None:
        """Let letters under way finish for two seconds, then end every child. Takes 5 s at most."""
        self._closing = True
        latest = asyncio.get_running_loop().time() + CLOSING_GRACE_MS / 1000
        for limit in self._limits:
            limit.reschedule(min(latest, limit.when() or latest))
        for turn in self._turns.values():
            async with turn:
                pass  # whoever had the turn is through
        await asyncio.gather(*(child.kill() for child in self._children.values()))
