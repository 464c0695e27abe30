"""What people may say to a watch, running or not: each word with what is asked and who acts on it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from wamon.work import maintenance, ruling
from wamon.work.maintenance import MaintenanceAsked, RemovalAsked
from wamon.work.restate import Restated
from wamon.work.ruling import RulingAsked


class Word(NamedTuple):
    """What a person says: the shape of what is asked, and the use-case that acts on it.

    ``act`` takes the book, what is asked, the plan, and ``off_loop``. Whatever is asked has a ``reopen``.
    """

    asked: type[Any]
    act: Callable[..., Awaitable[Restated]]


WORDS: Mapping[str, Word] = {
    "maintenance-add": Word(MaintenanceAsked, maintenance.add),
    "maintenance-remove": Word(RemovalAsked, maintenance.remove),
    "rule": Word(RulingAsked, ruling.rule),
    "rule-undo": Word(RemovalAsked, ruling.undo),
}
"""By the name under which the control socket takes them."""
