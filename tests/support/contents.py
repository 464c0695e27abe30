"""What a ledger's files contain, for searching: the bytes as they lie there, and what is compressed in them."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path


def contents(database: Path) -> bytes:
    """The bytes of a ledger and of the files beside it that share its name; every compressed value unpacked."""
    files = [path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")) if path.is_file()]
    return b"\0".join([*files, *_unpacked(database)])


def _unpacked(database: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in db.execute(f'SELECT * FROM "{table}"'):  # a name from the schema itself
                for value in row:
                    with suppress(zlib.error, TypeError):  # a number, a text, a hash
                        yield zlib.decompress(value)
