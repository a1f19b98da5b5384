"""The one way to Postgres: an asyncpg pool. Owns connections; knows no table."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Self

import asyncpg
import orjson

from shared.db.lending import Connection, Lending
from shared.db.outage import DATABASE_DOWN
from shared.people.keyring import Keyring
from shared.settings import ServiceSettings

__all__ = ["EVENTS_CHANNEL", "NO_CONNECTION", "Connection", "Database"]

EVENTS_CHANNEL = "ashar_events"
NO_CONNECTION: tuple[type[Exception], ...] = (TimeoutError, OSError, *DATABASE_DOWN)
"""What `acquire` raises when Postgres cannot be reached or no connection becomes free."""


class Database:
    """A pool whose connections come back clean, and a coalesced wake-up for the workers."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        url: str,
        acquire_timeout: float = 5.0,
        keyring: Keyring | None = None,
        *,
        production: bool = False,
    ) -> None:
        self.pool = pool
        self.production = production
        """Whether it holds real data only."""
        self.url = url
        self.keyring = keyring or Keyring("none", None)
        """What sealed fields of this database are opened with; its file is read when it is first needed."""
        self._lending = Lending(pool, acquire_timeout)
        self._dirty = asyncio.Event()
        self._notifier: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: ServiceSettings, *, role: str = "api") -> Self:
        """Connect. `role` (api, worker) names the connections in pg_stat_activity.

        A worker's statement waits for a lock two thirds of its time at most, and fails then in another way than one
        that is too slow: who holds the lock is nothing the event at hand could be blamed for."""
        timeout = settings.database_statement_timeout
        url = settings.database_url.get_secret_value()
        pool = await asyncpg.create_pool(
            url,
            min_size=settings.database_pool_min,
            max_size=settings.database_pool_max,
            max_inactive_connection_lifetime=300,
            timeout=settings.database_acquire_timeout.total_seconds(),
            # A server that hangs cannot enforce its own statement_timeout.
            command_timeout=timeout.total_seconds() + 2,
            init=_prepare,
            reset=_reset,
            statement_cache_size=400,
            server_settings={
                "application_name": f"{type(settings).__module__.split('.')[1]}-{role}",
                "statement_timeout": _milliseconds(timeout),
                **({"lock_timeout": _milliseconds(timeout * 2 / 3)} if role == "worker" else {}),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
                "jit": "off",
            },
        )
        return cls(
            pool,
            url,
            settings.database_acquire_timeout.total_seconds(),
            Keyring(settings.service, settings.key_file, make=not settings.production),
            production=settings.production,
        )

    async def close(self) -> None:
        if self._notifier is not None:
            self._notifier.cancel()
            with suppress(asyncio.CancelledError):
                await self._notifier
        try:
            await asyncio.wait_for(self.pool.close(), timeout=10)
        except TimeoutError:
            self.pool.terminate()

    def terminate(self) -> None:
        """Cut all connections, those that are lent, too: whoever waits for an answer gets an error at once."""
        self.pool.terminate()

    async def acquire(self) -> Connection:
        """A connection; give it back with `release`. Raises one of NO_CONNECTION."""
        return await self._lending.acquire()

    async def release(self, connection: Connection) -> None:
        """Give a connection back."""
        await self._lending.release(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection without BEGIN: each statement sees its own snapshot."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            await self.release(connection)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: Any = None, readonly: bool = False
    ) -> AsyncIterator[Connection]:
        """A plain transaction for workers; use cases go through the unit of work."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation=isolation, readonly=readonly),
        ):
            yield connection

    def wake_workers(self) -> None:
        """Hint that events were committed. Many calls become one NOTIFY, outside any transaction:
        NOTIFY inside a writing transaction takes a database-wide lock at commit."""
        self._dirty.set()
        if self._notifier is None or self._notifier.done():
            self._notifier = asyncio.create_task(self._notify(), name="notify")

    async def _notify(self) -> None:
        while self._dirty.is_set():
            self._dirty.clear()
            with suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, *DATABASE_DOWN
            ):
                await self.pool.execute(f"NOTIFY {EVENTS_CHANNEL}")
            await asyncio.sleep(0.002)


def _milliseconds(time: timedelta) -> str:
    return str(int(time.total_seconds() * 1000))


async def _prepare(connection: Any) -> None:
    # In binary form the driver hands bytes through; as text it would make a string of them on the way.
    for name, encode, decode in (
        ("json", _encode_json, orjson.loads),
        ("jsonb", _encode_jsonb, _decode_jsonb),
    ):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=encode, decoder=decode, format="binary"
        )


def _encode_json(value: Any) -> bytes:
    return orjson.dumps(value, default=str)


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, default=str)  # the version of the format, then the text


def _decode_jsonb(value: bytes) -> Any:
    return orjson.loads(memoryview(value)[1:])


async def _reset(connection: Any) -> None:  # noqa: ARG001
    # asyncpg itself rolls back a forgotten transaction before it calls this. Its default on top is a
    # round trip of RESET ALL with every request; nothing here changes session state, so none is made.
    return None
