"""What a settings struct knows of itself: its keys as TOML spells them, how each is read, and why it exists."""

from functools import cache
from typing import Any, NamedTuple, get_type_hints

import msgspec

from wamon.settings.schema import Table
from wamon.settings.values import Reader


class Field(NamedTuple):
    """One key of a table. ``default`` is ``msgspec.NODEFAULT`` where a value must be given."""

    name: str
    key: str
    reader: Reader[Any]
    why: str
    default: Any

    @property
    def required(self) -> bool:
        """Whether the key must stand in the file."""
        return self.default is msgspec.NODEFAULT


@cache
def fields_of(table: type[Table]) -> tuple[Field, ...]:
    """The keys of a table, in the order of the struct. Fields without a reader are not read from the file."""
    hints = get_type_hints(table, include_extras=True)
    found = []
    for one in msgspec.structs.fields(table):
        notes = getattr(hints[one.name], "__metadata__", ())
        if notes:
            reader, why = notes
            found.append(Field(one.name, one.name.removesuffix("_ms"), reader, why, one.default))
    return tuple(sorted(found, key=lambda field: field.key not in ("name", "probe")))
