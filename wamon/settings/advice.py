"""Warnings: what is allowed and probably not meant. A list of plain functions over the settings."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from wamon.core.timeline import DAY, HOUR, SECOND
from wamon.settings.durations import format_duration
from wamon.settings.graph_versions import version_advice
from wamon.settings.schema import (
    DEFAULT_ACCOUNT,
    ApiTarget,
    ControlTarget,
    MessageTarget,
    Settings,
    TokenTarget,
    TrafficTarget,
    WebhookTarget,
)
from wamon.settings.urls import host_of, is_loopback

FREE_CANARIES_A_DAY = 32
"""Meta gives 1,000 delivered service messages a number and month: 32 in each of 31 days (facts of 2026-10-01)."""
NODE_READS_AN_HOUR = 5_000
"""Meta's limit for one application and one active WhatsApp Business Account (facts of 2026-10-01)."""
SHORT_INTERVAL_MS = 10 * SECOND
DAYS_TO_SETTLE = 14

Advice = Callable[[Settings, date], Iterator[str]]


def warnings(settings: Settings, today: date) -> list[str]:
    """What an operator should know before starting, one sentence each; empty when nothing is odd."""
    return [sentence for advice in ADVICE for sentence in advice(settings, today)]


def controls(settings: Settings, _: date) -> Iterator[str]:
    """Without controls our own line and Meta's path look the same."""
    hosts = Counter(host_of(one.url) for one in _controls(settings))
    if not hosts:
        yield "no control target: trouble of our own line cannot be told from Meta's and never pages; add two"
    elif hosts.total() == 1:
        yield "only one control target: when its site fails, it looks like our line; add one of another owner"
    for host, number in hosts.items():
        if number > 1:
            yield f"{number} control targets ask {host}: they fail together; choose different owners and networks"


def controls_beside_the_endpoint(settings: Settings, _: date) -> Iterator[str]:
    """A control on the business's own host falls together with it."""
    own = {host_of(one.url) for one in settings.targets if isinstance(one, WebhookTarget)}
    for one in _controls(settings):
        if host_of(one.url) in own:
            yield f"target {one.name}: asks the host of your own endpoint, and fails with it; choose another site"


def only_evidence(settings: Settings, _: date) -> Iterator[str]:
    """Controls and tokens have no days."""
    if all(isinstance(one, ControlTarget | TokenTarget) for one in settings.targets):
        yield "only control and token targets: they are evidence, without days; add an edge or api target"


def canaries(settings: Settings, _: date) -> Iterator[str]:
    """What canaries cost, and caps that cut into the regular ones."""
    for one in settings.targets:
        if not isinstance(one, MessageTarget):
            continue
        if one.daily_cap > FREE_CANARIES_A_DAY:
            yield (
                f"target {one.name}, daily_cap: {one.daily_cap} canaries a day are more than the "
                f"{FREE_CANARIES_A_DAY} that Meta's 1000 free messages a month allow; the rest costs"
            )
        planned = -(-DAY // one.interval_ms)
        if one.daily_cap < planned:
            yield (
                f"target {one.name}, daily_cap: {one.daily_cap} is less than the {planned} that the interval of "
                f"{format_duration(one.interval_ms)} gives; the end of each day stays unobserved"
            )


def unheard_reports(settings: Settings, _: date) -> Iterator[str]:
    """A door for reports that nobody counts."""
    counting = [one for one in settings.targets if isinstance(one, TrafficTarget) and one.direction == "send"]
    if settings.reports.secret is not None and not counting:
        yield '[reports] secret: no traffic target counts what is reported; add one with direction = "send"'


def versions(settings: Settings, today: date) -> Iterator[str]:
    """Each Graph version ends."""
    for account in (settings.graph, *settings.accounts):
        sentence = version_advice(account.version, today)
        if sentence and (account is settings.graph or account.version != settings.graph.version):
            yield f"{_place(account.name)}version: {sentence}"


def short_intervals(settings: Settings, _: date) -> Iterator[str]:
    """Often is dear, and Meta may call it abuse."""
    for one in settings.targets:
        if one.interval_ms < SHORT_INTERVAL_MS:
            found = format_duration(one.interval_ms)
            yield f"target {one.name}, interval: {found} is very often; 30s or 60s proves as much"


def quotas(settings: Settings, _: date) -> Iterator[str]:
    """The reads of one account's phone-number nodes; the business's own calls come out of the same allowance."""
    for account in (settings.graph, *settings.accounts):
        asking = [one for one in settings.targets if isinstance(one, ApiTarget) and one.account == account.name]
        reads = round(sum(HOUR / one.interval_ms for one in asking))
        if reads * 10 > NODE_READS_AN_HOUR:
            yield (
                f"account {account.name}: its api targets ask {reads} times an hour, more than a tenth of the "
                f"{NODE_READS_AN_HOUR} that Meta allows; your own calls share them; make intervals longer"
            )


def plain_http(settings: Settings, _: date) -> Iterator[str]:
    """Meta delivers over TLS only."""
    for one in settings.targets:
        if isinstance(one, WebhookTarget) and one.url.startswith("http:") and not is_loopback(host_of(one.url)):
            yield f"target {one.name}, url: is plain http, which Meta refuses; write https"


def open_to_all(settings: Settings, _: date) -> Iterator[str]:
    """The page has no log-in."""
    listen = settings.service.listen
    if not is_loopback(listen.host):
        yield f"[service] listen: {listen} shows pages and metrics to whoever reaches it; 127.0.0.1 does not"


def fraction(settings: Settings, _: date) -> Iterator[str]:
    """0.999 is meant as 99.9."""
    objective = settings.availability.objective
    if objective <= 1:
        yield f"[availability] objective: {objective:g} is in percent; did you mean {objective * 100:g}?"


def too_few_days(settings: Settings, _: date) -> Iterator[str]:
    """A day settles when a pass sees it with seven days' hindsight, and passes are seven days apart."""
    days = settings.reclassification.days
    if days < DAYS_TO_SETTLE:
        yield f"[reclassification] days: with {days} some days never settle; {DAYS_TO_SETTLE} reaches all twice"


ADVICE: tuple[Advice, ...] = (
    controls,
    controls_beside_the_endpoint,
    only_evidence,
    canaries,
    versions,
    short_intervals,
    quotas,
    plain_http,
    open_to_all,
    fraction,
    too_few_days,
    unheard_reports,
)


def _controls(settings: Settings) -> list[ControlTarget]:
    return [one for one in settings.targets if isinstance(one, ControlTarget)]


def _place(account: str) -> str:
    return "[graph] " if account == DEFAULT_ACCOUNT else f"account {account}, "
