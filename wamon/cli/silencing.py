"""The commands by which people hold notices back, and speak about incidents: their names and options."""

from typing import Annotated

from cyclopts import Parameter

from wamon.cli.declaring import Because, By
from wamon.cli.shape import KEEP, AsJson, Config, command_group

silence = command_group("silence", "Notices held back for a while, probing goes on: add, list, remove.", KEEP)

IncidentName = Annotated[str, Parameter(help="as listed: TARGET@BEGINNING, or the target alone for its latest")]


@silence.command(name="add")
def add_silence(
    *,
    because: Because,
    for_: Annotated[str | None, Parameter(name="--for", help="how long, such as 90m or 2h")] = None,
    to: Annotated[str | None, Parameter(help="its end, such as 2026-11-01T04:00")] = None,
    from_: Annotated[str | None, Parameter(name="--from", help="its beginning; without it: now")] = None,
    target: Annotated[list[str] | None, Parameter(help="a target it is about; may be repeated")] = None,
    account: Annotated[list[str] | None, Parameter(help="an account it is about; may be repeated")] = None,
    kind: Annotated[list[str] | None, Parameter(help="outage, user_error ...; may be repeated")] = None,
    severity: Annotated[list[str] | None, Parameter(help="critical, urgent, standard; may be repeated")] = None,
    by: By = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Hold notices back, of everything or of what is named; looks, figures and pages go on."""
    from wamon.cli.people import person
    from wamon.cli.saying import add_command
    from wamon.work.saying import SilenceAsked

    named = (tuple(words or ()) for words in (target, account, kind, severity))
    return add_command(SilenceAsked(because, person(by), to, for_, from_, *named), config, json)


@silence.default
@silence.command(name="list")
def list_silences(
    *,
    all_: Annotated[bool, Parameter(name="--all", help="those that are over or taken back, too")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """What is held back, with its number."""
    from wamon.cli.saying import list_command

    return list_command(all_, config, json)


@silence.command(name="remove")
def remove_silence(
    number: Annotated[int, Parameter(help="as listed")],
    /,
    *,
    because: Annotated[str, Parameter(help="the reason; it may be left out")] = "",
    by: By = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Take a silence back: what is still open is told."""
    from wamon.cli.people import person
    from wamon.cli.saying import remove_command
    from wamon.work.maintenance import RemovalAsked

    return remove_command(RemovalAsked(number, person(by), because), config, json)


def ack(
    name: IncidentName,
    /,
    *,
    because: Annotated[str, Parameter(help="a word beside it; may be left out")] = "",
    by: By = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Somebody sees to an incident: nobody is reminded of it any more."""
    from wamon.cli.people import person
    from wamon.cli.saying import remark_command

    return remark_command(name, because, person(by), ack=True, config=config, as_json=json)


def note(
    name: IncidentName,
    text: Annotated[str, Parameter(help="what is to be known of it")],
    /,
    *,
    by: By = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Add a note to an incident; it stays for good, with who wrote it and when."""
    from wamon.cli.people import person
    from wamon.cli.saying import remark_command

    return remark_command(name, text, person(by), ack=False, config=config, as_json=json)
