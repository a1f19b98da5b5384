"""HTTP of service points."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request
from pydantic import FiniteFloat
from starlette.responses import Response

from services.registry.calendar.service import working_calendar
from services.registry.catalogue.rights import ForeignBody
from services.registry.service_points import nearby, repository, service
from services.registry.service_points.domain import Accessibility, Missing, PointKind
from services.registry.service_points.repository import PointFilter
from services.registry.service_points.schemas import (
    Closing,
    FactView,
    FeatureCollection,
    Language,
    NearPointView,
    PointContent,
    PointDraft,
    PointGap,
    PointGapsView,
    PointView,
)
from services.registry.service_points.views import feature, point_view
from services.registry.territories.geojson import GeoJson
from shared.calendar import WorkingCalendar
from shared.clock import local_date
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, encode_cursor, next_link, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Code
from shared.text import canonical_tag

router = APIRouter(prefix="/v1/service-points", tags=["service_points"])


Kind = Annotated[PointKind | None, Query()]
Body = Annotated[Code | None, Query(description="Code of the body it belongs to")]
Service = Annotated[Code | None, Query(description="Code of a service that is given there")]
Within = Annotated[Code | None, Query(description="In this territorial unit and everything below it")]
Spoken = Annotated[Language | None, Query(description="A language that is spoken there")]
Accessible = Annotated[Accessibility | None, Query()]


@router.get("", operation_id="list_service_points", openapi_extra=PUBLIC)
async def list_service_points(
    request: Request,
    sql: Reader,
    page: PageParams,
    kind: Kind = None,
    body: Body = None,
    service: Service = None,
    within: Within = None,
    language: Spoken = None,
    accessible: Accessible = None,
    missing: Annotated[Missing | None, Query(description="Something nobody knows of the point")] = None,
) -> Page[PointView]:
    """Places where services are given, in alphabetical order."""
    wanted = _filter(request, kind, body, service, within, language, accessible, missing)
    rows = await repository.points(sql, wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    services = await repository.offered(sql, [row["id"] for row in found])
    now, calendar = runtime(request).clock.now(), await _calendar(request, sql)
    return render_page(
        page, [point_view(row, services.get(row["id"], []), now, calendar) for row in found], cursor
    )


@router.get("/nearest", operation_id="list_nearest_service_points", openapi_extra=PUBLIC)
async def list_nearest_service_points(
    request: Request,
    sql: Reader,
    page: PageParams,
    latitude: Annotated[FiniteFloat, Query(ge=-90, le=90)],
    longitude: Annotated[FiniteFloat, Query(ge=-180, le=180)],
    open_now: Annotated[
        bool, Query(description="Only those known to be open; a page may then be short and have a next one")
    ] = False,
    kind: Kind = None,
    body: Body = None,
    service: Service = None,
    within: Within = None,
    language: Spoken = None,
    accessible: Accessible = None,
) -> Page[NearPointView]:
    """Points by distance. Those without one follow in the order of their settlement or area, and say why."""
    after = page.values(int, _line, UUID)
    try:
        mark = nearby.read_mark(after) if after else None
    except ValueError as error:
        raise _foreign_cursor() from error
    search = nearby.Search(
        latitude,
        longitude,
        _filter(request, kind, body, service, within, language, accessible),
        open_now,
        runtime(request).clock.now(),
        await _calendar(request, sql),
    )
    found, last = await nearby.nearest(sql, search, mark, page.limit)
    return render_page(page, found, encode_cursor(last) if last else None)


@router.get(
    "/geojson",
    operation_id="list_service_points_as_geojson",
    openapi_extra=PUBLIC,
    response_model=FeatureCollection,
    response_class=GeoJson,
)
async def list_service_points_as_geojson(
    request: Request,
    sql: Reader,
    page: PageParams,
    kind: Kind = None,
    body: Body = None,
    service: Service = None,
    within: Within = None,
    language: Spoken = None,
    accessible: Accessible = None,
) -> Response:
    """The points as a GeoJSON FeatureCollection, a page at a time. What has no exact place has no geometry."""
    wanted = _filter(request, kind, body, service, within, language, accessible)
    rows = await repository.points(sql, wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    now, calendar = runtime(request).clock.now(), await _calendar(request, sql)
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [feature(row, now, calendar).plain() for row in found],
    }
    headers = {}
    if cursor is not None:
        collection["next_cursor"] = cursor
        headers["link"] = next_link(page, cursor)
    return GeoJson(orjson.dumps(collection), headers=headers)


@router.get(
    "/gaps", operation_id="list_service_point_gaps", openapi_extra=PUBLIC, response_model=PointGapsView
)
async def list_service_point_gaps(request: Request, sql: Reader) -> Response:
    """What nobody knows of the points, by number of points, and what was found of points in general."""
    today = _today(request)
    view = PointGapsView(
        points=await repository.count_points(sql, today),
        missing=[PointGap.model_validate(dict(row)) for row in await repository.missing_fields(sql, today)],
        facts=[FactView.model_validate(dict(row)) for row in await repository.facts(sql)],
    )
    return render(view)


@router.get(
    "/{point_id}",
    operation_id="get_service_point",
    openapi_extra=PUBLIC,
    response_model=PointView,
    responses=problem_responses(NotFound),
)
async def get_service_point(
    point_id: UUID,
    request: Request,
    sql: Reader,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One point, whether it is open now and when it opens next. A closed one says since when."""
    row = await repository.point(sql, point_id)
    if row is None:
        raise NotFound
    view = await _view(request, sql, row)
    return render(view, version=row["version"], if_none_match=if_none_match)


@router.post(
    "",
    operation_id="record_service_point",
    status_code=201,
    response_model=PointView,
    dependencies=[requires("registry:services:write")],
    responses=problem_responses(service.PointCodeTaken, Invalid),
)
async def record_service_point(draft: PointDraft, request: Request, uow: Uow) -> Response:
    """Record a point of your body. A shelter is recorded by its area only."""
    row = await service.record_point(uow, draft)
    view = await _view(request, uow.sql, row)
    return reply(uow, view, status=201, version=view.version, location=f"service-points/{view.id}")


@router.put(
    "/{point_id}",
    operation_id="change_service_point",
    response_model=PointView,
    dependencies=[requires("registry:services:write")],
    responses=problem_responses(
        ForeignBody,
        NotFound,
        service.PlaceTold,
        service.PointClosed,
        Stale,
        PreconditionRequired,
        Invalid,
    ),
)
async def change_service_point(
    point_id: UUID, content: PointContent, expected: IfMatch, request: Request, uow: Uow
) -> Response:
    """Replace what is known of a point of your body."""
    row = await service.change_point(uow, point_id, content, expected)
    return reply(uow, await _view(request, uow.sql, row), version=row["version"])


@router.post(
    "/{point_id}/close",
    operation_id="close_service_point",
    response_model=PointView,
    dependencies=[requires("registry:services:write")],
    responses=problem_responses(
        ForeignBody, NotFound, service.PointClosed, Stale, PreconditionRequired, Invalid
    ),
)
async def close_service_point(
    point_id: UUID, closing: Closing, expected: IfMatch, request: Request, uow: Uow
) -> Response:
    """Say from which day on a point of your body is no more."""
    row = await service.close_point(uow, point_id, closing.closed_on, expected)
    return reply(uow, await _view(request, uow.sql, row), version=row["version"])


async def _view(request: Request, sql: Connection, row: Any) -> PointView:
    services = (await repository.offered(sql, [row["id"]])).get(row["id"], [])
    now = runtime(request).clock.now()
    return point_view(row, services, now, await _calendar(request, sql))


async def _calendar(request: Request, sql: Connection) -> WorkingCalendar:
    """Of the years a next opening is looked for in."""
    year = _today(request).year
    return await working_calendar(sql, year, year + 1)


def _filter(
    request: Request,
    kind: PointKind | None,
    body: str | None,
    service: str | None,
    within: str | None,
    language: str | None,
    accessible: Accessibility | None,
    missing: str | None = None,
) -> PointFilter:
    spoken = canonical_tag(language) if language else None
    return PointFilter(_today(request), kind, body, service, within, spoken, accessible, missing)


def _line(value: Any) -> float | str:
    if not isinstance(value, float | str):
        raise TypeError
    return value


def _foreign_cursor() -> Invalid:
    return Invalid.at("/query/cursor", "This cursor was not issued by this list.", "malformed_cursor")


def _today(request: Request) -> date:
    return local_date(runtime(request).clock.now())
