"""HTTP of boundaries: bytes as they were recorded, with strong ETags."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from services.registry.territories import boundary_repository
from services.registry.territories.boundaries import collection, feature
from services.registry.territories.geojson import GeoJson
from services.registry.territories.schemas import BoundaryCollection, BoundaryFeature
from shared.http.conditional import etag, not_modified
from shared.http.dependencies import PUBLIC, Reader
from shared.http.errors import NotFound
from shared.http.problems import problem_responses
from shared.http.schemas import Code

router = APIRouter(prefix="/v1/territories", tags=["territories"])

Level = Annotated[int, Query(ge=1, le=2, description="1: oblasts and the two cities; 2: raions and cities")]


@router.get(
    "/boundaries",
    operation_id="list_territory_boundaries",
    openapi_extra=PUBLIC,
    response_model=BoundaryCollection,
    response_class=GeoJson,
)
async def list_territory_boundaries(
    sql: Reader, level: Level, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Simplified boundaries of a level as one GeoJSON FeatureCollection; each names its licence and source."""
    rows = await boundary_repository.boundaries(sql, level)
    return _answer(collection(rows), max((row["version"] for row in rows), default=0), if_none_match)


@router.get(
    "/{code}/boundary",
    operation_id="get_territory_boundary",
    openapi_extra=PUBLIC,
    response_model=BoundaryFeature,
    response_class=GeoJson,
    responses=problem_responses(NotFound),
)
async def get_territory_boundary(
    code: Code,
    sql: Reader,
    level: Annotated[int | None, Query(ge=1, le=2, description="Absent: the most detailed one")] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The simplified boundary of one unit as a GeoJSON Feature."""
    row = await boundary_repository.boundary(sql, code, level)
    if row is None:
        raise NotFound
    return _answer(feature(row), row["version"], if_none_match)


def _answer(content: bytes, version: int, if_none_match: str | None) -> Response:
    tag = etag(version, content)
    headers = {"etag": tag, "cache-control": "public, max-age=3600"}
    return not_modified(if_none_match, tag) or GeoJson(content, headers=headers)
