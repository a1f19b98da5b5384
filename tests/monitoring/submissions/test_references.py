"""A visit says whom and what it speaks of: id, code and present name, in as many statements as before."""

from tests.monitoring.field import CAMPAIGN, Field, Json
from tests.monitoring.registry import OSH, SERVICE, service_entry, tell, territory


async def listed(field: Field, query: str = "") -> list[Json]:
    answer = await field.client.get(f"/v1/submissions{query}", headers=field.coordinator)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["items"]
    return found


async def test_every_answer_has_the_same_references(field: Field) -> None:
    visit = await field.submit()
    assert visit["campaign"] == {"id": field.campaign_id, "code": "osh-2026", "name": CAMPAIGN["name"]}
    assert visit["service"]["id"] == visit["service_id"] == str(SERVICE)
    assert visit["service"]["code"] == "DEMO-RESIDENCE"
    assert visit["service"]["name"]["ru"] == "Справка с места жительства"
    assert visit["municipality"]["code"] == visit["municipality_code"] == OSH
    assert (visit["municipality"]["name"], len(visit["municipality"]["id"])) == ({"ru": "Ош"}, 36)
    approved = await field.approve(visit["id"])
    amended = (await field.amend(visit["id"], {"note": "x"})).json()
    for answer in (await field.get(visit["id"]), *await listed(field), approved, amended):
        for name in ("campaign", "service", "municipality"):
            assert answer[name] == visit[name]


async def test_they_follow_a_rename_and_the_etag_with_them(field: Field) -> None:
    visit = await field.submit()
    path = f"/v1/submissions/{visit['id']}"
    etag = (await field.client.get(path, headers=field.coordinator)).headers["etag"]
    await tell(
        field.service, territory(OSH, "Ош шаары", version=2), service_entry(version=2, name={"ru": "Справка"})
    )
    after = await field.client.get(path, headers={**field.coordinator, "If-None-Match": etag})
    assert after.status_code == 200
    assert after.json()["service"]["name"] == {"ru": "Справка"}
    assert after.json()["municipality"]["name"] == {"ru": "Ош шаары"}
    assert after.json()["version"] == visit["version"]
    approved = await field.client.post(f"{path}/approve", headers={**field.coordinator, "If-Match": etag})
    assert approved.status_code == 200, "the ETag of before names the same version"


async def test_what_the_registry_has_not_told_is_absent(field: Field) -> None:
    await field.submit()
    for table in ("known_service", "known_territory"):
        await field.service.database.pool.execute(f"DELETE FROM {table}")
    [shown] = await listed(field)
    assert shown["service"] == {"id": str(SERVICE), "name": {}}
    assert shown["municipality"] == {"code": OSH, "name": {}}


async def test_a_new_visit_costs_the_same_statements_and_a_list_one(
    field: Field, statements: list[str]
) -> None:
    await field.submit()
    statements.clear()
    await field.submit()
    written = [
        found for found in statements if "submission" in found or "campaign" in found or "audit" in found
    ]
    assert len(written) == 3, "what it is held against, everything of it, and the unit of work's exit"
    assert not [found for found in statements if "known_" in found and found not in written]
    for _ in range(3):
        await field.submit()
    statements.clear()
    assert len(await listed(field)) == 5
    assert len([found for found in statements if "submission" in found or "known_" in found]) == 1
