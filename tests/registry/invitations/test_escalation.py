"""No path upwards: whatever people and keys of organisations do in whatever order, nobody comes by a role that was
not their administrator's to give, and nothing of another organisation's."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st

from services.registry.access.roles import GRANTABLE, ROLES
from shared.clock import FixedClock, local_date
from tests.registry.conftest import NOON, PLATFORM, add_organisation
from tests.registry.sign_in.conftest import Desk, bearer

KINDS = {"A": "ministry", "B": "group", "C": "municipality"}
PEOPLE = ("boss-A", "boss-B", "boss-C", "nobody", "newcomer")
ROLE = st.sampled_from(("administrator", "registrar", "monitor", "author", "resident")) | st.sampled_from(
    sorted(ROLES)
)
WHERE = st.sampled_from(sorted(KINDS))
WHO = st.sampled_from(PEOPLE)
AT_HOME = st.sampled_from([(f"boss-{place}", place, place) for place in KINDS])
"""An administrator, the organisation acted for, the one asked about."""
ANYBODY = AT_HOME | st.tuples(WHO, WHERE, WHERE)
NUMBER = st.integers(0, 50)
DAYS = st.sampled_from([-300, -1, 0, 1, 400])

STEP = st.one_of(
    st.tuples(st.just("grant"), ANYBODY, WHO, ROLE, DAYS),
    st.tuples(st.just("end"), ANYBODY, st.integers(0, 5) | NUMBER, DAYS),
    st.tuples(st.just("invite"), ANYBODY, ROLE),
    st.tuples(st.just("invite"), AT_HOME, st.sampled_from(("administrator", "author", "registrar"))),
    st.tuples(st.just("accept"), WHO, NUMBER),
    st.tuples(st.just("key"), ANYBODY, st.lists(ROLE, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("grant_by_key"), NUMBER, WHERE, WHO, ROLE),
    st.tuples(st.just("invite_by_key"), NUMBER, WHERE, ROLE),
    st.tuples(st.just("a day passes")),
)
APPOINTED = 3
"""The first of the memberships whose role the platform alone gives; it is over."""
_EXAMPLES = count(1)


@dataclass
class World:
    """Three organisations, their administrators, and everything that was made so far."""

    desk: Desk
    clock: FixedClock
    organisations: dict[str, UUID]
    suffix: str
    memberships: list[UUID] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        return local_date(self.clock.now())

    async def acting(self, who: str, place: str) -> dict[str, str]:
        """Headers of the person for the organisation; as a resident where they hold nothing there."""
        for fields in ({"organisation": place + self.suffix}, {}):
            nonce = f"nonce-{uuid4()}"
            token = self.desk.provider.id_token(nonce, sub=who + self.suffix)
            answer = await self.desk.exchange(token, nonce, **fields)
            if answer.status_code == 200:
                return bearer(answer.json())
            assert answer.status_code == 403, answer.text
        raise AssertionError("a resident was refused")

    async def by_key(self, number: int) -> dict[str, str] | None:
        if not self.keys:
            return None
        body = {"grant_type": "api_key", "api_key": self.keys[number % len(self.keys)]}
        return bearer((await self.desk.registry.client.post("/v1/tokens", json=body)).json())

    async def may_give(self, headers: dict[str, str], place: str) -> bool:
        """Whether the bearer administers the organisation today, as the tables say."""
        who = await self.desk.verifier.principal(headers["Authorization"].removeprefix("Bearer "))
        return who.org == self.organisations[place] and "administrator" in who.roles

    async def post(self, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        answer = await self.desk.registry.client.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code < 500, answer.text
        return answer


async def begin(desk: Desk, clock: FixedClock) -> World:
    """The platform appoints the first administrators, and an overseer whose time is over."""
    clock.moment = NOON
    suffix = f"-{next(_EXAMPLES)}"
    organisations = {
        place: await add_organisation(desk.registry, place + suffix, kind) for place, kind in KINDS.items()
    }
    world = World(desk, clock, organisations, suffix)
    platform = desk.registry.headers(*PLATFORM, org=uuid4(), roles=("platform",))
    for who in PEOPLE:
        await desk.sign_in(who + suffix)
    appointed = [(f"boss-{place}", place, "administrator", None) for place in KINDS]
    for who, place, role, end in [*appointed, ("nobody", "A", "overseer", "2026-11-01")]:
        answer = await world.post(
            f"organisations/{organisations[place]}/memberships",
            platform,
            person_id=str(desk.people[who + suffix]),
            role=role,
            valid_from="2026-01-01",
            valid_to=end,
        )
        assert answer.status_code == 201, answer.text
        world.memberships.append(UUID(answer.json()["id"]))
    return world


async def take(world: World, step: tuple[Any, ...]) -> None:  # noqa: C901 - a case for each kind of step
    """One step; what it comes to is what the acting roles allow."""
    match step:
        case ("grant", (who, place, target), whom, role, days):
            headers = await world.acting(who, place)
            await grant(world, headers, target, whom, role, days)
        case ("grant_by_key", number, target, whom, role):
            headers = await world.by_key(number)
            if headers is not None:
                await grant(world, headers, target, whom, role, 0)
        case ("invite", (who, place, target), role):
            await invite(world, await world.acting(who, place), target, role)
        case ("invite_by_key", number, target, role):
            headers = await world.by_key(number)
            if headers is not None:
                await invite(world, headers, target, role)
        case ("key", (who, place, target), roles):
            headers = await world.acting(who, place)
            url = f"organisations/{world.organisations[target]}/api-keys"
            answer = await world.post(url, headers, label="x", roles=roles)
            await judge(world, headers, target, roles, answer)
            if answer.status_code == 201:
                world.keys.append(answer.json()["api_key"])
        case ("end", (who, place, _), number, days):
            await end(world, await world.acting(who, place), number, days)
        case ("accept", who, number) if world.codes:
            headers = await world.acting(who, "A")
            code = world.codes[number % len(world.codes)]
            answer = await world.post("invitations/accept", headers, code=code)
            assert answer.status_code in {201, 409}, answer.text
            event(f"accept: {answer.status_code}")
        case ("a day passes",):
            world.clock.moment += timedelta(days=1)


async def grant(world: World, headers: dict[str, str], target: str, whom: str, role: str, days: int) -> None:
    answer = await world.post(
        f"organisations/{world.organisations[target]}/memberships",
        headers,
        person_id=str(world.desk.people[whom + world.suffix]),
        role=role,
        valid_from=(world.today + timedelta(days=days)).isoformat(),
    )
    await judge(world, headers, target, [role], answer)
    if answer.status_code == 201:
        world.memberships.append(UUID(answer.json()["id"]))


async def invite(world: World, headers: dict[str, str], target: str, role: str) -> None:
    draft = {"organisation_id": str(world.organisations[target]), "role": role}
    answer = await world.post("invitations", headers, **draft, valid_from=world.today.isoformat())
    await judge(world, headers, target, [role], answer)
    if answer.status_code == 201:
        world.codes.append(answer.json()["code"])


async def end(world: World, headers: dict[str, str], number: int, days: int) -> None:
    identifier = world.memberships[number % len(world.memberships)]
    row = await world.desk.registry.database.pool.fetchrow(
        "SELECT organisation_id, version FROM membership WHERE id = $1", identifier
    )
    [place] = [code for code, one in world.organisations.items() if one == row["organisation_id"]]
    answer = await world.post(
        f"memberships/{identifier}/end",
        headers | {"If-Match": f'"{row["version"]}"'},
        valid_to=(world.today + timedelta(days=days)).isoformat(),
    )
    if not await world.may_give(headers, place):
        assert answer.status_code in {403, 404}, answer.text


async def judge(
    world: World, headers: dict[str, str], target: str, roles: list[str], answer: httpx.Response
) -> None:
    allowed = await world.may_give(headers, target) and set(roles) <= GRANTABLE[KINDS[target]]
    event(f"asked to give: {answer.status_code}")
    if allowed:
        assert answer.status_code in {201, 409}, answer.text
    else:
        assert answer.status_code in {403, 404}, answer.text


async def check(world: World) -> None:
    """What anybody holds is what their organisation's kind gives; what the platform appointed has not come back."""
    pool = world.desk.registry.database.pool
    kinds = {world.organisations[place]: kind for place, kind in KINDS.items()}
    appointed = world.memberships[APPOINTED]
    held = await pool.fetch(
        """SELECT id, organisation_id, role FROM membership WHERE organisation_id = ANY($1)
           UNION ALL SELECT id, organisation_id, unnest(roles) FROM api_key WHERE organisation_id = ANY($1)""",
        list(kinds),
    )
    for row in held:
        if row["id"] != appointed:
            assert row["role"] in GRANTABLE[kinds[row["organisation_id"]]], row
    over = await pool.fetchval("SELECT valid_to FROM membership WHERE id = $1", appointed)
    assert over <= date(2026, 11, 1), "an appointment that has ended came back"


@settings(
    max_examples=60,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # to shrink what takes a quarter of a second takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[("end", ("boss-A", "A", "A"), APPOINTED, 400)])
@given(steps=st.lists(STEP, min_size=12, max_size=30))
async def test_no_sequence_leads_upwards(desk: Desk, clock: FixedClock, steps: list[tuple[Any, ...]]):
    world = await begin(desk, clock)
    for step in steps:
        await take(world, step)
        await check(world)
