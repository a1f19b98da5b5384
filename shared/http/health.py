"""Health of a process, the same for a service's API and its worker: does it live, can it work, what runs, figures."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import asyncpg
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from shared.db.migrations import at_head
from shared.http.dependencies import PUBLIC, runtime
from shared.http.errors import Unavailable
from shared.http.problems import problem_responses

Check = Callable[[], Awaitable[dict[str, str]]]
"""A further condition of being ready: what it found by name. Raises Unavailable."""


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    checks: dict[str, str]


class Version(BaseModel):
    service: str
    version: str
    migration: str | None


def add_health(router: APIRouter, service: str) -> None:
    """`/healthz`, `/readyz`, `/version` and `/metrics`."""

    @router.get(
        "/healthz", operation_id=f"{service}_healthz", openapi_extra=PUBLIC, summary="The process lives"
    )
    async def healthz() -> Health:
        return Health()

    @router.get(
        "/readyz",
        operation_id=f"{service}_readyz",
        openapi_extra=PUBLIC,
        responses=problem_responses(Unavailable),
        summary="The service can answer: database reachable, migrations at head, not shutting down",
    )
    async def readyz(request: Request) -> Readiness:
        return await _readiness(request)

    @router.get("/version", operation_id=f"{service}_version", openapi_extra=PUBLIC, summary="What runs here")
    async def version(request: Request) -> Version:
        kit = runtime(request)
        return Version(service=service, version=kit.settings.version, migration=kit.migration_head)

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Prometheus text format; not routed by the gateway."""
        return Response(generate_latest(runtime(request).metrics), media_type=CONTENT_TYPE_LATEST)


async def _readiness(request: Request) -> Readiness:
    kit = runtime(request)
    if kit.draining:
        raise Unavailable(code="shutting_down")
    try:
        async with asyncio.timeout(1.0), kit.database.read() as connection:
            ready = await at_head(connection, kit.migration_head)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(code="database_unreachable") from error
    if not ready:
        raise Unavailable(code="migrations_pending")
    found = {"database": "ok", "migrations": "at head"}
    for check in kit.checks:
        found |= await check()
    return Readiness(checks=found)
