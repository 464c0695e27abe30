"""The one door of sqlite_utils: an append-only book of what was seen and what was ruled."""

from wamon.ledger.book import Book
from wamon.ledger.failures import LedgerError, LedgerUnavailableError
from wamon.ledger.ledger import Ledger, memory_ledger, open_book, open_ledger

__all__ = ["Book", "Ledger", "LedgerError", "LedgerUnavailableError", "memory_ledger", "open_book", "open_ledger"]
