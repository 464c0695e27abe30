"""Settings written back as TOML-like tables: whole, or as they may be shown."""

from collections.abc import Mapping
from typing import Any

from wamon.settings.fields import fields_of
from wamon.settings.schema import SEVERAL, SINGLE, Settings, Table, Target
from wamon.settings.urls import without_query


def as_tables(settings: Settings) -> dict[str, Any]:
    """Every setting in force, spelled as in the file; secrets are references. ``build`` reads it back."""
    single = {key: _written(getattr(settings, key)) for key in SINGLE}
    if not settings.receiving:
        del single["receiver"]
    several = {key: [_written(one) for one in getattr(settings, key)] for key in SEVERAL}
    return {**single, **several}


def masked(settings: Settings) -> dict[str, Any]:
    """The same for showing: queries of URLs and phone numbers are covered; secrets never were in it."""
    shown = _masked(as_tables(settings))
    assert isinstance(shown, dict)
    return shown


def _written(table: Table) -> dict[str, Any]:
    written = {field.key: field.reader.write(getattr(table, field.name)) for field in fields_of(type(table))}
    return (
        {"name": written["name"], "probe": str(table.probe), **written} if isinstance(table, Target) else written
    )


def _masked(value: object, key: str = "") -> object:
    if isinstance(value, Mapping):
        return {inner: _masked(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, key) for one in value]
    if key == "to" and isinstance(value, str):
        return "*" * (len(value) - 2) + value[-2:]
    if key.endswith("url") and isinstance(value, str):
        return without_query(value)
    return value
