"""Organisations, memberships and keys: within one's own organisation, and never upwards."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.access.domain import OrganisationKind
from services.registry.access.roles import GRANTABLE, ROLES
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import PLATFORM, add_organisation, events, every_page, pointers

DRAFT = {
    "code": "osh-eldik",
    "kind": "ngo",
    "name": {"ky": "Элдик", "ru": "Элдик"},
    "origin": "demonstration",
}


def administrator(registry: RunningService, organisation: UUID) -> dict[str, str]:
    return registry.headers(
        "registry:memberships:write", "registry:keys:write", org=organisation, roles=("administrator",)
    )


def platform(registry: RunningService) -> dict[str, str]:
    return registry.headers(*PLATFORM, org=uuid4(), roles=("platform",))


async def test_an_organisation_is_registered_and_announced(registry: RunningService):
    made = await registry.client.post("/v1/organisations", json=DRAFT, headers=platform(registry))
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"organisations/{made.json()['id']}"
    (event,) = await events(registry, "organisation.changed")
    assert (event["id"], event["code"], event["aggregate_version"]) == (made.json()["id"], "osh-eldik", 1)
    shown = await registry.client.get(f"/v1/organisations/{made.json()['id']}")
    assert shown.json() == made.json()
    known = await registry.client.get(
        f"/v1/organisations/{made.json()['id']}", headers={"If-None-Match": shown.headers["etag"]}
    )
    assert known.status_code == 304
    twice = await registry.client.post("/v1/organisations", json=DRAFT, headers=platform(registry))
    assert (twice.status_code, twice.json()["code"]) == (409, "code_taken")


async def test_its_event_carries_the_path_of_its_territory(seeded: RunningService):
    await add_organisation(seeded, "new-one", "ngo", territory_code="41721000000000")
    place = (await events(seeded, "organisation.changed"))[-1]["territory"]
    assert place["path"] == ["41700000000000", "41721000000000"]
    assert place["name"]["ky"] == "Ош шаары"
    await add_organisation(seeded, "another", "ngo", territory_code="X-1")
    unknown = (await events(seeded, "organisation.changed"))[-1]["territory"]
    assert (unknown["id"], unknown["code"], unknown["path"]) == (str(seed_id("territory", "X-1")), "X-1", [])


async def test_only_the_platform_registers(registry: RunningService):
    assert (await registry.client.post("/v1/organisations", json=DRAFT)).status_code == 401
    own = administrator(registry, uuid4())
    refused = await registry.client.post("/v1/organisations", json=DRAFT, headers=own)
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "registry:organisations:write")
    orphan = await registry.client.post(
        "/v1/organisations", json=DRAFT | {"parent_id": str(uuid4())}, headers=platform(registry)
    )
    assert pointers(orphan) == {"/parent_id": "unknown_organisation"}
    assert (await registry.client.get(f"/v1/organisations/{uuid4()}")).status_code == 404


async def test_a_rename_needs_the_version_and_wins_once(registry: RunningService):
    organisation = await add_organisation(registry, "MFA", "ministry")
    url, headers = f"/v1/organisations/{organisation}", platform(registry)
    change = {"name": {"ky": "Жаңы", "ru": "Новое"}}
    assert (await registry.client.patch(url, json=change, headers=headers)).status_code == 428
    answers = await asyncio.gather(
        *(registry.client.patch(url, json=change, headers=headers | {"If-Match": '"1"'}) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert [event["aggregate_version"] for event in await events(registry, "organisation.changed")] == [1, 2]


async def test_the_list_is_alphabetical_and_pages_are_whole(registry: RunningService):
    names = ["Өрүк", "Алма", "Ёлка", "Яблоко", "Үйлөр", "ңгырама", "Еремия"]
    for place, name in enumerate(names):
        await add_organisation(registry, f"o-{place}", "ngo" if place % 2 else "donor", name={"ky": name})
    listed = await every_page(registry, "/v1/organisations", limit=2)
    assert [entry["name"]["ky"] for entry in listed] == [
        "Алма",
        "Еремия",
        "Ёлка",
        "ңгырама",
        "Өрүк",
        "Үйлөр",
        "Яблоко",
    ]
    only = await every_page(registry, "/v1/organisations", kind="ngo", limit=1)
    assert [entry["id"] for entry in only] == [entry["id"] for entry in listed if entry["kind"] == "ngo"]
    first = await registry.client.get("/v1/organisations", params={"limit": 2, "kind": "ngo"})
    assert first.headers["link"].startswith("<?limit=2&kind=ngo&cursor=")
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"kind": "king"}):
        assert (await registry.client.get("/v1/organisations", params=query)).status_code == 422


async def test_an_administrator_grants_roles_at_home_only(registry: RunningService):
    home, abroad = (
        await add_organisation(registry, "MFA", "ministry"),
        await add_organisation(registry, "MOJ", "ministry"),
    )
    grant = {"role": "registrar", "valid_from": "2026-01-01"}
    headers = administrator(registry, home)
    made = await registry.client.post(f"/v1/organisations/{home}/memberships", json=grant, headers=headers)
    assert made.status_code == 201, made.text
    grant["person_id"] = made.json()["person_id"]
    twice = await registry.client.post(f"/v1/organisations/{home}/memberships", json=grant, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_member")
    for path in (f"/v1/organisations/{abroad}/memberships", f"/v1/organisations/{uuid4()}/memberships"):
        assert (await registry.client.post(path, json=grant, headers=headers)).status_code == 404
        assert (await registry.client.get(path, headers=headers)).status_code == 404
    end = f"/v1/memberships/{made.json()['id']}/end"
    foreign = await registry.client.post(
        end, json={"valid_to": "2026-12-01"}, headers=administrator(registry, abroad) | {"If-Match": '"1"'}
    )
    assert foreign.status_code == 404


async def test_nobody_grants_a_role_of_the_platform_but_the_platform(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    grant = {"role": "platform", "valid_from": "2026-01-01"}
    url = f"/v1/organisations/{home}/memberships"
    refused = await registry.client.post(
        url, json=grant, headers=administrator(registry, home) | {"Accept-Language": "ru"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_grantable")
    assert "platform" in refused.json()["detail"]
    key = {"label": "x", "roles": ["registrar", "service"]}
    escalated = await registry.client.post(
        f"/v1/organisations/{home}/api-keys", json=key, headers=administrator(registry, home)
    )
    assert (escalated.status_code, escalated.json()["code"]) == (403, "role_not_grantable")
    service = await registry.client.post(
        f"/v1/organisations/{home}/api-keys",
        json={"label": "x", "roles": ["integrator"], "kind": "service"},
        headers=administrator(registry, home),
    )
    assert (service.status_code, service.json()["code"]) == (403, "key_kind_not_grantable")
    stranger = await registry.client.post(
        url,
        json={**grant, "role": "registrar", "person_id": str(uuid4())},
        headers=administrator(registry, home),
    )
    assert pointers(stranger) == {"/person_id": "unknown_person"}
    unknown = await registry.client.post(
        url, json=grant | {"role": "king"}, headers=administrator(registry, home)
    )
    assert pointers(unknown) == {"/role": "unknown_role"}
    elsewhere = await registry.client.post(url, json=grant, headers=platform(registry))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "role_not_for_kind"), (
        "nor does it, elsewhere"
    )
    overseer = await registry.client.post(url, json=grant | {"role": "overseer"}, headers=platform(registry))
    assert overseer.status_code == 201


async def test_whom_the_platform_appointed_it_alone_dismisses(registry: RunningService):
    """Else a body would rid itself of its auditor and its overseer, and could not take them back."""
    home = await add_organisation(registry, "OSH", "municipality")
    url, grant = f"/v1/organisations/{home}/memberships", {"valid_from": "2026-01-01"}
    end, version = {"valid_to": "2026-11-23"}, {"If-Match": '"1"'}
    boss = administrator(registry, home)
    for role in ("auditor", "overseer", "evaluator"):
        made = await registry.client.post(url, json=grant | {"role": role}, headers=platform(registry))
        path = f"/v1/memberships/{made.json()['id']}/end"
        refused = await registry.client.post(
            path, json=end, headers=boss | version | {"Accept-Language": "ky"}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "role_not_endable"), role
        assert role in refused.json()["detail"]
        assert (await held(registry, home, boss, made.json()["id"]))["version"] == 1
        by_platform = await registry.client.post(path, json=end, headers=platform(registry) | version)
        assert by_platform.status_code == 200, by_platform.text
    own = await registry.client.post(url, json=grant | {"role": "registrar"}, headers=platform(registry))
    ended = await registry.client.post(
        f"/v1/memberships/{own.json()['id']}/end", json=end, headers=boss | version
    )
    assert ended.status_code == 200, "a role that is theirs to give, whoever gave it"


async def held(
    registry: RunningService, organisation: UUID, headers: dict[str, str], membership: str
) -> dict[str, object]:
    rows = await every_page(registry, f"/v1/organisations/{organisation}/memberships", headers)
    return next(row for row in rows if row["id"] == membership)


async def test_others_hear_that_an_organisation_oversees_and_not_who_does(registry: RunningService):
    home = await add_organisation(registry, "kenesh", "council")
    url = f"/v1/organisations/{home}/memberships"
    grant = {"role": "overseer", "valid_from": "2026-01-01"}
    made = [
        await registry.client.post(url, json=grant | {"valid_from": day}, headers=platform(registry))
        for day in ("2026-01-01", "2026-12-01")
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    await registry.client.post(url, json=grant | {"role": "monitor"}, headers=administrator(registry, home))
    ended = await registry.client.post(
        f"/v1/memberships/{made[0].json()['id']}/end",
        json={"valid_to": "2026-11-23"},
        headers=platform(registry) | {"If-Match": '"1"'},
    )
    assert ended.status_code == 200, ended.text
    told = await events(registry, "organisation.changed")
    assert [(event["aggregate_version"], event["overseeing"]) for event in told] == [
        (1, []),
        (2, [{"valid_from": "2026-01-01"}]),
        (3, [{"valid_from": "2026-01-01"}, {"valid_from": "2026-12-01"}]),
        (4, [{"valid_from": "2026-01-01", "valid_to": "2026-11-23"}, {"valid_from": "2026-12-01"}]),
    ]
    assert made[0].json()["person_id"] not in str(told)


async def test_a_membership_ends_once_and_after_it_began(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    headers = administrator(registry, home)
    grant = {"role": "registrar", "valid_from": "2026-06-01"}
    url = f"/v1/organisations/{home}/memberships"
    early = await registry.client.post(url, json=grant | {"valid_to": "2026-06-01"}, headers=headers)
    assert pointers(early) == {"/valid_to": "not_after_valid_from"}
    made = (await registry.client.post(url, json=grant, headers=headers)).json()
    end = f"/v1/memberships/{made['id']}/end"
    assert (
        await registry.client.post(end, json={"valid_to": "2026-12-01"}, headers=headers)
    ).status_code == 428
    before = await registry.client.post(
        end, json={"valid_to": "2026-05-01"}, headers=headers | {"If-Match": '"1"'}
    )
    assert pointers(before) == {"/valid_to": "not_after_valid_from"}
    later = await registry.client.post(
        end, json={"valid_to": "2026-12-01"}, headers=headers | {"If-Match": '"1"'}
    )
    assert later.json()["valid_to"] == "2026-12-01"
    assert await events(registry, "credential.revoked") == [], "it has not ended yet"
    stale = await registry.client.post(
        end, json={"valid_to": "2026-11-01"}, headers=headers | {"If-Match": '"1"'}
    )
    assert stale.status_code == 412


async def test_a_role_that_ended_on_its_first_day_can_be_given_again_from_that_day(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    headers, url = administrator(registry, home), f"/v1/organisations/{home}/memberships"
    grant = {"role": "registrar", "valid_from": "2026-11-23"}
    grants = []
    for _ in range(2):
        made = await registry.client.post(url, json=grant, headers=headers)
        assert made.status_code == 201, made.text
        grants.append(made.json()["id"])
        grant["person_id"] = made.json()["person_id"]
        twice = await registry.client.post(url, json=grant, headers=headers)
        assert (twice.status_code, twice.json()["code"]) == (409, "already_member"), "as long as it is held"
        ended = await registry.client.post(
            f"/v1/memberships/{grants[-1]}/end",
            json={"valid_to": "2026-11-23"},
            headers=headers | {"If-Match": '"1"'},
        )
        assert ended.status_code == 200, ended.text
    assert len(set(grants)) == 2
    both = await asyncio.gather(*(registry.client.post(url, json=grant, headers=headers) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]


async def test_keys_of_another_organisation_are_not_there(registry: RunningService):
    home, abroad = (
        await add_organisation(registry, "MFA", "ministry"),
        await add_organisation(registry, "MOJ", "ministry"),
    )
    key = {"label": "feed", "roles": ["integrator"]}
    url = f"/v1/organisations/{home}/api-keys"
    keyed = administrator(registry, home) | {"Idempotency-Key": "key-00001"}
    refused = await registry.client.post(url, json=key, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (400, "answer_not_kept")
    made = await registry.client.post(url, json=key, headers=administrator(registry, home))
    assert made.status_code == 201
    assert await registry.database.pool.fetchval("SELECT count(*) FROM idempotency") == 0, "no secret is kept"
    assert made.json()["api_key"].encode() not in await registry.database.pool.fetchval(
        "SELECT string_agg(key::text, '')::bytea FROM api_key AS key"
    )
    foreign = administrator(registry, abroad)
    assert (await registry.client.get(url, headers=foreign)).status_code == 404
    assert (await registry.client.post(url, json=key, headers=foreign)).status_code == 404
    revoke = f"/v1/api-keys/{made.json()['id']}/revoke"
    assert (await registry.client.post(revoke, headers=foreign)).status_code == 404
    (listed,) = await every_page(registry, url, administrator(registry, home))
    assert "api_key" not in listed
    assert "secret_hash" not in listed


async def test_keys_and_memberships_come_in_pages(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    headers = administrator(registry, home)
    for number in range(5):
        await registry.client.post(
            f"/v1/organisations/{home}/api-keys",
            json={"label": f"{number}", "roles": ["integrator"]},
            headers=headers,
        )
        grant = {"role": "registrar", "valid_from": "2026-01-01"}
        await registry.client.post(f"/v1/organisations/{home}/memberships", json=grant, headers=headers)
    for what in ("api-keys", "memberships"):
        whole = await every_page(registry, f"/v1/organisations/{home}/{what}", headers)
        assert len(whole) == 5
        assert await every_page(registry, f"/v1/organisations/{home}/{what}", headers, limit=2) == whole


@pytest.mark.parametrize("kind", list(OrganisationKind))
async def test_an_administrator_gives_only_what_its_kind_of_organisation_may(registry: RunningService, kind):
    """Else any NGO could make itself the analyst of the national index or the adopter of standards."""
    home = await add_organisation(registry, "ORG", kind)
    headers, url = administrator(registry, home), f"/v1/organisations/{home}/"
    for role in ROLES:
        allowed = role in GRANTABLE[kind]
        grant = {"role": role, "valid_from": "2026-01-01"}
        granted = await registry.client.post(url + "memberships", json=grant, headers=headers)
        key = {"label": role, "roles": [role]}
        keyed = await registry.client.post(url + "api-keys", json=key, headers=headers)
        assert (granted.status_code, keyed.status_code) == ((201, 201) if allowed else (403, 403)), role


def test_who_publishes_reviews_and_moderates_is_the_platforms_choice():
    given = set().union(*GRANTABLE.values())
    kept = {"platform", "analyst", "reviewer", "moderator", "evaluator", "overseer", "auditor", "service"}
    assert not given & kept
    assert not GRANTABLE["ngo"] & {"registrar", "adopter", "respondent", "donor"}
    assert set(GRANTABLE) == {str(kind) for kind in OrganisationKind}


async def test_an_ended_membership_is_not_revived(registry: RunningService):
    """Today is 23 November 2026."""
    home = await add_organisation(registry, "MFA", "ministry")
    headers = administrator(registry, home)

    async def granted(valid_from: str, valid_to: str | None = None) -> str:
        body = {"role": "registrar", "valid_from": valid_from} | ({"valid_to": valid_to} if valid_to else {})
        made = await registry.client.post(f"/v1/organisations/{home}/memberships", json=body, headers=headers)
        assert made.status_code == 201, made.text
        return f"/v1/memberships/{made.json()['id']}/end"

    async def ended(path: str, valid_to: str, version: int) -> httpx.Response:
        return await registry.client.post(
            path, json={"valid_to": valid_to}, headers=headers | {"If-Match": f'"{version}"'}
        )

    over = await granted("2026-01-01", "2026-11-23")
    for day in ("2026-10-01", "2026-11-23", "2027-01-01"):
        refused = await ended(over, day, 1)
        assert (refused.status_code, refused.json()["code"]) == (409, "membership_ended"), day
    running = await granted("2026-01-01", "2026-12-31")
    assert pointers(await ended(running, "2027-01-01", 1)) == {"/valid_to": "ends_earlier"}
    assert (await ended(running, "2026-12-01", 1)).status_code == 200
    assert (await ended(running, "2026-11-23", 2)).status_code == 200
    assert (await ended(running, "2026-11-24", 3)).json()["code"] == "membership_ended"


async def test_a_role_is_not_granted_years_back(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    for day, code in (("2001-01-01", "too_far_back"), ("0001-01-01", "absurd_year")):
        answer = await registry.client.post(
            f"/v1/organisations/{home}/memberships",
            json={"role": "registrar", "valid_from": day},
            headers=administrator(registry, home),
        )
        assert pointers(answer) == {"/valid_from": code}


async def test_a_grant_is_audited_in_full(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    grant = {"role": "registrar", "valid_from": "2026-06-01", "valid_to": "2099-01-01"}
    made = await registry.client.post(
        f"/v1/organisations/{home}/memberships", json=grant, headers=administrator(registry, home)
    )
    after = await registry.database.pool.fetchval("SELECT after FROM audit WHERE action = 'membership.grant'")
    assert after == {**grant, "person_id": made.json()["person_id"], "organisation_id": str(home)}


async def test_a_change_of_nothing_is_no_version(registry: RunningService):
    home = await add_organisation(registry, "MFA", "ministry")
    url, headers = f"/v1/organisations/{home}", platform(registry) | {"If-Match": '"1"'}
    name = (await registry.client.get(url)).json()["name"]
    told = len(await events(registry, "organisation.changed"))
    same = await registry.client.patch(url, json={"name": name}, headers=headers)
    assert (same.status_code, same.json()["version"]) == (200, 1)
    assert len(await events(registry, "organisation.changed")) == told
