"""Everything a database holds, as text: to look for what must not be there."""

from typing import Any

import asyncpg


async def everything_in(pool: "asyncpg.Pool | asyncpg.Connection") -> str:
    """All rows of all tables; bytes are read as UTF-8 as far as they are."""
    tables = await pool.fetch(
        """SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
           WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""
    )
    found: list[str] = []
    for table in tables:
        rows = await pool.fetch(f"SELECT t.*, t::text AS as_one_text FROM {table['name']} AS t")
        found += [shown(value) for row in rows for value in row.values()]
    return "\n".join(found)


def shown(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
