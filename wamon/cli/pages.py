"""How help looks: names on the left, one sentence on the right, no boxes."""

from typing import Any

from cyclopts.help import HelpEntry, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


class CalmHelp:
    """A help formatter for cyclopts."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """One group of commands or parameters."""
        if not panel.entries:
            return
        console.print(Text.assemble((str(panel.title), "bold")))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(min_width=15, max_width=26)
        grid.add_column(overflow="fold")
        for entry in panel.entries:
            grid.add_row(Text(_names(entry)), Text(_sentence(entry)))
        console.print(Padding(grid, (0, 0, 0, 2), expand=False))
        console.print()

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """The first line."""
        if usage:
            console.print(Text(_plain(usage)))
            console.print()

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """What the command is for."""
        if description:
            console.print(Text(_plain(description)))
            console.print()


def _names(entry: HelpEntry) -> str:
    return ", ".join(entry.display_labels_with_metavar)


def _sentence(entry: HelpEntry) -> str:
    return _plain(entry.description)


def _plain(shown: Any) -> str:
    if shown is None:
        return ""
    inner = getattr(shown, "primary_renderable", shown)
    return str(getattr(inner, "plain", inner)).strip()
