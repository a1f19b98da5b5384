"""Bare Starlette and asyncpg: one published service by id, as pre-rendered bytes."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.floors.pool import lifespan

PAGE = "SELECT body, etag FROM published_service WHERE service_id = $1 AND valid @> $2::date"
BISHKEK = ZoneInfo("Asia/Bishkek")


async def get_service(request: Request) -> Response:
    identifier = UUID(request.path_params["service_id"])
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(PAGE, identifier, datetime.now(BISHKEK).date())
    if row is None:
        return Response(status_code=404)
    headers = {"etag": row["etag"], "cache-control": "public, max-age=0"}
    return Response(row["body"], media_type="application/json", headers=headers)


def create_app() -> Starlette:
    return Starlette(routes=[Route("/v1/services/{service_id}", get_service)], lifespan=lifespan)
