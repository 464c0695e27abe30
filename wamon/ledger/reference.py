"""Every version of every page of Meta's status site: written when it changed, its pieces kept once."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from wamon.core.meta_page import Part, Version
from wamon.core.timeline import DAY
from wamon.ledger.sheet import Sheet

MOST_A_DAY = 50
"""Versions of one page within 24 hours; a page that changes with every look must not fill the disk."""

_NEWEST = "SELECT parts FROM reference_versions WHERE page = ? ORDER BY n DESC LIMIT 1"
_LATELY = "SELECT count(*) FROM reference_versions WHERE page = ? AND seen_ms > ?"

# The versions of a span, and before them the one of each page that was valid when it began.
_VERSIONS = """
    SELECT page, seen_ms, parts FROM reference_versions WHERE seen_ms < ?2 AND n >= coalesce(
        (SELECT max(o.n) FROM reference_versions o WHERE o.page = reference_versions.page AND o.seen_ms <= ?1), 0)
    ORDER BY n"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Part).decode
_numbers = msgspec.json.Decoder(list[int]).decode


class Reference(Sheet):
    """The part of the book that holds what Meta's status page said, and when."""

    def keep_page(self, page: str, parts: Sequence[Part], seen_ms: int) -> bool:
        """Write a page down where it differs from its version before; whether it did."""
        with self.transaction():
            numbers = _encode([self._part(_encode(one)) for one in parts]).decode()
            before = self._connection.execute(_NEWEST, (page,)).fetchone()
            if before is not None and before[0] == numbers:
                return False
            (lately,) = self._connection.execute(_LATELY, (page, seen_ms - DAY)).fetchone()
            if lately >= MOST_A_DAY:
                return False
            self._connection.execute(
                "INSERT INTO reference_versions VALUES (NULL, ?, ?, ?)", (page, seen_ms, numbers)
            )
        return True

    def _part(self, part: bytes) -> int:
        """The number of a piece, given now where it was never seen."""
        digest = sha256(part).digest()
        found = self._connection.execute("SELECT id FROM reference_parts WHERE digest = ?", (digest,)).fetchone()
        if found is not None:
            return int(found[0])
        written = self._connection.execute(
            "INSERT INTO reference_parts VALUES (NULL, ?, ?)", (digest, part.decode())
        )
        return written.lastrowid or 0

    def page_versions(self, since_ms: int = 0, until_ms: int = 1 << 62) -> list[Version]:
        """What the pages said from an instant to before another, oldest first.

        Of each page the version that was valid at the beginning is among them, with the instant it was first seen.
        """
        rows = [
            (page, seen_ms, _numbers(parts))
            for page, seen_ms, parts in self._connection.execute(_VERSIONS, (since_ms, until_ms)).fetchall()
        ]
        parts = self._parts({number for _, _, numbers in rows for number in numbers})
        return [Version(page, seen_ms, tuple(parts[one] for one in numbers)) for page, seen_ms, numbers in rows]

    def _parts(self, numbers: set[int]) -> dict[int, Part]:
        wanted = _encode(sorted(numbers)).decode()
        rows = self._connection.execute(
            "SELECT id, part FROM reference_parts WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
        )
        return {number: _decode(part) for number, part in rows.fetchall()}
