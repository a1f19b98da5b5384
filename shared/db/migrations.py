"""Alembic without ini files: one migrations folder a service, run as its own command under a lock."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import alembic.command
import asyncpg
from alembic import context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK_KEY = 0x6173686172  # "ashar"


def config(folder: Path, url: str) -> Config:
    """Alembic's configuration for a service's `migrations/` folder."""
    found = Config()
    found.set_main_option("script_location", str(folder))
    found.set_main_option("path_separator", "os")
    found.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    found.attributes["url"] = url
    return found


def head(folder: Path) -> str | None:
    """The revision this code needs."""
    return ScriptDirectory.from_config(config(folder, "")).get_current_head()


def upgrade(folder: Path, url: str, revision: str = "head") -> None:
    alembic.command.upgrade(config(folder, url), revision)


def downgrade(folder: Path, url: str, revision: str = "base") -> None:
    alembic.command.downgrade(config(folder, url), revision)


def revise(folder: Path, url: str, message: str) -> None:
    """Write a new migration from the difference between tables and database."""
    numbered = f"{len(list((folder / 'versions').glob('*.py'))) + 1:04d}"
    alembic.command.revision(config(folder, url), message=message, autogenerate=True, rev_id=numbered)


def run(metadata: MetaData) -> None:
    """Called by a service's `env.py`."""
    url = context.config.attributes["url"]
    asyncio.run(_run(url, metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        render_item=_plain_types,
    )
    with context.begin_transaction():
        context.run_migrations()


def _plain_types(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations name SQLAlchemy types only, so an old one still runs when SQLModel is gone."""
    if kind == "type" and type(item).__module__.startswith("sqlmodel"):
        length = getattr(item, "length", None)
        return f"sa.String(length={length})" if length else "sa.String()"
    return False


async def at_head(connection: Any, wanted: str | None) -> bool:
    """Whether the database is at the revision this code needs."""
    try:
        return bool(await connection.fetchval("SELECT version_num FROM alembic_version") == wanted)
    except asyncpg.UndefinedTableError:
        return False
