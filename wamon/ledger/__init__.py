"""The one door of sqlite_utils: an append-only book of what was seen and what was ruled."""
