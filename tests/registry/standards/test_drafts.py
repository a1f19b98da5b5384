"""Drafts: of the own body only, invisible to others, complete or not."""

from uuid import uuid4

from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import ADOPTER, REGISTRAR, pointers
from tests.registry.standards.conftest import Desk, content


async def test_a_registrar_drafts_a_standard_of_the_own_body(desk: Desk):
    response = await desk.draft(await desk.propose())
    assert response.status_code == 201, response.text
    draft = response.json()
    assert response.headers["location"] == f"standards/{draft['standard_id']}"
    assert response.headers["etag"].startswith('"1.')
    assert draft["problems"] == []
    assert draft["documents"][0]["name"]["uz"] == "Pasport"
    assert draft["tiers"][0]["fees"] == [{"amount": "100.00", "currency": "KGS", "exempt": ["pensioner"]}]
    again = await desk.service.client.get(
        f"/v1/standards/{draft['standard_id']}/draft", headers=desk.registrar
    )
    assert again.json() == draft
    assert again.headers["etag"].startswith('"1.')


async def test_an_incomplete_draft_is_kept_and_says_what_is_missing(desk: Desk):
    response = await desk.draft(await desk.propose(), refusal_grounds=[], appeal=None)
    assert response.status_code == 201
    assert {(found["pointer"], found["code"]) for found in response.json()["problems"]} == {
        ("/refusal_grounds", "refusal_grounds_missing"),
        ("/appeal", "appeal_missing"),
    }


async def test_a_draft_is_not_there_for_others(desk: Desk, other_desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    client = desk.service.client
    for headers in ({}, other_desk.registrar, desk.service.headers(org=desk.body)):
        assert (await client.get(f"/v1/standards/{standard}", headers=headers)).status_code == 404
        assert (await client.get(f"/v1/standards/{standard}/versions", headers=headers)).status_code == 404
    foreign = await client.get(f"/v1/standards/{standard}/draft", headers=other_desk.registrar)
    assert foreign.status_code == 404
    assert (await other_desk.edit(standard, 1)).status_code == 404
    assert (await other_desk.adopt(standard, 1, "2026-01-01")).status_code == 404
    own = await client.get(f"/v1/standards/{standard}", headers=desk.registrar)
    assert own.status_code == 200
    assert own.json()["has_draft"] is True
    assert "in_force" not in own.json()


async def test_rights(desk: Desk, other_desk: Desk, registry: RunningService):
    service_id = await desk.propose()
    body = {"service_id": service_id, **content()}
    client = registry.client
    assert (await client.post("/v1/standards", json=body)).status_code == 401
    scopeless = registry.headers("registry:acts:write", org=desk.body)
    assert (await client.post("/v1/standards", json=body, headers=scopeless)).status_code == 403
    nobody = await client.post("/v1/standards", json=body, headers=registry.headers(*REGISTRAR))
    assert (nobody.status_code, nobody.json()["code"]) == (403, "no_organisation")
    foreign = await other_desk.draft(service_id)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_body")


async def test_a_service_nobody_published_is_unknown_to_another_body(desk: Desk, other_desk: Desk):
    proposed = await desk.service.client.post(
        "/v1/services", json={"code": "P-1", "level": "state", "name": {"ru": "П"}}, headers=desk.registrar
    )
    hidden = await other_desk.draft(proposed.json()["id"])
    assert hidden.status_code == 422
    assert pointers(hidden) == {"/service_id": "unknown_service"}
    assert pointers(await other_desk.draft(str(uuid4()))) == pointers(hidden), "as if it did not exist"
    assert (await desk.draft(proposed.json()["id"])).status_code == 201


async def test_a_service_has_one_standard(desk: Desk):
    service_id = await desk.propose()
    first = await desk.draft(service_id)
    second = await desk.draft(service_id)
    assert second.status_code == 409
    assert second.json()["code"] == "standard_exists"
    assert second.json()["standard_id"] == first.json()["standard_id"]


async def test_a_merged_service_gets_no_standard(seeded: RunningService):
    desk = Desk(seeded, seed_id("organisation", "MFA"))
    merged = await desk.draft(str(seed_id("service", "KG-KDS-2")))
    assert (merged.status_code, merged.json()["code"]) == (409, "service_closed")


async def test_places_must_be_recorded_territories(seeded: RunningService):
    desk = Desk(seeded, seed_id("organisation", "LSG"))
    service_id = str(seed_id("service", "DEMO-RESIDENCE"))
    tier = content()["tiers"][0]
    unknown = await desk.draft(
        service_id, applies_to=["41721000000000", "X-1"], tiers=[tier | {"place": "X-2"}]
    )
    assert unknown.status_code == 422
    assert pointers(unknown) == {"/applies_to/1": "unknown_territory", "/tiers/0/place": "unknown_territory"}
    known = await desk.draft(service_id, applies_to=["41721000000000"])
    assert known.status_code == 201
    assert known.json()["applies_to"] == ["41721000000000"]


async def test_editing_needs_the_version_that_was_read(desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    url = f"/v1/standards/{standard}/draft"
    missing = await desk.service.client.put(url, json=content(), headers=desk.registrar)
    assert missing.status_code == 428
    edited = await desk.edit(standard, 1, content(documents=[]))
    assert edited.headers["etag"].startswith('"2.')
    assert edited.json()["version"] == 2
    assert (await desk.edit(standard, 1)).status_code == 412
    assert (await desk.service.client.get(url, headers=desk.registrar)).json()["documents"] == []


async def test_bad_input_names_the_field(desk: Desk):
    service_id = await desk.propose()
    tier = content()["tiers"][0]
    cases: list[tuple[dict[str, object], str]] = [
        ({"tiers": [tier | {"fees": [{"amount": "-1"}]}]}, "/tiers/0/fees/0/amount"),
        ({"tiers": [tier | {"fees": [{"amount": "1.001"}]}]}, "/tiers/0/fees/0/amount"),
        ({"tiers": [tier | {"term": {"number": 1, "unit": "weeks"}}]}, "/tiers/0/term/unit"),
        ({"tiers": [tier | {"code": "Big Code"}]}, "/tiers/0/code"),
        ({"documents": [{"code": "a", "name": {"ky": "a\u0000"}}]}, "/documents/0/name/ky"),
        ({"documents": [{"code": "a", "name": {}}]}, "/documents/0/name"),
        ({"documents": [{"code": "a", "name": {"ky": "а"}, "typo": 1}]}, "/documents/0/typo"),
        ({"applies_to": ["../etc"]}, "/applies_to/0"),
    ]
    for changes, pointer in cases:
        response = await desk.draft(service_id, **changes)
        assert response.status_code == 422, changes
        assert pointer in pointers(response)


async def test_drafts_are_audited_but_not_announced(desk: Desk):
    before = await desk.service.database.pool.fetchval("SELECT count(*) FROM event")
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    await desk.edit(standard, 1)
    topics = await desk.service.database.pool.fetch("SELECT topic FROM event OFFSET $1", before)
    assert "registry.standard" not in {row["topic"] for row in topics}
    actions = await desk.service.database.pool.fetch(
        "SELECT action FROM audit WHERE object_id = $1::uuid ORDER BY id", standard
    )
    assert [row["action"] for row in actions] == ["standard.draft", "standard.edit_draft"]


async def test_an_adopter_may_draft_too(desk: Desk):
    service_id = await desk.propose()
    headers = desk.service.headers(*ADOPTER, org=desk.body)
    made = await desk.service.client.post(
        "/v1/standards", json={"service_id": service_id, **content()}, headers=headers
    )
    assert made.status_code == 201
