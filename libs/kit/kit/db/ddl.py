"""Creates the tables that kit needs in a service's schema, called by migrations.

A released function never changes; a new version of a table is a new function.
"""

from collections.abc import Iterable
from typing import Protocol


class Operations(Protocol):
    """The part of Alembic's ``op`` that is used here."""

    def execute(self, sqltext: str) -> None:
        """Run one statement; the driver prepares it, so it can't be several."""


_MESSAGING = (
    """
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    exchange text NOT NULL,
    routing_key text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
)
    """,
    """
CREATE TABLE inbox (
    bucket date NOT NULL,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (bucket, consumer, event_id)
) PARTITION BY RANGE (bucket)
    """,
    """
CREATE TABLE letter (
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    consumer text NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, id),
    CONSTRAINT ck_letter_state CHECK (state IN ('parked', 'dead', 'discarded')),
    CONSTRAINT ck_letter_parked_has_a_time CHECK ((state = 'parked') = (next_at IS NOT NULL))
)
    """,
    """
CREATE INDEX ix_letter_parked ON letter (consumer, key, seq) WHERE state = 'parked'
    """,
    """
CREATE TABLE letter_action (
    consumer text NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
)
    """,
    """
CREATE FUNCTION maintain_inbox(retention_days integer, today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET lock_timeout = '3s' SET client_min_messages = warning AS $$
DECLARE
    day date;
    old regclass;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.maintain_inbox'));
    FOR day IN SELECT generate_series(today - retention_days, today + 2, interval '1 day')::date
    LOOP
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF inbox FOR VALUES FROM (%L) TO (%L)',
            'inbox_' || to_char(day, 'YYYYMMDD'), day, day + 1);
    END LOOP;
    FOR old IN
        SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'inbox'::regclass
        AND inhrelid::regclass::text < 'inbox_' || to_char(today - retention_days, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %s', old);
    END LOOP;
END $$
    """,
)

_DROP_MESSAGING = (
    "DROP FUNCTION maintain_inbox(integer, date)",
    "DROP TABLE letter_action, letter, inbox, outbox",
)

# A row may hold several messages, those after the first about `others`. What an older process
# writes is a row of one; an older relay, which would send several as one, does not find `seq`. What
# a pack repeats goes by lz4, which takes less than writing it; where PostgreSQL was built without,
# nothing is compressed: its own way takes more.
_OUTBOX_PACKS = (
    "ALTER TABLE outbox RENAME COLUMN seq TO number",
    """
ALTER TABLE outbox
    ADD COLUMN others text[] NOT NULL DEFAULT '{}',
    ALTER COLUMN event_id DROP NOT NULL
    """,
    """
DO $$ BEGIN
    ALTER TABLE outbox
        ALTER COLUMN body SET COMPRESSION lz4, ALTER COLUMN others SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    ALTER TABLE outbox
        ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN others SET STORAGE EXTERNAL;
END $$
    """,
)

# The messages are numbered anew, in their order. `json` keeps each message's bytes.
_OUTBOX_SINGLES = (
    """
WITH old AS (DELETE FROM outbox RETURNING *)
INSERT INTO outbox (event_id, exchange, routing_key, subject, body, created_at)
SELECT gen_random_uuid(), exchange, routing_key, told.subject, told.body, created_at
FROM old, LATERAL (
    SELECT subject, body, 1 AS place WHERE others = '{}'
    UNION ALL
    SELECT (array_prepend(subject, others))[place], convert_to(message::text, 'UTF8'), place
    FROM json_array_elements(CASE WHEN others <> '{}' THEN convert_from(body, 'UTF8')::json END)
        WITH ORDINALITY AS packed (message, place)
) AS told
ORDER BY number, place
    """,
    """
ALTER TABLE outbox
    DROP COLUMN others,
    ALTER COLUMN event_id SET NOT NULL,
    ALTER COLUMN body SET STORAGE EXTENDED,
    ALTER COLUMN body SET COMPRESSION default
    """,
    "ALTER TABLE outbox RENAME COLUMN number TO seq",
)

_SAGA = (
    """
CREATE TABLE saga (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    definition_version integer NOT NULL,
    phase text NOT NULL,
    step text,
    epoch integer NOT NULL,
    attempts integer NOT NULL,
    data jsonb NOT NULL,
    to_undo text[] NOT NULL,
    reason text,
    started_at timestamptz NOT NULL,
    deadline_at timestamptz,
    next_at timestamptz,
    lease_until timestamptz,
    needs_attention boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_saga_phase CHECK (phase IN ('running', 'undoing', 'completed', 'undone')),
    CONSTRAINT ck_saga_live_has_a_next_time
        CHECK ((phase IN ('running', 'undoing')) = (next_at IS NOT NULL))
)
    """,
    """
CREATE INDEX ix_saga_next_at ON saga (name, next_at) WHERE next_at IS NOT NULL
    """,
    """
CREATE TABLE saga_log (
    saga_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    entry text NOT NULL,
    step text,
    detail text,
    PRIMARY KEY (saga_id, seq)
)
    """,
)

_DROP_SAGA = ("DROP TABLE saga_log, saga",)

# An entry is [at, entry, step, detail], `at` in microseconds since 1970; as text in what older
# versions wrote. Pages have room for the longer row.
_SAGA_LOG_IN_ROW = (
    "ALTER TABLE saga SET (fillfactor = 50), ADD COLUMN log jsonb NOT NULL DEFAULT '[]'",
    """
UPDATE saga SET log = told.log
FROM (SELECT saga_id, jsonb_agg(jsonb_build_array(at, entry, step, detail) ORDER BY seq) AS log
      FROM saga_log GROUP BY saga_id) AS told
WHERE told.saga_id = saga.id
    """,
    "DROP TABLE saga_log",
)

_SAGA_LOG_APART = (
    *_SAGA[2:],
    """
INSERT INTO saga_log (saga_id, at, entry, step, detail)
SELECT id, CASE jsonb_typeof(told -> 0)
    WHEN 'number' THEN 'epoch'::timestamptz + (told ->> 0)::bigint * interval '1 microsecond'
    ELSE (told ->> 0)::timestamptz END, told ->> 1, told ->> 2, told ->> 3
FROM saga, jsonb_array_elements(log) WITH ORDINALITY AS entries (told, position)
ORDER BY started_at, id, position
    """,
    "ALTER TABLE saga DROP COLUMN log, RESET (fillfactor)",
)

# Nothing is looked for by these, and to sort them is most of what ANALYZE takes for the table.
_SAGA_DOCUMENTS = """
ALTER TABLE saga ALTER COLUMN data SET STATISTICS {0}, ALTER COLUMN to_undo SET STATISTICS {0},
    ALTER COLUMN log SET STATISTICS {0}
"""

_IDEMPOTENCY = (
    """
CREATE TABLE idempotency (
    user_id text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    body jsonb NOT NULL,
    status integer NOT NULL,
    answer bytea NOT NULL,
    headers jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, operation, key)
)
    """,
    """
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at)
    """,
)

_DROP_IDEMPOTENCY = ("DROP TABLE idempotency",)

KIT_TABLES = frozenset({"outbox", "inbox", "letter", "letter_action", "saga", "idempotency"})


def _run(op: Operations, statements: Iterable[str]) -> None:
    for statement in statements:
        op.execute(statement)


def create_messaging(op: Operations) -> None:
    """Create outbox, inbox, letters, and the function that keeps inbox partitions."""
    _run(op, _MESSAGING)
    op.execute("SELECT maintain_inbox(14, (now() AT TIME ZONE 'UTC')::date)")


def drop_messaging(op: Operations) -> None:
    """Drop what create_messaging created."""
    _run(op, _DROP_MESSAGING)


def pack_outbox(op: Operations) -> None:
    """Let a row of the outbox hold several messages."""
    _run(op, _OUTBOX_PACKS)


def unpack_outbox(op: Operations) -> None:
    """Undo what pack_outbox did; what waits is a row each again."""
    _run(op, _OUTBOX_SINGLES)


def create_saga(op: Operations) -> None:
    """Create the tables of saga states and of their log."""
    _run(op, _SAGA)


def drop_saga(op: Operations) -> None:
    """Drop what create_saga created."""
    _run(op, _DROP_SAGA)


def move_saga_log_into_row(op: Operations) -> None:
    """Keep each saga's log in its row, where a change of the saga writes it, too."""
    _run(op, _SAGA_LOG_IN_ROW)


def move_saga_log_apart(op: Operations) -> None:
    """Undo what move_saga_log_into_row did; the logs stay."""
    _run(op, _SAGA_LOG_APART)


def leave_saga_documents_uncounted(op: Operations) -> None:
    """Keep no statistics of what sagas know and log."""
    op.execute(_SAGA_DOCUMENTS.format(0))


def count_saga_documents(op: Operations) -> None:
    """Undo what leave_saga_documents_uncounted did."""
    op.execute(_SAGA_DOCUMENTS.format(-1))


def create_idempotency(op: Operations) -> None:
    """Create the table of answers kept by Idempotency-Key."""
    _run(op, _IDEMPOTENCY)


def drop_idempotency(op: Operations) -> None:
    """Drop what create_idempotency created."""
    _run(op, _DROP_IDEMPOTENCY)
