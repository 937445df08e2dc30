"""The yardstick: pgbench doing one double-entry transfer per transaction on the same server."""

import asyncio
import re
from pathlib import Path

import asyncpg

ACCOUNTS = 1000
CLIENTS = 16

_SCHEMA = """
DROP SCHEMA IF EXISTS yardstick CASCADE;
CREATE SCHEMA yardstick;
CREATE TABLE yardstick.account (id int PRIMARY KEY, balance bigint NOT NULL, seq bigint NOT NULL);
CREATE TABLE yardstick.transfer (id bigserial PRIMARY KEY, amount bigint NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE yardstick.entry (account_id int NOT NULL, seq bigint NOT NULL, transfer_id bigint,
    amount bigint NOT NULL, balance_after bigint NOT NULL, PRIMARY KEY (account_id, seq));
INSERT INTO yardstick.account SELECT n, 1000000000, 0 FROM generate_series(1, {accounts}) AS n;
"""

# Accounts are updated in id order, as two transfers in opposite directions would deadlock.
_TRANSFER = """
\\set a {payer}
\\set b {payee}
\\set low least(:a, :b)
\\set high greatest(:a, :b) + (case when :a = :b then 1 else 0 end)
BEGIN;
INSERT INTO yardstick.transfer (amount) VALUES (1) RETURNING id AS transfer \\gset
UPDATE yardstick.account SET balance = balance - 1, seq = seq + 1 WHERE id = :low
    RETURNING seq AS s1, balance AS b1 \\gset
UPDATE yardstick.account SET balance = balance + 1, seq = seq + 1 WHERE id = :high
    RETURNING seq AS s2, balance AS b2 \\gset
INSERT INTO yardstick.entry VALUES (:low, :s1, :transfer, -1, :b1), (:high, :s2, :transfer, 1, :b2);
COMMIT;
"""


async def prepare(admin_url: str) -> None:
    """Make the yardstick's own schema."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(_SCHEMA.format(accounts=ACCOUNTS + 1))
    finally:
        await connection.close()


async def run(admin_url: str, folder: Path, seconds: float, *, hot: bool) -> float:
    """Return transfers per second; ``hot`` has every transfer credit the same account."""
    script = folder / ("hot.sql" if hot else "spread.sql")
    payee = str(ACCOUNTS + 1) if hot else f"random(1, {ACCOUNTS})"
    script.write_text(_TRANSFER.format(payer=f"random(1, {ACCOUNTS})", payee=payee))
    process = await asyncio.create_subprocess_exec(
        *("pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"),
        *(f"--time={int(seconds)}", f"--file={script}", admin_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    found = re.search(rb"tps = ([\d.]+)", out)
    if found is None:
        raise RuntimeError(f"pgbench failed: {err.decode()}")
    return float(found[1])
