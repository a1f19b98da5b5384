"""A process of its own that runs PostgreSQL on a data folder, to be killed at any moment.

`write FOLDER [STRATEGY [COPY_BASE]]` prints `pid N` (the postmaster's) and then each number after its
commit was acknowledged, beside a backend that is busy for ever. `read …` starts on the same folder, prints
the stored numbers as JSON and stops.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import cast

import asyncpg

from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.postgres_programs import Strategy

BUSY = "SELECT count(*) FROM generate_series(1, 1000000000000)"


async def write(server: PostgresServer, url: str) -> None:
    """Insert numbers one by one for ever; without pauses, so that a kill hits something."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS number (value integer PRIMARY KEY)")
    busy = await asyncpg.connect(url)
    task = asyncio.create_task(busy.execute(BUSY))
    while not await connection.fetchval(
        "SELECT true FROM pg_stat_activity WHERE state = 'active' AND query = $1", BUSY
    ):
        await asyncio.sleep(0.01)
    print(f"pid {server.pid}", flush=True)
    value = await connection.fetchval("SELECT coalesce(max(value), 0) FROM number")
    while not task.done():
        value += 1
        await connection.execute("INSERT INTO number VALUES ($1)", value)
        print(value, flush=True)


async def read(url: str) -> list[int]:
    """The stored numbers in order."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT value FROM number ORDER BY value")
    await connection.close()
    return [row["value"] for row in rows]


def main(mode: str, folder: str, strategy: str | None = None, copy_base: str | None = None) -> None:
    """See the module."""
    with start_postgres(
        Path(folder),
        strategy=cast("Strategy | None", strategy),
        copy_base=Path(copy_base) if copy_base else None,
    ) as server:
        url = server.ensure_database("numbers", "numbers", "secret")
        if mode == "write":
            asyncio.run(write(server, url))
        else:
            print(json.dumps({"uid": os.geteuid(), "values": asyncio.run(read(url))}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
