"""What must hold between the values of a target: a list of plain functions, each with an opinion or none."""

from collections.abc import Callable, Collection, Iterable, Iterator

from wamon.core.cadence import PAIR_GAP_MS
from wamon.core.days import PLATFORM_ROWS
from wamon.core.meta_page import OFTEN_MS
from wamon.core.timeline import MINUTE, SECOND
from wamon.settings.durations import format_duration
from wamon.settings.schema import (
    Account,
    AnyTarget,
    ApiTarget,
    AskingTarget,
    Channel,
    ControlTarget,
    MessageTarget,
    Receiver,
    Reclassification,
    Reference,
    Service,
    Target,
    TokenTarget,
    TrafficTarget,
    WebhookTarget,
)
from wamon.settings.spelling import did_you_mean, shown
from wamon.settings.urls import belongs_to_meta, host_of

Problem = tuple[str, str]
"""The key and the sentence."""
Rule = Callable[[Target, Account], Problem | None]

WITH_TOKEN = (ApiTarget, MessageTarget, TokenTarget)
"""Targets that send the account's access token."""
SHORTEST_INTERVAL_MS = SECOND


def reserved_name(target: Target, _: Account) -> Problem | None:
    """``platform`` is the row of all targets together (CONTRACT section 6), and has parts."""
    if target.name in PLATFORM_ROWS:
        return "name", f"'{target.name}' is the row of all targets together; choose another name"
    return None


def too_often(target: Target, _: Account) -> Problem | None:
    """Nothing is looked at more than once a second."""
    if target.interval_ms < SHORTEST_INTERVAL_MS:
        return "interval", f"{format_duration(target.interval_ms)} is too often; the shortest is 1s, the usual 60s"
    return None


def canaries_too_often(target: Target, _: Account) -> Problem | None:
    """Meta takes one message in six seconds to one handset (pair rate)."""
    if isinstance(target, MessageTarget) and SHORTEST_INTERVAL_MS <= target.interval_ms < PAIR_GAP_MS:
        found = format_duration(target.interval_ms)
        return "interval", f"{found} is too often for one handset: Meta takes one message in 6s; the usual is 2h"
    return None


def timeout_too_long(target: Target, _: Account) -> Problem | None:
    """A target never runs twice at once (ARITHMETIC section 4)."""
    if isinstance(target, AskingTarget) and target.timeout_ms >= target.interval_ms:
        timeout, interval = format_duration(target.timeout_ms), format_duration(target.interval_ms)
        return (
            "timeout",
            f"{timeout} is not shorter than the interval of {interval}; a look must end before the next",
        )
    return None


def control_of_meta(target: Target, _: Account) -> Problem | None:
    """A control that fails together with Meta proves nothing."""
    if isinstance(target, ControlTarget) and belongs_to_meta(host := host_of(target.url)):
        return "url", f"{host} is Meta's; a control needs a site of somebody else's, such as https://www.iana.org/"
    return None


def traffic_by_the_minute(target: Target, _: Account) -> Problem | None:
    """One minute of outcomes is one observation (ARITHMETIC section 4)."""
    if isinstance(target, TrafficTarget) and target.interval_ms != MINUTE:
        found = format_duration(target.interval_ms)
        return "interval", f"{found} cannot be: traffic is counted by the minute; leave it out"
    return None


def token_missing(target: Target, account: Account) -> Problem | None:
    """An empty access_token is fine until somebody needs it."""
    if isinstance(target, WITH_TOKEN) and account.access_token is None:
        return (
            "account",
            f'account {account.name} has an empty access_token; write "credential:access_token" there',
        )
    return None


def signature_key_missing(target: Target, account: Account) -> Problem | None:
    """A signed event needs the key of the signature."""
    if isinstance(target, WebhookTarget) and target.signed_event and account.app_secret is None:
        return (
            "signed_event",
            f'account {account.name} has an empty app_secret; write "credential:app_secret" there',
        )
    return None


TARGET_RULES: tuple[Rule, ...] = (
    reserved_name,
    too_often,
    canaries_too_often,
    timeout_too_long,
    control_of_meta,
    traffic_by_the_minute,
    token_missing,
    signature_key_missing,
)


def receives(targets: tuple[AnyTarget, ...], *, reported: bool) -> bool:
    """Whether a target needs the webhook receiver: canaries that come back, real traffic that nobody reports."""
    needing = MessageTarget if reported else MessageTarget | TrafficTarget
    return any(isinstance(one, needing) for one in targets)


def kept_too_briefly(service: Service, weekly: Reclassification) -> list[str]:
    """What was pruned cannot be judged again."""
    if weekly.days < service.observation_days:
        return []
    return [
        f"[reclassification] days: {weekly.days} is not less than the {service.observation_days} that "
        "[service] observation_days keeps; keep observations longer"
    ]


def reference_too_often(reference: Reference) -> list[str]:
    """Meta's page is somebody else's, undocumented, and refreshed once a day: it is asked seldom."""
    if reference.interval_ms >= OFTEN_MS:
        return []
    found = format_duration(reference.interval_ms)
    return [f"[reference] interval: {found} is too often for a page of Meta's; the shortest is 5m"]


def receiver_problems(receiver: Receiver) -> list[str]:
    """A receiver without keys could verify nothing."""
    return [
        f'[receiver] {key}: is empty, and the receiver needs it; write "credential:{key}"'
        for key in ("verify_token", "app_secret")
        if getattr(receiver, key) is None
    ]


def target_names(targets: Iterable[Target]) -> list[str]:
    """Every target's name; a canary's way back is a target too."""
    return [
        name
        for one in targets
        for name in (one.name, *([one.roundtrip] if isinstance(one, MessageTarget) else []))
    ]


def channel_problems(channel: Channel, targets: Collection[str], accounts: Collection[str]) -> Iterator[str]:
    """Names that nobody has, and a zone of no hours."""
    for key, names, known in (("targets", channel.targets, targets), ("accounts", channel.accounts, accounts)):
        for name in names:
            if name not in known:
                yield f"{key}: {shown(name)} is not one of [[{key}]]; {did_you_mean(name, known)}"
    if channel.timezone is not None and channel.quiet_hours is None:
        yield 'timezone: is of quiet_hours, and there are none; write quiet_hours = "22:00-07:00", or leave it out'
