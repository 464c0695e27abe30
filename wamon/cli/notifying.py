"""The commands about notices: a test of every channel, how a notice reads, what people were told."""

from typing import Annotated

from cyclopts import Parameter

from wamon.cli.shape import LOOK, AsJson, Config, From, command_group

notify = command_group("notify", "What people were told, a test per channel, a preview.", LOOK)


@notify.command(name="test")
def notify_test(
    channel: Annotated[str | None, Parameter(help="one channel; without it: all of them")] = None,
    /,
    *,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Send one test notice per channel, and say how each fared."""
    from wamon.cli.notify import test_command

    return test_command(channel, config, json)


@notify.command(name="preview")
def notify_preview(
    kind: Annotated[str, Parameter(help="outage, disruption, user_error, endpoint, unobserved, restated ...")],
    phase: Annotated[
        str | None, Parameter(help="opened, resolved ...; without it: the first that is told")
    ] = None,
    /,
    *,
    json: AsJson = False,
) -> int:
    """How a notice of a kind reads, made of an example."""
    from wamon.cli.notify import preview_command

    return preview_command(kind, phase, json)


@notify.command(name="last-word")
def notify_last_word(*, config: Config = None) -> int:
    """What systemd runs before a start: tells the channels how the service ended, once an hour."""
    from wamon.cli.last_word import last_word_command

    return last_word_command(config)


@notify.command(name="list")
def notify_list(
    *,
    from_: From = None,
    most: Annotated[int, Parameter(help="so many at most, the latest")] = 20,
    full: Annotated[bool, Parameter(help="with the whole text of each")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """What people were told, oldest first, and what became of it on each channel."""
    from wamon.cli.told import list_command

    return list_command(from_, most, full=full, config=config, as_json=json)
