"""Gathering the evidence of a weekly pass: every target's looks read once, laid out where the rules will ask."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from wamon.core.evidence import Posted, Record, TemplateLook, TokenLook, TokenUse
from wamon.core.finding import Cause, Finding, Verdict
from wamon.core.knowledge import Knowledge
from wamon.core.observation import ProbeKind
from wamon.core.posted import Outage, posted_spans
from wamon.core.reclassification import Account, live_findings
from wamon.core.rules_hindsight.episode import ABOUT_TOKENS
from wamon.core.rules_hindsight.history import History
from wamon.core.rules_hindsight.request import OF_THE_REQUEST
from wamon.core.testimony import (
    acceptances,
    account_events,
    apps,
    deliveries,
    doubtful_requests,
    last_accepted,
    template_nodes,
    template_words,
    token_looks,
    token_uses,
)
from wamon.core.timeline import Span
from wamon.core.watched import EVIDENCE, Watched


class Beside(msgspec.Struct, frozen=True):
    """Evidence that stands in no target's looks. By default nothing is known.

    ``events_ms`` are events of each account, ``templates`` what was learned of each account's templates (both in
    any order), ``delivered`` names, by message id, what proves a delivery. ``unattended`` is time in which nobody
    listened for webhooks. ``late`` gives, by target and instant, when a canary that came back too late was due.
    """

    events_ms: Mapping[str, Sequence[int]] = {}
    templates: Mapping[str, Sequence[TemplateLook]] = {}
    delivered: Mapping[str, str] = {}
    unattended: Sequence[Span] = ()
    late: Mapping[str, Mapping[int, int]] = {}


NOTHING_BESIDE = Beside()

_HEARING = frozenset({ProbeKind.STATUS, ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC})
"""Probes whose bodies may tell that a message was delivered."""

Told = TypeVar("Told", int, TemplateLook)


class Gathered:
    """Everything that is known in a pass, of all targets; ``unattended`` is time in which no receiver ran."""

    def __init__(
        self,
        accounts: Sequence[Account],
        targets: Sequence[Watched],
        known: Knowledge,
        now_ms: int,
        *,
        outages: Sequence[Outage] = (),
        beside: Beside = NOTHING_BESIDE,
        unattended: Sequence[Span] = (),
    ) -> None:
        watched = {one.name: one for one in targets}
        chosen = [one for one in accounts if one.target in watched]
        self.known, self.now_ms, self.outages, self.unattended = known, now_ms, outages, unattended
        asked = [one for one in chosen if watched[one.target].probe is ProbeKind.TOKEN]
        self._owners = {one.target: one.account for one in asked}
        self._tokens = sorted((look for one in asked for look in token_looks(one)), key=_at)
        self._token_reach_ms = max((look.interval_ms for look in self._tokens), default=0)
        self._apps = apps(self._tokens, self._owners)
        self.records = {one.target: self._record(one, watched[one.target]) for one in chosen}
        self._requests = doubtful_requests(self.records.values())
        self._accepted = acceptances(self.records.values(), self._requests)
        told = [one for one in chosen if watched[one.target].probe is ProbeKind.STATUS]
        self._events = _by_account(
            (*_spread(beside.events_ms), *((one.account, account_events(one)) for one in told))
        )
        self._templates = _by_account(
            (
                *_spread(beside.templates),
                *((one.account, template_words(one)) for one in told),
                *((one.account, template_nodes(one)) for one in self.records.values()),
            )
        )
        self._delivered = dict(beside.delivered)
        for one in chosen:
            if watched[one.target].probe in _HEARING:
                self._delivered.update(deliveries(one))
        self._late = beside.late
        self._uses: dict[str, Mapping[str | None, TokenUse]] = {}

    def _record(self, one: Account, target: Watched) -> Record:
        findings, bad = _as_they_stand(one) if target.probe in EVIDENCE else live_findings(one, self.known)
        contexts = tuple({id(mark.context): mark.context for mark in one.marks}.values())
        by_token, by_account = self._apps
        named = (by_token.get(context.token_fingerprint or "") for context in contexts)
        return Record(
            one.target,
            target.probe,
            one.account,
            one.marks,
            findings,
            bad,
            contexts,
            target.number,
            next(filter(None, named), "") or by_account.get(one.account, "") or target.app,
            target.template,
        )

    def history(self, target: str) -> History:
        """What concerns one target."""
        own = self.records[target]
        others = [one for one in self.records.values() if one is not own]
        watching = [one for one in others if one.probe not in EVIDENCE]
        causes = {own.findings[place].cause for place in own.bad}
        return History(
            record=own,
            now_ms=self.now_ms,
            tokens=self._tokens_for(own.account) if causes & ABOUT_TOKENS else (),
            token_reach_ms=self._token_reach_ms,
            token_uses=self._uses_in(own.account) if Cause.AUTHENTICATION in causes else {},
            events_ms=self._events.get(own.account, ()),
            accepted=self._accepted,
            accepted_here=last_accepted(own) if causes & OF_THE_REQUEST else {},
            household=[one for one in self.records.values() if one.account == own.account],
            peers=[one for one in watching if one.probe is own.probe and _another_number(one, own)],
            strangers=[one for one in watching if one.app and own.app and one.app != own.app],
            endpoints=[one for one in others if one.probe is ProbeKind.WEBHOOK and one.account == own.account],
            elsewhere=[one for one in watching if one.probe is not ProbeKind.WEBHOOK],
            unattended=self.unattended,
            posted=self._posted(own.probe),
            delivered=self._delivered,
            templates=self._templates.get(own.account, ()),
            late=self._late.get(target, {}),
            controls=self.known.controls,
        )

    def _tokens_for(self, account: str) -> list[TokenLook]:
        """The account's own answers, and others' about a token that can be told apart."""
        return [
            one for one in self._tokens if one.token_fingerprint is not None or self._owners[one.target] == account
        ]

    def _uses_in(self, account: str) -> Mapping[str | None, TokenUse]:
        if account not in self._uses:
            household = [one for one in self.records.values() if one.account == account]
            self._uses[account] = token_uses([one for one in household if one.probe not in EVIDENCE])
        return self._uses[account]

    def _posted(self, probe: ProbeKind) -> Posted:
        shared = posted_spans(self.outages, probe, self.now_ms, cause=Cause.EDGE)
        return Posted(posted_spans(self.outages, probe, self.now_ms), shared)


def _as_they_stand(one: Account) -> tuple[list[Finding], list[int]]:
    """Evidence is heard for what it tells; no pass rules on its looks, so none judges them again."""
    findings = [mark.finding for mark in one.marks]
    return findings, [place for place, found in enumerate(findings) if found.verdict is not Verdict.OK]


def _another_number(one: Record, own: Record) -> bool:
    """Whether two targets watch different numbers; where an id is not known, the target stands for its number."""
    return one.number != own.number or not own.number


def _spread(rows: Mapping[str, Iterable[Told]]) -> list[tuple[str, Iterable[Told]]]:
    return list(rows.items())


def _by_account(rows: Iterable[tuple[str, Iterable[Told]]]) -> dict[str, list[Told]]:
    """All rows of each account, in order."""
    found: dict[str, list[Told]] = {}
    for account, row in rows:
        found.setdefault(account, []).extend(row)
    return {account: sorted(row) for account, row in found.items()}


def _at(look: TokenLook) -> int:
    return look.at_ms
