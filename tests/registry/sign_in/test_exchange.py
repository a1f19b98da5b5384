"""An ID token of an outside provider is exchanged for a token of the platform."""

import asyncio
from datetime import timedelta
from uuid import UUID

from services.registry.access.roles import EVERYONE
from shared.auth.principal import Kind
from shared.clock import FixedClock
from tests.registry.conftest import NOON, add_organisation
from tests.registry.sign_in.conftest import Desk, bearer, new_nonce


async def persons(desk: Desk) -> int:
    found: int = await desk.registry.database.pool.fetchval("SELECT count(*) FROM person")
    return found


async def trail(desk: Desk) -> list[tuple[str, UUID]]:
    rows = await desk.registry.database.pool.fetch("SELECT action, actor FROM audit ORDER BY id")
    return [(row["action"], row["actor"]) for row in rows]


async def test_the_first_sign_in_makes_a_person_without_memberships(desk: Desk):
    answer = await desk.sign_in("a")
    who = await desk.who(answer)
    assert (who.kind, who.org, who.roles) == (Kind.PERSON, None, {"resident"})
    assert who.scopes == set(EVERYONE) == set(answer["scope"].split())
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
    me = await desk.registry.client.get("/v1/me", headers=bearer(answer))
    assert me.status_code == 200, me.text
    assert me.json() == {
        "sub": str(who.sub),
        "kind": "person",
        "roles": ["resident"],
        "scopes": sorted(EVERYONE),
        "memberships": [],
    }
    assert await trail(desk) == [("person.create", who.sub), ("session.open", who.sub)]


async def test_the_same_person_each_time_and_another_for_another_subject(desk: Desk):
    one, again, other = [await desk.who(await desk.sign_in(subject)) for subject in ("a", "a", "b")]
    assert one.sub == again.sub != other.sub
    assert one.cid != again.cid, "each sign-in is a session"
    assert await persons(desk) == 2


async def test_two_first_sign_ins_at_once_make_one_person(desk: Desk):
    nonces = [new_nonce() for _ in range(8)]
    answers = await asyncio.gather(
        *(desk.exchange(desk.provider.id_token(nonce, sub="a"), nonce) for nonce in nonces)
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({(await desk.who(answer.json())).sub for answer in answers}) == 1
    assert await persons(desk) == 1


async def test_of_replays_at_once_one_gets_in(desk: Desk):
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    answers = await asyncio.gather(*(desk.exchange(token, nonce) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert await desk.registry.database.pool.fetchval("SELECT count(*) FROM sign_in_session") == 1


async def test_the_person_chooses_among_their_memberships(desk: Desk):
    ministry = await add_organisation(desk.registry, "MFA", "ministry")
    group = await add_organisation(desk.registry, "group", "group")
    person = (await desk.who(await desk.sign_in())).actor()
    roles = {
        await desk.grant(person, ministry, "registrar"): "registrar",
        await desk.grant(person, ministry, "adopter"): "adopter",
        await desk.grant(person, group, "monitor"): "monitor",
    }
    await desk.grant(person, group, "author", valid_to="2026-11-23")  # ended this morning
    await desk.grant(person, group, "desk", valid_from="2026-11-24")
    answer = await desk.sign_in(organisation="MFA")
    who = await desk.who(answer)
    assert (who.sub, who.org, who.roles) == (person, ministry, {"registrar", "adopter"})
    assert "registry:standards:adopt" in who.scopes
    assert "monitoring:submissions:write" not in who.scopes
    assert who.memberships == {one for one, role in roles.items() if role != "monitor"}
    me = (await desk.registry.client.get("/v1/me", headers=bearer(answer))).json()
    assert me["organisation_id"] == str(ministry)
    held = {(one["organisation"], one["role"]): UUID(one["id"]) for one in me["memberships"]}
    assert {role: held[code, role] for code, role in held} == {role: one for one, role in roles.items()}


async def test_no_token_for_an_organisation_one_does_not_belong_to(desk: Desk):
    await add_organisation(desk.registry, "MFA", "ministry")
    await desk.sign_in()
    nonce = new_nonce()
    token = desk.provider.id_token(nonce)
    for code in ("MFA", "nowhere"):
        refused = await desk.exchange(token, nonce, organisation=code)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member"), code
    allowed = await desk.exchange(token, nonce)
    assert allowed.status_code == 200, "what was refused for its organisation has used up nothing"


async def test_a_token_ends_with_the_membership_it_rests_on(desk: Desk, clock: FixedClock):
    group = await add_organisation(desk.registry, "group", "group")
    person = (await desk.who(await desk.sign_in())).actor()
    await desk.grant(person, group, "monitor", valid_to="2026-11-24")
    clock.moment = NOON + timedelta(hours=11, minutes=57)  # three minutes before midnight in Bishkek
    assert (await desk.sign_in(organisation="group"))["expires_in"] == 180
    clock.moment += timedelta(minutes=3)
    nonce = new_nonce()
    gone = await desk.exchange(desk.provider.id_token(nonce), nonce, organisation="group")
    assert gone.status_code == 403


async def test_what_the_provider_calls_a_person_is_in_one_table(desk: Desk):
    """Neither in an event nor in the trail; the ID token's name of the person is kept nowhere."""
    await desk.sign_in("21504199600123")
    pool = desk.registry.database.pool
    tables = [
        row["name"]
        for row in await pool.fetch(
            "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    ]
    holding = [
        table
        for table in tables
        if await pool.fetchval(
            f"SELECT EXISTS (SELECT FROM {table} AS t WHERE t::text ~ '21504199600123|Осмонова')"
        )
    ]
    assert holding == ["person_identity"]


async def test_the_token_endpoint_reads_forms_too(desk: Desk):
    nonce = new_nonce()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": desk.provider.id_token(nonce),
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "nonce": nonce,
    }
    answer = await desk.registry.client.post("/v1/tokens", data=form)
    assert answer.status_code == 200, answer.text
    for missing in ("subject_token", "subject_token_type", "nonce"):
        partly = {name: value for name, value in form.items() if name != missing}
        lacking = await desk.registry.client.post("/v1/tokens", data=partly)
        assert lacking.status_code == 422, missing
        assert [error["pointer"] for error in lacking.json()["errors"]] == [f"/{missing}"]


async def test_clients_learn_with_whom_one_signs_in(desk: Desk):
    shown = await desk.registry.client.get("/v1/sign-in/providers")
    assert shown.json() == {
        "items": [{"issuer": desk.provider.url, "client_ids": ["ashar-portal", "ashar-mobile"]}]
    }
    misspelt = await desk.registry.client.post("/v1/tokens?organisaton=MFA", json={"grant_type": "api_key"})
    assert misspelt.status_code == 422
