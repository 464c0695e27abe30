"""Doubtful verdicts that stayed: which rule was nearest to turning one, and which of its conditions is missing."""

from collections.abc import Callable
from typing import NamedTuple

from wamon.core.rules_hindsight.burst import (
    about_anything,
    about_limit,
    limit_lacks,
    limit_not_ours,
    meta_posted_it,
    posted_lacks,
)
from wamon.core.rules_hindsight.case import Case, Rule
from wamon.core.rules_hindsight.history import History
from wamon.core.rules_hindsight.messages import about_silence, endpoint_was_down, silence_lacks
from wamon.core.rules_hindsight.network import about_path, everywhere_but_there, path_lacks
from wamon.core.rules_hindsight.number import about_number, number_lacks, only_us
from wamon.core.rules_hindsight.request import about_request, request_lacks, same_request_accepted
from wamon.core.rules_hindsight.token import (
    about_permission,
    about_token,
    permission,
    permission_lacks,
    same_token_valid,
    token_lacks,
)


class Doubt(NamedTuple):
    """A rule that would turn a verdict, whether it is concerned at all, and what it lacks."""

    rule: Rule
    concerned: Callable[[Case], bool]
    lacks: Callable[[Case, History], str]


DOUBTS = (
    Doubt(same_token_valid, about_token, token_lacks),
    Doubt(permission, about_permission, permission_lacks),
    Doubt(same_request_accepted, about_request, request_lacks),
    Doubt(only_us, about_number, number_lacks),
    Doubt(limit_not_ours, about_limit, limit_lacks),
    Doubt(everywhere_but_there, about_path, path_lacks),
    Doubt(endpoint_was_down, about_silence, silence_lacks),
    Doubt(meta_posted_it, about_anything, posted_lacks),
)
"""In the table's order: the first that is concerned is the nearest."""


def nearest(case: Case, past: History) -> tuple[str, str]:
    """The rule's name and the missing condition, one sentence; both empty where no rule is concerned."""
    for doubt in DOUBTS:
        if doubt.concerned(case):
            return doubt.rule.__name__, doubt.lacks(case, past)
    return "", ""
