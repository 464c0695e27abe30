"""Days as a line of blocks: the lower one is, the longer something stopped us; its colour says whose fault."""

from collections.abc import Mapping
from datetime import date, timedelta

from wamon.core.uptime import Figures
from wamon.terminal import BAD, GOOD, OFF, OURS, QUIET, Cell
from wamon.web.bars import height, tone

_BLOCKS = "▁▁▁▂▃▄▅▆▇█"
"""By height, one to ten."""

_STYLES = {"good": GOOD, "down": BAD, "user": OURS, "net": OFF, "blank": QUIET}

UNKNOWN, UNSEEN = "·", "?"

LEGEND = (
    f"Each block is a day, the last one is today: full where nothing was lost, lower the more was; {UNSEEN} where"
    f" too little was observed, {UNKNOWN} where nobody watched."
)


def spark(figures: Figures | None) -> Cell:
    """One day; None for one that nobody watched."""
    if figures is None:
        return (UNKNOWN, QUIET)
    kind = tone(figures)
    letter = UNSEEN if kind == "blank" else _BLOCKS[height(figures) - 1]
    return (letter, _STYLES[kind])


def sparks(days: Mapping[date, Figures], last: date, count: int) -> list[Cell]:
    """So many days up to ``last``, from old to new."""
    return [spark(days.get(last - timedelta(days=back))) for back in range(count - 1, -1, -1)]
