"""Connections that break in a unit of work: each gives its place in the pool back."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from pydantic import SecretStr

from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.settings import ServiceSettings
from tests.kit.postgres import TemplateDatabases
from tests.shared.messaging.shop import CLOCK, PRINCIPAL, create_tables

POOL = 2


@pytest.fixture
def url(template_databases: TemplateDatabases, fresh_database: Callable[[str], str]) -> str:
    template_databases.ensure("shop", create_tables)
    return fresh_database("shop")


async def test_broken_ones_do_not_use_the_pool_up(url: str) -> None:
    database = await Database.open(
        ServiceSettings(database_url=SecretStr(url), database_pool_max=POOL, env="test")
    )
    try:
        for _ in range(2 * POOL):
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                async with UnitOfWork(database, PRINCIPAL, CLOCK) as uow:
                    await uow.sql.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
        async with asyncio.timeout(3), UnitOfWork(database, PRINCIPAL, CLOCK) as uow:
            assert await uow.sql.fetchval("SELECT 1") == 1
    finally:
        await database.close()
