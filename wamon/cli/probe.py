"""``wamon probe``: one exchange with one target, and what the rules made of it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, say, write_json
from wamon.cli.configuration import settings_of, target_of
from wamon.cli.looking import Seen, look_once, steps_text
from wamon.cli.progress import patience
from wamon.core.catalogue import wording
from wamon.core.finding import Finding, Verdict
from wamon.core.judgement import explained, trace_id, verdict_document
from wamon.core.knowledge import Knowledge, knowledge
from wamon.core.observation import Exchange
from wamon.core.reading import write_exchange
from wamon.settings import AskingTarget, MessageTarget
from wamon.terminal import QUIET, STYLES, Cell, Page


def probe_command(name: str, explain: bool, config: Path | None, as_json: bool, yes: bool = False) -> int:
    """Ask a target once; 1 when the verdict is not ok. A real message is sent only when a person says so."""
    settings = settings_of(config)
    target = target_of(settings, name)
    if not isinstance(target, AskingTarget):
        raise CannotError(f"target {name} is never asked: it is told, by Meta's webhooks and your application")
    if isinstance(target, MessageTarget) and not (yes or _agreed(target)):
        raise CannotError(f"nothing was sent by {name}; --yes sends its message without asking")
    known = knowledge()
    with patience(f"asking {name}"):
        seen = look_once(target, settings, known)
    if as_json:
        write_json(_document(seen, known, explain))
    else:
        _print(Page(), seen, known, explain)
    return FINE if seen.finding.verdict is Verdict.OK else BAD_NEWS


def _agreed(target: MessageTarget) -> bool:
    """Whether the person at the terminal lets a real message go; nobody there: no."""
    say(
        f"wamon: {target.name} sends one real message to {target.to} (template {target.template}), "
        "which may cost money; its way back is seen by the daemon only"
    )
    if not sys.stdin.isatty():
        return False
    sys.stderr.write("Send it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _document(seen: Seen, known: Knowledge, explain: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "exchange": write_exchange(seen.exchange),
        "verdict": verdict_document(seen.exchange, seen.finding, known),
        "controls_failed": _controls_failed(seen.exchange, known),
    }
    if explain:
        document["rules"] = [
            {"rule": rule, "asks": purpose, "said": said_text(finding)}
            for rule, purpose, finding in explained(seen.exchange, known)
        ]
    return document


def _controls_failed(exchange: Exchange, known: Knowledge) -> bool | None:
    return known.controls.failed(exchange.at_ms or 0, exchange.end_ms)


def said_text(finding: Finding | None) -> str:
    """What a rule said: nothing, or verdict and cause."""
    return "nothing" if finding is None else f"{finding.verdict.value}, {finding.cause.value}"


def _print(page: Page, seen: Seen, known: Knowledge, explain: bool) -> None:
    verdict = seen.finding.verdict.value
    page.line((seen.target.name, "bold"), f"  {seen.target.probe.value}  ", (verdict, STYLES[verdict]))
    page.line("")
    page.fields(fields(seen, known))
    if explain:
        page.heading("What each rule in turn said")
        page.table(("rule", "it asks", "said"), _rules(seen.exchange, known), prose=["rule", "it asks", "said"])


def fields(seen: Seen, known: Knowledge) -> Iterator[tuple[str, Cell]]:
    """A look and its finding, a name and a value at a time."""
    exchange, finding = seen.exchange, seen.finding
    yield "reached", _reached(exchange)
    if exchange.detail:
        yield "seen", exchange.detail
    yield "steps", steps_text(exchange) or "none was timed"
    yield "rule", finding.rule.replace("_", " ")
    if finding.verdict is not Verdict.OK:
        yield "cause", f"{finding.cause.value}{', provisional' if finding.provisional else ''}"
    if finding.code is not None:
        yield "code", str(finding.code) if finding.subcode is None else f"{finding.code}/{finding.subcode}"
    yield "counts as", finding.column.value
    if (failed := _controls_failed(exchange, known)) is not None:
        yield "controls", "failed too" if failed else "answered"
    explanation, remedy = wording(finding, known.catalogue)
    yield "meaning", explanation
    if finding.verdict is not Verdict.OK:
        yield "what to do", remedy
    if traced := trace_id(exchange):
        yield "trace id", (traced, QUIET)


def _reached(exchange: Exchange) -> str:
    """``answered, HTTP 200, from 192.0.2.1:443``."""
    parts = [exchange.reached.name.lower() if exchange.reached is not None else "not known"]
    if exchange.failure is not None:
        parts.append(exchange.failure.value.replace("_", " "))
    if exchange.http_status is not None:
        parts.append(f"HTTP {exchange.http_status}")
    if exchange.peer:
        parts.append(f"from {exchange.peer}")
    return ", ".join(parts)


def _rules(exchange: Exchange, known: Knowledge) -> Iterator[list[Cell]]:
    for rule, purpose, finding in explained(exchange, known):
        style = QUIET if finding is None else STYLES[finding.verdict.value]
        yield [rule.replace("_", " "), purpose, (said_text(finding), style)]
