"""The commands by which people declare something: maintenance and rulings; their names and options."""

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from wamon.cli.shape import KEEP, AsJson, Config, command_group

maintenance = command_group("maintenance", "Windows in which trouble is expected: add, list, remove.", KEEP)

Because = Annotated[str, Parameter(help="the reason: it is read beside the days")]
By = Annotated[str | None, Parameter(help="who says so; without it: whoever is logged in")]
Reopen = Annotated[bool, Parameter(help="let frozen days change too")]


@maintenance.command(name="add")
def add_maintenance(
    *,
    because: Because,
    from_: Annotated[str | None, Parameter(name="--from", help="its beginning: 2026-11-01T02:00, or now")] = None,
    to: Annotated[str | None, Parameter(help="its end, such as 2026-11-01T04:00")] = None,
    every: Annotated[str | None, Parameter(help="day, or weekdays such as monday,thursday")] = None,
    at: Annotated[str | None, Parameter(help="with --every: the time it begins, such as 02:00")] = None,
    for_: Annotated[str | None, Parameter(name="--for", help="how long, such as 90m or 2h")] = None,
    first: Annotated[date | None, Parameter(help="with --every: its first day; without it: today")] = None,
    last: Annotated[date | None, Parameter(help="with --every: its last day")] = None,
    zone: Annotated[str | None, Parameter(help="of its times; without it: the service's")] = None,
    target: Annotated[list[str] | None, Parameter(help="a target it is about; may be repeated")] = None,
    account: Annotated[list[str] | None, Parameter(help="an account it is about; may be repeated")] = None,
    by: By = None,
    reopen: Reopen = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Declare a window, for all targets or some; nobody is told of trouble in it, and it counts as maintenance."""
    from wamon.cli.maintenance import add_command
    from wamon.cli.people import person
    from wamon.work.maintenance import MaintenanceAsked

    asked = MaintenanceAsked(
        because=because,
        author=person(by),
        from_=from_,
        to=to,
        every=every,
        at=at,
        for_=for_,
        first=first,
        last=last,
        zone=zone,
        targets=tuple(target or ()),
        accounts=tuple(account or ()),
        reopen=reopen,
    )
    return add_command(asked, config, json)


@maintenance.default
@maintenance.command(name="list")
def list_maintenance(
    *,
    all_: Annotated[bool, Parameter(name="--all", help="those that were removed, too")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """What was declared, with its number."""
    from wamon.cli.maintenance import list_command

    return list_command(all_, config, json)


@maintenance.command(name="remove")
def remove_maintenance(
    number: Annotated[int, Parameter(help="as listed")],
    /,
    *,
    because: Annotated[str, Parameter(help="the reason; it may be left out")] = "",
    by: By = None,
    reopen: Reopen = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Take a window back, for the past too: what was seen beneath it counts again."""
    from wamon.cli.maintenance import remove_command
    from wamon.cli.people import person
    from wamon.work.maintenance import RemovalAsked

    return remove_command(RemovalAsked(number, person(by), because, reopen), config, json)


def rule(
    what: Annotated[
        str | None,
        Parameter(help="cloud-api@INSTANT, cloud-api@START/END, cloud-api:CAUSE@START/END; * for every target"),
    ] = None,
    verdict: Annotated[
        str | None,
        Parameter(help="ok, system_error, missed_success, user_error, network_error or inconclusive"),
    ] = None,
    /,
    *,
    because: Annotated[str, Parameter(help="the reason; a ruling needs one")] = "",
    cause: Annotated[str | None, Parameter(help="what went wrong; without it: as it was found")] = None,
    undo: Annotated[int | None, Parameter(help="take the ruling of that number back")] = None,
    list_: Annotated[bool, Parameter(name="--list", help="every ruling by a person, with its number")] = False,
    by: By = None,
    reopen: Reopen = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """A ruling by a person: it outranks every rule until it is undone."""
    from wamon.cli.people import person
    from wamon.cli.ruling import list_command, one_wish, rule_command, undo_command
    from wamon.work.maintenance import RemovalAsked
    from wamon.work.ruling import RulingAsked

    one_wish(what, verdict, undo, listed=list_)
    if list_:
        return list_command(config, json)
    if undo is not None:
        return undo_command(RemovalAsked(undo, person(by), because, reopen), config, json)
    return rule_command(RulingAsked(what or "", verdict or "", because, person(by), cause, reopen), config, json)
