"""Enum members that cost no call to name: judging names them by the million."""

from enum import Enum
from typing import TypeVar

_Words = TypeVar("_Words", bound=type[Enum])


def direct(words: _Words) -> _Words:
    """Make every member a plain attribute of its class.

    CPython 3.11 finds ``Verdict.OK`` through a descriptor written in Python, at several times the cost of an
    attribute; 3.12 does what this does.
    """
    for name, member in words.__members__.items():
        type.__setattr__(words, name, member)
    return words
