"""``wamon init``: answers in, a configuration out that wamon accepts."""

from itertools import product
from pathlib import Path

import pytest

from tests.cli.program import on_a_terminal, wamon
from wamon.cli.init import QUESTIONS, configuration
from wamon.settings import ApiTarget, ControlTarget, EdgeTarget, TokenTarget, WebhookTarget, load, parse

FULL = "106540352242922\nenv:T_ACCESS\nhttps://business.example/webhook\n\nenv:T_OPS\nEurope/Berlin\n"


def test_every_question_may_be_skipped(tmp_path: Path) -> None:
    file = tmp_path / "wamon.toml"
    ended = wamon("init", file)
    assert ended.code == 0
    settings = load(file)
    assert [type(one) for one in settings.targets] == [EdgeTarget, ControlTarget, ControlTarget]
    assert f"wamon check -c {file}" in ended.out


def test_the_answers_stand_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "wamon.toml"
    assert wamon("init", file, stdin=FULL).code == 0
    settings = load(file)
    kinds = [type(one) for one in settings.targets]
    assert kinds == [EdgeTarget, ApiTarget, TokenTarget, WebhookTarget, ControlTarget, ControlTarget]
    assert str(settings.graph.access_token) == "env:T_ACCESS"
    assert settings.service.timezone.key == "Europe/Berlin"
    assert [(one.name, str(one.url)) for one in settings.channels] == [("ops", "env:T_OPS")]
    assert file.read_text().count("# ") > 8, "it is commented"


def test_a_wrong_answer_is_refused_with_the_reason_and_asked_again(tmp_path: Path) -> None:
    answers = "+49 30 1234\n106540352242922\nEAAGliteralToken\nenv:T\n\n\nEurope/Berln\nEurope/Berlin\n"
    ended = wamon("init", tmp_path / "wamon.toml", stdin=answers)
    assert ended.code == 0
    assert "is not an id as Meta shows it" in ended.err
    assert "a secret does not stand in this file" in ended.err
    assert "did you mean Europe/Berlin?" in ended.err
    assert "EAAGliteralToken" not in ended.err + ended.out + (tmp_path / "wamon.toml").read_text()


def test_a_person_is_asked_on_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "wamon.toml"
    shown = on_a_terminal("init", file, stdin="\n" * 6)
    assert "Which phone number id shall be watched?" in shown
    assert "Enter: skip" in shown
    assert load(file)


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "wamon.toml"
    file.write_text("mine")
    ended = wamon("init", file, stdin=FULL)
    assert (ended.code, ended.out, file.read_text()) == (2, "", "mine")
    assert "is there already and stays as it is" in ended.err
    lost = wamon("init", tmp_path / "none" / "wamon.toml")
    assert lost.code == 2
    assert "does not exist; make it first" in lost.err


AWKWARD = {
    "phone_number_id": ("", "106540352242922"),
    "access_token": ("credential:access_token", 'file:/a "b" \\ {c}'),
    "webhook": ("", "https://business.example/a?b={c}&d=%7B"),
    "verify_token": ("credential:verify_token", "file:/x'y"),
    "channel": ("", "file:/ops"),
    "timezone": ("UTC",),
}


@pytest.mark.parametrize("answers", list(product(*AWKWARD.values())), ids=str)
def test_whatever_was_answered_gives_a_file_that_is_accepted(answers: tuple[str, ...]) -> None:
    given = dict(zip(AWKWARD, answers, strict=True))
    for question in QUESTIONS:
        if given[question.key]:
            question.read(given[question.key])
    settings = parse(configuration(given))
    assert sum(isinstance(one, ControlTarget) for one in settings.targets) == 2
    if given["phone_number_id"]:
        assert str(settings.graph.access_token) == given["access_token"]
