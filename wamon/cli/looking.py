"""Looking once at targets: the real wire, the real judge, and the controls as witnesses."""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wamon.cli.answers import CannotError
from wamon.cli.clock import now_ms
from wamon.cli.configuration import only
from wamon.core.finding import Finding, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge, Look, knowledge
from wamon.core.observation import STEPS, Exchange, Phase, ProbeKind
from wamon.probes.webhook import wrong_token_request
from wamon.settings import AskingTarget, Settings, SettingsError, resolve_all
from wamon.wiring import Askers, Asking, asking, renewed


class Seen(msgspec.Struct, frozen=True):
    """One look: what was seen, and the finding. ``wrong_token_taken`` is None where that was not tried."""

    target: AskingTarget
    exchange: Exchange
    finding: Finding
    wrong_token_taken: bool | None = None


def asking_of(target: AskingTarget, settings: Settings) -> Asking:
    """How a target is asked, with only its own secrets. Raises CannotError for one that cannot be had."""
    try:
        return asking(target, settings, resolve_all(only(settings, target.name), os.environ))
    except SettingsError as refused:
        raise CannotError(str(refused)) from None
    except ValueError as refused:
        raise CannotError(f"target {target.name}: {refused}") from None


def look_at(
    targets: Sequence[AskingTarget], every: Mapping[str, Asking], known: Knowledge, *, wrong_token: bool = False
) -> list[Seen]:
    """One exchange with each target, all at once; controls are heard before the others are judged.

    With ``wrong_token`` every webhook is also tried with a token that it must refuse.
    """
    return asyncio.run(_look_at(targets, every, known, wrong_token))


async def _look_at(
    targets: Sequence[AskingTarget], every: Mapping[str, Asking], known: Knowledge, wrong_token: bool
) -> list[Seen]:
    askers = Askers(every)
    webhooks = [one for one in targets if wrong_token and one.probe is ProbeKind.WEBHOOK]
    try:
        exchanges, taken = await asyncio.gather(
            asyncio.gather(*(askers.ask(one.name, now_ms()) for one in targets)),
            asyncio.gather(*(_takes_wrong_token(askers, one.name) for one in webhooks)),
        )
    finally:
        await askers.close()
    accepted = {one.name: said for one, said in zip(webhooks, taken, strict=True)}
    seen = list(zip(targets, exchanges, strict=True))
    hear(seen, known)
    return [Seen(one, exchange, judge(exchange, known), accepted.get(one.name)) for one, exchange in seen]


async def _takes_wrong_token(askers: Askers, name: str) -> bool | None:
    """Whether an endpoint echoes the challenge of a stranger; None when it did not answer at all."""
    request = wrong_token_request(renewed(askers.aim(name)))
    seen = await askers.send(name, request, now_ms())
    if seen.reached is not Phase.ANSWERED:
        return None
    return seen.http_status == 200 and seen.body == seen.expected_body


def hear(seen: Iterable[tuple[AskingTarget, Exchange]], known: Knowledge) -> None:
    """Take the controls' looks in as evidence."""
    for one, exchange in seen:
        if one.probe is ProbeKind.CONTROL:
            verdict = judge(exchange, known).verdict
            if verdict is not Verdict.INCONCLUSIVE:
                failed = verdict is not Verdict.OK
                look = Look(exchange.at_ms or 0, exchange.end_ms, one.interval_ms, failed)
                known.controls.add(one.name, look)


def look_once(target: AskingTarget, settings: Settings, known: Knowledge | None = None) -> Seen:
    """One exchange with one target; when it fails, the controls are asked too and it is judged with them."""
    known = known or knowledge()
    (seen,) = look_at([target], {target.name: asking_of(target, settings)}, known)
    if seen.finding.verdict is Verdict.OK or target.probe is ProbeKind.CONTROL:
        return seen
    controls = controls_of(settings)
    if controls:
        look_at(controls, {one.name: asking_of(one, settings) for one in controls}, known)
    return msgspec.structs.replace(seen, finding=judge(seen.exchange, known))


def controls_of(settings: Settings) -> list[AskingTarget]:
    """The configured controls."""
    return [one for one in settings.targets if isinstance(one, AskingTarget) and one.probe is ProbeKind.CONTROL]


def steps_text(exchange: Exchange) -> str:
    """``dns 1 ms, connect 10 ms, total 172 ms``; empty where nothing was timed."""
    taken = exchange.durations_ms
    return ", ".join(f"{step.replace('_', ' ')} {milliseconds(taken[step])} ms" for step in STEPS if step in taken)


def milliseconds(duration_ms: float | None) -> str:
    """Whole milliseconds, with a digit after the point below ten; a dash for none."""
    if duration_ms is None:
        return "-"
    return f"{duration_ms:.1f}" if duration_ms < 10 else f"{duration_ms:.0f}"
