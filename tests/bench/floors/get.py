"""A FastAPI application of one route: a territorial unit by its code, with the registry's own statements and view."""

from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from starlette.responses import Response

from services.registry.territories import change_repository
from services.registry.territories.schemas import TerritoryDetail
from services.registry.territories.views import detail
from shared.http.schemas import Code
from tests.bench.floors.pool import lifespan

TERRITORY = """
SELECT id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code, latitude, longitude,
       coordinates_source, edition, origin, source, valid_from, valid_to, state_from, version, updated_at
FROM territory WHERE code = $1
"""


def create_app() -> FastAPI:
    app = FastAPI(openapi_url=None, lifespan=lifespan)

    @app.get("/v1/territories/{code}", response_model=TerritoryDetail)
    async def get_territory(
        code: Code, request: Request, if_none_match: Annotated[str | None, Header()] = None
    ) -> Response:
        async with request.app.state.pool.acquire() as connection:
            row = await connection.fetchrow(TERRITORY, code)
            if row is None:
                raise HTTPException(404)
            relatives = await change_repository.relatives(connection, row["id"])
            past = await change_repository.past(connection, row["id"])
        tag = f'"{row["version"]}"'
        if if_none_match == tag:
            return Response(status_code=304, headers={"etag": tag})
        content = detail(row, relatives, past).model_dump_json(exclude_none=True)
        return Response(content, media_type="application/json", headers={"etag": tag})

    return app
