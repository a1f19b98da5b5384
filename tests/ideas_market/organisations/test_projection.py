from tests.ideas_market.world import AUTHOR, OSH, drafted, organisation, published, territory
from tests.kit.events import deliver
from tests.kit.service import RunningService


async def test_names_arrive_after_the_idea(empty_market: RunningService) -> None:
    """A reference nobody has told of yet is a state, not an error."""
    draft = (await drafted(empty_market, indicator=None)).json()
    assert draft["organisation"] == {"id": str(AUTHOR), "name": {}}
    assert draft["municipality"] == {"code": OSH}
    await deliver(empty_market, organisation(AUTHOR, "ngo-osh", name="Ашар"), territory(OSH))
    url, headers = f"/v1/ideas/{draft['id']}", empty_market.headers(org=AUTHOR)
    found = (await empty_market.client.get(url, headers=headers)).json()
    assert found["organisation"] == {"id": str(AUTHOR), "code": "ngo-osh", "name": {"ky": "Ашар"}}
    assert found["municipality"]["path"][-1] == OSH


async def test_older_and_repeated_events_change_nothing(empty_market: RunningService) -> None:
    newer = organisation(AUTHOR, "ngo-osh", version=3, name="жаңы")
    await deliver(empty_market, newer)
    outcomes = await deliver(empty_market, organisation(AUTHOR, "ngo-osh", version=2, name="эски"), newer)
    assert outcomes["duplicate"] == 1
    await deliver(empty_market, territory(OSH, version=2, name={"ky": "Ош"}), territory(OSH, version=1))
    row = await empty_market.database.pool.fetchrow(
        "SELECT o.name AS organisation, t.name AS territory FROM organisation AS o, territory AS t"
    )
    assert row is not None
    assert tuple(row) == ({"ky": "жаңы"}, {"ky": "Ош"})


async def test_a_published_idea_keeps_its_place_while_territories_are_rebuilt(market: RunningService) -> None:
    idea = (await published(market)).json()
    await market.database.pool.execute("DELETE FROM territory")
    found = (await market.client.get(f"/v1/ideas/{idea['id']}")).json()
    assert found["municipality"] == idea["municipality"]
