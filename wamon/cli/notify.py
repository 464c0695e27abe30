"""``wamon notify``: a test notice over each channel, and how notices read."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from wamon.cli.answers import BAD_NEWS, FINE, WRONG, CannotError, say, write_json
from wamon.cli.clock import now_ms
from wamon.cli.configuration import settings_of
from wamon.cli.examples import examples
from wamon.cli.progress import patience
from wamon.core.dispatching import Delivery, Letter, Pending, compose
from wamon.core.notice import Notice
from wamon.core.own_words import trial_notice
from wamon.notifier.courier import DEADLINE_MS, Courier
from wamon.settings import Channel, RefusedError, Settings, resolve
from wamon.terminal import BAD, GOOD, Page
from wamon.work.outbox import in_words


def test_command(channel: str | None, config: Path | None, as_json: bool) -> int:
    """Send one test letter per channel; 1 when one failed, 2 when there is no such channel or no secret."""
    settings = settings_of(config)
    urls, missing = urls_of(_channels(settings, channel))
    with patience("sending"):
        at_ms, place = now_ms(), settings.service.site or os.uname().nodename
        fates = asyncio.run(send(urls, letter_of(trial_notice(place, at_ms), at_ms)))
    if as_json:
        write_json(
            {"channels": [{"channel": name, "ok": one.ok, "detail": one.detail} for name, one in fates.items()]}
        )
    else:
        _print(Page(), fates)
    for sentence in missing:
        say(f"wamon: {sentence}")
    if missing:
        return WRONG
    return FINE if all(one.ok for one in fates.values()) else BAD_NEWS


def _channels(settings: Settings, name: str | None) -> list[Channel]:
    if not settings.channels:
        raise CannotError("no [[channels]] are configured: nobody would be told anything")
    chosen = [one for one in settings.channels if name in (None, one.name)]
    if not chosen:
        raise CannotError(
            f"no channel is named {name!r}; there are {', '.join(one.name for one in settings.channels)}"
        )
    return chosen


def urls_of(channels: Iterable[Channel]) -> tuple[dict[str, str], list[str]]:
    """The address of each channel, and a sentence for each that has none."""
    urls: dict[str, str] = {}
    missing: list[str] = []
    for one in channels:
        try:
            urls[one.name] = resolve(one.url, os.environ).reveal()
        except RefusedError as refused:
            missing.append(f"channel {one.name}, url: {refused}")
    return urls, missing


def letter_of(notice: Notice, at_ms: int) -> Letter:
    """A notice as a channel gets it."""
    written = in_words(notice)
    return compose([Pending(written, "", html=written.html)], at_ms)


async def send(urls: Mapping[str, str], letter: Letter, deadline_ms: int = DEADLINE_MS) -> dict[str, Delivery]:
    """One attempt on every channel at the same time."""
    courier = Courier(urls, deadline_ms=deadline_ms)
    try:
        fates = await asyncio.gather(*(courier.send(name, letter) for name in urls))
    finally:
        await courier.close()
    return dict(zip(urls, fates, strict=True))


def _print(page: Page, fates: Mapping[str, Delivery]) -> None:
    page.fields(
        ((name, ("sent", GOOD) if one.ok else (f"failed: {one.detail}", BAD)) for name, one in fates.items()), 0
    )


def preview_command(kind: str, phase: str | None, as_json: bool) -> int:
    """Print an example of a notice as a channel would get it; 2 for a kind or phase that is never told."""
    at_ms = now_ms()
    every = examples(at_ms)
    if kind not in every:
        raise CannotError(f"{kind!r} is no kind of notice that can be shown; there are {', '.join(every)}")
    if phase is not None and phase not in every[kind]:
        raise CannotError(f"no {kind} is told as {phase!r}; it is told as {', '.join(every[kind])}")
    example = every[kind][phase] if phase else next(iter(every[kind].values()))
    letter = letter_of(example, at_ms)
    if as_json:
        write_json(msgspec.structs.asdict(in_words(example)) | {"letter": msgspec.structs.asdict(letter)})
        return FINE
    page = Page()
    page.line((letter.title, "bold"))
    page.line("")
    page.line(letter.body)
    return FINE
