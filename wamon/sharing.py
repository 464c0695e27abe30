"""Shared looks: targets that would send the very same request look together, and it is sent once."""

import asyncio
from collections.abc import Mapping

import msgspec

from wamon.core.observation import Exchange, ProbeKind
from wamon.core.timeline import SECOND
from wamon.settings import AskingTarget, Settings
from wamon.work.look import Asker

WITHIN_MS = SECOND
"""A look that began this long ago serves another target too: their slots are the same, their wake-ups are not."""

_ASKED_WITH: Mapping[ProbeKind, tuple[str, ...]] = {
    ProbeKind.EDGE: ("base_url", "version"),
    ProbeKind.API: ("base_url", "version", "access_token"),
    ProbeKind.TOKEN: ("base_url", "version", "access_token", "app_id", "app_secret"),
    ProbeKind.CONTROL: (),
}
"""What of its account is in a target's request. Kinds that send something new each time share nothing."""


def leaders(settings: Settings) -> dict[str, str]:
    """The first of each group of targets that ask the same, by the name of every target of the group."""
    groups: dict[object, list[str]] = {}
    for one in settings.targets:
        if isinstance(one, AskingTarget) and one.probe in _ASKED_WITH:
            account = settings.account(one.account)
            asked = msgspec.structs.replace(one, name="", account="", interval_ms=0)
            key = (asked, *(getattr(account, name) for name in _ASKED_WITH[one.probe]))
            groups.setdefault(key, []).append(one.name)
    return {name: group[0] for group in groups.values() if len(group) > 1 for name in group}


class _Look:
    """One exchange under way or just ended, and whose look it was already."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms
        self.of: set[str] = set()
        self.seen: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()

    def serves(self, name: str, at_ms: int) -> bool:
        """Whether it may be another target's look too; never the same target's twice."""
        return name not in self.of and 0 <= at_ms - self.at_ms <= WITHIN_MS and not self.seen.cancelled()


class Sharing:
    """An asker that sends once what several targets ask at the same time; each gets it under its own name."""

    def __init__(self, asker: Asker, leaders: Mapping[str, str]) -> None:
        self._asker = asker
        self._leaders = leaders
        self._latest: dict[str, _Look] = {}

    async def ask(self, name: str, at_ms: int) -> Exchange:
        """One exchange for a target; what it shares has the instant at which it was really sent."""
        leader = self._leaders.get(name)
        if leader is None:
            return await self._asker.ask(name, at_ms)
        latest = self._latest.get(leader)
        if latest is None or not latest.serves(name, at_ms):
            return await self._send(name, leader, at_ms)
        latest.of.add(name)
        await asyncio.wait([latest.seen])
        if latest.seen.cancelled():  # whoever sent it was stopped in the middle
            return await self._send(name, leader, at_ms)
        return msgspec.structs.replace(latest.seen.result(), target=name)

    async def _send(self, name: str, leader: str, at_ms: int) -> Exchange:
        look = self._latest[leader] = _Look(at_ms)
        look.of.add(name)
        try:
            exchange = await self._asker.ask(name, at_ms)
        except BaseException:
            look.seen.cancel()
            raise
        look.seen.set_result(exchange)
        return exchange
