"""Tables, the triggers that make facts append-only, and the migrations that lay them."""

from sqlite_utils import Database, Migrations

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
FACTS = (
    *FIRST_FACTS,
    *REFERENCE_FACTS,
    *RECEIVED_FACTS,
    *LATENCY_FACTS,
    *SEALING_FACTS,
    *ACCOUNT_FACTS,
    *CANARY_FACTS,
)
"""Rows of these are written once: no update, and no delete but by `prune`, which lifts the trigger for itself."""

EXTENDED = ("running", "listening")
"""A period is one row whose end moves forward; nothing else of it changes."""

# An observation is keyed by target and instant without a rowid: 31 bytes a row as measured by bench/ledger.py,
# and one target's stretch lies together. Durations are tenths of a millisecond, which fit one to three bytes.
# Contexts and findings hold JSON, so that a word that gains a field needs no migration.
_TABLES = (
    """CREATE TABLE targets (
         id INTEGER PRIMARY KEY,
         name TEXT NOT NULL UNIQUE,
         first_activated_ms INTEGER NOT NULL)""",
    """CREATE TABLE contexts (
         id INTEGER PRIMARY KEY,
         context TEXT NOT NULL UNIQUE)""",
    """CREATE TABLE findings (
         id INTEGER PRIMARY KEY,
         finding TEXT NOT NULL,
         edition TEXT NOT NULL,
         ok INTEGER NOT NULL,
         UNIQUE (finding, edition))""",
    """CREATE TABLE observations (
         target INTEGER NOT NULL REFERENCES targets,
         at_ms INTEGER NOT NULL,
         context INTEGER NOT NULL REFERENCES contexts,
         finding INTEGER NOT NULL REFERENCES findings,
         dns INTEGER, "connect" INTEGER, tls INTEGER, first_byte INTEGER, total INTEGER,
         PRIMARY KEY (target, at_ms)) WITHOUT ROWID""",
    """CREATE TABLE exchanges (
         target INTEGER NOT NULL,
         at_ms INTEGER NOT NULL,
         ruled_at_ms INTEGER NOT NULL,
         evidence TEXT,
         exchange BLOB NOT NULL,
         PRIMARY KEY (target, at_ms),
         FOREIGN KEY (target, at_ms) REFERENCES observations) WITHOUT ROWID""",
    """CREATE TABLE tallies (
         target INTEGER NOT NULL REFERENCES targets,
         verdict TEXT NOT NULL,
         observations INTEGER NOT NULL,
         PRIMARY KEY (target, verdict)) WITHOUT ROWID""",
    """CREATE TABLE pruned (
         n INTEGER PRIMARY KEY,
         target INTEGER NOT NULL REFERENCES targets,
         before_ms INTEGER NOT NULL,
         verdict TEXT NOT NULL,
         observations INTEGER NOT NULL)""",
    """CREATE TABLE declarations (
         n INTEGER PRIMARY KEY,
         kind TEXT NOT NULL,
         content TEXT NOT NULL,
         declared_at_ms INTEGER NOT NULL,
         author TEXT NOT NULL,
         because TEXT NOT NULL)""",
    """CREATE TABLE withdrawals (
         declaration INTEGER PRIMARY KEY REFERENCES declarations,
         withdrawn_at_ms INTEGER NOT NULL,
         author TEXT NOT NULL,
         because TEXT NOT NULL)""",
    """CREATE TABLE rulings (
         n INTEGER PRIMARY KEY,
         target INTEGER NOT NULL REFERENCES targets,
         at_ms INTEGER NOT NULL,
         finding INTEGER NOT NULL REFERENCES findings,
         origin TEXT NOT NULL,
         ruled_at_ms INTEGER NOT NULL,
         evidence TEXT,
         author TEXT,
         because TEXT,
         declaration INTEGER REFERENCES declarations)""",
    "CREATE INDEX rulings_of_observation ON rulings (target, at_ms)",
    """CREATE TABLE publications (
         n INTEGER PRIMARY KEY,
         target TEXT NOT NULL,
         day TEXT NOT NULL,
         revision INTEGER NOT NULL,
         zone TEXT NOT NULL,
         published_at_ms INTEGER NOT NULL,
         state TEXT NOT NULL,
         figures TEXT NOT NULL,
         reason TEXT NOT NULL,
         author TEXT NOT NULL,
         UNIQUE (day, target, revision))""",
    """CREATE TABLE segments (
         publication INTEGER NOT NULL REFERENCES publications,
         start_ms INTEGER NOT NULL,
         end_ms INTEGER NOT NULL,
         "column" TEXT NOT NULL,
         facts TEXT NOT NULL,
         PRIMARY KEY (publication, start_ms)) WITHOUT ROWID""",
    """CREATE TABLE days (
         month TEXT NOT NULL,
         target TEXT NOT NULL,
         trails BLOB NOT NULL,
         PRIMARY KEY (month, target)) WITHOUT ROWID""",
    """CREATE TABLE notices (
         n INTEGER PRIMARY KEY,
         key TEXT NOT NULL UNIQUE,
         created_at_ms INTEGER NOT NULL,
         notice TEXT NOT NULL)""",
    """CREATE TABLE dispatches (
         n INTEGER PRIMARY KEY,
         notice INTEGER NOT NULL REFERENCES notices,
         channel TEXT NOT NULL,
         state TEXT NOT NULL,
         attempt INTEGER NOT NULL,
         at_ms INTEGER NOT NULL,
         next_attempt_ms INTEGER,
         error TEXT)""",
    "CREATE INDEX dispatches_of_notice ON dispatches (notice, channel)",
    """CREATE TABLE outbox (
         notice INTEGER NOT NULL REFERENCES notices,
         channel TEXT NOT NULL,
         dispatch INTEGER NOT NULL REFERENCES dispatches,
         next_attempt_ms INTEGER NOT NULL,
         PRIMARY KEY (notice, channel)) WITHOUT ROWID""",
    """CREATE TABLE running (
         n INTEGER PRIMARY KEY,
         start_ms INTEGER NOT NULL,
         end_ms INTEGER NOT NULL)""",
    "CREATE INDEX running_by_time ON running (end_ms)",
    "CREATE TABLE passes (at_ms INTEGER PRIMARY KEY)",
    """CREATE TABLE missed (
         target INTEGER NOT NULL REFERENCES targets,
         at_ms INTEGER NOT NULL,
         reason TEXT NOT NULL,
         slots INTEGER NOT NULL,
         PRIMARY KEY (target, at_ms)) WITHOUT ROWID""",
)


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
    for statement in (*_TABLES, *(guard for table in (*FIRST_FACTS, "running") for guard in guards(table))):
        db.execute(statement)


# A version of a page of Meta's is the list of its pieces, by number; each piece is kept once, found by its hash.
_REFERENCE_TABLES = (
    """CREATE TABLE reference_parts (
         id INTEGER PRIMARY KEY,
         digest BLOB NOT NULL UNIQUE,
         part TEXT NOT NULL)""",
    """CREATE TABLE reference_versions (
         n INTEGER PRIMARY KEY,
         page TEXT NOT NULL,
         seen_ms INTEGER NOT NULL,
         parts TEXT NOT NULL)""",
    "CREATE INDEX reference_versions_by_page ON reference_versions (page, seen_ms)",
)


@MIGRATIONS()
def m002_reference(db: Database) -> None:
    """What Meta's status page said, and when it said something else."""
    for statement in (*_REFERENCE_TABLES, *(guard for table in REFERENCE_FACTS for guard in guards(table))):
        db.execute(statement)


# Of a message only keyed hashes are kept, made with the one key in `installation`. Accounts, numbers, fields and
# statuses are interned in `terms`. A report's key is what Meta's repeats share: message, status, recipient.
_RECEIVED_TABLES = (
    "CREATE TABLE installation (hash_key BLOB NOT NULL)",
    """CREATE TABLE terms (
         id INTEGER PRIMARY KEY,
         term TEXT NOT NULL UNIQUE)""",
    """CREATE TABLE receipts (
         n INTEGER PRIMARY KEY,
         body_sha256 BLOB NOT NULL UNIQUE,
         received_at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         fields INTEGER NOT NULL REFERENCES terms,
         reports INTEGER NOT NULL,
         inbound INTEGER NOT NULL,
         events INTEGER NOT NULL,
         unread INTEGER NOT NULL)""",
    "CREATE INDEX receipts_by_time ON receipts (received_at_ms)",
    """CREATE TABLE status_reports (
         n INTEGER PRIMARY KEY,
         received_at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         number INTEGER NOT NULL REFERENCES terms,
         message BLOB NOT NULL,
         recipient BLOB NOT NULL,
         message_status INTEGER NOT NULL REFERENCES terms,
         at_ms INTEGER,
         codes TEXT,
         canary TEXT,
         opaque BLOB,
         UNIQUE (message, message_status, recipient))""",
    "CREATE INDEX status_reports_of_canary ON status_reports (canary) WHERE canary IS NOT NULL",
    """CREATE TABLE inbound (
         n INTEGER PRIMARY KEY,
         received_at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         number INTEGER NOT NULL REFERENCES terms,
         messages INTEGER NOT NULL,
         at_ms INTEGER)""",
    """CREATE TABLE account_events (
         n INTEGER PRIMARY KEY,
         received_at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         field INTEGER NOT NULL REFERENCES terms,
         waba INTEGER NOT NULL REFERENCES terms,
         number INTEGER NOT NULL REFERENCES terms,
         at_ms INTEGER,
         facts TEXT NOT NULL)""",
    """CREATE TABLE received_hours (
         n INTEGER PRIMARY KEY,
         hour_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         receipts INTEGER NOT NULL,
         reports INTEGER NOT NULL,
         inbound INTEGER NOT NULL)""",
    """CREATE TABLE listening (
         n INTEGER PRIMARY KEY,
         start_ms INTEGER NOT NULL,
         end_ms INTEGER NOT NULL)""",
    "CREATE INDEX listening_by_time ON listening (end_ms)",
)


@MIGRATIONS()
def m003_receipts(db: Database) -> None:
    """What Meta's webhooks said, and when somebody listened for them."""
    guarding = (guard for table in (*RECEIVED_FACTS, "listening") for guard in guards(table))
    for statement in (*_RECEIVED_TABLES, *guarding):
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


_SEALING_TABLES = (
    """CREATE TABLE seals (
         n INTEGER PRIMARY KEY,
         target INTEGER NOT NULL REFERENCES targets,
         day TEXT NOT NULL,
         start_ms INTEGER NOT NULL,
         end_ms INTEGER NOT NULL,
         looks INTEGER NOT NULL,
         sha256 BLOB NOT NULL)""",
    "CREATE INDEX seals_of_day ON seals (target, day)",
    """CREATE TABLE publication_seals (
         publication INTEGER PRIMARY KEY REFERENCES publications,
         sha256 BLOB NOT NULL)""",
)


@MIGRATIONS()
def m006_seals(db: Database) -> None:
    """What days that are closed from now on looked like then; of those before it is not known."""
    for statement in (*_SEALING_TABLES, *(guard for table in SEALING_FACTS for guard in guards(table))):
        db.execute(statement)


_ACCOUNT_TABLES = (
    """CREATE TABLE account_facts (
         n INTEGER PRIMARY KEY,
         at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         subject INTEGER NOT NULL REFERENCES terms,
         fact INTEGER NOT NULL REFERENCES terms)""",
    "CREATE INDEX account_facts_by_time ON account_facts (at_ms)",
    "CREATE INDEX account_facts_by_subject ON account_facts (account, subject)",
)


@MIGRATIONS()
def m007_account_facts(db: Database) -> None:
    """What Graph says of accounts now and then: templates, subscriptions, callbacks, health."""
    for statement in (*_ACCOUNT_TABLES, *(guard for table in ACCOUNT_FACTS for guard in guards(table))):
        db.execute(statement)


# Written before a canary leaves: a slot that has one is never sent for again, not after a crash either.
_CANARY_TABLES = (
    """CREATE TABLE canaries (
         n INTEGER PRIMARY KEY,
         mark TEXT NOT NULL UNIQUE,
         target INTEGER NOT NULL REFERENCES targets,
         slot_ms INTEGER NOT NULL,
         sent_ms INTEGER NOT NULL,
         deadline_ms INTEGER NOT NULL,
         extra INTEGER NOT NULL,
         UNIQUE (target, slot_ms))""",
)


@MIGRATIONS()
def m008_canaries(db: Database) -> None:
    """Every canary, written before it leaves."""
    for statement in (*_CANARY_TABLES, *(guard for table in CANARY_FACTS for guard in guards(table))):
        db.execute(statement)
