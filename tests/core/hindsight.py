"""Small stories for the rules of hindsight: looks by the minute, as a ledger would hold them, judged again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wamon.core.finding import Context, Mark, Ruling, Verdict
from wamon.core.gathering import NOTHING_BESIDE, Beside, Gathered
from wamon.core.gleaning import passing
from wamon.core.judgement import judge
from wamon.core.knowledge import Controls, Knowledge, Look, knowledge
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.posted import Outage
from wamon.core.reading import read_exchange
from wamon.core.reclassification import Account, Judged, rejudge
from wamon.core.review import standing
from wamon.core.timeline import DAY, MINUTE, Span, iso, parse_iso
from wamon.core.watched import EVIDENCE, Watched

START = parse_iso("2026-11-03T10:00:00Z")
QUARTER = 15 * MINUTE
WITHIN = Span(START - DAY, START + DAY)
BOTH = ["whatsapp_business_management", "whatsapp_business_messaging"]
KNOWN = knowledge()


class Said(dict[str, Any]):
    """One look of a story: its keys are an exchange's, ``minute`` says when."""


def said(minute: float, code: int | None = None, subcode: int | None = None, **rest: Any) -> Said:
    """A look at a minute of the story: good without a code, else refused with it."""
    error = {"message": "m", "code": code, "error_subcode": subcode}
    body = {"id": "1"} if code is None else {"error": error}
    answer = {"reached": "answered", "http_status": 200 if code is None else 400, "body": body}
    return Said({"minute": minute, "token_fingerprint": "T", "request_fingerprint": "R", **answer, **rest})


def token(minute: float, fingerprint: str | None = "T", **changed: Any) -> Said:
    """A `debug_token` answer: good unless changed."""
    facts = {"is_valid": True, "expires_at": 0, "scopes": BOTH, **changed}
    kept = {key: value for key, value in facts.items() if value is not ...}
    return Said(minute=minute, token_fingerprint=fingerprint, http_status=200, body={"data": kept})


def webhook(minute: float, field_name: str, happened: float | None = None, **value: Any) -> Said:
    """A webhook body about the account or a template; ``happened`` is the minute that Meta writes into it."""
    entry: dict[str, Any] = {"id": "1", "changes": [{"field": field_name, "value": value}]}
    if happened is not None:
        entry["time"] = (START + round(happened * MINUTE)) // 1000
    return Said(minute=minute, body={"object": "whatsapp_business_account", "entry": [entry]})


def statuses(minute: float, *reports: Mapping[str, Any], **rest: Any) -> Said:
    """A webhook body about messages."""
    value = {"messaging_product": "whatsapp", "statuses": list(reports)}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return Said({"minute": minute, "reached": "answered", "body": body, **rest})


@dataclass(frozen=True)
class Target:
    """What one target saw, and who it is."""

    name: str
    probe: str
    looks: Sequence[Said]
    interval_ms: int = MINUTE
    account: str = "graph"
    identity: Mapping[str, str] = field(default_factory=dict)

    @property
    def watched(self) -> Watched:
        return Watched(self.name, ProbeKind(self.probe), self.interval_ms, self.account, **self.identity)

    def exchanges(self) -> list[Exchange]:
        return [
            read_exchange({"target": self.name, "probe": self.probe, **one, "at": iso(minute_ms(one["minute"]))})
            for one in self.looks
        ]

    def account_of(self) -> Account:
        """What a ledger would hold of it after its live verdicts, when no control had spoken yet."""
        seen = self.exchanges()
        marks = [Mark(one.at_ms or 0, self.context(one), judge(one, KNOWN)) for one in seen]
        kept = {
            mark.at_ms: one
            for mark, one in zip(marks, seen, strict=True)
            if mark.finding.verdict is not Verdict.OK or ProbeKind(self.probe) in EVIDENCE
        }
        return Account(self.name, self.account, marks, kept)

    def context(self, one: Exchange) -> Context:
        return Context(
            self.probe,
            self.interval_ms,
            self.account,
            one.request_fingerprint,
            one.token_fingerprint,
            one.served_version,
            one.site,
            passing(one),
        )


def minute_ms(minute: float) -> int:
    return START + round(minute * MINUTE)


@dataclass(frozen=True)
class Case:
    """Everything a pass knows in a story. The first target is the one that is judged."""

    targets: Sequence[Target]
    now_ms: int = START + 2 * DAY
    known: Knowledge = KNOWN
    by_people: frozenset[int] = frozenset()
    outages: tuple[Outage, ...] = ()
    beside: Beside = NOTHING_BESIDE
    unattended: tuple[Span, ...] = ()
    within: Span = WITHIN

    def judged(self) -> Judged:
        """What judging the first target again comes to; with its rulings applied there is nothing more to say."""
        own, *others = (one.account_of() for one in self.targets)
        own = Account(own.target, own.account, own.marks, own.exchanges, self.by_people)
        first = self._pass([own, *others])
        marks = standing(own.marks, first.rulings, own.target)
        again = Account(own.target, own.account, marks, own.exchanges, own.by_people)
        assert self._pass([again, *others]).rulings == []
        return first

    def gathered(self, accounts: list[Account]) -> Gathered:
        """All that a pass over these accounts knows."""
        return Gathered(
            accounts,
            [one.watched for one in self.targets],
            self.known,
            self.now_ms,
            outages=self.outages,
            beside=self.beside,
            unattended=self.unattended,
        )

    def _pass(self, accounts: list[Account]) -> Judged:
        past = self.gathered(accounts).history(self.targets[0].name)
        return rejudge(accounts[0], past, self.within, self.known.catalogue.edition)

    def turned(self) -> list[str]:
        """``minute verdict cause column rule`` of every new ruling, by minute; doubtful columns end with ``?``."""
        return [in_words(one) for one in self.judged().rulings]

    def missing(self) -> set[tuple[str, str]]:
        """Nearest rule and missing condition of the doubtful looks that stayed."""
        return {(one.rule, one.missing) for one in self.judged().kept}


def in_words(one: Ruling) -> str:
    found = one.finding
    doubt = "?" if found.provisional else ""
    return f"{(one.at_ms - START) // MINUTE} {found.verdict} {found.cause} {found.column}{doubt} {found.rule}"


def turned(
    looks: Sequence[Said],
    tokens: Sequence[Said] = (),
    *,
    others: Sequence[Said] = (),
    probe: str = "api",
    more: Sequence[Target] = (),
    identity: Mapping[str, str] | None = None,
    **rest: Any,
) -> list[str]:
    """The new rulings on the looks of one target, with the account's token target and another one beside it."""
    own = Target("cloud-api", probe, looks, identity=identity or {})
    beside = [Target("token", "token", tokens, QUARTER), Target("other", "api", others)]
    return Case([own, *beside, *more], **rest).turned()


def around(*bad: Said) -> list[Said]:
    """Good looks at minutes 0 to 9, with others in their places."""
    places = {one["minute"] for one in bad}
    return sorted(
        [*(said(one) for one in range(10) if one not in places), *bad], key=lambda one: float(one["minute"])
    )


def heard(*looks: tuple[float, bool]) -> Knowledge:
    """What one control said: at a minute, whether it failed."""
    controls = Controls()
    for minute, failed in looks:
        controls.add("control-1", Look(minute_ms(minute), minute_ms(minute) + 100, MINUTE, failed))
    return Knowledge(KNOWN.catalogue, controls)
