"""The page's lines about ourselves, asked for now: tokens, endpoints, and Graph's word on the accounts."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial

from wamon.accounts import answer, carrier_of, expected, questions_of
from wamon.cli.abreast import abreast
from wamon.cli.answers import CannotError
from wamon.cli.clock import now_ms
from wamon.cli.database import opened
from wamon.cli.looking import hear
from wamon.core.account_facts import Stated
from wamon.core.catalogue import wording
from wamon.core.diagnosis import Line, page_lines, token_line
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.ourselves import OURS, OwnLook, own_lines
from wamon.core.shapes import token_facts
from wamon.core.timeline import SECOND
from wamon.core.webhook_flow import Flow
from wamon.endings import endings_of
from wamon.flows import flows_of
from wamon.probes import token
from wamon.settings import Account, AskingTarget, Settings
from wamon.wiring import Askers, Asking

Looked = tuple[AskingTarget, Exchange]


async def ask_ourselves(settings: Settings, askers: Askers, every: Mapping[str, Asking]) -> list[Line]:
    """The page's lines as they are now, and a line for each token that no target looks at.

    ``every`` are the targets whose secrets can be had; the others are not asked.
    """
    targets = [one for one in settings.targets if isinstance(one, AskingTarget) and one.name in every]
    wanted = [one for one in targets if one.probe in (*OURS, ProbeKind.CONTROL)]
    seen = await abreast(partial(_look, one, askers) for one in wanted)
    carried = [
        (account, carrier.name)
        for account in (settings.graph, *settings.accounts)
        if (carrier := carrier_of(account.name, settings)) is not None and carrier.name in every
    ]
    answers = await abreast(partial(_answers, *one, settings, askers) for one in carried)
    now = now_ms()
    lines = own_lines(
        _judged(seen),
        [one for row in answers for one in row],
        expected(settings),
        endings_of(settings, _tokens_ms(seen), _certificates_ms(seen), lambda _name, _ends_ms: now),
        _flows(settings, now),
        now,
    )
    watched = {one.account for one, _ in seen if one.probe is ProbeKind.TOKEN}
    unwatched = [one for one in carried if one[0].name not in watched]
    return [*page_lines(lines), *await abreast(partial(_inspected, *one, askers) for one in unwatched)]


async def _look(one: AskingTarget, askers: Askers) -> Looked:
    return one, await askers.ask(one.name, now_ms())


async def _answers(account: Account, carrier: str, settings: Settings, askers: Askers) -> list[Stated]:
    return [await answer(one, account.name, carrier, askers, now_ms()) for one in questions_of(account, settings)]


async def _inspected(account: Account, carrier: str, askers: Askers) -> Line:
    seen = await askers.send(carrier, token.request(askers.aim(carrier)), now_ms())
    return token_line(account.name, token_facts(seen.body), now_ms())


def _judged(seen: Sequence[Looked]) -> list[OwnLook]:
    known = knowledge()
    hear(seen, known)
    found = [(one, judge(exchange, known)) for one, exchange in seen]
    return [
        OwnLook(one.name, one.account, one.probe, finding.verdict, *wording(finding, known.catalogue))
        for one, finding in found
    ]


def _flows(settings: Settings, now: int) -> Sequence[Flow]:
    """How webhooks come, as the book has it; what is wrong with the book is told in a line of its own."""
    if not settings.receiving:
        return ()
    try:
        with closing(opened(settings)) as book:
            return flows_of(settings, book, now)
    except CannotError:
        return ()


def _tokens_ms(seen: Sequence[Looked]) -> dict[str, int | None]:
    """By account when its token ends; None for never, and nothing where that was not told."""
    facts = {one.account: token_facts(said.body) for one, said in seen if one.probe is ProbeKind.TOKEN}
    return {name: one.expires_at_s * SECOND or None for name, one in facts.items() if one is not None}


def _certificates_ms(seen: Sequence[Looked]) -> dict[str, int]:
    ends = {one.name: said.certificate_expires_ms for one, said in seen}
    return {name: ends_ms for name, ends_ms in ends.items() if ends_ms is not None}
