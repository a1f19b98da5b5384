"""Tables of the embedded broker in its own database, made and kept current by the broker itself."""

import asyncpg

LOCK = 0x6272_6F6B_6572
VERSION_TABLE = """
CREATE TABLE IF NOT EXISTS broker_schema (version int NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE partition (
        topic text NOT NULL,
        partition int NOT NULL,
        next_offset bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 50);
    CREATE TABLE record (
        topic text NOT NULL,
        partition int NOT NULL,
        "offset" bigint NOT NULL,
        key bytea,
        headers bytea NOT NULL,
        value bytea,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition, "offset")
    );
    CREATE TABLE group_offset (
        "group" text NOT NULL,
        topic text NOT NULL,
        partition int NOT NULL,
        next_offset bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY ("group", topic, partition)
    ) WITH (fillfactor = 50);
    """,
)
"""Step n brings the schema from version n to n + 1. Steps are never changed once released, only added."""


async def ensure_schema(connection: asyncpg.Connection) -> None:
    """Bring the database to the newest version; safe when many start at once.

    Raises RuntimeError when it was made by a newer release."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(VERSION_TABLE)
        version = await connection.fetchval("SELECT coalesce(max(version), 0) FROM broker_schema")
        if version > len(STEPS):
            raise RuntimeError(
                f"the broker's tables are of version {version}; this release knows {len(STEPS)}"
            )
        for number, step in enumerate(STEPS[version:], start=version + 1):
            await connection.execute(step)
            await connection.execute("INSERT INTO broker_schema (version) VALUES ($1)", number)
