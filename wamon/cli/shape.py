"""What every command of the command line shares: groups, options, and how help looks."""

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from wamon import __version__
from wamon.cli.pages import CalmHelp

WATCH, LOOK, READ, KEEP, ELSE = (
    Group(title, sort_key=place)
    for place, title in enumerate(("Watch", "Look now", "Understand", "Keep house", "Else"))
)

Config = Annotated[
    Path | None, Parameter(name=["--config", "-c"], help="the configuration; without one: Graph and two controls")
]
AsJson = Annotated[bool, Parameter(name="--json", help="one JSON document on stdout")]
From = Annotated[date | None, Parameter(name="--from", help="the first day, such as 2026-11-01")]
To = Annotated[date | None, Parameter(name="--to", help="the last day, included")]


def command_group(name: str, purpose: str, group: Group = ELSE) -> App:
    """A command that has commands of its own, or the whole command line."""
    return App(
        name=name,
        help=purpose,
        group=group,
        version=__version__,
        version_flags=["--version"] if name == "wamon" else [],
        help_formatter=CalmHelp(),
        help_format="plaintext",
        default_parameter=Parameter(negative=()),
        group_arguments="Arguments",
        group_parameters="Options",
        suppress_keyboard_interrupt=False,
    )
