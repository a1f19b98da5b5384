"""Register entries: proposed by their body, included by an act, changed by nobody else."""

from uuid import uuid4

from tests.kit.service import RunningService
from tests.registry.conftest import REGISTRAR, add_organisation, events, every_page, pointers
from tests.registry.standards.conftest import Desk

DRAFT = {"code": "S-1", "level": "municipal", "name": {"ky": "Маалымкат", "ru": "Справка"}}


async def test_a_proposed_service_is_there_for_its_body_only(desk: Desk, other_desk: Desk):
    client = desk.service.client
    made = await client.post("/v1/services", json=DRAFT, headers=desk.registrar)
    assert made.status_code == 201, made.text
    assert made.json()["status"] == "proposed"
    assert made.json()["body"]["code"] == "MFA"
    assert set(made.json()["missing"]) >= {"term", "fee", "appeal", "register_number"}
    url = f"/v1/services/{made.json()['id']}"
    own = await client.get(url, headers=desk.registrar)
    assert own.json() == made.json()
    for headers in ({}, other_desk.registrar, desk.service.headers(org=desk.body)):
        assert (await client.get(url, headers=headers)).status_code == 404
        assert await every_page(desk.service, "/v1/services", headers) == []
    (listed,) = await every_page(desk.service, "/v1/services", desk.registrar)
    assert listed["id"] == made.json()["id"]
    assert await events(desk.service, "service.changed") == [], "what is not public is not announced"


async def test_an_act_includes_it_and_then_everybody_sees_it(desk: Desk):
    service_id = await desk.propose()
    page = await desk.service.client.get(f"/v1/services/{service_id}")
    assert page.status_code == 200
    assert page.json()["status"] == "included"
    (event,) = await events(desk.service, "service.changed")
    assert (event["id"], event["status"], event["body"]["code"]) == (service_id, "included", "MFA")


async def test_inclusion_needs_an_act_that_is_recorded(desk: Desk):
    made = await desk.service.client.post("/v1/services", json=DRAFT, headers=desk.registrar)
    url, headers = f"/v1/services/{made.json()['id']}", desk.registrar | {"If-Match": made.headers["etag"]}
    without = await desk.service.client.patch(url, json={"status": "included"}, headers=headers)
    assert pointers(without) == {"/act_id": "missing"}
    unknown = await desk.service.client.patch(
        url, json={"status": "included", "act_id": str(uuid4())}, headers=headers
    )
    assert pointers(unknown) == {"/act_id": "unknown_act"}


async def test_a_service_does_not_go_back(desk: Desk):
    service_id = await desk.propose()
    version = (await desk.service.client.get(f"/v1/services/{service_id}")).headers["etag"]
    back = await desk.service.client.patch(
        f"/v1/services/{service_id}",
        json={"status": "proposed"},
        headers=desk.registrar | {"If-Match": version},
    )
    assert pointers(back) == {"/status": "impossible_transition"}


async def test_a_merged_service_names_the_entry_it_went_into(desk: Desk):
    first, second = await desk.propose("S-1"), await desk.propose("S-2")
    url = f"/v1/services/{second}"
    headers = desk.registrar | {"If-Match": (await desk.service.client.get(url)).headers["etag"]}
    for target in (None, second, str(uuid4())):
        change = {"status": "merged"} | ({"merged_into": target} if target else {})
        refused = await desk.service.client.patch(url, json=change, headers=headers)
        assert list(pointers(refused)) == ["/merged_into"]
    merged = await desk.service.client.patch(
        url, json={"status": "merged", "merged_into": first}, headers=headers
    )
    assert merged.status_code == 200, merged.text
    shown = (await desk.service.client.get(url)).json()
    assert shown["merged_into"]["code"] == "S-1"


async def test_a_page_that_names_a_renamed_entry_is_told_anew(desk: Desk):
    first, second = await desk.propose("S-1"), await desk.propose("S-2")
    client = desk.service.client

    async def change(identifier: str, **wanted: object) -> None:
        url = f"/v1/services/{identifier}"
        headers = desk.registrar | {"If-Match": (await client.get(url)).headers["etag"]}
        changed = await client.patch(url, json=wanted, headers=headers)
        assert changed.status_code == 200, changed.text

    await change(second, status="merged", merged_into=first)
    before = await client.get(f"/v1/services/{second}")
    await change(first, sector="consular")
    assert (await client.get(f"/v1/services/{second}")).headers["etag"] == before.headers["etag"]
    await change(first, name={"ky": "Жаңы ат", "ru": "Новое имя"})
    after = await client.get(f"/v1/services/{second}", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["merged_into"]["name"]["ru"] == "Новое имя"


async def test_the_etag_of_the_page_is_what_a_change_needs(desk: Desk):
    url = f"/v1/services/{await desk.propose()}"
    client = desk.service.client
    tag = (await client.get(url)).headers["etag"]
    change = {"name": {"ky": "Жаңы аталыш", "ru": "Новое название"}}
    assert (await client.patch(url, json=change, headers=desk.registrar)).status_code == 428
    first = await client.patch(url, json=change, headers=desk.registrar | {"If-Match": tag})
    assert first.status_code == 200, first.text
    second = await client.patch(url, json=change, headers=desk.registrar | {"If-Match": tag})
    assert second.status_code == 412
    assert (await client.get(url)).json()["name"]["ky"] == "Жаңы аталыш"


async def test_rights(desk: Desk, other_desk: Desk, registry: RunningService):
    client = registry.client
    assert (await client.post("/v1/services", json=DRAFT)).status_code == 401
    assert (await client.post("/v1/services", json=DRAFT, headers=registry.headers())).status_code == 403
    nobody = await client.post("/v1/services", json=DRAFT, headers=registry.headers(*REGISTRAR))
    assert nobody.json()["code"] == "no_organisation"
    url = f"/v1/services/{await desk.propose()}"
    tag = (await client.get(url)).headers["etag"]
    foreign = await client.patch(
        url, json={"sector": "water"}, headers=other_desk.registrar | {"If-Match": tag}
    )
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_body")
    hidden = (await client.post("/v1/services", json=DRAFT | {"code": "S-9"}, headers=desk.registrar)).json()
    invisible = await client.patch(
        f"/v1/services/{hidden['id']}",
        json={"sector": "water"},
        headers=other_desk.registrar | {"If-Match": '"1"'},
    )
    assert invisible.status_code == 404


async def test_a_code_is_taken_once(desk: Desk, other_desk: Desk):
    await desk.propose("S-1")
    again = await other_desk.service.client.post("/v1/services", json=DRAFT, headers=other_desk.registrar)
    assert (again.status_code, again.json()["code"]) == (409, "service_code_taken")


async def test_filters_and_pages(seeded: RunningService):
    everything = await every_page(seeded, "/v1/services", limit=200)
    assert await every_page(seeded, "/v1/services", limit=7) == everything
    checks = {
        "level": "municipal",
        "status": "merged",
        "origin": "press",
        "body": "MIA",
        "missing": "fee",
    }
    for name, value in checks.items():
        found = await every_page(seeded, "/v1/services", limit=5, **{name: value})
        expected = [
            entry
            for entry in everything
            if value
            in {"level": entry["level"], "status": entry["status"], "origin": entry["origin"]}.get(name, "")
            or (name == "body" and entry["body"]["code"] == value)
            or (name == "missing" and value in entry["missing"])
        ]
        assert found == expected, name
        assert 0 < len(found) < len(everything)
    both = await every_page(seeded, "/v1/services", body="MIA", missing="term")
    assert {entry["body"]["code"] for entry in both} == {"MIA"}
    assert await every_page(seeded, "/v1/services", body="NOBODY") == []


async def test_bad_queries_are_refused(registry: RunningService):
    for query in ({"level": "x"}, {"limit": 0}, {"cursor": "x"}, {"missing": "Ä"}, {"cursor": "WzEsMl0"}):
        response = await registry.client.get("/v1/services", params=query)
        assert response.status_code == 422, query
    assert (await registry.client.get("/v1/services/not-a-uuid")).status_code == 422
    assert (await registry.client.get(f"/v1/services/{uuid4()}")).status_code == 404


async def test_a_renamed_body_is_renamed_on_the_pages_of_its_services(desk: Desk, registry: RunningService):
    service_id = await desk.propose()
    renamed = await registry.client.patch(
        f"/v1/organisations/{desk.body}",
        json={"name": {"ky": "Жаңы министрлик", "ru": "Новое министерство"}},
        headers=registry.headers("registry:organisations:write", roles=("platform",)) | {"If-Match": '"1"'},
    )
    assert renamed.status_code == 200, renamed.text
    page = (await registry.client.get(f"/v1/services/{service_id}")).json()
    assert page["body"]["name"]["ky"] == "Жаңы министрлик"
    assert (await events(registry, "service.changed"))[-1]["body"]["name"]["ky"] == "Жаңы министрлик"


async def test_gaps_count_public_entries_only(desk: Desk, registry: RunningService):
    await desk.propose("S-1")
    await add_organisation(registry, "MOD", "ministry")
    await registry.client.post("/v1/services", json=DRAFT | {"code": "S-2"}, headers=desk.registrar)
    gaps = (await registry.client.get("/v1/services/gaps")).json()
    assert gaps["services"] == 1
    assert {row["services"] for row in gaps["rows"]} == {1}
    assert {row["row"] for row in gaps["rows"]} >= {"term", "fee", "refusal_grounds"}


async def test_a_change_of_nothing_is_no_version(desk: Desk):
    url = f"/v1/services/{await desk.propose()}"
    before = await desk.service.client.get(url)
    tag = {"If-Match": before.headers["etag"]}
    answer = await desk.service.client.patch(url, json={}, headers=desk.registrar | tag)
    assert (answer.status_code, answer.json()["version"]) == (200, before.json()["version"])
    assert (await desk.service.client.get(url)).headers["etag"] == before.headers["etag"]


async def test_an_unknown_row_or_state_is_refused(registry: RunningService):
    for query, pointer in (
        ("missing=colour", "/query/missing"),
        ("status=lost", "/query/status"),
        ("level=galaxy", "/query/level"),
        ("origin=rumour", "/query/origin"),
    ):
        answer = await registry.client.get(f"/v1/services?{query}")
        assert answer.status_code == 422
        assert pointer in pointers(answer)
