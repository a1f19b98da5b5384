"""What every floor shares with the services: pool size, reset, JSON codec, session settings. Nothing of the kit."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import orjson

URL = "FLOOR_DATABASE_URL"
Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """The pool as `app.state.pool`."""
    pool = await asyncpg.create_pool(
        os.environ[URL],
        min_size=1,
        max_size=10,
        init=_prepare,
        reset=_reset,
        statement_cache_size=400,
        server_settings={
            "application_name": "floor",
            "statement_timeout": "30000",
            "timezone": "UTC",
            "jit": "off",
        },
    )
    app.state.pool = pool
    yield
    await pool.close()


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_encode, decoder=orjson.loads, format="text"
        )


def _encode(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _reset(_: Any) -> None:
    """As in the services: no round trip when a connection comes back."""
