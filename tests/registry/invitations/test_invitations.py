"""A role for somebody who never signed in: offered with a code, taken with a token of their own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry.invitations.domain import hash_code, new_code
from shared.auth.revocations import revoke
from shared.clock import FixedClock
from tests.registry.conftest import NOON, PLATFORM, add_organisation, every_page, pointers
from tests.registry.sign_in.conftest import Desk, bearer

WRITE = ("registry:memberships:write", "registry:keys:write")


@pytest.fixture
async def ministry(desk: Desk) -> UUID:
    return await add_organisation(desk.registry, "MFA", "ministry")


def platform(desk: Desk) -> dict[str, str]:
    return desk.registry.headers(*PLATFORM, org=uuid4(), roles=("platform",))


async def first_administrator(desk: Desk, organisation: UUID, subject: str = "boss") -> dict[str, Any]:
    """A person whom the platform made the administrator of the organisation, acting for it."""
    answer = await desk.sign_in(subject)
    made = await desk.registry.client.post(
        f"/v1/organisations/{organisation}/memberships",
        json={
            "person_id": str(desk.people[subject]),
            "role": "administrator",
            "valid_from": "2026-01-01",
        },
        headers=platform(desk),
    )
    assert made.status_code == 201, made.text
    code = await desk.registry.database.pool.fetchval(
        "SELECT code FROM organisation WHERE id = $1", organisation
    )
    acting = await desk.refresh(answer["refresh_token"], organisation=code)
    assert acting.status_code == 200, acting.text
    return {**acting.json(), "membership_id": made.json()["id"]}


async def invite(desk: Desk, headers: dict[str, str], organisation: UUID, **changes: Any) -> httpx.Response:
    draft = {
        "organisation_id": str(organisation),
        "role": "registrar",
        "valid_from": "2026-01-01",
        **changes,
    }
    return await desk.registry.client.post("/v1/invitations", json=draft, headers=headers)


async def accept(desk: Desk, answer: dict[str, Any], code: str) -> httpx.Response:
    return await desk.registry.client.post(
        "/v1/invitations/accept", json={"code": code}, headers=bearer(answer)
    )


async def test_from_the_platform_to_a_registrar_who_never_signed_in(desk: Desk, ministry: UUID):
    boss = await first_administrator(desk, ministry)
    made = await invite(desk, bearer(boss), ministry)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["state"], shown["role"], shown["created_by"]) == (
        "open",
        "registrar",
        str(desk.people["boss"]),
    )
    newcomer = await desk.sign_in("newcomer")
    taken = await accept(desk, newcomer, shown["code"].lower().replace("-", " "))
    assert taken.status_code == 201, taken.text
    assert (taken.json()["person_id"], taken.json()["granted_by"]) == (
        str(desk.people["newcomer"]),
        str(desk.people["boss"]),
    )
    acting = (await desk.refresh(newcomer["refresh_token"], organisation="MFA")).json()
    assert (await desk.who(acting)).roles == {"registrar"}
    (listed,) = await every_page(desk.registry, "/v1/invitations", bearer(boss))
    assert (listed["state"], listed["membership_id"]) == ("accepted", taken.json()["id"])
    assert "code" not in listed
    trail = await desk.registry.database.pool.fetch(
        "SELECT action, actor, after FROM audit WHERE action LIKE 'invitation.%' ORDER BY id"
    )
    told = {"organisation_id": str(ministry), "role": "registrar"}
    assert [(row["action"], row["actor"], row["after"]) for row in trail] == [
        ("invitation.create", desk.people["boss"], told),
        ("invitation.accept", desk.people["newcomer"], {**told, "membership_id": taken.json()["id"]}),
    ]


async def test_the_code_is_kept_nowhere(desk: Desk, ministry: UUID):
    keyed = platform(desk) | {"Idempotency-Key": "invite-0001"}
    refused = await invite(desk, keyed, ministry)
    assert (refused.status_code, refused.json()["code"]) == (400, "answer_not_kept")
    code = (await invite(desk, platform(desk), ministry)).json()["code"]
    kept = await desk.registry.database.pool.fetchval("SELECT string_agg(t::text, '') FROM invitation AS t")
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert hash_code(code).hex() in kept


async def test_a_code_is_taken_once(desk: Desk, ministry: UUID):
    boss = await first_administrator(desk, ministry)
    code = (await invite(desk, bearer(boss), ministry)).json()["code"]
    people = [await desk.sign_in(f"person-{number}") for number in range(5)]
    answers = await asyncio.gather(*(accept(desk, person, code) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"invitation_over"}
    held = await desk.registry.database.pool.fetchval(
        "SELECT count(*) FROM membership WHERE role = 'registrar'"
    )
    assert held == 1
    guess = await accept(desk, people[0], new_code()[0])
    assert guess.status_code == 404


async def test_a_code_ends_with_its_time_its_revocation_and_its_giver(
    desk: Desk, ministry: UUID, clock: FixedClock
):
    boss = await first_administrator(desk, ministry)
    newcomer = await desk.sign_in("newcomer")
    revoked = (await invite(desk, bearer(boss), ministry)).json()
    url = f"/v1/invitations/{revoked['id']}/revoke"
    ended = await desk.registry.client.post(url, headers=bearer(boss))
    assert ended.json()["state"] == "revoked"
    again = await desk.registry.client.post(url, headers=bearer(boss))
    assert again.json() == ended.json()
    late = (
        await invite(desk, bearer(boss), ministry, expires_at=(NOON + timedelta(minutes=1)).isoformat())
    ).json()
    clock.moment += timedelta(minutes=1)
    of_the_dismissed = (await invite(desk, bearer(boss), ministry, role="administrator")).json()
    dismissed = await desk.registry.client.post(
        f"/v1/memberships/{boss['membership_id']}/end",
        json={"valid_to": "2026-11-23"},
        headers=platform(desk) | {"If-Match": '"1"'},
    )
    assert dismissed.status_code == 200, dismissed.text
    for invitation in (revoked, late, of_the_dismissed):
        refused = await accept(desk, newcomer, invitation["code"])
        assert (refused.status_code, refused.json()["code"]) == (409, "invitation_over")
    revived = await accept(desk, await desk.sign_in("boss"), of_the_dismissed["code"])
    assert revived.status_code == 409, "who was dismissed does not let themselves in again"


async def test_an_administrator_who_was_dismissed_a_moment_ago_invites_nobody(desk: Desk, ministry: UUID):
    """The registry itself does not wait until the process that answers has heard of it."""
    boss = await first_administrator(desk, ministry)
    await revoke(await connection(desk), UUID(boss["membership_id"]))
    refused = await invite(desk, bearer(boss), ministry)
    assert (refused.status_code, refused.json()["code"]) == (401, "credential_revoked")
    grant = {"role": "registrar", "valid_from": "2026-01-01"}
    for path, body in (("memberships", grant), ("api-keys", {"label": "x", "roles": ["registrar"]})):
        answer = await desk.registry.client.post(
            f"/v1/organisations/{ministry}/{path}", json=body, headers=bearer(boss)
        )
        assert answer.status_code == 401, answer.text


async def connection(desk: Desk) -> Any:
    return desk.registry.database.pool


async def test_invitations_of_another_organisation_are_not_there(desk: Desk, ministry: UUID):
    other = await add_organisation(desk.registry, "MOJ", "ministry")
    boss, stranger = (
        await first_administrator(desk, ministry),
        await first_administrator(desk, other, "stranger"),
    )
    made = (await invite(desk, bearer(boss), ministry)).json()
    assert (await invite(desk, bearer(stranger), ministry)).status_code == 404
    revoke_it = await desk.registry.client.post(
        f"/v1/invitations/{made['id']}/revoke", headers=bearer(stranger)
    )
    assert revoke_it.status_code == 404
    foreign = await desk.registry.client.get(
        "/v1/invitations", params={"organisation_id": str(ministry)}, headers=bearer(stranger)
    )
    assert foreign.status_code == 404
    assert await every_page(desk.registry, "/v1/invitations", bearer(stranger)) == []
    resident = await desk.sign_in("somebody")
    refused = await invite(desk, bearer(resident), ministry)
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "registry:memberships:write")


async def test_nobody_invites_to_what_is_not_theirs_to_give(desk: Desk, ministry: UUID):
    boss = await first_administrator(desk, ministry)
    for role in ("overseer", "platform", "donor"):
        refused = await invite(desk, bearer(boss), ministry, role=role)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_not_grantable"), role
    for role in ("platform", "donor", "service"):
        refused = await invite(desk, platform(desk), ministry, role=role)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_not_for_kind"), role
    assert (await invite(desk, platform(desk), ministry, role="overseer")).status_code == 201
    wrong: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
        ({"role": "king"}, {"/role": "unknown_role"}),
        ({"valid_to": "2026-01-01"}, {"/valid_to": "not_after_valid_from"}),
        ({"expires_at": NOON.isoformat()}, {"/expires_at": "not_after_now"}),
        ({"expires_at": (NOON + timedelta(days=31)).isoformat()}, {"/expires_at": "not_after_now"}),
    )
    for changes, expected in wrong:
        answer = await invite(desk, bearer(boss), ministry, **changes)
        assert pointers(answer) == expected, changes


async def test_systems_take_no_invitations(desk: Desk, ministry: UUID):
    boss = await first_administrator(desk, ministry)
    code = (await invite(desk, bearer(boss), ministry)).json()["code"]
    key = await desk.registry.client.post(
        f"/v1/organisations/{ministry}/api-keys",
        json={"label": "x", "roles": ["integrator"]},
        headers=bearer(boss),
    )
    token = await desk.registry.client.post(
        "/v1/tokens", json={"grant_type": "api_key", "api_key": key.json()["api_key"]}
    )
    refused = await accept(desk, token.json(), code)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_person")
