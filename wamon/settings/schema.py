"""The settings as frozen values; each field says how it is read and why. ``interval_ms`` is key ``interval``."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.observation import WAY_BACK, ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND
from wamon.settings import values as v
from wamon.settings.secrets import SecretRef
from wamon.settings.urls import Address

DEFAULT_ACCOUNT = "graph"
"""The name of the account that ``[graph]`` describes."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the file. Annotations carry a Reader and one line of why."""


class Service(Table, frozen=True, kw_only=True):
    """``[service]``: the daemon itself."""

    listen: Annotated[
        v.Listen, "where the status page and /metrics are served; loopback unless you say otherwise"
    ] = Address("127.0.0.1", 9877)
    database: Annotated[v.File, "the ledger; a relative path is under $STATE_DIRECTORY when systemd gives one"] = (
        "wamon.db"
    )
    timezone: Annotated[v.Zone, "of days, weeks and times of day"] = ZoneInfo("UTC")
    site: Annotated[v.Line, "the name of this place in evidence and notices; empty: the machine's name"] = ""
    log_level: Annotated[v.LogLevel, "how much goes to the log; secrets never do"] = "info"
    heartbeat_url: Annotated[
        v.MaybeKept,
        "called while all is well, so that another service notices when wamon is gone; a whole URL is a secret",
    ] = None
    heartbeat_interval_ms: Annotated[v.Duration, "how often the heartbeat URL is called"] = MINUTE
    observation_days: Annotated[
        int,
        v.count(15, 36_500),
        "how long single observations are kept; days, rulings and publications are kept for good",
    ] = 90
    include: Annotated[
        v.MaybeFile,
        "a folder beside this file; its *.toml files add accounts, targets and channels, one file per client",
    ] = None

    def database_path(self, environ: Mapping[str, str]) -> Path:
        """Where the ledger is: an absolute path as it is, another under systemd's state directory or here."""
        return Path(environ.get("STATE_DIRECTORY", "").partition(":")[0], self.database)


class Account(Table, frozen=True, kw_only=True):
    """``[graph]``, or one of ``[[accounts]]``: how Graph is asked for one client."""

    base_url: Annotated[v.GraphUrl, "Graph's address; the simulator has another"] = "https://graph.facebook.com"
    version: Annotated[v.Version, "the Graph version that your application asks for; each one expires"] = "v25.0"
    access_token: Annotated[v.MaybeKept, "needs whatsapp_business_messaging and whatsapp_business_management"] = (
        SecretRef("credential", "access_token")
    )
    app_id: Annotated[v.MaybeId, "with app_secret: lets debug_token be asked with the app token"] = None
    app_secret: Annotated[
        v.MaybeKept, "read only with app_id, for a target with signed_event, or for an account's own /webhook/NAME"
    ] = SecretRef("credential", "app_secret")
    waba_id: Annotated[
        v.MaybeId, "the WhatsApp Business Account; lets subscribed_apps and templates be checked"
    ] = None
    name: str = DEFAULT_ACCOUNT


class NamedAccount(Account, frozen=True, kw_only=True):
    """One of ``[[accounts]]``: what it leaves out is as in ``[graph]``."""

    name: Annotated[v.Name, "a label on pages and metrics, and the last part of /webhook/NAME"]
    app_secret_previous: Annotated[
        v.MaybeKept, "with an app_secret of its own: also accepted at /webhook/NAME, during a rotation"
    ] = None


class Target(Table, frozen=True, kw_only=True):
    """What every one of ``[[targets]]`` has."""

    probe: ClassVar[ProbeKind]

    name: Annotated[v.Name, "a label on pages, metrics and notices"]
    account: Annotated[v.Name, "the name of one of [[accounts]]; default: [graph]"] = DEFAULT_ACCOUNT
    interval_ms: Annotated[v.Duration, "from the start of one look to the start of the next"] = MINUTE


class AskingTarget(Target, frozen=True, kw_only=True):
    """A target that wamon asks something over the network."""

    timeout_ms: Annotated[
        v.Duration, "for the whole exchange; default: 10s, or half of an interval that is no longer than 10s"
    ] = 10 * SECOND
    family: Annotated[
        v.Family, "ipv4 or ipv6 asks over that family only; a target for each shows which one fails"
    ] = "any"
    ca_file: Annotated[v.MaybeAbsolute, "certificates to trust instead of the bundled public roots"] = None


class EdgeTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="edge"):
    """Graph without a token: its first layer answers."""

    probe: ClassVar[ProbeKind] = ProbeKind.EDGE


class ApiTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="api"):
    """The phone-number node: Graph, the token and the account's store."""

    probe: ClassVar[ProbeKind] = ProbeKind.API

    phone_number_id: Annotated[v.Id, "the id that Meta gives the number, not the number itself"]


class MessageTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="message"):
    """A canary message; its way back is the target ``NAME.roundtrip``."""

    probe: ClassVar[ProbeKind] = ProbeKind.MESSAGE

    phone_number_id: Annotated[v.Id, "the number that sends"]
    to: Annotated[v.Recipient, "a handset of your own that is always on; never a customer"]
    template: Annotated[v.Template, "an approved utility template; hello_world works from test numbers only"]
    interval_ms: Annotated[v.Duration, "from one canary to the next"] = 2 * HOUR
    language: Annotated[v.Language, "the template's language"] = "en_US"
    delivery_deadline_ms: Annotated[v.Duration, "any status of the message by then: it came back"] = 2 * MINUTE
    daily_cap: Annotated[
        int,
        v.count(1, 10_000),
        "regular canaries a day; default: what the interval gives; up to 10 extra after failures come on top",
    ] = 12

    @property
    def roundtrip(self) -> str:
        """The name of the target that is its way back."""
        return f"{self.name}{WAY_BACK}"


class WebhookTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="webhook"):
    """The business's own endpoint, asked the way Meta verifies it."""

    probe: ClassVar[ProbeKind] = ProbeKind.WEBHOOK

    url: Annotated[v.Url, "the callback URL as Meta knows it"]
    verify_token: Annotated[v.Kept, "the text that the endpoint expects in the handshake"]
    interval_ms: Annotated[v.Duration, "from one handshake to the next"] = 30 * SECOND
    signed_event: Annotated[v.YesNo, "true: also POST a signed, empty event; needs the account's app_secret"] = (
        False
    )


class TokenTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="token"):
    """``debug_token``: whether Meta calls the account's token valid. Evidence, without days of its own."""

    probe: ClassVar[ProbeKind] = ProbeKind.TOKEN

    interval_ms: Annotated[v.Duration, "and at once after an authentication error"] = 15 * MINUTE


class ControlTarget(AskingTarget, frozen=True, kw_only=True, tag_field="probe", tag="control"):
    """A site that is not Meta's. Evidence, without days of its own."""

    probe: ClassVar[ProbeKind] = ProbeKind.CONTROL

    url: Annotated[v.Url, "not Meta's; two controls need different owners and networks"]
    interval_ms: Annotated[v.Duration, "and at once after any failure of another target"] = MINUTE


class TrafficTarget(Target, frozen=True, kw_only=True, tag_field="probe", tag="traffic"):
    """The business's real messages, counted by the minute."""

    probe: ClassVar[ProbeKind] = ProbeKind.TRAFFIC

    phone_number_id: Annotated[v.MaybeId, "only this number's messages; empty: all of the account"] = None
    direction: Annotated[v.Direction, "which half of the platform's figure it feeds: send or receive"] = "send"


AnyTarget = EdgeTarget | ApiTarget | MessageTarget | WebhookTarget | TokenTarget | ControlTarget | TrafficTarget

TARGETS: dict[str, type[Target]] = {
    str(kind.probe): kind
    for kind in (EdgeTarget, ApiTarget, MessageTarget, WebhookTarget, TokenTarget, ControlTarget, TrafficTarget)
}
"""What ``probe = "..."`` may say, and the fields that come with it."""


class Receiver(Table, frozen=True, kw_only=True):
    """``[receiver]``: where Meta's webhooks arrive. Runs when the table is in the file or a target needs it."""

    listen: Annotated[v.MaybeListen, "an address of its own; empty: the service's"] = None
    public_url: Annotated[v.MaybeUrl, "where Meta reaches it, for the self-test"] = None
    verify_token: Annotated[v.MaybeKept, "the text that you gave Meta for the handshake"] = SecretRef(
        "credential", "verify_token"
    )
    app_secret: Annotated[v.MaybeKept, "the key of Meta's signatures"] = SecretRef("credential", "app_secret")
    app_secret_previous: Annotated[v.MaybeKept, "also accepted, during a rotation"] = None


class Reports(Table, frozen=True, kw_only=True):
    """``[reports]``: outcomes that applications report, to POST /api/v1/exchanges; off without a secret."""

    secret: Annotated[
        v.MaybeKept, "what an application shows as its bearer token; empty: no reports are taken"
    ] = None


class Availability(Table, frozen=True, kw_only=True):
    """``[availability]``: from observations to figures."""

    objective: Annotated[v.Percent, "percent; what is missing of it is the error budget"] = 99.9
    confirm: Annotated[int, v.count(1, 100), "failing observations in a row that make an outage"] = 2
    recheck_ms: Annotated[v.Duration, "how soon a failing target is looked at again"] = 10 * SECOND
    latency_objective_ms: Annotated[
        v.MaybeDuration, "a good answer that takes longer is slow: still up, its time told apart; empty: none is"
    ] = None


class Incidents(Table, frozen=True, kw_only=True):
    """``[incidents]``: when people are told."""

    open_after_ms: Annotated[v.Delay, "people are told; accounting starts at the first failure all the same"] = (
        2 * MINUTE
    )
    resolve_after_ms: Annotated[v.Delay, "how long it must be well before it is called resolved"] = 2 * MINUTE


class Reclassification(Table, frozen=True, kw_only=True):
    """``[reclassification]``: the weekly second look. ``weekday`` is 0 for Monday."""

    weekday: Annotated[v.Weekday, "the day of the weekly pass"] = 0
    at: Annotated[v.TimeOfDay, "its time of day in [service] timezone"] = time(6, 0)
    days: Annotated[int, v.count(1, 366), "whole days before today"] = 14


class Digest(Table, frozen=True, kw_only=True):
    """``[digest]``: what yesterday was like, and on Mondays what the week was."""

    daily: Annotated[v.YesNo, "false: none on the other six days"] = True
    weekly: Annotated[v.YesNo, "false: Monday's is one like the others"] = True
    at: Annotated[v.TimeOfDay, "its time of day in [service] timezone"] = time(8, 0)


class Reference(Table, frozen=True, kw_only=True):
    """``[reference]``: Meta's own status page, read beside our looks and never trusted."""

    enabled: Annotated[v.YesNo, "false: Meta's status page is never asked"] = True
    base_url: Annotated[v.SiteUrl, "the site's address; only the simulator has another"] = "https://metastatus.com"
    interval_ms: Annotated[v.Duration, "how often it is asked; 5m at least"] = 5 * MINUTE


class Network(Table, frozen=True, kw_only=True):
    """``[network]``: how we know our own line's trouble from Meta's."""

    second_resolver: Annotated[
        v.MaybeResolver,
        "another operator's; asked for Meta's and the controls' names when ours fails on Meta's; empty: nobody",
    ] = None


class Channel(Table, frozen=True, kw_only=True):
    """One of ``[[channels]]``: who is told what."""

    name: Annotated[v.Name, "a label on metrics and in the outbox"]
    url: Annotated[v.Kept, "any Apprise URL; a whole URL is a secret"]
    on: Annotated[v.Kinds, "the notices it gets; default: all but degraded"] = v.USUAL_KINDS
    severities: Annotated[v.Severities, "only notices of these; empty: all"] = ()
    targets: Annotated[v.Names, "only what is about these, a canary's way back with it; empty: all"] = ()
    accounts: Annotated[v.Names, "only what is about these accounts; empty: all"] = ()
    quiet_hours: Annotated[v.MaybeHours, "held until they end, unless critical, then one letter; empty: none"] = (
        None
    )
    timezone: Annotated[v.MaybeZone, "of its quiet hours; empty: the service's"] = None
    hourly_cap: Annotated[
        int, v.count(1, 1_000), "letters within an hour; what is more comes as one, critical ones at once"
    ] = 20


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration, checked. ``receiving``: whether the webhook receiver is to run."""

    service: Service = Service()
    graph: Account = Account()
    accounts: tuple[Account, ...] = ()
    targets: tuple[AnyTarget, ...] = ()
    receiver: Receiver = Receiver()
    reports: Reports = Reports()
    availability: Availability = Availability()
    incidents: Incidents = Incidents()
    reclassification: Reclassification = Reclassification()
    digest: Digest = Digest()
    reference: Reference = Reference()
    network: Network = Network()
    channels: tuple[Channel, ...] = ()
    receiving: bool = False

    def account(self, name: str) -> Account:
        """The account of that name, ``graph`` being the default one; raises KeyError."""
        for one in (self.graph, *self.accounts):  # asked for every target: making a table each time is slower
            if one.name == name:
                return one
        raise KeyError(name)


SINGLE: dict[str, type[Table]] = {
    "service": Service,
    "graph": Account,
    "receiver": Receiver,
    "reports": Reports,
    "availability": Availability,
    "incidents": Incidents,
    "reclassification": Reclassification,
    "digest": Digest,
    "reference": Reference,
    "network": Network,
}
"""Tables that stand once."""

SEVERAL = ("accounts", "targets", "channels")
"""Tables that stand as often as wanted, in double brackets."""
