"""Sessions: refreshed without the provider, ended by their person, by theft, and by time."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from services.registry.sessions.service import forget_person
from shared.auth.tokens import TokenVerifier
from shared.clock import FixedClock
from shared.http.errors import InvalidToken
from tests.registry.conftest import NOON, add_organisation, events
from tests.registry.sign_in.conftest import Desk, bearer


def invalid(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and answer.json()["code"] == "invalid_grant"


async def followed(desk: Desk) -> TokenVerifier:
    """The verifier of another service, which has heard of every revocation so far."""
    desk.verifier.revoked |= {
        UUID(event["id"]) for event in await events(desk.registry, "credential.revoked")
    }
    return desk.verifier


async def test_a_refresh_token_opens_the_next_token_once(desk: Desk):
    first = await desk.sign_in()
    second = await desk.refresh(first["refresh_token"])
    assert second.status_code == 200, second.text
    assert "issued_token_type" not in second.json()
    one, two = await desk.who(first), await desk.who(second.json())
    assert (one.sub, one.cid, one.roles) == (two.sub, two.cid, two.roles)
    assert second.json()["refresh_token"] != first["refresh_token"]
    third = await desk.refresh(second.json()["refresh_token"])
    assert third.status_code == 200
    kept = await desk.registry.database.pool.fetchval(
        "SELECT string_agg(t::text, '') FROM refresh_token AS t"
    )
    for answer in (first, second.json(), third.json()):
        assert answer["refresh_token"].encode().hex() not in kept
        assert answer["refresh_token"] not in kept


async def test_a_session_goes_on_as_another_organisation(desk: Desk):
    group = await add_organisation(desk.registry, "group", "group")
    answer = await desk.sign_in()
    person = (await desk.who(answer)).actor()
    membership = await desk.grant(person, group, "monitor")
    acting = (await desk.refresh(answer["refresh_token"], organisation="group")).json()
    assert (await desk.who(acting)).org == group
    ended = await desk.registry.client.post(
        f"/v1/memberships/{membership}/end",
        json={"valid_to": "2026-11-23"},
        headers=desk.registry.headers("registry:memberships:write", org=group, roles=("administrator",))
        | {"If-Match": '"1"'},
    )
    assert ended.status_code == 200, ended.text
    verifier = await followed(desk)
    with pytest.raises(InvalidToken):
        await verifier.principal(acting["access_token"])
    refused = await desk.refresh(acting["refresh_token"], organisation="group")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    home = await desk.refresh(acting["refresh_token"])
    assert home.status_code == 200, "what was refused did not use the token up, and the session goes on"
    who = await verifier.principal(home.json()["access_token"])
    assert (who.org, who.roles) == (None, {"resident"})


async def test_a_token_shown_twice_ends_its_session(desk: Desk):
    first, other = await desk.sign_in(), await desk.sign_in()
    second = (await desk.refresh(first["refresh_token"])).json()
    with capture_logs() as lines:
        assert invalid(await desk.refresh(first["refresh_token"]))
    assert [line["reason"] for line in lines if line["event"] == "refresh refused"] == ["refresh_reused"]
    assert first["refresh_token"] not in str(lines)
    assert invalid(await desk.refresh(second["refresh_token"])), "nobody knows which of both was the thief"
    (event,) = await events(desk.registry, "credential.revoked")
    assert (UUID(event["id"]), event["reason"]) == ((await desk.who(first)).cid, "session_ended")
    verifier = await followed(desk)
    with pytest.raises(InvalidToken):
        await verifier.principal(second["access_token"])
    await verifier.principal(other["access_token"])
    assert (await desk.refresh(other["refresh_token"])).status_code == 200, "another session is another one"


async def test_of_uses_at_once_one_wins_and_the_session_is_over(desk: Desk):
    first = await desk.sign_in()
    answers = await asyncio.gather(*(desk.refresh(first["refresh_token"]) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert invalid(await desk.refresh(won["refresh_token"]))
    assert len(await events(desk.registry, "credential.revoked")) == 1


async def test_what_never_was_a_refresh_token(desk: Desk):
    answer = await desk.sign_in()
    for token in ("", "art_", "art_guess", answer["refresh_token"][:-1], answer["access_token"][:200]):
        refused = await desk.refresh(token)
        assert refused.status_code == (422 if token == "" else 400), token
    assert (await desk.refresh(answer["refresh_token"])).status_code == 200


async def test_a_session_rests_a_week_and_lives_a_month(desk: Desk, clock: FixedClock):
    idle = await desk.sign_in()
    clock.moment = NOON + timedelta(days=7)
    assert invalid(await desk.refresh(idle["refresh_token"]))
    clock.moment = NOON
    busy = await desk.sign_in()
    for day in range(6, 30, 6):
        clock.moment = NOON + timedelta(days=day)
        busy = (await desk.refresh(busy["refresh_token"])).json()
    clock.moment = NOON + timedelta(days=30) - timedelta(minutes=2)
    last = await desk.refresh(busy["refresh_token"])
    assert last.json()["expires_in"] == 120, "no token outlives its session"
    clock.moment = NOON + timedelta(days=30)
    assert invalid(await desk.refresh(last.json()["refresh_token"]))


async def test_nothing_is_left_of_the_sessions_of_an_erased_person(desk: Desk):
    phone, laptop, stranger = [await desk.sign_in(subject) for subject in ("a", "a", "b")]
    async with desk.registry.unit_of_work() as uow:
        assert await forget_person(uow, desk.people["a"]) == 2
    for answer in (phone, laptop):
        assert invalid(await desk.refresh(answer["refresh_token"]))
        with pytest.raises(InvalidToken):
            await (await followed(desk)).principal(answer["access_token"])
    assert {event["reason"] for event in await events(desk.registry, "credential.revoked")} == {
        "person_erased"
    }
    assert (await desk.refresh(stranger["refresh_token"])).status_code == 200


async def sessions(desk: Desk, answer: dict[str, Any]) -> list[dict[str, Any]]:
    shown = await desk.registry.client.get("/v1/sessions", headers=bearer(answer))
    assert shown.status_code == 200, shown.text
    found: list[dict[str, Any]] = shown.json()["items"]
    return found


async def test_a_person_sees_and_ends_their_own_sessions(desk: Desk, clock: FixedClock):
    phone = await desk.sign_in("a")
    clock.moment += timedelta(minutes=1)
    laptop, stranger = await desk.sign_in("a"), await desk.sign_in("b")
    shown = await sessions(desk, laptop)
    assert [(one["current"], one["issuer"]) for one in shown] == [
        (True, desk.provider.url),
        (False, desk.provider.url),
    ]
    assert not {"token_hash", "person_id"} & shown[0].keys()
    url = f"/v1/sessions/{shown[1]['id']}"
    foreign = await desk.registry.client.delete(url, headers=bearer(stranger))
    assert foreign.status_code == 404
    assert (await desk.registry.client.delete(url)).status_code == 401
    ended = await desk.registry.client.delete(url, headers=bearer(laptop))
    assert ended.status_code == 204, ended.text
    assert (await desk.registry.client.delete(url, headers=bearer(laptop))).status_code == 404
    assert invalid(await desk.refresh(phone["refresh_token"]))
    verifier = await followed(desk)
    with pytest.raises(InvalidToken):
        await verifier.principal(phone["access_token"])
    assert [one["current"] for one in await sessions(desk, laptop)] == [True]
    assert len(await sessions(desk, stranger)) == 1
    actions = await desk.registry.database.pool.fetch(
        "SELECT object_id, actor FROM audit WHERE action = 'session.end'"
    )
    assert [(row["object_id"], row["actor"]) for row in actions] == [
        (UUID(shown[1]["id"]), (await desk.who(laptop)).sub)
    ]
