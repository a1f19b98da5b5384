"""A look behind the platform: the databases of a data folder, whoever runs the server."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

COUNT_TOLD = "SELECT count(*) FROM event WHERE topic NOT LIKE '%.audit'"
"""Events that somebody caused: heads of the audit trail follow by themselves, half a minute later."""


def database_url(folder: Path, name: str) -> str:
    """`postgresql://…` of a service's database (or `broker`) while the server of `folder` runs."""
    port = (folder / "postgres/cluster/postmaster.pid").read_text(encoding="utf-8").split("\n")[3]
    password = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))[name]
    return f"postgresql://{name}:{quote(password, safe='')}@127.0.0.1:{port}/{name}"


def query(folder: Path, name: str, sql: str, *values: Any) -> Sequence[asyncpg.Record]:
    """Rows, from synchronous code."""

    async def ask() -> Sequence[asyncpg.Record]:
        connection = await asyncpg.connect(database_url(folder, name))
        try:
            rows: Sequence[asyncpg.Record] = await connection.fetch(sql, *values)
            return rows
        finally:
            await connection.close()

    return asyncio.run(ask())
