"""Fresh databases for tests: migrated once, copied fast, gone afterwards."""

import asyncio
import threading
from collections.abc import Callable

import asyncpg
import pytest

from deploy.local.postgres import PostgresServer
from deploy.local.postgres_roles import connected
from tests.kit.postgres import TemplateDatabases


async def migrate(url: str) -> None:
    async with connected(url) as connection:
        await connection.execute(
            "CREATE TABLE place (name text PRIMARY KEY); INSERT INTO place VALUES ('Ош')"
        )


async def names(server: PostgresServer) -> set[str]:
    async with connected(server.url("postgres")) as connection:
        return {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}


@pytest.fixture
def templates(template_databases: TemplateDatabases) -> TemplateDatabases:
    template_databases.ensure("kit", migrate)
    return template_databases


async def test_a_fresh_database_is_migrated_and_belongs_to_its_test(
    templates: TemplateDatabases, fresh_database: Callable[[str], str]
) -> None:
    first, second = fresh_database("kit"), fresh_database("kit")
    async with connected(first) as connection:
        await connection.execute("INSERT INTO place VALUES ('Өзгөн'); CREATE TABLE mine ()")
        assert await connection.fetchval("SELECT show_trgm('өмүр') <> '{}'")
    async with connected(second) as connection:
        assert await connection.fetchval("SELECT array_agg(name) FROM place") == ["Ош"]


@pytest.mark.parametrize("round_", [1, 2])
async def test_tests_with_loops_of_their_own_share_the_template(
    templates: TemplateDatabases, round_: int
) -> None:
    with templates.lease("kit") as url:
        async with connected(url) as connection:
            assert await connection.fetchval("SELECT count(*) FROM place") == 1


async def test_a_database_still_in_use_is_dropped(
    templates: TemplateDatabases, postgres_server: PostgresServer
) -> None:
    before = await names(postgres_server)
    url = templates.fresh("kit")
    pool = await asyncpg.create_pool(url, min_size=3)
    templates.drop(url)
    assert await names(postgres_server) == before
    pool.terminate()


async def test_a_fresh_database_is_closed_to_other_roles(
    templates: TemplateDatabases, postgres_server: PostgresServer
) -> None:
    postgres_server.ensure_database("stranger", "stranger", "secret")
    with templates.lease("kit") as url:
        database = url.rpartition("/")[2]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(postgres_server.url(database, "stranger", "secret"))


async def test_a_template_is_migrated_once(template_databases: TemplateDatabases) -> None:
    calls: list[str] = []
    for _ in range(2):
        template_databases.ensure("once", calls.append)
    assert len(calls) == 1


def test_a_synchronous_migration_may_run_a_loop_of_its_own(template_databases: TemplateDatabases) -> None:
    template_databases.ensure("own_loop", lambda url: asyncio.run(migrate(url)))
    with template_databases.lease("own_loop") as url:
        assert url


async def test_the_same_holds_inside_a_running_loop(template_databases: TemplateDatabases) -> None:
    template_databases.ensure("own_loop_inside", lambda url: asyncio.run(migrate(url)))
    with template_databases.lease("own_loop_inside") as url:
        async with connected(url) as connection:
            assert await connection.fetchval("SELECT count(*) FROM place") == 1


async def test_a_failing_migration_leaves_no_template(
    template_databases: TemplateDatabases, postgres_server: PostgresServer
) -> None:
    async def fail(url: str) -> None:
        await migrate(url)
        raise LookupError("half-way")

    with pytest.raises(LookupError, match="half-way"):
        template_databases.ensure("broken", fail)
    assert "tpl_broken" not in await names(postgres_server)
    with pytest.raises(KeyError):
        template_databases.fresh("broken")
    template_databases.ensure("broken", migrate)
    with template_databases.lease("broken") as url:
        assert url


def test_a_connection_the_migration_forgot_does_not_hold_up_the_copies(
    template_databases: TemplateDatabases,
) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    open_connections: list[asyncpg.Connection] = []

    def forget(url: str) -> None:
        async def connect() -> None:
            open_connections.append(await asyncpg.connect(url))

        asyncio.run_coroutine_threadsafe(connect(), loop).result(10)

    try:
        template_databases.ensure("forgetful", forget)
        with template_databases.lease("forgetful") as url:
            assert url
        assert len(open_connections) == 1
    finally:
        for connection in open_connections:
            loop.call_soon_threadsafe(connection.terminate)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
