"""What Graph says of every account right now, in a line each: whether we are the problem."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from wamon.accounts import Question, answer, carrier_of, expected, questions_of
from wamon.cli.abreast import abreast
from wamon.cli.clock import now_ms
from wamon.core.account_facts import Stated
from wamon.core.account_lines import Light, Line, lines
from wamon.settings import Settings
from wamon.terminal import BAD, GOOD, OURS, Page
from wamon.wiring import Askers, Asking

_STYLES = {Light.GREEN: GOOD, Light.AMBER: OURS, Light.RED: BAD}


def ask_accounts(settings: Settings, every: Mapping[str, Asking]) -> list[Line]:
    """Ask all that can be asked with the targets whose secrets are there."""
    return list(lines(asyncio.run(_ask(settings, every)), expected(settings)))


async def _ask(settings: Settings, every: Mapping[str, Asking]) -> list[Stated]:
    askers = Askers(every)
    try:
        return await abreast(
            partial(_answer, one, account.name, carrier.name, askers)
            for account in (settings.graph, *settings.accounts)
            if (carrier := carrier_of(account.name, settings)) is not None and carrier.name in every
            for one in questions_of(account, settings)
        )
    finally:
        await askers.close()


async def _answer(one: Question, account: str, carrier: str, askers: Askers) -> Stated:
    return await answer(one, account, carrier, askers, now_ms())


def print_lines(page: Page, found: Sequence[Line]) -> None:
    """A table of all lines, and what to do about those that are not fine."""
    if not found:
        return
    page.heading("What Graph says of the accounts")
    rows = [(one.account, one.subject, (one.text, _STYLES[one.light])) for one in found]
    page.table(("account", "of", "now"), rows, prose=["now"])
    remedies = [(f"{one.account}, {one.subject}: {one.remedy}", _STYLES[one.light]) for one in found if one.remedy]
    if remedies:
        page.heading("What to do")
        page.listed(remedies)


def line_documents(found: Sequence[Line]) -> list[dict[str, str]]:
    """The same as JSON."""
    return [one._asdict() | {"light": one.light.value} for one in found]
