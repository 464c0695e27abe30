"""Every table of the ledger as SQL, by the migration that lays it; `schema` says what guards them."""

# An observation is keyed by target and instant without a rowid: 31 bytes a row as measured by bench/ledger.py,
# and one target's stretch lies together. Durations are tenths of a millisecond, which fit one to three bytes.
# Contexts and findings hold JSON, so that a word that gains a field needs no migration.
TABLES = (
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

# A version of a page of Meta's is the list of its pieces, by number; each piece is kept once, found by its hash.
REFERENCE_TABLES = (
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

# Of a message only keyed hashes are kept, made with the one key in `installation`. Accounts, numbers, fields and
# statuses are interned in `terms`. A report's key is what Meta's repeats share: message, status, recipient.
RECEIVED_TABLES = (
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

SEALING_TABLES = (
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

ACCOUNT_TABLES = (
    """CREATE TABLE account_facts (
         n INTEGER PRIMARY KEY,
         at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         subject INTEGER NOT NULL REFERENCES terms,
         fact INTEGER NOT NULL REFERENCES terms)""",
    "CREATE INDEX account_facts_by_time ON account_facts (at_ms)",
    "CREATE INDEX account_facts_by_subject ON account_facts (account, subject)",
)

# Written before a canary leaves: a slot that has one is never sent for again, not after a crash either.
CANARY_TABLES = (
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

# What applications report is counted by minute; `batch` tells whether a report was here before. Facts of outcomes
# are JSON, interned in `terms`. How long real messages took is kept of each minute that was judged.
TRAFFIC_TABLES = (
    """CREATE TABLE reported (
         n INTEGER PRIMARY KEY,
         batch BLOB NOT NULL,
         received_at_ms INTEGER NOT NULL,
         account INTEGER NOT NULL REFERENCES terms,
         number INTEGER NOT NULL REFERENCES terms,
         minute_ms INTEGER NOT NULL,
         facts INTEGER NOT NULL REFERENCES terms,
         outcomes INTEGER NOT NULL,
         UNIQUE (batch, account, number, minute_ms, facts))""",
    """CREATE TABLE message_latencies (
         target INTEGER NOT NULL REFERENCES targets,
         at_ms INTEGER NOT NULL,
         message_status INTEGER NOT NULL REFERENCES terms,
         sketch BLOB NOT NULL,
         PRIMARY KEY (target, at_ms, message_status)) WITHOUT ROWID""",
)
