"""The registry on a database of its own, empty or seeded, and what tests put into it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.access.schemas import OrganisationDraft
from services.registry.access.service import register_organisation
from services.registry.seed import seed
from services.registry.settings import Settings
from services.registry.spec import SPEC
from shared.clock import FixedClock
from shared.db import migrations
from shared.db.database import Database
from shared.values import Origin
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService, StartService, running_service

NOON = datetime(2026, 11, 23, 6, tzinfo=UTC)
"""Monday, 12:00 in Bishkek."""

REGISTRAR = ("registry:services:write", "registry:standards:draft")
ADOPTER = ("registry:standards:draft", "registry:standards:adopt", "registry:acts:write")
PLATFORM = (
    "registry:organisations:write",
    "registry:memberships:write",
    "registry:keys:write",
    "registry:territories:write",
    "registry:calendar:write",
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def registry(start_service: StartService, clock: FixedClock, tmp_path: Path) -> RunningService:
    """An empty registry."""
    return await start_service(SPEC, clock=clock, signing_keys=tmp_path / "keys", development_login=True)


@pytest.fixture
async def seeded(
    template_databases: TemplateDatabases,
    fresh_database: Callable[[str], str],
    clock: FixedClock,
    tmp_path: Path,
) -> AsyncIterator[RunningService]:
    """A registry with its seeds, loaded once a test process."""
    template_databases.ensure("registry_seeded", _migrate_and_seed)
    url = fresh_database("registry_seeded")
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(
            running_service(SPEC, url, clock=clock, signing_keys=tmp_path / "keys", development_login=True)
        )


def _migrate_and_seed(url: str) -> None:
    migrations.upgrade(SPEC.migrations, url)

    async def load() -> None:
        database = await Database.open(Settings(database_url=url))
        await seed(database, FixedClock(NOON))
        await database.close()

    asyncio.run(load())


@pytest.fixture
async def ministry(registry: RunningService) -> UUID:
    return await add_organisation(registry, "MFA", "ministry")


async def add_organisation(service: RunningService, code: str, kind: str, **changes: Any) -> UUID:
    draft = OrganisationDraft.model_validate(
        {
            "id": uuid4(),
            "code": code,
            "kind": kind,
            "name": {"ky": f"{code} уюму", "ru": f"Орган {code}"},
            "origin": Origin.DEMONSTRATION,
            **changes,
        }
    )
    async with service.unit_of_work(*PLATFORM, roles=("platform",)) as uow:
        row = await register_organisation(uow, draft)
    return row["id"]


async def events(service: RunningService, name: str | None = None) -> list[dict[str, Any]]:
    """Payloads of the events emitted so far, oldest first; `name` is the type without the service and version."""
    rows = await service.database.pool.fetch(
        "SELECT type, convert_from(value, 'UTF8')::jsonb AS payload FROM event WHERE $1::text IS NULL OR type = $1 ORDER BY id",
        f"registry.{name}.v1" if name else None,
    )
    return [{"type": row["type"], **row["payload"]} for row in rows]


async def every_page(
    service: RunningService, path: str, headers: dict[str, str] | None = None, **query: Any
) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        response = await service.client.get(path, params=query, headers=headers or {})
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["items"]
        if "next_cursor" not in page:
            assert "link" not in response.headers
            return found
        query["cursor"] = page["next_cursor"]


def pointers(response: Any) -> dict[str, str]:
    """Pointer → code of a problem's field errors."""
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}
