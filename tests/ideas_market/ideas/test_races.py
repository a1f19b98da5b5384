"""What happens at the same moment happens in some order, each effect once."""

import asyncio
from collections import Counter
from uuid import uuid4

from tests.ideas_market.world import author, based_on, drafted, events, idea, published
from tests.kit.service import RunningService


async def test_publish_twice(market: RunningService) -> None:
    draft = await drafted(market)
    url, headers = f"/v1/ideas/{draft.json()['id']}/publish", based_on(author(market), draft)
    answers = await asyncio.gather(*(market.client.post(url, headers=headers) for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 5}
    assert len(await events(market)) == 1


async def test_edit_against_publish(market: RunningService) -> None:
    """Whoever comes second is told that it read an older version; what was published is what was read."""
    for _ in range(5):
        draft = await drafted(market)
        url, headers = f"/v1/ideas/{draft.json()['id']}", based_on(author(market), draft)
        edited, made_public = await asyncio.gather(
            market.client.put(url, json=idea(title={"ky": "Башка"}), headers=headers),
            market.client.post(f"{url}/publish", headers=headers),
        )
        assert sorted([edited.status_code, made_public.status_code]) == [200, 412]
        now = (await market.client.get(url, headers=author(market))).json()
        assert (now["state"] == "published") == made_public.is_success
        assert (now["title"] == {"ky": "Башка"}) == edited.is_success


async def test_one_idempotency_key_makes_one_idea(market: RunningService) -> None:
    keyed = author(market, sub=uuid4()) | {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(market.client.post("/v1/ideas", json=idea(), headers=keyed) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await market.database.pool.fetchval("SELECT count(*) FROM idea") == 1
    assert (await drafted(market)).json()["code"].endswith("-0002"), "the losers gave their numbers back"


async def test_one_idempotency_key_publishes_once(market: RunningService) -> None:
    draft = await drafted(market)
    keyed = based_on(author(market, sub=uuid4()), draft) | {"Idempotency-Key": str(uuid4())}
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    answers = await asyncio.gather(*(market.client.post(url, headers=keyed) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await events(market)) == 1


async def test_codes_have_no_gaps_and_no_doubles(market: RunningService) -> None:
    post = market.client.post
    wrong = idea(indicator={"code": "NO", "run_id": str(uuid4()), "municipality_code": "1"})
    bodies = [idea() if n % 3 else wrong for n in range(24)]
    answers = await asyncio.gather(*(post("/v1/ideas", json=body, headers=author(market)) for body in bodies))
    codes = sorted(answer.json()["code"] for answer in answers if answer.status_code == 201)
    assert [code[-4:] for code in codes] == [f"{n:04d}" for n in range(1, 17)]


async def test_withdraw_twice(market: RunningService) -> None:
    found = await published(market)
    url, headers = f"/v1/ideas/{found.json()['id']}/withdraw", based_on(author(market), found)
    answers = await asyncio.gather(*(market.client.post(url, headers=headers) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert len(await events(market)) == 2
