"""What a service is to the kit, and the one factory that turns it into an application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry
from sqlalchemy import MetaData
from starlette.responses import Response

from shared.auth.jwks import Fetch, JwksCache
from shared.auth.revocations import follow_revocations
from shared.auth.tokens import TokenVerifier
from shared.clock import Clock, SystemClock
from shared.db import migrations
from shared.db.database import Database
from shared.db.outage import DATABASE_DOWN
from shared.http.application import App, Dispatcher, Send
from shared.http.bodies import MediaTypes, Receive
from shared.http.catalogue import Catalogue
from shared.http.client import fetch_json
from shared.http.dependencies import Replay, invalid_input
from shared.http.errors import Conflict, ErasedPerson, Problem, Unavailable
from shared.http.health import Check
from shared.http.hot import HotRead, HotReads
from shared.http.metrics import RequestMetrics
from shared.http.openapi import QueryParameter, check_hot, downgrade, media_types, merge, query_parameters
from shared.http.platform import platform_router
from shared.http.problems import answer, install_problem_handlers
from shared.jobs.definition import Job
from shared.messaging.consumer import Consumer
from shared.messaging.contract import EventType
from shared.messaging.projections import Projections
from shared.people.kinds import People
from shared.people.tables import REFUSED
from shared.settings import ServiceSettings


@dataclass(frozen=True)
class Feature:
    """A noun of the domain: its router, and the first path segments it answers for."""

    name: str
    router: APIRouter
    segments: tuple[str, ...]

    @cached_property
    def described(self) -> bytes:
        """Its part of the OpenAPI document as JSON. Worked out once: it takes a third of a second a service, and tests
        start the same services thousands of times."""
        return _described(_feature_app(self.router))


@dataclass(frozen=True)
class ServiceSpec:
    """One table per service: everything the kit needs to run it."""

    name: str
    title: str
    description: str
    settings: type[ServiceSettings]
    metadata: MetaData
    migrations: Path
    features: tuple[Feature, ...]
    publishes: tuple[EventType[Any], ...]
    consumers: tuple[Consumer, ...] = ()
    hot: tuple[HotRead, ...] = ()
    locales: tuple[Path, ...] = ()
    projections: Projections = field(default_factory=Projections)
    """Copies of others' data that `worker rebuild NAME` can fill again; their consumers stand in `consumers`."""
    jobs: Mapping[str, Job] = field(default_factory=dict)
    commands: Callable[[Any], None] | None = None
    """Adds further commands to the worker's command line."""
    people: People | None = None
    """What it knows of people; every service of the platform has this table."""
    seed: "Callable[[Database, Clock], Awaitable[None]] | None" = None
    """Loads real data through the use cases; run again it changes nothing."""

    @cached_property
    def platform(self) -> Feature:
        """The routes every service has, and what lies outside `/v1`."""
        return Feature("platform", platform_router(self), ("audit", "changes", "consents", "jobs"))


@dataclass
class Runtime:
    """What one running service holds; nothing of it exists at import."""

    spec: ServiceSpec
    settings: ServiceSettings
    clock: Clock
    catalogue: Catalogue
    verifier: TokenVerifier
    metrics: CollectorRegistry
    document: dict[str, Any]
    older_document: dict[str, Any]
    migration_head: str | None
    query_parameters: dict[tuple[str, str], dict[str, QueryParameter]]
    """(method, path template) → names a query may have, and whether more than once."""
    media_types: MediaTypes
    draining: bool = False
    checks: tuple[Check, ...] = ()
    """What readiness asks for beside the database and its revision."""
    extras: dict[str, Any] = field(default_factory=dict)
    _database: Database | None = None

    @property
    def database(self) -> Database:
        if self._database is None:
            raise Unavailable(detail="The service has not started.")
        return self._database


class ServiceApp:
    """The ASGI application of one service: lifespan, then the kit's dispatcher."""

    def __init__(self, runtime: Runtime, dispatcher: Dispatcher) -> None:
        self.runtime = runtime
        self._dispatch = dispatcher

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._dispatch(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Runtime]:
        """Open what the service needs, close it afterwards; the lifespan and tests use the same."""
        database = await Database.open(self.runtime.settings)
        if self.runtime.spec.people is not None:
            database.keyring.check()
        self.runtime._database = database  # noqa: SLF001 - set here and nowhere else
        follower = asyncio.create_task(follow_revocations(database, self.runtime.verifier))
        try:
            yield self.runtime
        finally:
            self.runtime.draining = True
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            await database.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def create_service_app(
    spec: ServiceSpec,
    settings: ServiceSettings,
    *,
    clock: Clock | None = None,
    fetch_keys: Fetch | None = None,
) -> ServiceApp:
    """Build the application. Raises UndeclaredRoute when a route says nothing of who may call it."""
    features = (*spec.features, spec.platform)
    apps = [_feature_app(feature.router) for feature in features]
    return _assemble(
        spec,
        settings,
        clock or SystemClock(),
        parts=[feature.described for feature in features],
        apps=apps,
        by_segment=_by_segment(zip(features, apps, strict=True)),
        hot=spec.hot,
        fetch_keys=fetch_keys,
        metrics=CollectorRegistry(),
    )


def create_health_app(
    spec: ServiceSpec,
    settings: ServiceSettings,
    router: APIRouter,
    *,
    database: Database,
    metrics: CollectorRegistry,
    checks: tuple[Check, ...],
) -> ServiceApp:
    """The application of a process that serves nobody but its operator: the routes of `router` and nothing else.

    The database stays its owner's, so the application is served without its lifespan."""
    health = _feature_app(router)
    app = _assemble(
        spec,
        settings,
        SystemClock(),
        parts=[_described(health)],
        apps=[health],
        by_segment={},
        hot=(),
        fetch_keys=None,
        metrics=metrics,
    )
    app.runtime.checks = checks
    app.runtime._database = database  # noqa: SLF001 - open already
    return app


def _assemble(
    spec: ServiceSpec,
    settings: ServiceSettings,
    clock: Clock,
    *,
    parts: Sequence[bytes],
    apps: Sequence[FastAPI],
    by_segment: dict[str, App],
    hot: tuple[HotRead, ...],
    fetch_keys: Fetch | None,
    metrics: CollectorRegistry,
) -> ServiceApp:
    """The last of `apps` answers for everything outside `/v1`."""
    described = (orjson.loads(part) for part in parts)
    document = merge(spec.title, settings.version, spec.description, described, f"/api/{spec.name}")
    check_hot(document, hot)
    verifier = TokenVerifier(
        JwksCache(fetch_keys or (lambda: fetch_json(settings.jwks_url))),
        issuer=settings.issuer,
        audience=settings.audience,
        clock=clock,
    )
    dispatcher = Dispatcher(
        apps=by_segment,
        fallback=apps[-1],
        hot=HotReads(hot, clock),
        verifier=verifier,
        metrics=RequestMetrics(metrics),
        max_body_bytes=settings.max_body_bytes,
    )
    runtime = Runtime(
        spec=spec,
        settings=settings,
        clock=clock,
        catalogue=Catalogue(spec.locales),
        verifier=verifier,
        metrics=metrics,
        document=document,
        older_document=downgrade(document),
        query_parameters=query_parameters(document),
        media_types=media_types(document),
        migration_head=migrations.head(spec.migrations),
    )
    dispatcher.runtime = runtime
    for app in apps:
        app.state.runtime = runtime
    return ServiceApp(runtime, dispatcher)


def _by_segment(apps: Iterable[tuple[Feature, FastAPI]]) -> dict[str, App]:
    found: dict[str, App] = {}
    for feature, app in apps:
        for segment in feature.segments:
            if segment in found:
                raise ValueError(f"two features answer for /v1/{segment}")
            found[segment] = app
    return found


def _feature_app(router: APIRouter) -> FastAPI:
    app = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_NO_TELEMETRY
    )
    # Not `include_router`: an included router matches every request twice.
    app.router.routes.extend(router.routes)
    install_problem_handlers(app)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


def _described(app: FastAPI) -> bytes:
    return orjson.dumps(app.openapi())


async def _on_replay(_: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)
    return error.response


async def _on_bad_value(request: Request, error: Exception) -> Response:
    assert isinstance(error, asyncpg.DataError)
    return answer(request, invalid_input(error))


async def _on_constraint(request: Request, error: Exception) -> Response:
    name = getattr(error, "constraint_name", None) or "constraint"
    if name == REFUSED:
        return answer(request, ErasedPerson())
    return answer(request, Conflict(constraint=name))


async def _on_busy(request: Request, _: Exception) -> Response:
    return answer(request, Unavailable(headers={"Retry-After": "1"}))


async def _on_failure(request: Request, _: Exception) -> Response:
    return answer(request, Problem())


# The kit's ASGI layer counts and traces; asking OpenTelemetry three times whether it is there costs 5 % of a read.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    Replay: _on_replay,
    asyncpg.DataError: _on_bad_value,
    asyncpg.IntegrityConstraintViolationError: _on_constraint,
    asyncpg.SerializationError: _on_busy,
    asyncpg.DeadlockDetectedError: _on_busy,
    asyncpg.QueryCanceledError: _on_busy,
    asyncpg.InterfaceError: _on_busy,
    TimeoutError: _on_busy,
    **dict.fromkeys(DATABASE_DOWN, _on_busy),
    Exception: _on_failure,
}
