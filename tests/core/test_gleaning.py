"""What an answer tells in passing: read off any shape, kept in few words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.contexts import Contexts
from wamon.core.finding import Context
from wamon.core.gleaning import components_digest, passing
from wamon.core.observation import Exchange, Phase, ProbeKind, SecondResolver
from wamon.core.passing import NOTHING, Health, Passing, TemplateWord
from wamon.core.reading import read_exchange, write_exchange


def told(body: Any, status: int = 200, **headers: str) -> Passing:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return passing(Exchange(reached=Phase.ANSWERED, http_status=status, body=body, headers=named))


@pytest.mark.parametrize(
    ("percent", "step"), [(0, 0), (49, 0), (50, 50), (79, 50), (80, 80), (99, 80), (100, 100), (4711, 100)]
)
def test_a_quota_is_kept_in_four_steps(percent: int, step: int) -> None:
    assert told({"id": "1"}, x_app_usage=f'{{"call_count": {percent}}}').usage == step
    assert told({"error": {"code": 4}}, 400, x_app_usage=f'{{"call_count": {percent}}}') == Passing(step)


@pytest.mark.parametrize("header", ["", "{}", "[]", "nonsense", '{"call_count": "9"}', '{"call_count": -1}'])
def test_a_header_that_says_nothing_is_kept_as_nothing(header: str) -> None:
    assert told({"id": "1"}, x_app_usage=header) == NOTHING


NUMBER = {"id": "7", "display_phone_number": "1", "quality_rating": "GREEN", "status": "CONNECTED"}


def entities(**said: str) -> list[dict[str, Any]]:
    return [
        {"entity_type": kind, "can_send_message": word, "errors": [{"error_code": 141006}]}
        for kind, word in said.items()
    ]


def health(*rows: Any, overall: str = "AVAILABLE", **rest: Any) -> Health | None:
    return told(NUMBER | {"health_status": {"can_send_message": overall, "entities": list(rows)}} | rest).health


def test_a_good_number_is_connected_and_not_blocked() -> None:
    assert told(NUMBER).health == Health("7", connected=True)
    assert health(*entities(PHONE_NUMBER="AVAILABLE", WABA="LIMITED")) == Health("7", connected=True)
    assert health(status="FLAGGED") == Health("7", connected=False)


def test_a_block_says_how_wide_it_is_and_why() -> None:
    assert health(*entities(PHONE_NUMBER="BLOCKED")) == Health("7", True, False, True, 141006)
    assert health(*entities(PHONE_NUMBER="AVAILABLE", WABA="BLOCKED")) == Health("7", True, True, True, 141006)
    assert health(overall="BLOCKED") == Health("7", True, False, True, None)


def test_the_entities_outrank_the_overall_word_which_is_also_about_calling() -> None:
    assert health(*entities(PHONE_NUMBER="AVAILABLE"), overall="BLOCKED") == Health("7", connected=True)


def test_lists_that_are_printed_as_objects_are_read_too() -> None:
    row = {"entity_type": "WABA", "can_send_message": "BLOCKED", "errors": {"0": {"error_code": 141014}}}
    body = NUMBER | {"health_status": {"entities": {"0": row}}}
    assert told(body).health == Health("7", True, True, True, 141014)


def test_another_node_has_no_state_of_a_number() -> None:
    assert told({"id": "1"}) is NOTHING
    assert told({"id": "1", "status": "APPROVED"}).health is None
    assert told(NUMBER, 500).health is None
    assert told(NUMBER | {"error": {"code": 2}}).health is None


TEMPLATE = {
    "name": "canary",
    "language": "de",
    "status": "APPROVED",
    "components": [{"type": "BODY", "text": "a"}],
}


def test_templates_are_told_one_by_one_or_in_a_list() -> None:
    word = TemplateWord("canary", "de", "APPROVED", components_digest(TEMPLATE["components"]))
    assert told({"id": "1"} | TEMPLATE).templates == (word,)
    assert told({"data": [TEMPLATE, {"name": "x"}, 7]}).templates == (word,)
    bare = {key: value for key, value in TEMPLATE.items() if key != "components"}
    assert told({"data": [bare]}).templates == (TemplateWord("canary", "de", "APPROVED"),)
    assert len(told({"data": [TEMPLATE] * 50}).templates) == 8


def test_a_digest_changes_with_any_letter_and_not_with_the_order_of_keys() -> None:
    one = components_digest([{"type": "BODY", "text": "a"}])
    assert one == components_digest([{"text": "a", "type": "BODY"}])
    assert one != components_digest([{"type": "BODY", "text": "b"}])
    assert one != components_digest([{"type": "BODY", "text": "a", "more": 1}])
    assert len(one) == 16
    assert components_digest([{"text": "\ud800"}]) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["BLOCKED", "WABA", "CONNECTED"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["health_status", "entities", "can_send_message", "errors", "error_code", "entity_type"]
            )
            | st.sampled_from(["data", "name", "language", "status", "components", "id", "quality_rating"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.dictionaries(st.sampled_from(["x-app-usage", "x-business-use-case-usage"]), st.text()))
def test_it_is_total_and_can_be_shared(body: Any, headers: dict[str, str]) -> None:
    found = passing(Exchange(http_status=200, body=body, headers=headers))
    assert hash(found) == hash(found)


def test_what_a_second_resolver_said_travels_with_the_exchange() -> None:
    asked = {"name": "9.9.9.9", "found": False, "controls_found": True}
    line = {"target": "t", "probe": "api", "failure": "dns_error", "second_resolver": asked, "site": "fra"}
    seen = read_exchange(line)
    assert seen.second_resolver == SecondResolver("9.9.9.9", False, True)
    assert seen.site == "fra"
    assert read_exchange(write_exchange(seen)) == seen
    assert "second_resolver" not in write_exchange(read_exchange({"target": "t"}))


@pytest.mark.parametrize("asked", [None, "x", {}, {"name": "9.9.9.9", "found": False}, {"name": 1, "found": True}])
def test_half_an_answer_of_a_second_resolver_is_none(asked: Any) -> None:
    assert read_exchange({"second_resolver": asked}).second_resolver is None


def test_a_look_that_tells_something_else_has_another_context_and_equal_ones_share_one() -> None:
    """The quota fills up, the number is blocked, another site looks: each is kept, and none twice."""
    contexts = Contexts()

    def context(body: Any, **rest: Any) -> Context:
        exchange = Exchange("api", ProbeKind.API, http_status=200, body=body, **rest)
        return contexts.of(exchange, ProbeKind.API, 60_000, "graph")

    plain = context({"id": "1"})
    used = context({"id": "1"}, headers={"x-app-usage": '{"call_count": 85}'})
    assert (plain.told.usage, used.told.usage) == (None, 80)
    assert context(NUMBER).told.health == Health("7", connected=True)
    assert context({"id": "1"}, site="fra").site == "fra"
    assert context({"id": "1"}) is plain
    assert context({"id": "1"}, headers={"x-app-usage": '{"call_count": 81}'}) is used
