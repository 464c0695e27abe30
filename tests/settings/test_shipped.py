"""The shipped configuration and its schema say what the code does: every setting, its default, nothing else."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.settings.refused_targets import REFUSED_TARGETS
from wamon.settings import SettingsError, default_settings, load, parse, warnings
from wamon.settings.fields import fields_of
from wamon.settings.json_schema import json_schema, schema_text
from wamon.settings.schema import SINGLE, TARGETS, Channel, NamedAccount, Table

FOLDER = Path(__file__).parents[2] / "config"
SHIPPED = (FOLDER / "wamon.toml").read_text()
SWITCHED_ON = re.sub(r"^#(?=\S)", "", SHIPPED, flags=re.MULTILINE)
SAMPLE = (Path(__file__).parent / "contract_sample.toml").read_text()
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def stands(key: str) -> list[tuple[type[Table], dict[str, Any]]]:
    """Each table of the file, everything switched on, with the struct that reads it."""
    raw = tomllib.loads(SWITCHED_ON)[key]
    if key in SINGLE:
        return [(SINGLE[key], raw)]
    kinds = {"accounts": NamedAccount, "channels": Channel}
    return [(kinds.get(key) or TARGETS[one["probe"]], one) for one in raw]


TABLES = [pair for key in (*SINGLE, "accounts", "targets", "channels") for pair in stands(key)]


def test_the_shipped_file_watches_what_wamon_watches_without_a_file() -> None:
    assert parse(SHIPPED) == default_settings()
    assert warnings(parse(SHIPPED), date(2026, 11, 22)) == []


def test_the_shipped_file_works_with_everything_switched_on() -> None:
    settings = parse(SWITCHED_ON)
    assert {str(one.probe) for one in settings.targets} == set(TARGETS)
    assert (len(settings.accounts), len(settings.channels), settings.receiving) == (1, 1, True)
    assert warnings(settings, date(2026, 11, 22)) == []


@pytest.mark.parametrize(
    "kind", [*SINGLE.values(), *TARGETS.values(), NamedAccount, Channel], ids=lambda kind: kind.__name__
)
def test_every_setting_stands_in_the_shipped_file(kind: type[Table]) -> None:
    standing = {key for table, raw in TABLES if table is kind for key in raw}
    assert standing - {"probe"} == {field.key for field in fields_of(kind)}


PER_CLIENT = {"access_token", "waba_id"}


@pytest.mark.parametrize(("kind", "raw"), TABLES, ids=[kind.__name__ for kind, _ in TABLES])
def test_every_default_in_the_shipped_file_is_the_default(kind: type[Table], raw: dict[str, Any]) -> None:
    differs = PER_CLIENT if kind is NamedAccount else set()
    for field in fields_of(kind):
        if not field.required and field.key in raw and field.key not in differs:
            assert field.reader.read(raw[field.key]) == field.default, field.key


def test_every_setting_in_the_shipped_file_says_why_once() -> None:
    for kind, raw in TABLES:
        for key in raw:
            spoken = re.findall(rf"^#?{key} = .*[\"\]\da-z] +# \S", SHIPPED, flags=re.MULTILINE)
            assert spoken or key in {"probe", "base_url"}, f"{kind.__name__}: {key} stands without a reason"


def test_the_schema_file_is_current() -> None:
    assert (FOLDER / "wamon.schema.json").read_text() == schema_text()
    assert json.loads(schema_text()) == json_schema()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [SHIPPED, SWITCHED_ON, SAMPLE], ids=["shipped", "switched on", "published"])
def test_the_schema_accepts_what_the_code_accepts(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


PAGES = [FOLDER.parent / "README.md", *sorted((FOLDER.parent / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(text, id=f"{page.name} {number}")
    for page in PAGES
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_the_pages_show_as_configuration_is_accepted_by_the_schema_and_the_code(text: str) -> None:
    tables = tomllib.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(tables)] == []
    owner = '[[accounts]]\nname = "acme"\n' if "[[accounts]]" not in text else ""
    number = '[[targets]]\nname = "edge"\nprobe = "edge"\naccount = "graph"\n'
    settings = parse(f"{owner}{text}\n{number}")
    assert len(settings.targets) == len(tables.get("targets", ())) + 1


def test_the_pages_file_of_a_client_is_read_from_its_folder(tmp_path: Path) -> None:
    """As docs/operations.md shows it, and with a mistake in it the file is named."""
    page = (FOLDER.parent / "docs" / "operations.md").read_text()
    (text,) = re.findall(r"```toml\n(# conf\.d/acme\.toml\n.*?)```", page, re.DOTALL)
    (tmp_path / "conf.d").mkdir()
    file = tmp_path / "conf.d" / "acme.toml"
    file.write_text(text)
    main = tmp_path / "wamon.toml"
    main.write_text('[service]\ninclude = "conf.d"\n')
    assert [(one.name, one.account) for one in load(main).targets] == [("acme.number", "acme")]
    file.write_text(text.replace("phone_number_id", "phone_number"))
    with pytest.raises(SettingsError) as refused:
        load(main)
    said = "conf.d/acme.toml: target acme.number, phone_number: is no setting here; did you mean phone_number_id?"
    assert refused.value.problems == (said,)


SEEN_BY_SHAPE = (
    "is not a duration such as",
    "is no time at all",
    "is no setting here",
    "is not one of any",
    "an absolute path",
    "a name of letters",
    "is missing",
    "is not a probe",
    "is a number",
    "is not an id",
    "phone number such as",
    "template's",
    "whole number",
    "is text",
    "ftp:",
    "neither true nor false",
)
"""Sentences about a single value; the others compare values, which a schema cannot."""
REFUSED_BY_SHAPE = [
    text
    for text, sentence in REFUSED_TARGETS
    if any(words in sentence for words in SEEN_BY_SHAPE) and "999999h" not in text
]


@pytest.mark.parametrize("text", REFUSED_BY_SHAPE)
def test_the_schema_refuses_a_shape_that_the_code_refuses(text: str) -> None:
    assert not VALIDATOR.is_valid(tomllib.loads(text))
