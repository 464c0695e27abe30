"""Good answers known at a glance: whatever a glance says the rules say too, and the usual ones need no rule."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wamon.core.glance import at_a_glance
from wamon.core.judgement import explained, judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.shapes import NEEDED_SCOPES

KNOWN = knowledge()
SENT: dict[str, Any] = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]}
VALID: dict[str, Any] = {"is_valid": True, "expires_at": 0, "scopes": sorted(NEEDED_SCOPES)}
USUAL: dict[ProbeKind, Any] = {
    ProbeKind.API: {"id": "1", "quality_rating": "GREEN"},
    ProbeKind.MESSAGE: SENT,
    ProbeKind.TOKEN: {"data": VALID},
    ProbeKind.CONTROL: None,
}


def answered(probe: ProbeKind | None, body: Any, http_status: int | None = 200) -> Exchange:
    return Exchange("t", probe, 1_700_000_000_000, reached=Phase.ANSWERED, http_status=http_status, body=body)


ERRORS: list[Any] = [
    {"code": 190},
    [{"code": 2, "title": "T", "message": "M"}],
    "(#4) limit",
    {"error": {"code": 2}},
    None,
    131000,
    [],
    {},
]
PARTS: dict[str, Any] = {
    "id": st.sampled_from(["1", "", 5, None]),
    "error": st.sampled_from(ERRORS),
    "errors": st.sampled_from(ERRORS),
    "error_code": st.sampled_from([4, "190", None]),
    "data": st.one_of(
        st.sampled_from(ERRORS),
        st.builds(lambda more: VALID | more, st.dictionaries(st.sampled_from(["error"]), st.sampled_from(ERRORS))),
        st.builds(lambda expires: VALID | {"expires_at": expires}, st.sampled_from([1, 4_000_000_000, "x"])),
        st.builds(lambda scopes: VALID | {"scopes": scopes}, st.sampled_from([[], None, ["x"]])),
        st.just(VALID | {"is_valid": False}),
    ),
    "statuses": st.sampled_from([[{"id": "m", "status": "failed", "errors": [{"code": 131026}]}], None]),
    "entry": st.sampled_from([[{"changes": [{"value": {"errors": [{"code": 131000}]}}]}], []]),
    "messages": st.sampled_from(
        [
            SENT["messages"],
            [{"id": "m", "errors": [{"code": 131051}]}],
            [{"id": "m"}, {"id": "n", "errors": [{"code": 131051}]}],
            [],
            ["m"],
            None,
        ]
    ),
    "messaging_product": st.sampled_from(["whatsapp", "other", None]),
}
BODIES = st.one_of(st.fixed_dictionaries({}, optional=PARTS), st.sampled_from([None, "text", [], [{"id": "1"}]]))


STATUSES = [None, 0, 200, 204, 299, 300, 302, 400, 429, 500]


@settings(max_examples=400)
@given(st.sampled_from([*USUAL, ProbeKind.EDGE, ProbeKind.WEBHOOK, None]), BODIES, st.sampled_from(STATUSES))
def test_what_is_good_at_a_glance_is_good_by_the_same_rule(
    probe: ProbeKind | None, body: Any, http_status: int | None
) -> None:
    agree(answered(probe, body, http_status))


def agree(exchange: Exchange) -> None:
    """A glance says nothing, or what the rules say."""
    glance = at_a_glance(exchange)
    rule, _, found = list(explained(exchange, KNOWN))[-1]
    assert found is not None
    assert glance is None or (glance, "ok") == (rule, found.verdict.value)
    assert judge(exchange, KNOWN).column is found.column


TROUBLED: list[tuple[ProbeKind, dict[str, Any]]] = [
    (probe, body | added)
    for probe, body in USUAL.items()
    if body is not None
    for added in (
        *({key: error} for key in ("error", "errors") for error in ERRORS),
        {"error_code": 190},
        {"data": {"error": {"code": 2}}},
        {"data": VALID | {"expires_at": 1}},
        {"data": VALID | {"scopes": []}},
        {"entry": [{"changes": [{"value": {"errors": [{"code": 131000}]}}]}]},
        {"statuses": [{"id": "m", "status": "failed", "errors": [{"code": 131026}]}]},
        {"messages": [{"id": "m", "errors": [{"code": 131051}]}]},
        {"messages": [{"id": "m"}, {"id": "n", "errors": [{"code": 131051}]}]},
        {"messaging_product": "whatsapp", "messages": [{"id": "m", "errors": [{"code": 131051}]}]},
        {"messages": [{"id": ""}]},
        {"messages": ["m"]},
        {"id": None},
    )
]


@pytest.mark.parametrize("http_status", STATUSES)
def test_one_thing_more_in_a_usual_answer_is_read_by_the_rules(http_status: int | None) -> None:
    for probe, body in TROUBLED:
        agree(answered(probe, body, http_status))


@pytest.mark.parametrize("probe", USUAL)
def test_the_usual_good_answers_are_known_at_a_glance(probe: ProbeKind) -> None:
    assert at_a_glance(answered(probe, USUAL[probe])) is not None
