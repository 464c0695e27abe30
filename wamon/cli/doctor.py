"""``wamon doctor``: whether we are the problem ourselves, each part with what to do about it."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median_low

from wamon import __version__
from wamon.cli import symptoms
from wamon.cli.answers import BAD_NEWS, FINE, CannotError, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.looking import asking_of
from wamon.cli.own_answers import ask_ourselves
from wamon.cli.progress import patience
from wamon.core.account_lines import Light
from wamon.core.diagnosis import (
    Line,
    channel_line,
    clock_line,
    handshake_line,
    secrets_line,
    version_line,
    worst,
)
from wamon.core.observation import Exchange, Phase
from wamon.core.timeline import to_ms
from wamon.notifier.courier import Courier
from wamon.settings import (
    AskingTarget,
    ControlTarget,
    RefusedError,
    Settings,
    SettingsError,
    resolve,
    resolve_all,
    secrets_needed,
)
from wamon.settings.graph_versions import version_advice
from wamon.terminal import BAD, GOOD, OURS, Page
from wamon.wiring import SELF_TEST, Askers, Asking, Secrets, self_test

_STYLES = {Light.GREEN: GOOD, Light.AMBER: OURS, Light.RED: BAD}


def doctor_command(config: Path | None, as_json: bool) -> int:
    """Look at everything; 1 when a part is red. Raises CannotError for a configuration that cannot be read."""
    settings = settings_of(config, may_be_idle=True)
    with patience("looking at everything"):
        lines = [*asyncio.run(_asked(settings)), *symptoms.machine(settings), *symptoms.watch(settings, config)]
    light = worst(lines)
    if as_json:
        write_json({"state": light.value, "parts": lines})
    else:
        _print(Page(), lines)
    return BAD_NEWS if light is Light.RED else FINE


async def _asked(settings: Settings) -> list[Line]:
    """All that is asked of others: controls, names, Graph, our own receiver, the channels."""
    found, problems = _secrets(settings)
    every = _askable(settings)
    own = _self_test(settings, found)
    askers = Askers(every | ({SELF_TEST: own} if own else {}))
    try:
        clock, names, ourselves, receiver, channels = await asyncio.gather(
            _clock(settings, askers),
            symptoms.names(settings),
            ask_ourselves(settings, askers, every),
            _receiver(settings, askers, own),
            _channels(settings, found),
        )
    finally:
        await askers.close()
    today = datetime.now(UTC).date()
    versions = {account.version for account in (settings.graph, *settings.accounts)}
    advice = [said for one in sorted(versions) if (said := version_advice(one, today))]
    return [
        version_line(__version__, advice),
        clock,
        *names,
        secrets_line(problems),
        *ourselves,
        *receiver,
        *channels,
    ]


def _secrets(settings: Settings) -> tuple[Secrets, Sequence[str]]:
    """Those that can be had, and what is wrong with the others."""
    try:
        return resolve_all(settings, os.environ), ()
    except SettingsError as refused:
        found = {}
        for _, reference in secrets_needed(settings):
            try:
                found[reference] = resolve(reference, os.environ)
            except RefusedError:
                continue
        return found, refused.problems


def _askable(settings: Settings) -> dict[str, Asking]:
    every: dict[str, Asking] = {}
    for one in settings.targets:
        if isinstance(one, AskingTarget):
            try:
                every[one.name] = asking_of(one, settings)
            except CannotError:
                continue
    return every


async def _clock(settings: Settings, askers: Askers) -> Line:
    controls = [one.name for one in settings.targets if isinstance(one, ControlTarget)]
    seen = await asyncio.gather(*(askers.ask(name, now_ms()) for name in controls))
    drifts = sorted(drift for one in seen if (drift := drift_ms(one)) is not None)
    drift = median_low(drifts) if drifts else None
    return clock_line(now_ms(), synchronised=symptoms.synchronised(), drift_ms=drift)


def drift_ms(seen: Exchange) -> int | None:
    """How far our clock is ahead of a site's, to half a second and half the exchange; else None."""
    try:
        theirs_ms = to_ms(parsedate_to_datetime(seen.headers["date"])) + 500
    except (KeyError, ValueError, TypeError):
        return None
    ours_ms = ((seen.at_ms or 0) + seen.end_ms) // 2
    return ours_ms - theirs_ms


def _self_test(settings: Settings, found: Secrets) -> Asking | None:
    wanted = settings.receiver.verify_token
    return self_test(settings, found) if settings.receiving and wanted in found else None


async def _receiver(settings: Settings, askers: Askers, own: Asking | None) -> list[Line]:
    if own is None:
        return []
    seen = await askers.ask(SELF_TEST, now_ms())
    refusal = ""
    if seen.reached is not Phase.ANSWERED:
        refusal = seen.detail or (seen.failure.value if seen.failure else "no answer")
    elif seen.http_status != 200 or seen.body != seen.expected_body:
        refusal = f"answered {seen.http_status} without the challenge"
    return [handshake_line(settings.receiver.public_url or "", refusal)]


async def _channels(settings: Settings, found: Secrets) -> list[Line]:
    urls = {one.name: found[one.url].reveal() for one in settings.channels if one.url in found}
    if not urls:
        return []
    courier = Courier(urls)
    try:
        wrong = await courier.validate()
    finally:
        await courier.close()
    return [channel_line(name, wrong.get(name, "")) for name in urls]


def _print(page: Page, lines: Sequence[Line]) -> None:
    for light in (Light.RED, Light.AMBER, Light.GREEN):
        chosen = [one for one in lines if one.light is light]
        if chosen:
            page.heading(light.value)
            page.fields([(one.part, (_text(one), _STYLES[light])) for one in chosen])
    counted = Counter(one.light for one in lines)
    page.line("")
    page.line(", ".join(f"{counted[light]} {light.value}" for light in Light))


def _text(one: Line) -> str:
    return f"{one.said}\nwhat to do: {one.remedy}" if one.remedy else one.said
