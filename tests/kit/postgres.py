"""PostgreSQL for tests: one server per test process, a migrated template per key, a fresh database per test.

One server for each xdist worker, not one for all: it costs about 0.3 s and 45 MB, it dies with its worker,
and the checkpoint that every CREATE and DROP DATABASE forces never waits for another worker's writes.
Nothing here holds asyncio objects, so tests may each have their own loop.
"""

import asyncio
import inspect
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from deploy.local.blocking import run_blocking
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.postgres_roles import close_to_others, connected

Migrate = Callable[[str], Awaitable[None] | None]
"""Brings the empty database of a URL (`postgresql://…`, its owner's) to head and closes its connections."""

_DISCONNECT_ATTEMPTS = 500
_DISCONNECT_SECONDS = 0.002


class TemplateDatabases:
    """Databases copied from templates that are migrated once per session; every method blocks."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._passwords: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def ensure(self, key: str, migrate: Migrate) -> None:
        """Make the template of `key` (lower-case letters, digits, `_`); later calls do nothing.

        A `migrate` that fails leaves no template behind.
        """
        if key in self._passwords:
            return
        password = secrets.token_hex(8)
        url = self._server.ensure_database(f"tpl_{key}", f"tpl_{key}", password)
        try:
            _call(migrate, url)
        except BaseException:
            run_blocking(self._drop(f"tpl_{key}"))
            raise
        run_blocking(self._seal(f"tpl_{key}"))
        self._passwords[key] = password

    def fresh(self, key: str) -> str:
        """URL of a new copy of the template, owned by the template's owner. Raises KeyError before `ensure`."""
        password = self._passwords[key]
        name = f"{key}_{next(self._numbers)}"
        run_blocking(self._copy(f"tpl_{key}", name))
        return self._server.url(name, f"tpl_{key}", password)

    def drop(self, url: str) -> None:
        """Drop a database made by `fresh`, whoever is still connected."""
        run_blocking(self._drop(urlsplit(url).path.removeprefix("/")))

    @contextmanager
    def lease(self, key: str) -> Iterator[str]:
        """URL of a fresh database for the length of a `with` block."""
        url = self.fresh(key)
        try:
            yield url
        finally:
            self.drop(url)

    async def _seal(self, template: str) -> None:
        async with connected(self._server.url("postgres")) as connection:
            await connection.execute(f"ALTER DATABASE {template} ALLOW_CONNECTIONS false")
            await _disconnect(connection, template)

    async def _copy(self, template: str, name: str) -> None:
        async with connected(self._server.url("postgres")) as connection:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} OWNER {template} STRATEGY FILE_COPY"
            )
            await close_to_others(connection, name)  # rights on a database are not copied

    async def _drop(self, name: str) -> None:
        async with connected(self._server.url("postgres")) as connection:
            await _disconnect(connection, name)
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _disconnect(connection: asyncpg.Connection, database: str) -> None:
    """Wait until nobody is connected: Postgres itself would look again only after 100 ms."""
    for _ in range(_DISCONNECT_ATTEMPTS):
        ended = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1", database
        )
        if not ended:
            return
        await asyncio.sleep(_DISCONNECT_SECONDS)


def _call(migrate: Migrate, url: str) -> None:
    """In a thread without a loop, so that a synchronous `migrate` may run one of its own."""

    async def finish(awaitable: Awaitable[None]) -> None:
        await awaitable

    def call() -> None:
        result = migrate(url)
        if inspect.isawaitable(result):
            asyncio.run(finish(result))

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(call).result()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of this test process that does not wait for the disk."""
    folder = _memory_folder() or tmp_path_factory.mktemp("postgres")
    settings = {"autovacuum": "off"}  # plans and timings change only by what a test does
    try:
        with start_postgres(folder, durable=False, max_connections=100, settings=settings) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def _memory_folder() -> Path | None:
    """A folder in memory where there is room for it: copying a database there takes a tenth of the time, and every
    test that has a database copies one. Removes what killed runs have left."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    for left in _MEMORY.glob(f"{_PREFIX}*"):
        if not psutil.pid_exists(int(left.name.removeprefix(_PREFIX).partition("-")[0])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_MEMORY))


_MEMORY, _ROOM, _PREFIX = Path("/dev/shm"), 2 * 1024**3, "ashar-tests-"


@pytest.fixture(scope="session")
def template_databases(postgres_server: PostgresServer) -> TemplateDatabases:
    """The templates of this test process; a service's fixtures call `ensure` with its migrations."""
    return TemplateDatabases(postgres_server)


@pytest.fixture
def fresh_database(template_databases: TemplateDatabases) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a fresh database of a key; all of them are dropped after the test."""
    urls: list[str] = []

    def fresh(key: str) -> str:
        urls.append(template_databases.fresh(key))
        return urls[-1]

    yield fresh
    for url in urls:
        template_databases.drop(url)
