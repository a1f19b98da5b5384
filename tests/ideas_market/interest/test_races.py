import asyncio
from collections import Counter
from uuid import uuid4

from tests.ideas_market.world import (
    DONOR,
    OTHER_DONOR,
    author,
    based_on,
    donor,
    events,
    published,
    reserved,
    som,
)
from tests.kit.service import RunningService


async def test_two_donors_one_idea(market: RunningService) -> None:
    for _ in range(3):
        idea = (await published(market)).json()
        answers = await asyncio.gather(
            *(reserved(market, idea["id"], party) for party in (DONOR, OTHER_DONOR))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await market.database.pool.fetchval("SELECT count(*) FROM reservation") == 3
    assert Counter(name for name, _ in await events(market))["ideas_market.reservation.made.v1"] == 3


async def test_one_idempotency_key_reserves_once(market: RunningService) -> None:
    idea = (await published(market)).json()
    keyed = market.headers("ideas:reservations:write", org=DONOR, sub=uuid4()) | {
        "Idempotency-Key": str(uuid4())
    }
    url, body = f"/v1/ideas/{idea['id']}/reservations", {"pledge": som("10")}
    answers = await asyncio.gather(*(market.client.post(url, json=body, headers=keyed) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (
        await market.database.pool.fetchval("SELECT count(*) FROM job WHERE kind = 'reservation.expire'") == 1
    )


async def test_reserving_against_withdrawing_the_idea(market: RunningService) -> None:
    for _ in range(3):
        found = await published(market)
        idea_id = found.json()["id"]
        taken, gone = await asyncio.gather(
            reserved(market, idea_id),
            market.client.post(f"/v1/ideas/{idea_id}/withdraw", headers=based_on(author(market), found)),
        )
        assert (taken.status_code, gone.status_code) in {(201, 412), (409, 200)}


async def test_letting_go_against_funding(market: RunningService) -> None:
    held = await reserved(market, (await published(market)).json()["id"])
    url, headers = f"/v1/reservations/{held.json()['id']}", based_on(donor(market), held)
    answers = await asyncio.gather(
        *(
            market.client.post(f"{url}/{action}", headers=headers)
            for action in ("withdraw", "fulfil", "withdraw")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


async def test_the_index_holds_when_the_state_does_not(market: RunningService) -> None:
    """A second hold is refused by the table itself."""
    idea = (await published(market)).json()
    await reserved(market, idea["id"])
    await market.database.pool.execute("UPDATE idea SET state = 'published'")
    assert (await reserved(market, idea["id"], OTHER_DONOR)).json()["code"] == "idea_not_open"
