"""The end of a data key. What it has sealed cannot be opened afterwards, so it goes when nothing can be sealed with it
any more and no row is: neither in the tables nor in a transaction that is still open."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import asyncpg

from shared.db.database import Connection, Database
from shared.people.key_file import KeyFileError, check_retirable, read_key_file, remove_key
from shared.people.keyring import LOOK_SECONDS
from shared.people.kinds import People
from shared.people.rotation import columns_of, key_use

MARGIN_SECONDS = 1.0
ASK_SECONDS = 0.2
LOCK_SECONDS = 5

_OLDER = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start < $1
"""


async def retire(database: Database, path: Path, people: People, key_id: str, wait_seconds: float) -> None:
    """Raises KeyFileError while rows are sealed with the key, or a transaction is open that may write one.

    A process may seal with the key for LOOK_SECONDS after another has become current; it seals inside a transaction.
    So once that time is over, and every transaction that was open then has ended, nobody seals with it."""
    check_retirable(path, read_key_file(path), key_id)
    async with database.read() as sql:
        await _check_unused(sql, people, key_id)
    await asyncio.sleep(LOOK_SECONDS + MARGIN_SECONDS)
    await _older_ended(database, wait_seconds)
    try:
        async with database.transaction() as sql:
            await sql.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            # Who has written is waited for, whoever it is, and nobody writes until the key is gone.
            tables = ", ".join(sorted({column.table for column in columns_of(people)}))
            await sql.execute(f"LOCK TABLE {tables} IN SHARE MODE")
            await _check_unused(sql, people, key_id)
            remove_key(path, key_id)
    except asyncpg.LockNotAvailableError as error:
        raise KeyFileError("the tables are being written all the time: try again") from error


async def _check_unused(sql: Connection, people: People, key_id: str) -> None:
    rows = sum(use.rows for use in await key_use(sql, people) if use.key_id == key_id)
    if rows:
        raise KeyFileError(f"{rows} rows are still sealed with it: rotate first")


async def _older_ended(database: Database, wait_seconds: float) -> None:
    async with database.read() as sql:
        now: datetime = await sql.fetchval("SELECT clock_timestamp()")
        until = time.monotonic() + wait_seconds
        while open_ones := await sql.fetchval(_OLDER, now):
            if time.monotonic() > until:
                raise KeyFileError(f"{open_ones} open transactions may still write under it: try again later")
            await asyncio.sleep(ASK_SECONDS)
