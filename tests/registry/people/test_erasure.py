"""Erasure at the registry: who may ask for it, what ends at once, and the report that grows with each answer."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.registry.access import repository
from shared.contracts import CONTRACTS
from shared.contracts.erasure import Effect, ErasureCompleted, KindErased
from tests.kit.events import deliver, record
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, add_organisation, events

SELF = "registry:self:erase"
OTHERS = ("monitoring", "scoring", "ideas_market", "notifications")


async def person_with_roles(registry: RunningService, organisation: UUID) -> tuple[UUID, UUID]:
    """A person with an identity and two roles; the id of the person and of the first membership."""
    headers = registry.headers(*PLATFORM, org=organisation, roles=("platform",))
    path = f"/v1/organisations/{organisation}/memberships"
    granted = await registry.client.post(
        path, json={"role": "registrar", "valid_from": "2026-01-01"}, headers=headers
    )
    assert granted.status_code == 201, granted.text
    person = granted.json()["person_id"]
    later = {"person_id": person, "role": "adopter", "valid_from": "2027-01-01"}
    assert (await registry.client.post(path, json=later, headers=headers)).status_code == 201
    await registry.database.pool.execute(
        "INSERT INTO person_identity (issuer, subject, person_id) VALUES ('https://esi.example', 'PIN-20101', $1)",
        UUID(person),
    )
    return UUID(person), UUID(granted.json()["id"])


def answer(service: str, erasure: UUID, *kinds: KindErased):
    event = next(
        one for one in CONTRACTS if one.payload is ErasureCompleted and one.name.startswith(f"{service}.")
    )
    payload = ErasureCompleted(
        id=erasure,
        aggregate_version=1,
        service=service,
        completed_at="2026-11-23T06:00:01Z",
        kinds=kinds or (KindErased(kind="visit_note", effect=Effect.ERASED, count=3),),
    )
    return record(event, payload)


async def erase_me(registry: RunningService, person: UUID, confirmed: UUID | None = None):
    return await registry.client.post(
        "/v1/persons/me/erasure",
        json={"person_id": str(confirmed or person)},
        headers=registry.headers(SELF, sub=person),
    )


async def test_nobody_is_erased_by_mistake(registry: RunningService, ministry: UUID):
    person, _ = await person_with_roles(registry, ministry)
    refused = await erase_me(registry, person, uuid4())
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_own_person")
    bare = await registry.client.post("/v1/persons/me/erasure", headers=registry.headers(SELF, sub=person))
    assert bare.status_code == 422
    assert await events(registry, "person.erased") == []


async def test_a_person_has_themself_forgotten(registry: RunningService, ministry: UUID):
    person, membership = await person_with_roles(registry, ministry)
    asked = await erase_me(registry, person)
    assert asked.status_code == 202, asked.text
    assert asked.headers["location"] == f"../../erasures/{asked.json()['id']}"
    assert str(person) not in asked.text
    pool = registry.database.pool
    assert await pool.fetchval("SELECT count(*) FROM person_identity") == 0
    rows = await pool.fetch("SELECT valid_from, valid_to FROM membership ORDER BY valid_from")
    assert [str(row["valid_to"]) for row in rows] == ["2026-11-23", "2027-01-01"], (
        "no day is left on which one holds"
    )
    revoked = {event["id"] for event in await events(registry, "credential.revoked")}
    assert str(membership) in revoked
    assert len(revoked) == 2
    [told] = await events(registry, "person.erased")
    assert (told["id"], told["erasure_id"]) == (str(person), asked.json()["id"])
    assert set(told) == {"type", "id", "aggregate_version", "erasure_id", "requested_at"}, "ids only"


async def test_the_report_is_complete_when_all_five_have_answered(registry: RunningService, ministry: UUID):
    person, _ = await person_with_roles(registry, ministry)
    asked = await erase_me(registry, person)
    erasure = UUID(asked.json()["id"])
    path = f"/v1/erasures/{erasure}"
    report = (await registry.client.get(path)).json()
    assert report["state"] == "pending"
    assert [(one["service"], one["state"]) for one in report["services"]] == [
        ("registry", "completed"),
        *((name, "pending") for name in OTHERS),
    ]
    own = {kind["kind"]: kind for kind in report["services"][0]["kinds"]}
    assert (own["identity"]["effect"], own["identity"]["count"]) == ("erased", 1)
    assert (own["memberships"]["effect"], own["memberships"]["count"]) == ("kept", 2)
    assert own["memberships"]["ground"]
    for name in OTHERS[:3]:
        await deliver(registry, answer(name, erasure))
    await deliver(
        registry, answer("monitoring", erasure, KindErased(kind="x", effect=Effect.ERASED, count=9))
    )
    assert (await registry.client.get(path)).json()["state"] == "pending"
    await asyncio.gather(*(deliver(registry, answer("notifications", erasure)) for _ in range(3)))
    report = (await registry.client.get(path)).json()
    assert report["state"] == "completed"
    assert report["completed_at"]
    assert report["services"][1]["kinds"] == [{"kind": "visit_note", "effect": "erased", "count": 3}], (
        "the first stays"
    )
    assert str(person) not in str(report)
    ended = await registry.database.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'person.erased'")
    assert ended == 1


async def test_asked_twice_it_is_one_erasure(registry: RunningService, ministry: UUID):
    person, _ = await person_with_roles(registry, ministry)
    platform = registry.headers("registry:persons:erase", org=ministry)
    answers = await asyncio.gather(
        *(registry.client.post(f"/v1/persons/{person}/erasure", headers=platform) for _ in range(5)),
        *(erase_me(registry, person) for _ in range(5)),
    )
    assert {found.status_code for found in answers} == {202}
    assert len({found.json()["id"] for found in answers}) == 1
    assert len(await events(registry, "person.erased")) == 1


@pytest.mark.parametrize("scopes", [(), (SELF,), PLATFORM])
async def test_others_are_not_erased_without_the_scope(registry: RunningService, ministry: UUID, scopes):
    person, _ = await person_with_roles(registry, ministry)
    headers = registry.headers(*scopes, org=ministry)
    refused = await registry.client.post(f"/v1/persons/{person}/erasure", headers=headers)
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "registry:persons:erase")
    assert await events(registry, "person.erased") == []


async def test_an_id_that_only_others_know_is_erased_everywhere(registry: RunningService):
    """A desk of another service entered it; that service never asked the registry."""
    platform, unknown = registry.headers("registry:persons:erase", org=uuid4()), uuid4()
    path = f"/v1/persons/{unknown}/erasure"
    asked = await asyncio.gather(*(registry.client.post(path, headers=platform) for _ in range(3)))
    assert {one.status_code for one in asked} == {202}, asked[0].text
    assert len({one.json()["id"] for one in asked}) == 1
    [told] = await events(registry, "person.erased")
    assert (told["id"], told["erasure_id"]) == (str(unknown), asked[0].json()["id"])
    for name in OTHERS:
        await deliver(registry, answer(name, UUID(asked[0].json()["id"])))
    report = (await registry.client.get(f"/v1/erasures/{asked[0].json()['id']}")).json()
    assert report["state"] == "completed"


async def test_nobody_and_no_erasure(registry: RunningService):
    assert (await erase_me(registry, uuid4())).status_code == 404
    assert (await registry.client.get(f"/v1/erasures/{uuid4()}")).status_code == 404
    await deliver(registry, answer("monitoring", uuid4()))
    assert await registry.database.pool.fetchval("SELECT count(*) FROM erasure_answer") == 0


async def test_an_erased_person_is_given_no_role_any_more(registry: RunningService, ministry: UUID):
    person, _ = await person_with_roles(registry, ministry)
    headers = registry.headers(*PLATFORM, org=ministry, roles=("platform",))
    await erase_me(registry, person)
    again = await registry.client.post(
        f"/v1/organisations/{ministry}/memberships",
        json={"person_id": str(person), "role": "registrar", "valid_from": "2026-12-01"},
        headers=headers,
    )
    assert (again.status_code, again.json()["code"]) == (409, "person_erased")


async def test_a_grant_that_races_with_the_erasure_is_ended_or_refused(registry: RunningService):
    """Whoever comes first: in the end the person holds nothing."""
    organisation = await add_organisation(registry, "LSG", "agency")
    for _ in range(5):
        person, _ = await person_with_roles(registry, organisation)
        headers = registry.headers(*PLATFORM, org=organisation, roles=("platform",))
        grants = [
            registry.client.post(
                f"/v1/organisations/{organisation}/memberships",
                json={"person_id": str(person), "role": role, "valid_from": "2026-02-02"},
                headers=headers,
            )
            for role in ("registrar", "adopter", "respondent", "desk")
        ]
        erase = erase_me(registry, person)
        answers = await asyncio.gather(*grants[:2], erase, *grants[2:])
        assert {found.status_code for found in answers} <= {201, 202, 409, 503}
        async with registry.database.read() as sql:
            held = await repository.memberships_of_person(sql, person, organisation)
        assert all(row["valid_to"] is not None for row in held)


async def test_a_desk_gets_ids_for_people_without_internet(registry: RunningService, ministry: UUID):
    headers = registry.headers("registry:persons:write", org=ministry, roles=("desk",))
    minted = await registry.client.post("/v1/persons", headers=headers)
    assert (minted.status_code, set(minted.json())) == (201, {"id"})
    platform = registry.headers("registry:persons:erase", org=ministry)
    erased = await registry.client.post(f"/v1/persons/{minted.json()['id']}/erasure", headers=platform)
    assert erased.status_code == 202
