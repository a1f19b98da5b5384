"""Running services behave alike where the kit speaks for them: health, problems, metrics, documents, tables."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.local.services import SPECS
from shared.db.kit import add_kit_tables
from shared.db.tables import make_registry
from shared.service import ServiceSpec
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService, StartService

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
NOBODY = UUID(int=7)

Ask = tuple[str, str, dict[str, Any]]
TOO_LONG = str(100 * 1024 * 1024)
PLAIN: tuple[Ask, ...] = (
    ("GET", "/healthz", {}),
    ("GET", "/readyz", {}),
    ("GET", "/nowhere", {}),
    ("GET", "/v1/nowhere", {}),
    ("GET", "/v1", {}),
    ("GET", "/v1/", {}),
    ("GET", "//healthz", {}),
    ("GET", "/healthz/", {}),
    ("DELETE", "/healthz", {}),
    ("POST", "/v1/changes", {}),
    ("PROPFIND", "/readyz", {}),
    ("GET", "/docs/../main.py", {}),
    ("GET", "/docs/unknown.js", {}),
    ("GET", "/v1/changes", {}),
    ("GET", "/v1/changes?limit=0", {}),
    ("GET", "/v1/changes?limit=many", {"Accept-Language": "ky"}),
    ("GET", "/v1/changes?after=broken", {"Accept-Language": "ru, en;q=0.5"}),
    (
        "GET",
        f"/v1/changes?after=0190b5f2-0000-7000-8000-00000000{'0' * 4}-1",
        {"Authorization": "Basic dTpw"},
    ),
    ("GET", f"/v1/jobs/{NOBODY}", {}),
    ("GET", f"/v1/jobs/{NOBODY}", {"Authorization": "Bearer x.y.z"}),
    ("GET", "/v1/jobs/seven", {}),
    ("POST", "/v1/nowhere", {"Content-Length": TOO_LONG}),
    ("POST", "/v1/nowhere", {"Content-Length": "many"}),
)


def alike(service: str, answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body without what differs by request and service."""
    headers = {
        name: text
        for name, text in answer.headers.items()
        if name not in {"x-request-id", "date", "content-length"}
    }
    assert UUID(answer.headers["x-request-id"])
    body = answer.json() if "json" in answer.headers.get("content-type", "") else answer.text
    if isinstance(body, dict) and "trace_id" in body:
        assert re.fullmatch(r"[0-9a-f]{32}", body.pop("trace_id"))
        assert body.pop("instance").startswith(f"/api/{service}/")
    return answer.status_code, headers, body


async def test_all_answer_the_same_to_the_same(start_service: StartService) -> None:
    """Health, unknown paths and methods, bad input of the feed, tokens, lengths: statuses, headers and words."""
    answers = []
    for spec in SPECS:
        service = await start_service(spec, max_body_bytes=2**20)
        found = []
        for method, path, headers in PLAIN:
            answer = await service.client.request(method, path, headers=headers)
            found.append((method, path, alike(spec.name, answer)))
        token = service.headers(sub=NOBODY)
        answer = await service.client.get(f"/v1/jobs/{NOBODY}", headers=token)
        found.append(("GET", "/v1/jobs", alike(spec.name, answer)))
        answers.append(found)
    for other in answers[1:]:
        assert other == answers[0]
    statuses = {f"{method} {path}": status for method, path, (status, _, _) in answers[0]}
    assert statuses["GET /healthz"] == statuses["GET /readyz"] == 200
    assert statuses["DELETE /healthz"] == statuses["POST /v1/changes"] == 405
    assert statuses["GET /v1/jobs"] == statuses["GET /v1/nowhere"] == statuses["GET /healthz/"] == 404
    for method, path, (status, headers, body) in answers[0]:
        if status >= 400:
            assert headers["content-type"] == "application/problem+json", path
            assert body["status"] == status, path
            assert body["code"] != "internal_error", f"{method} {path}"
        else:
            assert path in {"/healthz", "/readyz"}, f"{method} {path} answered {status}"


@EACH_SPEC
async def test_ready_at_head_and_only_there(spec: ServiceSpec, start_service: StartService) -> None:
    service = await start_service(spec)
    assert (await service.client.get("/readyz")).json()["checks"]["migrations"] == "at head"
    version = (await service.client.get("/version")).json()
    assert version["service"] == spec.name
    assert version["migration"] == await service.database.pool.fetchval(
        "SELECT version_num FROM alembic_version"
    )
    await service.database.pool.execute("UPDATE alembic_version SET version_num = '0000'")
    behind = await service.client.get("/readyz")
    assert (behind.status_code, behind.json()["code"]) == (503, "migrations_pending")
    assert (await service.client.get("/healthz")).status_code == 200, "alive, though not ready"
    service.runtime.draining = True
    leaving = await service.client.get("/readyz")
    assert (leaving.status_code, leaving.json()["code"]) == (503, "shutting_down")


async def test_metrics_are_the_same_families(start_service: StartService) -> None:
    families = []
    for spec in SPECS:
        service = await start_service(spec)
        await service.client.get("/healthz")
        answer = await service.client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        families.append({family.name for family in text_string_to_metric_families(answer.text)})
        assert f'route="{NOBODY}"' not in answer.text
        assert 'http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in answer.text
    assert all(found == families[0] for found in families)
    assert "http_requests" in families[0]


async def described(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Columns, constraints and indexes of the kit's tables as the database has them."""
    registry = make_registry()
    add_kit_tables(registry.metadata)
    tables = sorted(registry.metadata.tables)
    return {
        name: [str(tuple(row)) for row in await connection.fetch(query, tables)]
        for name, query in CATALOGUE.items()
    }


CATALOGUE = {
    "columns": """SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, is_identity
                  FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY ($1)
                  ORDER BY table_name, ordinal_position""",
    "constraints": """SELECT conrelid::regclass, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
                      WHERE conrelid::regclass::text = ANY ($1) ORDER BY 1, 2""",
    "triggers": """SELECT tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid), tgfoid::regproc
                   FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY ($1) ORDER BY tgname""",
    "indexes": """SELECT tablename, indexname, indexdef FROM pg_indexes
                  WHERE schemaname = 'public' AND tablename = ANY ($1) ORDER BY 1, 2""",
}


async def test_the_databases_hold_the_same_kit_tables(
    migrated_database: Callable[[ServiceSpec], str],
) -> None:
    found = []
    for spec in SPECS:
        connection = await asyncpg.connect(migrated_database(spec))
        try:
            found.append(await described(connection))
        finally:
            await connection.close()
    assert all(other == found[0] for other in found)
    assert sum("'event'" in row for row in found[0]["columns"]) == 13
    assert any("ix_event_unpublished" in row for row in found[0]["indexes"])


async def test_migrations_make_the_triggers_of_the_tables(
    migrated_database: Callable[[ServiceSpec], str],
    template_databases: TemplateDatabases,
    fresh_database: Callable[[str], str],
) -> None:
    """What autogenerate does not see: the kit's tables made from their metadata have them too."""
    template_databases.ensure("kit_tables", made_from_tables)
    found = []
    for url in (migrated_database(SPECS[0]), fresh_database("kit_tables")):
        connection = await asyncpg.connect(url)
        try:
            found.append((await described(connection))["triggers"])
        finally:
            await connection.close()
    assert found[0] == found[1]
    assert len(found[0]) == 7


async def made_from_tables(url: str) -> None:
    registry = make_registry()
    add_kit_tables(registry.metadata)
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(registry.metadata.create_all)
    await engine.dispose()


@EACH_SPEC
async def test_documents(spec: ServiceSpec, start_service: StartService) -> None:
    service = await start_service(spec)
    newer = (await service.client.get("/openapi.json")).json()
    older = (await service.client.get("/openapi-3.0.json")).json()
    assert (newer["openapi"], older["openapi"]) == ("3.1.0", "3.0.3")
    OpenAPIV31SpecValidator(newer).validate()
    OpenAPIV30SpecValidator(older).validate()
    assert newer["paths"].keys() == older["paths"].keys()
    assert newer["servers"] == [{"url": f"/api/{spec.name}"}]
    await events_are_named(service)


async def events_are_named(service: RunningService) -> None:
    document = (await service.client.get("/asyncapi.json")).json()
    published = {event.name for event in service.runtime.spec.publishes}
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == published
    sent = {
        reference["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        for reference in operation["messages"]
    }
    assert sent == published
    assert set(document["channels"]) == {event.topic for event in service.runtime.spec.publishes}
