"""Judging again: the live rules with all that is known now, then hindsight; only differences count."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from wamon.core.finding import Finding, Mark, Origin, Ruling, Verdict
from wamon.core.graph_error import account_event_times
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange
from wamon.core.rules_hindsight import HINDSIGHT, Case, History, TokenLook, Turned, episode
from wamon.core.shapes import token_facts
from wamon.core.timeline import Span


class Account(msgspec.Struct, frozen=True):
    """Everything on record for one target: its looks with standing findings, and the exchanges of those not good.

    ``exchanges`` are by instant. ``by_people`` are instants on which a person ruled: they outrank every rule.
    """

    target: str
    account: str
    marks: Sequence[Mark]
    exchanges: Mapping[int, Exchange]
    by_people: frozenset[int] = frozenset()


def token_looks(account: Account) -> Iterator[TokenLook]:
    """The statements of a `token` target; calls that failed say nothing."""
    intervals = {mark.at_ms: mark.interval_ms for mark in account.marks}
    for at_ms, exchange in sorted(account.exchanges.items()):
        facts = token_facts(exchange.body)
        if facts is not None:
            yield TokenLook(at_ms, account.target, intervals.get(at_ms, 0), exchange.token_fingerprint, facts)


def account_events(account: Account) -> Iterator[int]:
    """The instants of the events about the account itself that a target of webhook bodies received."""
    for at_ms, exchange in account.exchanges.items():
        for happened_ms in account_event_times(exchange.body):
            yield at_ms if happened_ms is None else happened_ms


def accepted_requests(accounts: Sequence[Account]) -> dict[tuple[str, str | None], list[int]]:
    """When each request, under each served version, was accepted."""
    accepted: dict[tuple[str, str | None], list[int]] = {}
    for account in accounts:
        for mark in account.marks:
            context = mark.context
            if context.request_fingerprint is not None and mark.finding.verdict is Verdict.OK:
                accepted.setdefault((context.request_fingerprint, context.served_version), []).append(mark.at_ms)
    for instants in accepted.values():
        instants.sort()
    return accepted


def rejudge(
    account: Account,
    within: Span,
    known: Knowledge,
    *,
    tokens: Sequence[TokenLook],
    accepted: Mapping[tuple[str, str | None], Sequence[int]],
    now_ms: int,
    events_ms: Sequence[int] = (),
) -> list[Ruling]:
    """New rulings for one target's looks inside a window, where verdict, cause, column or firmness differ.

    Judged from the facts alone, never from earlier rulings: doing it twice changes nothing.
    """
    fresh = [_live(mark, account, known) for mark in account.marks]
    past = History(account.account, account.marks, fresh, accepted, now_ms)
    rulings: list[Ruling] = []
    for case in _cases(account, fresh, tokens, events_ms):
        mark = account.marks[case.place]
        if not within.holds(mark.at_ms) or mark.at_ms in account.by_people:
            continue
        turned = with_hindsight(case, past)
        if differs(turned.finding, mark.finding):
            rulings.append(_ruling(account.target, mark.at_ms, turned, known, now_ms))
    return rulings


def with_hindsight(case: Case, past: History) -> Turned:
    """The first rule of hindsight that fires; else the finding of the live rules."""
    return next((turned for rule in HINDSIGHT if (turned := rule(case, past)) is not None), Turned(case.finding))


def differs(one: Finding, other: Finding) -> bool:
    """Whether two findings say something else; another rule for the same words is no difference."""
    return (one.verdict, one.cause, one.column, one.provisional) != (
        other.verdict,
        other.cause,
        other.column,
        other.provisional,
    )


def _live(mark: Mark, account: Account, known: Knowledge) -> Finding:
    exchange = account.exchanges.get(mark.at_ms)
    if mark.finding.verdict is Verdict.OK or exchange is None:
        return mark.finding
    return judge(exchange, known)


def _cases(
    account: Account, fresh: Sequence[Finding], tokens: Sequence[TokenLook], events_ms: Sequence[int]
) -> Iterator[Case]:
    """Every look that was not good and whose exchange is kept, with its episode."""
    for (verdict, _), members in groupby(range(len(fresh)), key=lambda i: (fresh[i].verdict, fresh[i].cause)):
        if verdict is Verdict.OK:
            continue
        places = list(members)
        around = episode(account.marks, places[0], places[-1], tokens, events_ms)
        for i in places:
            exchange = account.exchanges.get(account.marks[i].at_ms)
            if exchange is not None:
                yield Case(i, exchange, fresh[i], around)


def _ruling(target: str, at_ms: int, turned: Turned, known: Knowledge, now_ms: int) -> Ruling:
    return Ruling(
        target=target,
        at_ms=at_ms,
        finding=turned.finding,
        origin=Origin.RECLASSIFICATION,
        edition=known.catalogue.edition,
        ruled_at_ms=now_ms,
        evidence=turned.evidence,
    )
