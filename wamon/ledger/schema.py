"""The triggers that make facts append-only, and the migrations that lay every table."""

from sqlite_utils import Database, Migrations

from wamon.ledger.tables import (
    ACCOUNT_TABLES,
    CANARY_TABLES,
    RECEIVED_TABLES,
    REFERENCE_TABLES,
    SEALING_TABLES,
    TABLES,
    TRAFFIC_TABLES,
)

APPLICATION_ID = 0x77414D4E
"""``wAMN`` in the file's header: tells our databases from everybody else's."""

MIGRATIONS = Migrations("ledger")

FIRST_FACTS = (
    "targets",
    "contexts",
    "findings",
    "observations",
    "exchanges",
    "rulings",
    "publications",
    "segments",
    "pruned",
    "notices",
    "dispatches",
    "declarations",
    "withdrawals",
    "missed",
    "passes",
)
REFERENCE_FACTS = ("reference_parts", "reference_versions")
RECEIVED_FACTS = (
    "installation",
    "terms",
    "receipts",
    "status_reports",
    "inbound",
    "account_events",
    "received_hours",
)
LATENCY_FACTS = ("latencies",)
SEALING_FACTS = ("seals", "publication_seals")
ACCOUNT_FACTS = ("account_facts",)
CANARY_FACTS = ("canaries",)
TRAFFIC_FACTS = ("reported", "message_latencies")
FACTS = (
    *FIRST_FACTS,
    *REFERENCE_FACTS,
    *RECEIVED_FACTS,
    *LATENCY_FACTS,
    *SEALING_FACTS,
    *ACCOUNT_FACTS,
    *CANARY_FACTS,
    *TRAFFIC_FACTS,
)
"""Rows of these are written once: no update, and no delete but by `prune`, which lifts the trigger for itself."""

EXTENDED = ("running", "listening")
"""A period is one row whose end moves forward; nothing else of it changes."""


def guards(table: str) -> tuple[str, ...]:
    """The triggers that keep a table append-only, as SQL."""
    if table in EXTENDED:
        return _extended_guards(table)
    verbs = {"update": "BEFORE UPDATE", "delete": "BEFORE DELETE"}
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb} {moment} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb, moment in verbs.items()
    )


def _extended_guards(table: str) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        "WHEN NEW.n <> OLD.n OR NEW.start_ms <> OLD.start_ms OR NEW.end_ms < OLD.end_ms "
        f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    )


GUARDED = (*FACTS, *EXTENDED)
"""Every table with guards."""


@MIGRATIONS()
def m001_the_book(db: Database) -> None:
    """Every table of the first schema."""
    for statement in (*TABLES, *(guard for table in (*FIRST_FACTS, "running") for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m002_reference(db: Database) -> None:
    """What Meta's status page said, and when it said something else."""
    for statement in (*REFERENCE_TABLES, *(guard for table in REFERENCE_FACTS for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m003_receipts(db: Database) -> None:
    """What Meta's webhooks said, and when somebody listened for them."""
    guarding = (guard for table in (*RECEIVED_FACTS, "listening") for guard in guards(table))
    for statement in (*RECEIVED_TABLES, *guarding):
        db.execute(statement)


@MIGRATIONS()
def m004_windows_of_passes(db: Database) -> None:
    """Which instants a weekly pass judged again: only a day that it saw whole is settled by it."""
    for column in ("start_ms", "end_ms"):
        db.execute(f"ALTER TABLE passes ADD COLUMN {column} INTEGER")


@MIGRATIONS()
def m005_latencies(db: Database) -> None:
    """How long the good looks of every ended day took, in counts that outlive the looks."""
    table = """CREATE TABLE latencies (
         target INTEGER NOT NULL REFERENCES targets,
         day TEXT NOT NULL,
         looks INTEGER NOT NULL,
         sketch BLOB NOT NULL,
         PRIMARY KEY (target, day)) WITHOUT ROWID"""
    for statement in (table, *(guard for table in LATENCY_FACTS for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m006_seals(db: Database) -> None:
    """What days that are closed from now on looked like then; of those before it is not known."""
    for statement in (*SEALING_TABLES, *(guard for table in SEALING_FACTS for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m007_account_facts(db: Database) -> None:
    """What Graph says of accounts now and then: templates, subscriptions, callbacks, health."""
    for statement in (*ACCOUNT_TABLES, *(guard for table in ACCOUNT_FACTS for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m008_canaries(db: Database) -> None:
    """Every canary, written before it leaves."""
    for statement in (*CANARY_TABLES, *(guard for table in CANARY_FACTS for guard in guards(table))):
        db.execute(statement)


@MIGRATIONS()
def m009_traffic(db: Database) -> None:
    """Real messages by the minute: what applications reported of them, and how long they took."""
    for statement in (*TRAFFIC_TABLES, *(guard for table in TRAFFIC_FACTS for guard in guards(table))):
        db.execute(statement)
