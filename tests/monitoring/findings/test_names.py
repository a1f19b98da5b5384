"""A finding names its parties as they are called today, whatever they were called when it was put."""

import pytest

from tests.kit.service import RunningService
from tests.monitoring.field import Field, Json
from tests.monitoring.findings.test_findings import MAYOR, listed, told
from tests.monitoring.registry import OSH, organisation, service_entry, tell, territory

REFERENCES = ("addressee", "municipality", "service")


def names(finding: Json) -> dict[str, str]:
    return {name: finding[name]["name"].get("ru", "") for name in REFERENCES}


async def rename_all(service: RunningService) -> None:
    await tell(
        service,
        organisation(OSH, "Мэрия Оша", version=2),
        territory(OSH, "Ош шаары", version=2),
        service_entry(version=2, name={"ru": "Справка о жительстве"}),
    )


RENAMED = {"addressee": "Мэрия Оша", "municipality": "Ош шаары", "service": "Справка о жительстве"}


async def test_it_follows_a_rename_and_its_etag_changes(field: Field) -> None:
    await field.approved(delivered_on="2026-03-26")
    [before] = await listed(field, MAYOR)
    path = f"/v1/findings/{before['id']}"
    headers = field.service.headers("monitoring:findings:read", org=MAYOR)
    etag = (await field.client.get(path, headers=headers)).headers["etag"]
    await rename_all(field.service)
    after = await field.client.get(path, headers={**headers, "If-None-Match": etag})
    assert after.status_code == 200, "a name of another changed: not the same representation"
    assert names(after.json()) == RENAMED
    assert [after.json()] == await listed(field, MAYOR)
    assert after.json()["version"] == before["version"], "nothing happened to the finding itself"
    for reference in REFERENCES:
        assert after.json()[reference]["id"] == before[reference]["id"]


async def test_what_is_told_next_says_the_present_names(field: Field) -> None:
    visit = await field.approved(delivered_on="2026-03-26")
    await rename_all(field.service)
    await field.do(visit["id"], "withdraw", {"reason": "other"})
    found = [finding.model_dump(mode="json") for finding, _ in await told(field)]
    assert [names(finding) for finding in found] == [
        {"addressee": "Мэрия города Ош", "municipality": "Ош", "service": "Справка с места жительства"},
        RENAMED,
    ]


@pytest.mark.parametrize("table", ["known_organisation", "known_territory", "known_service"])
async def test_while_a_copy_is_rebuilt_the_last_known_names_stay(field: Field, table: str) -> None:
    await field.approved(delivered_on="2026-03-26")
    [before] = await listed(field, MAYOR)
    await field.service.database.pool.execute(f"DELETE FROM {table}")
    assert await listed(field, MAYOR) == [before]


async def test_a_list_costs_one_statement_however_long(field: Field, statements: list[str]) -> None:
    for _ in range(3):
        await field.approved(delivered_on="2026-03-26")
    statements.clear()
    assert len(await listed(field, MAYOR)) == 3
    assert len([found for found in statements if "finding" in found or "known_" in found]) == 1
