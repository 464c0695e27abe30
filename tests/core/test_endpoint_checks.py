"""What is wrong with an endpoint that answers: people hear of it once, and once more when it is mended."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.endpoint_checks import (
    Checked,
    Flaw,
    event_taken,
    known_flaws,
    not_public,
    notices,
    slow,
    token_taken,
)
from wamon.core.incident import Kind
from wamon.core.observation import Exchange, Failure, Phase
from wamon.core.timeline import HOUR, parse_iso
from wamon.letters import written

NOW = parse_iso("2026-11-22T03:00:00Z")


def answered(http_status: int, body: object = None, **more: object) -> Exchange:
    return Exchange(at_ms=NOW, reached=Phase.ANSWERED, http_status=http_status, body=body, **more)  # type: ignore[arg-type]


def test_a_flaw_that_an_older_version_told_of_by_another_name_stops_no_check() -> None:
    keys = [
        "endpoint:hook:certificate-ends@2026-11-01T00:00:00Z:opened",
        "endpoint:hook:slow@2026-11-02T00:00:00Z:opened",
    ]
    assert known_flaws("hook", keys) == {Flaw.SLOW: parse_iso("2026-11-02T00:00:00Z")}


@pytest.mark.parametrize(
    ("seen", "taken"),
    [
        (answered(200, "1158", expected_body="1158"), True),
        (answered(200, "no", expected_body="1158"), False),
        (answered(200, None, expected_body="1158"), False),
        (answered(403, "1158", expected_body="1158"), False),
        (answered(404, "1158", expected_body="1158"), False),
        (answered(302, "1158", expected_body="1158"), False),
        (answered(429, "1158", expected_body="1158"), None),
        (answered(503, "1158", expected_body="1158"), None),
        (Exchange(reached=Phase.SENT, http_status=200, expected_body="1158"), None),
        (Exchange(reached=Phase.NONE, failure=Failure.CONNECT_REFUSED, expected_body="1158"), None),
    ],
)
def test_a_wrong_token_is_taken_where_its_challenge_comes_back(seen: Exchange, taken: bool | None) -> None:
    assert token_taken(seen) is taken


@pytest.mark.parametrize(
    ("http_status", "taken"), [(200, True), (201, False), (401, False), (400, False), (429, None), (500, None)]
)
def test_an_event_is_taken_with_200_and_nothing_else(http_status: int, taken: bool | None) -> None:
    assert event_taken(answered(http_status)) is taken


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (answered(403), False),
        (
            Exchange(
                reached=Phase.CONNECTED, failure=Failure.TLS_ERROR, detail="certificate refused: self-signed"
            ),
            True,
        ),
        (Exchange(reached=Phase.SECURED, failure=Failure.READ_TIMEOUT), False),
        (Exchange(reached=Phase.NONE, failure=Failure.CONNECT_TIMEOUT), None),
        (Exchange(reached=Phase.CONNECTED, failure=Failure.DEADLINE_EXCEEDED), None),
    ],
)
def test_who_trusts_the_public_authorities_alone_decides(seen: Exchange, found: bool | None) -> None:
    assert not_public(seen).found is found


@pytest.mark.parametrize(
    ("times_ms", "was_slow", "found"),
    [
        ([900.0] * 99, False, None),
        ([250.0] * 100, False, False),
        ([250.1] * 100, False, True),
        ([250.0] * 51 + [900.0] * 49, False, False),
        ([250.0] * 49 + [900.0] * 51, False, True),
        ([10.0] * 99 + [1001.0], False, True),
        ([10.0] * 100 + [1001.0], False, False),
        ([10.0] * 99 + [1000.0], False, False),
        ([240.0] * 100, True, True),
        ([225.0] * 100, True, False),
        ([10.0] * 110 + [1001.0], True, True),
        ([10.0] * 112 + [1001.0], True, False),
    ],
)
def test_metas_targets_are_missed_above_them_and_met_again_with_room(
    times_ms: list[float], was_slow: bool, found: bool | None
) -> None:
    assert slow(times_ms, was_slow=was_slow).found is found


def test_what_was_measured_is_told() -> None:
    assert slow([300.0] * 99 + [1500.0], was_slow=False).seen == (
        "100 answers of the last day: median 300 ms, 1.0% over a second."
    )


@pytest.mark.parametrize("flaw", Flaw)
def test_a_flaw_is_told_with_whose_it_is_what_it_is_and_what_to_do(flaw: Flaw) -> None:
    (opened,) = notices("webhook", [Checked(flaw, True, "Seen so.")], {}, NOW)
    assert (opened.kind, opened.phase, opened.target) == (Kind.ENDPOINT, "opened", "webhook")
    assert opened.title.startswith(("[URGENT] Our endpoint · ", "[STANDARD] Our endpoint · "))
    assert " · webhook · do: " in opened.title
    assert "Seen so." in written(opened).body
    (mended,) = notices("webhook", [Checked(flaw, False)], {flaw: NOW - HOUR}, NOW)
    assert (mended.kind, mended.phase) == (Kind.ENDPOINT, "resolved")
    assert mended.title.startswith("[RESOLVED] Our endpoint · ")
    assert "2026-11-22 02:00 UTC" in written(mended).body


def test_a_wrong_token_reads_as_a_person_would_read_it() -> None:
    (opened,) = notices("webhook", [Checked(Flaw.WRONG_TOKEN, True)], {}, NOW)
    assert opened.title == (
        "[URGENT] Our endpoint · a wrong verify token is accepted · webhook"
        " · do: compare hub.verify_token before echoing the challenge"
    )


SIGHTS = st.lists(st.lists(st.tuples(st.sampled_from(Flaw), st.sampled_from([True, False, None])), max_size=6))


@given(SIGHTS)
def test_each_flaw_is_told_in_turn_as_opened_and_resolved_whenever_the_watch_starts_anew(
    rounds: list[list[tuple[Flaw, bool | None]]],
) -> None:
    keys: list[str] = []
    clock = count(NOW, HOUR)
    expected: dict[Flaw, list[bool]] = {}
    for checks in rounds:
        once = dict(checks)
        told = notices(
            "hook", [Checked(flaw, found) for flaw, found in once.items()], known_flaws("hook", keys), next(clock)
        )
        assert not {one.key for one in told} & set(keys), "a key names one fact for ever"
        keys += [one.key for one in told]
        for flaw, found in once.items():
            row = expected.setdefault(flaw, [])
            if found is not None and found is not (row[-1] if row else False):
                row.append(found)
    for flaw in Flaw:
        phases = [key.rpartition(":")[2] == "opened" for key in keys if f":{flaw}@" in key]
        assert phases == expected.get(flaw, [])
    assert set(known_flaws("hook", keys)) == {flaw for flaw, row in expected.items() if row and row[-1]}
