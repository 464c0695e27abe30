"""The configuration as JSON Schema, for editors: made from the same fields that read it."""

from typing import Any

import msgspec

from wamon.settings.fields import Field, fields_of
from wamon.settings.schema import SINGLE, TARGETS, Channel, NamedAccount, Table


def json_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of ``wamon.toml``."""
    tables = {key: _table(table) for key, table in SINGLE.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wamon.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **tables,
            "accounts": {"type": "array", "items": _table(NamedAccount)},
            "targets": {
                "type": "array",
                "items": {"oneOf": [_table(table, probe) for probe, table in TARGETS.items()]},
            },
            "channels": {"type": "array", "items": _table(Channel)},
        },
    }


def schema_text() -> str:
    """The same as the text of ``config/wamon.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"


def _table(table: type[Table], probe: str | None = None) -> dict[str, Any]:
    fields = fields_of(table)
    tag = {"probe": {"const": probe}} if probe else {}
    return {
        "description": (table.__doc__ or "").partition("\n")[0].replace("``", ""),
        "type": "object",
        "additionalProperties": False,
        "required": [field.key for field in fields if field.required] + list(tag),
        "properties": tag | {field.key: _field(field) for field in fields},
    }


def _field(field: Field) -> dict[str, Any]:
    default = {} if field.required else {"default": field.reader.write(field.default)}
    return {"description": field.why, **field.reader.schema, **default}
