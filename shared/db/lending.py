"""Lends a pool's connections. When all are out, the next in line gets one directly from who is done with it:
through the pool that costs a third of a hot read. Knows no table."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import asyncpg.pool

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy
"""What repositories run their SQL on."""

PASSED_ON = 64
"""Every so many returns one goes through the pool: others wait there, and it renews old connections."""


class Lending:
    """First come, first served. `timeout` in seconds, for the wait in line and again for the pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._places = pool.get_max_size()
        self._taken = 0
        self._returns = 0
        self._line: deque[asyncio.Future[Connection | None]] = deque()

    async def acquire(self) -> Connection:
        """Raises TimeoutError when none becomes free, else what connecting raises."""
        if self._taken < self._places:
            self._taken += 1
        else:
            connection = await self._turn()
            if connection is not None:
                return connection
        try:
            # Not the pool's own `timeout`: it would start a second timer when the connection is given back.
            async with asyncio.timeout(self._timeout):
                return await self._pool.acquire()
        except BaseException:
            self._vacate()
            raise

    async def release(self, connection: Connection) -> None:
        """One that is still inside a transaction, or closed, is never passed on."""
        self._returns += 1
        if self._line and self._returns % PASSED_ON and _is_clean(connection):
            waiting = self._first()
            if waiting is not None:
                waiting.set_result(connection)
                return
        try:
            await self._pool.release(connection)
        finally:
            self._vacate()

    async def _turn(self) -> Connection | None:
        """A connection passed on, or None for a place to take one from the pool."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Connection | None] = loop.create_future()
        self._line.append(waiting)
        timer = loop.call_later(self._timeout, _expire, waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                await self._decline(waiting.result())
            raise
        finally:
            timer.cancel()

    async def _decline(self, given: Connection | None) -> None:
        """Given to one who was cancelled in the same moment."""
        if given is None:
            self._vacate()
        else:
            await self.release(given)

    def _vacate(self) -> None:
        waiting = self._first()
        if waiting is None:
            self._taken -= 1
        else:
            waiting.set_result(None)

    def _first(self) -> "asyncio.Future[Connection | None] | None":
        while self._line:
            waiting = self._line.popleft()
            if not waiting.done():
                return waiting
        return None


def _is_clean(connection: Connection) -> bool:
    try:
        return not (connection.is_in_transaction() or connection.is_closed())
    except asyncpg.InterfaceError:  # terminated: the pool has it back already
        return False


def _expire(waiting: "asyncio.Future[Connection | None]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError("no database connection became free"))
