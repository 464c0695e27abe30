"""Whose looks a weekly pass reads: enough to hear what speaks for and against a turn, and no more."""

import pytest

from wamon.core.doubt import First, Trouble, needed
from wamon.core.finding import Cause, Column, Context, Finding, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.timeline import MINUTE
from wamon.core.watched import Watched

NOW, BEFORE = "edition of now", "an earlier edition"
TARGETS = [
    Watched("api", ProbeKind.API, MINUTE, "ours"),
    Watched("neighbour", ProbeKind.API, MINUTE, "ours"),
    Watched("theirs", ProbeKind.API, MINUTE, "client"),
    Watched("send", ProbeKind.MESSAGE, MINUTE, "client"),
    Watched("send.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, "client"),
    Watched("webhook", ProbeKind.WEBHOOK, MINUTE, "ours"),
    Watched("token", ProbeKind.TOKEN, MINUTE, "other"),
]
PROBES = {one.name: one.probe for one in TARGETS}


def by_code(verdict: Verdict, cause: Cause, code: int, *, firm: bool = False) -> Finding:
    column = Column.DOWN if verdict is Verdict.SYSTEM_ERROR else Column.USER
    return Finding(verdict, cause, column, provisional=not firm, code=code, rule="known_code")


METAS = by_code(Verdict.SYSTEM_ERROR, Cause.SERVICE, 2, firm=True)
GENERIC = by_code(Verdict.SYSTEM_ERROR, Cause.SERVICE, 131000)
REFUSED = by_code(Verdict.USER_ERROR, Cause.AUTHENTICATION, 190)
EXPIRED = by_code(Verdict.USER_ERROR, Cause.AUTHENTICATION, 190, firm=True)
MALFORMED = by_code(Verdict.USER_ERROR, Cause.VALIDATION, 100)
NO_ANSWER = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, rule="no_answer")
NO_PATH = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK, rule="never_through")
ENDPOINT = Finding(Verdict.USER_ERROR, Cause.ENDPOINT, Column.DOWN, rule="endpoint")

ALL_OURS = ["api", "neighbour", "webhook", "token"]


def read(*found: tuple[str, Finding], edition: str = NOW, again: bool = False, sites: str = "") -> list[str]:
    """Who is read, when each of some targets has a look that was first found to be this."""
    places = iter(sites or " " * len(found))
    troubles = {
        name: Trouble([First(Context(PROBES[name], MINUTE, site=next(places).strip()), one, edition)], again)
        for name, one in found
    }
    return [one.name for one in needed(TARGETS, troubles, NOW)]


def test_a_quiet_fortnight_reads_nobody() -> None:
    assert read() == []


def test_what_is_metas_by_a_firm_code_needs_no_second_look() -> None:
    assert read(("api", METAS), ("send", METAS)) == []


def test_what_a_person_or_an_earlier_pass_said_is_heard_again() -> None:
    assert read(("api", METAS), again=True) == ["api"]


def test_after_a_change_of_the_catalogue_everything_not_good_is_judged_again() -> None:
    assert read(("api", METAS), edition=BEFORE) == ["api", "neighbour", "theirs", "webhook", "token"]


@pytest.mark.parametrize("found", [REFUSED, EXPIRED])
def test_a_refused_token_calls_its_account_and_what_was_said_of_tokens(found: Finding) -> None:
    assert read(("api", found)) == ALL_OURS


@pytest.mark.parametrize("found", [GENERIC, MALFORMED])
def test_what_others_may_testify_of_calls_all_who_are_asked_alike(found: Finding) -> None:
    assert read(("api", found)) == ["api", "neighbour", "theirs", "webhook", "token"]


@pytest.mark.parametrize(("target", "found"), [("api", NO_ANSWER), ("webhook", ENDPOINT), ("api", NO_PATH)])
def test_what_hangs_on_controls_alone_calls_nobody_else(target: str, found: Finding) -> None:
    assert read((target, found)) == [target]


def test_a_canary_that_did_not_come_back_calls_the_endpoints_of_its_account() -> None:
    assert read(("send.roundtrip", NO_ANSWER)) == ["theirs", "send", "send.roundtrip", "token"]


def test_a_path_that_failed_calls_everybody_where_looks_come_from_several_sites() -> None:
    everybody = ["api", "neighbour", "theirs", "send", "send.roundtrip", "webhook"]
    assert read(("api", NO_PATH), ("theirs", NO_PATH), sites="ab") == everybody
    assert read(("api", NO_PATH), ("theirs", NO_PATH), sites="aa") == ["api", "theirs"]


def test_evidence_in_trouble_calls_nobody() -> None:
    assert read(("token", REFUSED)) == []
