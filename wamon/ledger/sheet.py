"""What every part of the book shares: the connection, one transaction at a time, and the interned words."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlite_utils import Database

from wamon.core.finding import Context, Finding, Verdict
from wamon.ledger.failures import telling
from wamon.ledger.schema import guards

Word = TypeVar("Word")


class Ground(NamedTuple):
    """A finding and the edition of the catalogue it was made with: few pairs, each stored once."""

    finding: Finding
    edition: str


class Interned(Generic[Word]):
    """A table of words that only grows, held in memory both ways.

    ``cells`` and ``word`` turn a word into the cells of ``columns`` and back. ``extra`` columns are given with a
    new word and not read again.
    """

    def __init__(
        self,
        db: Database,
        table: str,
        columns: tuple[str, ...],
        cells: Callable[[Word], tuple[Any, ...]],
        word: Callable[..., Word],
        extra: tuple[str, ...] = (),
    ) -> None:
        self._connection = db.conn
        self._cells, self._word = cells, word
        written = (*columns, *extra)
        marks = ", ".join("?" * len(written))
        self._select = f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > ? ORDER BY id"  # noqa: S608
        self._insert = f"INSERT INTO {table} ({', '.join(written)}) VALUES ({marks})"  # noqa: S608
        self.forget()

    def forget(self) -> None:
        """After a rollback: what was numbered may never have been written."""
        self._words: dict[int, Word] = {}
        self._numbers: dict[Word, int] = {}
        self._last = 0

    def words(self) -> dict[int, Word]:
        """Every word by its number, those that another connection wrote meanwhile included."""
        for number, *cells in self._connection.execute(self._select, (self._last,)):
            self._words[number] = word = self._word(*cells)
            self._numbers.setdefault(word, number)
            self._last = number
        return self._words

    def find(self, word: Word) -> int | None:
        """The word's number; None when the book has never seen it."""
        if word not in self._numbers:
            self.words()
        return self._numbers.get(word)

    def number(self, word: Word, *extra: Any) -> int:
        """The word's number, given now where it has none."""
        known = self._numbers.get(word) or self.find(word)
        if known is not None:
            return known
        self._connection.execute(self._insert, (*self._cells(word), *extra))
        self.words()
        return self._numbers[word]


_encode = msgspec.json.Encoder().encode
_decode_context = msgspec.json.Decoder(Context).decode
_decode_finding = msgspec.json.Decoder(Finding).decode


def _text(word: object) -> str:
    return _encode(word).decode()


_PART = nullcontext()


class Sheet:
    """An open database. Knows of no threads: whoever holds it uses it from one at a time."""

    def __init__(self, db: Database, place: str) -> None:
        self.db = db
        self.place = place
        self._connection = db.conn
        self._names = Interned[str](db, "targets", ("name",), lambda name: (name,), str, ("first_activated_ms",))
        self._contexts = Interned[Context](
            db, "contexts", ("context",), lambda context: (_text(context),), _decode_context
        )
        self._grounds = Interned[Ground](
            db,
            "findings",
            ("finding", "edition", "ok"),
            lambda ground: (_text(ground.finding), ground.edition, ground.finding.verdict is Verdict.OK),
            lambda finding, edition, _: Ground(_decode_finding(finding), edition),
        )

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing, durable afterwards; inside another one, part of that. Raises LedgerError."""
        return _PART if self._connection.in_transaction else self._whole()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with telling(self.place):
            try:
                with self.db.atomic():
                    yield
            except BaseException:
                self.forget()
                raise

    @contextmanager
    def moment(self) -> Iterator[None]:
        """All reads inside see the book at one moment, whatever is written meanwhile. Raises LedgerError."""
        with telling(self.place):
            self._connection.execute("BEGIN")
            self._connection.execute("PRAGMA query_only = ON")
            try:
                yield
            finally:
                self._connection.rollback()
                self._connection.execute("PRAGMA query_only = OFF")

    @contextmanager
    def prunable(self, table: str) -> Iterator[None]:
        """Inside, and inside a transaction, rows of a table of facts may be deleted."""
        _, guard = guards(table)
        self._connection.execute(f"DROP TRIGGER {table}_no_delete")
        yield
        self._connection.execute(guard)

    def forget(self) -> None:
        """Drop what is remembered of a transaction that was rolled back."""
        for words in (self._names, self._contexts, self._grounds):
            words.forget()

    def close(self) -> None:
        """Give the connection back."""
        self.db.close()
