"""Members of the words that judging names by the million are plain attributes, and the words still work."""

import pickle
from enum import Enum

import msgspec
import pytest

from wamon.core.finding import Cause, Column, Origin, Scope, Verdict
from wamon.core.observation import Failure, Phase, ProbeKind


@pytest.mark.parametrize("words", [Verdict, Cause, Column, Scope, Origin, Phase, ProbeKind, Failure])
def test_a_member_is_found_without_a_call_and_is_the_member(words: type[Enum]) -> None:
    for name, member in words.__members__.items():
        assert vars(words)[name] is member
        assert getattr(words, name) is words(member.value) is words[name]
        assert pickle.loads(pickle.dumps(member)) is member
        assert msgspec.json.decode(msgspec.json.encode(member), type=words) is member
    assert list(words) == list(words.__members__.values())
