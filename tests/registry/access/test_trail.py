"""Who reads whose audit rows: an auditor what was done for their organisation, the platform's auditor all."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.audit.trail import EVERYBODYS
from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation, every_page


async def organisations_of_rows(service: RunningService, headers: dict[str, str], **query: Any) -> set[Any]:
    return {row.get("organisation") for row in await every_page(service, "/v1/audit", headers, **query)}


@pytest.fixture
async def trails(registry: RunningService) -> tuple[UUID, UUID]:
    """Two organisations with rows of their own, beside rows of nobody's."""
    found = []
    for code in ("one", "two"):
        home = await add_organisation(registry, code, "ngo")
        for _ in range(3):
            async with registry.unit_of_work(org=home) as uow:
                uow.audit("note.write", "note", uuid4())
        found.append(home)
    async with registry.unit_of_work() as uow:
        uow.audit("note.write", "note", uuid4())
    await registry.database.pool.execute("UPDATE audit SET position = id")
    return found[0], found[1]


async def test_an_auditor_reads_what_was_done_for_their_organisation(
    registry: RunningService, trails: tuple[UUID, UUID]
):
    one, two = trails
    own = registry.headers("audit:read", org=one, roles=("auditor",))
    assert await organisations_of_rows(registry, own, limit=2) == {str(one)}
    assert await organisations_of_rows(registry, own, action="note.write") == {str(one)}
    of_two = await registry.database.pool.fetchval("SELECT object_id FROM audit WHERE organisation = $1", two)
    assert await every_page(registry, "/v1/audit", own, object_id=str(of_two)) == []
    nobody = registry.headers("audit:read")
    refused = await registry.client.get("/v1/audit", headers=nobody)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_organisation")


async def test_the_platforms_auditor_reads_all_of_it(registry: RunningService, trails: tuple[UUID, UUID]):
    everything = registry.headers("audit:read", EVERYBODYS, org=uuid4())
    found = await organisations_of_rows(registry, everything, limit=2)
    assert {str(trails[0]), str(trails[1]), None} <= found


async def test_only_at_the_platform_an_auditor_gets_that_scope(registry: RunningService):
    for code, kind, whole in (("ashar", "platform", True), ("moj", "ministry", False)):
        await add_organisation(registry, code, kind)
        answer = await registry.client.post(
            "/v1/tokens", json={"grant_type": "development", "role": "auditor", "organisation": code}
        )
        scopes = answer.json()["scope"].split()
        assert "audit:read" in scopes
        assert (EVERYBODYS in scopes) is whole, kind
