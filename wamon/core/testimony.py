"""What recorded looks testify: of tokens and their apps, of requests, templates, messages and the account."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, repeat

from wamon.core.evidence import Acceptances, Record, TemplateLook, TokenLook, TokenUse, When, name_of
from wamon.core.finding import Cause, Verdict
from wamon.core.graph_error import DELIVERED, account_event_times, status_reports, template_events
from wamon.core.reclassification import Account
from wamon.core.rules_hindsight.request import OF_THE_REQUEST
from wamon.core.shapes import TokenFacts, token_facts


def token_looks(account: Account) -> Iterator[TokenLook]:
    """The statements of a `token` target; calls that failed say nothing."""
    intervals = {mark.at_ms: mark.interval_ms for mark in account.marks}
    read: dict[int, TokenFacts | None] = {}  # by body: a recording that says the same all day shares one
    for at_ms, exchange in sorted(account.exchanges.items()):
        body = id(exchange.body)
        facts = read[body] if body in read else read.setdefault(body, token_facts(exchange.body))
        if facts is not None:
            yield TokenLook(at_ms, account.target, intervals.get(at_ms, 0), exchange.token_fingerprint, facts)


def account_events(account: Account) -> Iterator[int]:
    """The instants of the events about the account itself that a target of webhook bodies received."""
    for at_ms, exchange in account.exchanges.items():
        for happened_ms in account_event_times(exchange.body):
            yield at_ms if happened_ms is None else happened_ms


def template_words(account: Account) -> Iterator[TemplateLook]:
    """What webhook bodies told of templates."""
    for at_ms, exchange in account.exchanges.items():
        for event in template_events(exchange.body):
            yield TemplateLook(
                at_ms if event.at_ms is None else event.at_ms,
                f"{event.name}/{event.language}",
                name_of(account.target, at_ms),
                template_status=event.event,
                changed=event.changed,
            )


def template_nodes(record: Record) -> Iterator[TemplateLook]:
    """What good looks at template nodes showed."""
    shown = any(context.told.templates for context in record.contexts)
    for place, mark in enumerate(record.marks) if shown else ():
        for word in mark.context.told.templates:
            template = f"{word.name}/{word.language}"
            yield TemplateLook(mark.at_ms, template, record.name(place), word.template_status, word.components)


def deliveries(account: Account) -> Iterator[tuple[str, str]]:
    """Each message that was delivered, under its id and what was sent along, with the look that proves it."""
    for at_ms, exchange in account.exchanges.items():
        for report in status_reports(exchange.body):
            if report.message_status in DELIVERED:
                for known_as in (report.wamid, report.sent_along):
                    if known_as:
                        yield known_as, name_of(account.target, at_ms)


def doubtful_requests(records: Iterable[Record]) -> frozenset[str]:
    """The requests that were refused in a way that their acceptance at other times may turn."""
    return frozenset(
        request
        for record in records
        for place in record.bad
        if record.findings[place].provisional and record.findings[place].cause in OF_THE_REQUEST
        if (request := record.marks[place].context.request_fingerprint) is not None
    )


def acceptances(records: Iterable[Record], requests: frozenset[str]) -> Acceptances:
    """When each of some requests, under each served version, was accepted on any target."""
    instants: dict[tuple[str, str | None], list[tuple[int, str]]] = {}
    for record in records:
        alike: dict[tuple[str, str | None], set[int]] = {}
        for context in record.contexts:
            if (request := context.request_fingerprint) in requests and request is not None:
                alike.setdefault((request, context.served_version), set()).add(id(context))
        for key, asked in alike.items():
            chosen = bytearray(b"\1") * len(record.marks)
            if len(asked) < len(record.contexts):
                chosen = bytearray([id(mark.context) in asked for mark in record.marks])
            for place in record.bad:
                chosen[place] = 0
            every = zip([mark.at_ms for mark in record.marks], repeat(record.target), strict=False)
            instants.setdefault(key, []).extend(compress(every, chosen))
    for row in instants.values():
        row.sort()
    accepted = {key: row for key, row in instants.items() if row}
    return Acceptances(accepted, frozenset(request for request, _ in accepted))


def last_accepted(record: Record) -> dict[str, When]:
    """The last acceptance of each request on a target."""
    last: dict[str, When] = {}
    missing = {context.request_fingerprint for context in record.contexts} - {None}
    for mark, found in zip(reversed(record.marks), reversed(record.findings), strict=True):
        if not missing:
            break
        request = mark.context.request_fingerprint
        if request in missing and request is not None and found.verdict is Verdict.OK:
            last[request] = When(mark.at_ms, record.target)
            missing.discard(request)
    return last


def token_uses(records: Sequence[Record]) -> dict[str | None, TokenUse]:
    """When each token of an account was accepted and when refused; empty where there was only one."""
    if len({context.token_fingerprint for record in records for context in record.contexts}) < 2:
        return {}
    accepted: dict[str | None, list[When]] = {}
    refused: dict[str | None, list[When]] = {}
    for record in records:
        for mark, found in zip(record.marks, record.findings, strict=True):
            if found.verdict is Verdict.OK:
                accepted.setdefault(mark.context.token_fingerprint, []).append(When(mark.at_ms, record.target))
            elif found.cause is Cause.AUTHENTICATION:
                refused.setdefault(mark.context.token_fingerprint, []).append(When(mark.at_ms, record.target))
    return {
        token: TokenUse(sorted(accepted.get(token, ())), sorted(refused.get(token, ())))
        for token in {*accepted, *refused}
    }


def apps(looks: Iterable[TokenLook], accounts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Whose app a token belongs to, by its fingerprint and by its account, as `debug_token` says.

    ``accounts`` gives each token target's account. An account whose answers name several apps has none.
    """
    by_token: dict[str, str] = {}
    by_account: dict[str, set[str]] = {}
    for look in looks:
        if look.facts.app_id:
            by_account.setdefault(accounts[look.target], set()).add(look.facts.app_id)
            if look.token_fingerprint is not None:
                by_token[look.token_fingerprint] = look.facts.app_id
    return by_token, {account: next(iter(named)) for account, named in by_account.items() if len(named) == 1}
