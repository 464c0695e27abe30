"""From settings to parts: what is watched, and how each target is asked. Secrets end here."""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from wamon.core.contexts import slow_after_ms
from wamon.core.incident import Lasting
from wamon.core.observation import Exchange, Failure, ProbeKind
from wamon.core.roundtrip import mark_of
from wamon.core.rules_live import endpoint_answered
from wamon.core.subscription import Quiet, Subscription
from wamon.core.timeline import SECOND
from wamon.core.watched import Watched
from wamon.probes.aim import Aim
from wamon.probes.kinds import KINDS, NEW_EACH_TIME
from wamon.probes.webhook import signed_event_request
from wamon.settings import (
    DEFAULT_ACCOUNT,
    AnyTarget,
    AskingTarget,
    Channel,
    ControlTarget,
    MessageTarget,
    Secret,
    SecretRef,
    Settings,
    WebhookTarget,
    receiving_secrets,
)
from wamon.settings.urls import host_of, is_numeric
from wamon.sharing import leaders
from wamon.web.webhook import PATH, Door
from wamon.wire.exchange import exchange, open_client
from wamon.wire.request import Request
from wamon.wire.resolver import Resolver
from wamon.wire.second_opinion import NameServer, SecondOpinion
from wamon.wire.trust import trust
from wamon.work.care import Kept

_FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}

LATEST_PASS_DAYS = 8
"""A weekly pass that had to wait for the next Monday still finds the looks it judges."""

_META = frozenset({ProbeKind.EDGE, ProbeKind.API, ProbeKind.MESSAGE, ProbeKind.TOKEN})
"""Who asks Meta."""

_TOKENLESS = frozenset({ProbeKind.EDGE, ProbeKind.WEBHOOK, ProbeKind.CONTROL})

SELF_TEST = "self test"
"""No target can be called so: it stands beside them."""

Secrets = Mapping[SecretRef, Secret]


def watched(settings: Settings) -> list[Watched]:
    """Every configured target as the watch knows it; a canary's way back is a target of its own."""
    group = leaders(settings)
    return [
        Watched(
            name,
            probe,
            one.interval_ms,
            one.account,
            _quota(one, settings),
            number=getattr(one, "phone_number_id", None) or "",
            app=settings.account(one.account).app_id or "",
            template=f"{one.template}/{one.language}" if isinstance(one, MessageTarget) else "",
            waba=settings.account(one.account).waba_id or "",
            slow_after_ms=slow_after_ms(probe, settings.availability.latency_objective_ms),
            group=group.get(name, ""),
            direction=getattr(one, "direction", ""),
        )
        for one in settings.targets
        for name, probe in _ways(one)
    ]


def subscriptions(settings: Settings) -> dict[str, Subscription]:
    """What each channel is told: names of accounts and canaries become those of all their targets."""
    return {one.name: _subscription(one, settings) for one in settings.channels}


def _subscription(channel: Channel, settings: Settings) -> Subscription:
    ways = [(name, one) for one in settings.targets for name, _ in _ways(one)]
    meant = {
        name: one.account
        for name, one in ways
        if one.account in channel.accounts or {one.name, name} & {*channel.targets}
    }
    narrow = channel.targets or channel.accounts
    zone = channel.timezone or settings.service.timezone
    return Subscription(
        kinds=frozenset(channel.on),
        severities=frozenset(channel.severities),
        targets=frozenset(meant if narrow else ()),
        accounts=frozenset({*meant.values(), *channel.accounts} if narrow else ()),
        quiet=None if channel.quiet_hours is None else Quiet(channel.quiet_hours, zone),
        hourly_cap=channel.hourly_cap,
        hidden=_hidden({*meant.values(), *channel.accounts}, settings) if narrow else frozenset(),
    )


def _hidden(own: set[str], settings: Settings) -> frozenset[str]:
    """The names of all accounts but some, and of their targets. Controls are nobody's."""
    theirs = {
        name
        for one in settings.targets
        if one.account not in own and one.probe is not ProbeKind.CONTROL
        for name in (one.account, *(way for way, _ in _ways(one)))
    }
    accounts = {one.name for one in settings.accounts} - own
    return frozenset((theirs | accounts) - {DEFAULT_ACCOUNT})


def _quota(target: AnyTarget, settings: Settings) -> str:
    """Whose quota a look uses up: the token's, by the name of its secret; without a token it is its own."""
    token = settings.account(target.account).access_token
    if token is None or target.probe in _TOKENLESS:
        return target.name
    return str(token)


def _ways(target: AnyTarget) -> list[tuple[str, ProbeKind]]:
    there = (target.name, target.probe)
    return [there, (target.roundtrip, ProbeKind.ROUNDTRIP)] if isinstance(target, MessageTarget) else [there]


def lasting(settings: Settings) -> Lasting:
    """How long trouble must last before it is an incident, and before people are told."""
    return Lasting(
        confirm=settings.availability.confirm,
        open_after_ms=settings.incidents.open_after_ms,
        resolve_after_ms=settings.incidents.resolve_after_ms,
    )


@dataclass(frozen=True, slots=True, repr=False)
class Asking:
    """How one target is asked. ``standing`` is the request that serves for ever, None where each is new.

    ``signed_event``: a good handshake is followed by an event about nothing, which must be taken.
    """

    name: str
    probe: ProbeKind
    timeout_ms: int
    aim: Aim
    family: str
    ca_file: str | None
    standing: Request | None
    signed_event: bool = False


def asking(target: AskingTarget, settings: Settings, found: Secrets) -> Asking:
    """Put together what a target's requests need. Raises ValueError for a request that cannot be sent."""
    aim = _aim(target, settings, found)
    return Asking(
        name=target.name,
        probe=target.probe,
        timeout_ms=target.timeout_ms,
        aim=aim,
        family=target.family,
        ca_file=str(target.ca_file) if target.ca_file else None,
        standing=None if target.probe in NEW_EACH_TIME else KINDS[target.probe](aim),
        signed_event=isinstance(target, WebhookTarget) and target.signed_event,
    )


def calling(name: str, url: str) -> Asking:
    """How a plain address is called that nothing is judged of: a dead man's switch."""
    aim = Aim(url=url)
    request = KINDS[ProbeKind.CONTROL](aim)
    return Asking(name, ProbeKind.CONTROL, 10 * SECOND, aim, "any", None, request)


def kept(settings: Settings) -> Kept:
    """How long single looks are kept: as configured, and never less than the weekly pass may still ask for."""
    pass_needs = settings.reclassification.days + LATEST_PASS_DAYS
    return Kept(settings.service.timezone, max(settings.service.observation_days, pass_needs))


def jitter_ms(settings: Settings) -> int:
    """Where in the interval this installation asks Meta's page: not all of them at the full five minutes."""
    return secrets.randbelow(settings.reference.interval_ms)


def _aim(target: AskingTarget, settings: Settings, found: Secrets) -> Aim:
    account = settings.account(target.account)

    def secret(reference: SecretRef | None) -> str:
        return found[reference].reveal() if reference is not None and reference in found else ""

    own = {
        name: getattr(target, name)
        for name in ("phone_number_id", "url", "to", "template", "language")
        if hasattr(target, name)
    }
    return Aim(
        base_url=account.base_url.rstrip("/"),
        version=account.version,
        access_token=secret(account.access_token),
        app_id=account.app_id or "",
        app_secret=secret(account.app_secret) if account.app_id or getattr(target, "signed_event", False) else "",
        verify_token=secret(getattr(target, "verify_token", None)),
        **own,
    )


def doors(settings: Settings, found: Secrets) -> dict[str, Door]:
    """Every account's callback, by path; ``[graph]``'s is the plain one as well."""
    named = {
        account.name: Door(
            account.name,
            tuple(
                found[reference].reveal().encode()
                for reference in receiving_secrets(account, settings)
                if reference is not None
            ),
        )
        for account in (settings.graph, *settings.accounts)
    }
    return {PATH: named[settings.graph.name], **{f"{PATH}/{name}": door for name, door in named.items()}}


def nonce() -> str:
    """A random challenge of digits, as Meta's handshake sends."""
    return str(secrets.randbelow(9_000_000_000) + 1_000_000_000)


def fresh(asking: Asking) -> Request:
    """The request to send now: the standing one, or one with a nonce of its own."""
    if asking.standing is not None:
        return asking.standing
    if asking.probe is ProbeKind.MESSAGE:
        return KINDS[asking.probe](replace(asking.aim, nonce=mark_of(nonce())))
    return KINDS[asking.probe](renewed(asking.aim))


def renewed(aim: Aim) -> Aim:
    """The same aim with a nonce that was never used before."""
    return replace(aim, nonce=nonce())


def open_askers(every: Mapping[str, Asking], settings: Settings, resolver: Resolver | None = None) -> "Askers":
    """The askers of a daemon, who say where they ask from and have a second resolver where one is named."""
    address = settings.network.second_resolver
    second = None
    if address is not None:
        controls = [one.url for one in settings.targets if isinstance(one, ControlTarget)]
        second = SecondOpinion(
            NameServer(*address), [name for url in controls if not is_numeric(name := host_of(url))]
        )
    site = settings.service.site or socket.gethostname()
    return Askers(every, resolver=resolver, second=second, site=site)


def self_test(settings: Settings, found: Secrets) -> Asking | None:
    """How our own receiver is called from outside, as Meta verifies it; None where nobody said where it is."""
    wanted = settings.receiver
    if wanted.public_url is None or wanted.verify_token is None:
        return None
    aim = Aim(url=wanted.public_url, verify_token=found[wanted.verify_token].reveal())
    return Asking(SELF_TEST, ProbeKind.WEBHOOK, 10 * SECOND, aim, "any", None, None)


def _unaddressed(seen: Exchange) -> Exchange:
    """The exchange without the handset's number, which Graph repeats in ``contacts``: no rule reads it."""
    if not isinstance(seen.body, dict) or "contacts" not in seen.body:
        return seen
    return msgspec.structs.replace(seen, body={key: one for key, one in seen.body.items() if key != "contacts"})


class Askers:
    """Sends one exchange for any target; one client per trust and family, one resolver for all.

    Where a name of Meta's is not found, ``second`` is asked as well. ``site`` is the name of this place.
    """

    def __init__(
        self,
        every: Mapping[str, Asking],
        *,
        resolver: Resolver | None = None,
        second: SecondOpinion | None = None,
        site: str = "",
    ) -> None:
        self._every = every
        self._second, self._site = second, site
        self._resolver = resolver or Resolver()
        self._clients = {
            key: open_client(trust(key[0]), family=_FAMILIES[key[1]], resolver=self._resolver)
            for key in {(file, one.family) for one in every.values() for file in (one.ca_file, None)}
        }

    async def ask(self, name: str, at_ms: int) -> Exchange:
        """One look at a target, now: one exchange, or the event's where a good handshake is followed by one."""
        one = self._every[name]
        seen = await self.send(name, fresh(one), at_ms)
        if not one.signed_event or not endpoint_answered(seen):
            return seen
        return await self.send(name, signed_event_request(one.aim), at_ms)

    async def send_canary(self, name: str, mark: str, at_ms: int) -> Exchange:
        """Send the message of a target once, carrying a mark."""
        one = self._every[name]
        return _unaddressed(await self.send(name, KINDS[one.probe](replace(one.aim, nonce=mark)), at_ms))

    async def send(self, name: str, request: Request, at_ms: int, *, public: bool = False) -> Exchange:
        """One given request to a target; with ``public`` its own ``ca_file`` is not trusted."""
        one = self._every[name]
        client = self._clients[None if public else one.ca_file, one.family]
        seen = await exchange(
            client,
            request,
            target=name,
            probe=one.probe,
            at_ms=at_ms,
            timeout_ms=one.timeout_ms,
            site=self._site,
        )
        if self._second is None or seen.failure is not Failure.DNS_ERROR or one.probe not in _META:
            return seen
        word = await self._second.on(request.address.raw_host.decode("ascii"))
        return msgspec.structs.replace(seen, second_resolver=word)

    def aim(self, name: str) -> Aim:
        """What a target is asked with."""
        return self._every[name].aim

    async def close(self) -> None:
        """Close every client and the resolver's threads."""
        for client in self._clients.values():
            await client.aclose()
        self._resolver.close()
