"""A database with the kit's tables, and the tables the handlers of these tests write to."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.ext.asyncio import create_async_engine

from shared.audit.tables import add_audit_tables
from shared.auth.tables import add_auth_tables, add_idempotency_table
from shared.db.database import Database
from shared.db.tables import NAMING
from shared.jobs.tables import add_job_tables
from shared.messaging.tables import add_messaging_tables
from tests.kit.postgres import TemplateDatabases
from tests.shared.jobs.running import JobsSettings


async def _create_tables(url: str) -> None:
    metadata = MetaData(naming_convention=NAMING)
    add_job_tables(metadata)
    add_messaging_tables(metadata)
    add_audit_tables(metadata)
    add_auth_tables(metadata)
    add_idempotency_table(metadata)
    Table(
        "effect",
        metadata,
        Column("id", Integer, Identity(), primary_key=True),
        Column("job_id", Uuid, nullable=False),
        Column("note", Text, nullable=False),
    )
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


@pytest.fixture
def database_url(template_databases: TemplateDatabases, fresh_database: Callable[[str], str]) -> str:
    template_databases.ensure("kit_jobs", _create_tables)
    return fresh_database("kit_jobs")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(JobsSettings(database_url=database_url), role="test")
    yield database
    await database.close()
