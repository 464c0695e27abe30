"""What people see in a terminal: words, fields and tables; colour where somebody looks, plain text in a pipe."""

import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Literal, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""Width of a page that goes into a pipe: programs break no lines."""

GOOD, BAD, OURS, OFF, QUIET = "green", "red", "yellow", "magenta", "dim"

STYLES = {
    "ok": GOOD,
    "operational": GOOD,
    "system_error": BAD,
    "missed_success": BAD,
    "outage": BAD,
    "user_error": OURS,
    "degraded": OURS,
    "network_error": OFF,
    "disruption": OFF,
    "inconclusive": QUIET,
    "unobserved": QUIET,
    "maintenance": QUIET,
}
"""The colour of every verdict and state; the word itself always stands beside it."""

NONE = "-"
"""Stands in a table where there is nothing to say."""

Cell = str | tuple[str, str]
"""A text, or a text with its style."""


def printable(text: str) -> str:
    """The text without anything that could steer a terminal: control characters and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


class PlainConsole(Console):
    """A console that leaves a reader who went away to the program, instead of ending it with an error."""

    def on_broken_pipe(self) -> None:
        """Rich would exit here."""
        raise BrokenPipeError


class Page:
    """Where a command prints. ``width`` in columns; a pipe without ``COLUMNS`` has no end of line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._begun = False
        bounded = self._live or os.environ.get("COLUMNS", "").isdigit()
        self._console = PlainConsole(
            file=self._stream if self._live else io.StringIO(),
            width=None if bounded else UNBOUNDED,
            force_terminal=self._live,
            markup=False,
            highlight=False,
            emoji=False,
        )

    @property
    def width(self) -> int:
        """Columns of a line."""
        return self._console.width

    def line(self, *parts: Cell) -> None:
        """One line of text and styled text, broken between words where it is too long."""
        self._print(_text(*parts))

    def heading(self, text: str) -> None:
        """A line that stands above others, apart from what came before."""
        if self._begun:
            self.line("")
        self.line((text, "bold"))

    def fields(self, pairs: Iterable[tuple[str, Cell]], indent: int = 2) -> None:
        """Names on the left, values on the right; a long value goes on below itself."""
        self._pairs(pairs, indent, apart=2)

    def listed(self, texts: Iterable[Cell], indent: int = 2) -> None:
        """One dash a text."""
        self._pairs((("-", text) for text in texts), indent, apart=1)

    def _pairs(self, pairs: Iterable[tuple[str, Cell]], indent: int, apart: int) -> None:
        grid = Table.grid(padding=(0, apart, 0, 0))
        grid.add_column(style=QUIET, no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            grid.add_row(name, _text(value))
        self._print(Padding(grid, (0, 0, 0, indent), expand=False))

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        right: Iterable[str] = (),
        prose: Iterable[str] = (),
    ) -> None:
        """Columns under their heads. Those in ``right`` are figures; only those in ``prose`` are broken.

        Where the page is too narrow for that, each row becomes a block of its own: nothing is cut off.
        """
        lines, broken, figures = list(rows), frozenset(prose), frozenset(right)
        needed = sum(_needed(place, head, lines, head in broken) for place, head in enumerate(heads))
        apart = next((gap for gap in (2, 1) if needed + gap * (len(heads) - 1) <= self.width), None)
        if apart is None:
            self._blocks(heads, lines)
            return
        grid = Table(box=None, pad_edge=False, padding=(0, apart, 0, 0), header_style=QUIET)
        for head in heads:
            side: Literal["left", "right"] = "right" if head in figures else "left"
            grid.add_column(head, justify=side, no_wrap=head not in broken, overflow="fold")
        for row in lines:
            grid.add_row(*(_text(cell) for cell in row))
        self._print(grid)

    def _blocks(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            self.line(row[0])
            self.fields(
                (head, cell)
                for head, cell in zip(heads[1:], row[1:], strict=True)
                if _words(cell) not in ("", NONE)
            )

    def _print(self, shown: Text | Table | Padding) -> None:
        self._begun = True
        if self._live:
            self._console.print(shown)
            return
        with self._console.capture() as captured:
            self._console.print(shown)
        self._stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _words(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _needed(place: int, head: str, rows: Sequence[Sequence[Cell]], broken: bool) -> int:
    """The least width of a column: its longest cell, or its longest word where it may be broken."""
    texts = [head, *(_words(row[place]) for row in rows)]
    return max(cell_len(piece) for text in texts for piece in (text.split() if broken else [text]) or [""])


def _text(*parts: Cell) -> Text:
    text = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(printable(words), style=style)
    return text
