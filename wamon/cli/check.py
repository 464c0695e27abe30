"""``wamon check``: the configuration, then one look at every target."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wamon.cli.account_answers import ask_accounts, line_documents, print_lines
from wamon.cli.answers import BAD_NEWS, FINE, WRONG, CannotError, say, write_json
from wamon.cli.configuration import settings_of
from wamon.cli.looking import Seen, asking_of, look_at, milliseconds
from wamon.cli.many import LINES
from wamon.cli.progress import patience
from wamon.core.account_lines import Light, Line
from wamon.core.catalogue import wording
from wamon.core.finding import Verdict
from wamon.core.judgement import verdict_document
from wamon.core.knowledge import Knowledge, knowledge
from wamon.core.observation import STEPS
from wamon.settings import AskingTarget, MessageTarget, Settings, SettingsError, resolve_all, warnings
from wamon.settings.canary_cost import monthly_cost
from wamon.settings.view import masked
from wamon.terminal import BAD, GOOD, OURS, QUIET, STYLES, Cell, Page
from wamon.web.clients import ROOM
from wamon.web.words import named
from wamon.wiring import Asking

_TOLD = "it is told, by Meta's webhooks and your application"

_TAKEN = "a handshake with a deliberately wrong verify token was accepted: anybody can point a subscription at it"
_TAKEN_REMEDY = "compare hub.verify_token before echoing the challenge, and answer 403 when it differs"


class Checked(msgspec.Struct, frozen=True):
    """What a check found. ``problems`` make the configuration unusable; ``unasked`` gives reasons by target.

    ``accounts`` is what Graph says of them.
    """

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    seen: tuple[Seen, ...]
    unasked: dict[str, str]
    accounts: tuple[Line, ...] = ()

    @property
    def code(self) -> int:
        """The exit code."""
        if self.problems:
            return WRONG
        wrong = any(one.light is Light.RED for one in self.accounts)
        return FINE if all(map(_fine, self.seen)) and not wrong else BAD_NEWS


def check_command(config: Path | None, as_json: bool) -> int:
    """Check and look; 2 for a configuration that cannot be used, 1 when a target does not answer as it should."""
    settings, known = settings_of(config), knowledge()
    with patience("looking at every target"):
        found = check(settings, known)
    if as_json:
        write_json(_document(found, known))
    else:
        _print(Page(), found, known, str(config) if config else "the configuration without a file")
    for problem in found.problems:
        say(f"wamon: {problem}")
    return found.code


def show_command(config: Path | None, as_json: bool) -> int:
    """Every setting in force, the included files' too, as TOML or JSON; nothing private is in it."""
    tables = masked(settings_of(config))
    if as_json:
        write_json(tables)
        return FINE
    for name, value in tables.items():
        rows, head = (value, f"[[{name}]]") if isinstance(value, list) else ([value], f"[{name}]")
        for row in rows:
            lines = [f"{key} = {json.dumps(one, ensure_ascii=False)}" for key, one in row.items()]
            sys.stdout.write("\n".join((head, *lines, "", "")))
    return FINE


def check(settings: Settings, known: Knowledge) -> Checked:
    """Look for every secret, then at every target whose secrets are there."""
    today = datetime.now(UTC).date()
    chosen, every, unasked = _askable(settings)
    seen = look_at(chosen, every, known, wrong_token=True) if chosen else []
    accounts = tuple(ask_accounts(settings, every))
    return Checked(tuple(_problems(settings)), tuple(warnings(settings, today)), tuple(seen), unasked, accounts)


def _problems(settings: Settings) -> Sequence[str]:
    import os

    try:
        resolve_all(settings, os.environ)
    except SettingsError as refused:
        return refused.problems
    return ()


def _askable(settings: Settings) -> tuple[list[AskingTarget], dict[str, Asking], dict[str, str]]:
    chosen: list[AskingTarget] = []
    every: dict[str, Asking] = {}
    unasked: dict[str, str] = {}
    for one in settings.targets:
        if isinstance(one, MessageTarget):
            cost = f"a canary is a real message and costs money, {monthly_cost(one)}"
            unasked[one.name] = f"{cost}; wamon probe {one.name} sends one"
            continue
        if not isinstance(one, AskingTarget):
            unasked[one.name] = _TOLD
            continue
        try:
            every[one.name] = asking_of(one, settings)
            chosen.append(one)
        except CannotError:
            unasked[one.name] = "a secret of it cannot be had, see below"
    return chosen, every, unasked


def _document(found: Checked, known: Knowledge) -> dict[str, object]:
    return {
        "ok": found.code == FINE,
        "problems": list(found.problems),
        "warnings": list(found.warnings),
        "targets": [_target_document(one, known) for one in found.seen],
        "accounts": line_documents(found.accounts),
        "not_asked": found.unasked,
    }


def _target_document(one: Seen, known: Knowledge) -> dict[str, object]:
    document: dict[str, object] = {"target": one.target.name, "probe": one.target.probe.value}
    document |= verdict_document(one.exchange, one.finding, known)
    document["durations_ms"] = dict(one.exchange.durations_ms)
    if one.wrong_token_taken is not None:
        document["wrong_token_accepted"] = one.wrong_token_taken
    return document


def _print(page: Page, found: Checked, known: Knowledge, name: str) -> None:
    if not found.problems:
        page.line(f"{name} ", ("is valid", GOOD))
    if found.warnings:
        page.heading("Warnings")
        page.listed([(text, OURS) for text in found.warnings])
    many = len(found.seen) > ROOM
    if found.seen:
        _print_seen(page, [one for one in found.seen if not many or not _fine(one)], len(found.seen))
    gravest = sorted(found.accounts, key=lambda one: -list(Light).index(one.light))
    told = [one for one in gravest if one.light is not Light.GREEN][:LINES] if many else list(found.accounts)
    print_lines(page, told)
    if len(told) < len(found.accounts):
        page.line((f"{_lights(gravest[len(told) :])} more lines, all of them with: --json", QUIET))
    if found.unasked:
        page.heading("Not asked")
        page.fields(found.unasked.items())
    for names, lines in _alike(found.seen, known):
        page.heading(names)
        page.fields(lines)


def _lights(lines: Sequence[Line]) -> str:
    """``3 amber, 40 green``."""
    counts = Counter(one.light for one in lines)
    return ", ".join(f"{counts[light]} {light.value}" for light in reversed(Light) if counts[light])


def _print_seen(page: Page, told: Sequence[Seen], every: int) -> None:
    """A row for each target that is told; those of many that are fine are counted."""
    page.heading("One look at every target")
    if told:
        heads = ("target", "verdict", "rule", *(step.partition("_")[0] for step in STEPS))
        page.table(heads, [_cells(one) for one in told], right=heads[3:], prose=["rule"])
        page.line(("steps in milliseconds; first: until the first byte of the answer", QUIET))
    if len(told) < every:
        page.line((f"{every - len(told)} of {every} targets are fine; each of them: --json", QUIET))


def _fine(one: Seen) -> bool:
    return one.finding.verdict is Verdict.OK and not one.wrong_token_taken


def _cells(one: Seen) -> list[Cell]:
    verdict = one.finding.verdict.value
    taken = one.exchange.durations_ms
    steps = [milliseconds(taken.get(step)) for step in STEPS]
    return [one.target.name, (verdict, STYLES[verdict]), one.finding.rule.replace("_", " "), *steps]


def _alike(seen: Sequence[Seen], known: Knowledge) -> Iterator[tuple[str, list[tuple[str, Cell]]]]:
    """Targets of which the same has to be said, and what."""
    groups: dict[tuple[tuple[str, Cell], ...], list[Seen]] = {}
    for one in seen:
        if lines := tuple(_findings(one, known)):
            groups.setdefault(lines, []).append(one)
    for lines, alike in groups.items():
        details = dict.fromkeys(one.exchange.detail for one in alike if one.exchange.detail)
        shown: list[tuple[str, Cell]] = [("seen", "\n".join(details))] if details else []
        yield named([one.target.name for one in alike]), [*shown, *lines]


def _findings(one: Seen, known: Knowledge) -> Iterator[tuple[str, Cell]]:
    """What is wrong with a target, and what to do about it."""
    if one.finding.verdict is not Verdict.OK:
        explanation, remedy = wording(one.finding, known.catalogue)
        if one.finding.code is not None:
            yield "code", f"{one.finding.code}, more with: wamon explain {one.finding.code}"
        yield "meaning", explanation
        yield "what to do", remedy
    if one.wrong_token_taken:
        yield "finding", (_TAKEN, BAD)
        yield "what to do", _TAKEN_REMEDY
