"""Bare Starlette and asyncpg: fifty register entries of one body, rows to JSON without models."""

from typing import Any

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.floors.pool import lifespan

SERVICES = """
SELECT service.id, service.code, service.level, service.body_id, body.code AS body_code, body.name AS body_name,
    service.name, service.name_states, service.sort_key, service.register_numbers, service.regime, service.sector,
    service.status, service.merged_into, target.code AS target_code, target.name AS target_name, service.act_id,
    service.facts, service.missing, service.origin, service.source, service.version, service.updated_at
FROM service JOIN organisation AS body ON body.id = service.body_id
LEFT JOIN service AS target ON target.id = service.merged_into
WHERE (service.status <> 'proposed' OR service.body_id = $1::uuid)
    AND service.body_id = (SELECT id FROM organisation WHERE code = $2)
ORDER BY service.sort_key, service.id LIMIT $3
"""
COLUMNS = ("id", "code", "name", "name_states", "level", "regime", "sector", "status", "missing", "origin")


async def list_services(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(SERVICES, None, request.query_params["body"], 51)
    page: dict[str, Any] = {"items": [entry(row) for row in rows[:50]]}
    headers = {}
    if len(rows) > 50:
        page["next_cursor"] = (
            "of the same length as a real one, which names the last row's sort key and id, too"
        )
        headers["link"] = '<?body=x&cursor=y>; rel="next"'
    content = orjson.dumps(
        page, default=str, option=orjson.OPT_UTC_Z
    )  # asyncpg's UUIDs are a class of their own
    return Response(content, media_type="application/json", headers=headers)


def entry(row: asyncpg.Record) -> dict[str, Any]:
    found = {name: row[name] for name in COLUMNS if row[name] is not None}
    found["body"] = {"id": row["body_id"], "code": row["body_code"], "name": row["body_name"]}
    found["version"], found["updated_at"] = row["version"], row["updated_at"]
    return found


def create_app() -> Starlette:
    return Starlette(routes=[Route("/v1/services", list_services)], lifespan=lifespan)
