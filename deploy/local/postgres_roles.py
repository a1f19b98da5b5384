"""What a superuser sets up inside the server: one role per database, closed to all others, and extensions.

Also the check that trigrams work for Cyrillic. SQL only; knows neither processes nor services.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.connect_utils import SessionAttribute

MAINTENANCE_DATABASES = ("postgres", "template1")
EXTENSIONS = ("pg_trgm", "btree_gist")

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_CONNECT_SECONDS = 30.0

SuperuserUrl = Callable[[str], str]
"""Gives the superuser's URL of a database."""


class CyrillicBroken(RuntimeError):
    """The cluster finds no trigrams in Cyrillic words: search would find nothing."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, closed at the end; PG* variables of the environment do not change it."""
    connection = await asyncpg.connect(
        url, timeout=_CONNECT_SECONDS, ssl=False, target_session_attrs=SessionAttribute.any
    )
    try:
        yield connection
    finally:
        await connection.close()


async def prepare(url_of: SuperuserUrl) -> None:
    """Close the maintenance databases to ordinary roles and check the locale. Raises CyrillicBroken."""
    async with connected(url_of("postgres")) as connection:
        for database in MAINTENANCE_DATABASES:
            await close_to_others(connection, database)
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        if not await connection.fetchval("SELECT show_trgm('өмүр') <> '{}'"):
            raise CyrillicBroken(
                "show_trgm('өмүр') is empty: the cluster was created with a locale whose letters are ASCII only;"
                " dump it and load it into a cluster created with --lc-ctype=C.UTF-8"
            )


async def ensure_database(url_of: SuperuserUrl, name: str, role: str, password: str) -> None:
    """Create what is missing: role, database, its rights, its extensions. Raises ValueError for bad names."""
    for identifier in (name, role):
        if not _NAME.fullmatch(identifier):
            raise ValueError(f"not a plain database identifier: {identifier!r}")
    async with connected(url_of("postgres")) as connection:
        known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
        verb = "ALTER" if known else "CREATE"
        literal = await connection.fetchval("SELECT quote_literal($1)", password)
        await connection.execute(
            f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {literal}"
        )
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name} OWNER {role}")
        await close_to_others(connection, name)
    async with connected(url_of(name)) as connection:
        for extension in EXTENSIONS:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")


async def close_to_others(connection: asyncpg.Connection, database: str) -> None:
    """Take CONNECT and TEMPORARY from everybody but the owner: PUBLIC has both in every new database."""
    await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
