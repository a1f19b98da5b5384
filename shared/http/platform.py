"""Routes every service has: health, version, metrics, documentation, change feed, jobs, audit."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import fastapi_offline
import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, HTMLResponse, Response

from shared.audit.routes import add_audit
from shared.contracts import TOPICS
from shared.contracts.documents import examples
from shared.http.dependencies import PUBLIC, Caller, Reader, requires, runtime
from shared.http.errors import Invalid, NotFound
from shared.http.health import add_health
from shared.http.problems import problem_responses
from shared.jobs.store import read_job
from shared.messaging.asyncapi import asyncapi_document
from shared.messaging.asyncapi_page import asyncapi_page
from shared.messaging.changes import Cursor, EpochChanged, Subject, read_changes
from shared.people.routes import add_consents

if TYPE_CHECKING:
    from shared.service import ServiceSpec

ASSETS = Path(fastapi_offline.__file__).parent / "static"
SERVED_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}


class CloudEvent(BaseModel):
    """CloudEvents 1.0, structured content mode, with the extensions `position`, `epoch` and `audience`."""

    specversion: Literal["1.0"]
    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    position: int
    epoch: UUID
    audience: str
    datacontenttype: str
    data: dict[str, Any]


class ChangesPage(BaseModel):
    items: list[CloudEvent]
    next: str = Field(description="Cursor of the next page; given also when this page is empty")
    more: bool = Field(description="Whether the next page can be asked for at once")


class JobState(BaseModel):
    id: UUID
    kind: str
    state: Literal["queued", "running", "done", "failed"]
    progress: float = Field(ge=0, le=1)
    error: str | None = None
    result: dict[str, Any] | None = None


def platform_router(spec: "ServiceSpec") -> APIRouter:
    router = APIRouter(tags=["platform"])
    add_health(router, spec.name)
    _add_documentation(router, spec)
    _add_feed(router, spec)
    _add_jobs(router, spec)
    add_audit(router, spec.name)
    if spec.people is not None:
        add_consents(router, spec.name, spec.people)
    return router


def _add_documentation(router: APIRouter, spec: "ServiceSpec") -> None:
    hidden: dict[str, Any] = {"include_in_schema": False}

    @router.get("/openapi.json", **hidden)
    async def openapi(request: Request) -> Response:
        return _json(runtime(request).document)

    @router.get("/openapi-3.0.json", **hidden)
    async def openapi_older(request: Request) -> Response:
        return _json(runtime(request).older_document)

    @router.get("/asyncapi.json", **hidden)
    async def asyncapi(request: Request) -> Response:
        version = runtime(request).settings.version
        return _json(asyncapi_document(spec.name, spec.title, version, spec.publishes, partitions=TOPICS))

    @router.get("/docs", **hidden)
    async def docs() -> Response:
        return HTMLResponse(
            _DOCS.replace("{title}", spec.title), headers={"content-security-policy": _DOCS_CSP}
        )

    @router.get("/docs/events", **hidden)
    async def events(request: Request) -> Response:
        version = runtime(request).settings.version
        document = asyncapi_document(spec.name, spec.title, version, spec.publishes, partitions=TOPICS)
        return HTMLResponse(
            asyncapi_page(document, examples()), headers={"content-security-policy": _PAGE_CSP}
        )

    @router.get("/docs/{asset}", **hidden)
    async def docs_asset(asset: str) -> Response:
        if asset not in SERVED_ASSETS:
            raise NotFound
        return FileResponse(
            ASSETS / asset,
            media_type=SERVED_ASSETS[asset],
            headers={"cache-control": "public, max-age=86400"},
        )


def _add_feed(router: APIRouter, spec: "ServiceSpec") -> None:
    @router.get(
        "/v1/changes",
        operation_id=f"{spec.name}_changes",
        openapi_extra=PUBLIC,
        response_model=ChangesPage,
        responses=problem_responses(EpochChanged),
        summary="Everything that changed, in order and without gaps; what you may see depends on your token",
    )
    async def changes(
        connection: Reader,
        caller: Caller,
        after: Annotated[str | None, Query(max_length=80, description="`next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        type: Annotated[list[str] | None, Query(max_length=50, description="Only these event types")] = None,  # noqa: A002
    ) -> Response:
        known = {event.name for event in spec.publishes}
        for number, name in enumerate(type or ()):
            if name not in known:
                raise Invalid.at(
                    f"/query/type/{number}", "No such event type is published here.", "unknown_event_type"
                )
        page = await read_changes(
            connection,
            Cursor.parse(after) if after else None,
            limit=limit,
            subject=Subject.of(caller),
            types=type or (),
        )
        return Response(page.body(), media_type="application/json")


def _add_jobs(router: APIRouter, spec: "ServiceSpec") -> None:
    @router.get(
        "/v1/jobs/{job_id}",
        operation_id=f"{spec.name}_get_job",
        dependencies=[requires()],
        responses=problem_responses(NotFound),
        summary="Progress of long work",
    )
    async def job(job_id: UUID, connection: Reader, caller: Caller) -> JobState:
        found = await read_job(connection, job_id, caller.sub)
        if found is None:
            raise NotFound
        return JobState(**found)


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


_PAGE_CSP = "default-src 'none'; style-src 'unsafe-inline'"
_DOCS_CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:"
_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="docs/favicon.png"><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null})</script>
</body></html>"""
