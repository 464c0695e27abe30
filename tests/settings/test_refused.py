"""A bad configuration is refused with a sentence that names the place and shows a right value."""

import pytest

from tests.settings.refused_tables import REFUSED_TABLES
from tests.settings.refused_targets import REFUSED_TARGETS
from tests.settings.texts import EDGE
from wamon.settings import SettingsError, parse


@pytest.mark.parametrize(("text", "sentences"), REFUSED_TARGETS + REFUSED_TABLES)
def test_a_bad_file_is_refused_with_the_reason(text: str, sentences: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse(text)
    assert str(refusal.value) == sentences
    assert "hunter2" not in refusal.value.report()


def test_every_problem_is_told_at_once_each_after_the_name_of_the_file() -> None:
    with pytest.raises(SettingsError) as refusal:
        parse(EDGE + 'interval = "60"\n[service]\nlisten = "x"\nzone = "UTC"\n', name="etc/wamon.toml")
    assert refusal.value.report().splitlines() == [
        "etc/wamon.toml: [service] zone: is no setting here; did you mean timezone?",
        "etc/wamon.toml: [service] listen: 'x' is not an address with a port, such as 127.0.0.1:9877",
        "etc/wamon.toml: target graph, interval: '60' is not a duration such as 30s, 5m or 2h",
    ]


def test_a_refusal_keeps_no_trace_of_the_file_behind_it() -> None:
    with pytest.raises(SettingsError) as refusal:
        parse(EDGE + '[graph]\naccess_token = "hunter2\n')
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
