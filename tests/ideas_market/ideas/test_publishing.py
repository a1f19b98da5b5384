from uuid import uuid4

import pytest

from shared.contracts.ideas_market import IDEA_CHANGED, IDEA_PUBLISHED, IdeaState
from tests.ideas_market.world import (
    COUNTRY,
    OSH,
    RUN,
    author,
    based_on,
    drafted,
    events,
    line,
    pointers,
    published,
    reserved,
    som,
    territory,
)
from tests.kit.events import deliver
from tests.kit.service import RunningService


async def test_publishing_puts_the_idea_on_the_market(market: RunningService) -> None:
    found = await published(market)
    idea = found.json()
    assert (idea["state"], idea["version"]) == ("published", 2)
    public = await market.client.get(f"/v1/ideas/{idea['id']}")
    assert public.json() == idea
    assert public.headers["etag"].startswith('"2.')
    unchanged = await market.client.get(
        f"/v1/ideas/{idea['id']}", headers={"If-None-Match": public.headers["etag"]}
    )
    assert unchanged.status_code == 304
    listed = (await market.client.get("/v1/ideas")).json()["items"]
    assert [(one["id"], one.get("match")) for one in listed] == [(idea["id"], None)]


async def test_the_event_carries_the_full_state(market: RunningService) -> None:
    idea = (await published(market)).json()
    ((name, payload),) = await events(market)
    assert name == IDEA_PUBLISHED.name
    state = IdeaState.model_validate(payload)
    assert (str(state.id), state.aggregate_version, state.state) == (idea["id"], 2, "published")
    assert (state.organisation.code, state.municipality.path) == ("ngo-osh", (COUNTRY, OSH))
    assert state.indicator is not None
    assert (state.indicator.run_id, state.indicator.normalised) == (RUN, 21.5)
    assert (str(state.requested.amount), str(state.own_contribution.amount)) == ("300000.00", "50000.00")
    row = await market.database.pool.fetchrow("SELECT audience, recipients, key FROM event")
    assert row is not None
    assert tuple(row) == ("public", [], idea["id"])


async def test_every_problem_is_told_at_once(market: RunningService) -> None:
    draft = await drafted(
        market,
        goal=None,
        municipality_code="40000000000000",
        activities=[{"title": {"ky": "x"}, "starts": "2026-05-02", "ends": "2026-05-01"}],
        budget_lines=[line("x", "2", "10", "21"), line("y", "1", "5", "5", "own")],
        own_contribution=[],
        stated_totals={"budget": som("27"), "own_contribution": som("5"), "requested": som("21")},
    )
    url = f"/v1/ideas/{draft.json()['id']}"
    found = await market.client.post(f"{url}/publish", headers=based_on(author(market), draft))
    assert (found.status_code, found.json()["code"]) == (422, "idea_not_ready")
    assert pointers(found) == {
        "/goal": "missing",
        "/activities/0/ends": "ends_before_start",
        "/budget_lines/0/amount/amount": "line_amount_differs",
        "/own_contribution": "own_contribution_differs",
        "/stated_totals/budget/amount": "total_differs",
        "/municipality_code": "unknown_municipality",
    }
    assert (await market.client.get(url)).status_code == 404
    assert await events(market) == []


async def test_a_draft_with_a_title_alone_can_be_drafted_but_not_published(market: RunningService) -> None:
    draft = await market.client.post("/v1/ideas", json={"title": {"ky": "x"}}, headers=author(market))
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft))
    assert len(pointers(found)) == 7


async def test_amounts_of_two_currencies(market: RunningService) -> None:
    foreign = line("x", "1", "5", "5") | {"amount": {"amount": "5", "currency": "USD"}}
    draft = await drafted(
        market, budget_lines=[line("y", "1", "7", "7"), foreign], own_contribution=[], stated_totals=None
    )
    assert "totals" not in draft.json()
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft) | {"Accept-Language": "ru"})
    assert pointers(found) == {"/budget_lines/1/amount/currency": "other_currency"}
    assert found.json()["errors"][0]["detail"].endswith("в одной валюте: KGS.")


async def test_fractions_of_a_thing_in_a_currency_without_decimals(market: RunningService) -> None:
    yen = {"unit_cost": {"amount": "333", "currency": "JPY"}, "amount": {"amount": "500", "currency": "JPY"}}
    given = {
        "budget_lines": [line("x", "1.5", "1", "1") | yen],
        "own_contribution": [],
        "stated_totals": None,
    }
    found = (await published(market, **given)).json()
    assert found["totals"]["requested"]["currency"] == "JPY"
    assert float(found["totals"]["requested"]["amount"]) == 500


async def test_a_territory_that_is_no_municipality(market: RunningService) -> None:
    draft = await drafted(market, municipality_code=COUNTRY)
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft))
    assert pointers(found) == {"/municipality_code": "not_a_municipality"}


async def test_a_municipality_told_later(empty_market: RunningService) -> None:
    draft = await drafted(empty_market, indicator=None)
    url, headers = f"/v1/ideas/{draft.json()['id']}/publish", based_on(author(empty_market), draft)
    assert (await empty_market.client.post(url, headers=headers)).status_code == 422
    await deliver(empty_market, territory(OSH))
    assert (await empty_market.client.post(url, headers=headers)).status_code == 200


async def test_publishing_needs_the_version_that_was_read(market: RunningService) -> None:
    draft = await drafted(market)
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    assert (await market.client.post(url, headers=author(market))).status_code == 428
    stale = author(market) | {"If-Match": '"7"'}
    assert (await market.client.post(url, headers=stale)).status_code == 412
    assert (await market.client.post(url, headers={"If-Match": '"1"'})).status_code == 401


async def test_a_published_idea_is_not_published_again(market: RunningService) -> None:
    found = await published(market)
    url = f"/v1/ideas/{found.json()['id']}/publish"
    again = await market.client.post(url, headers=based_on(author(market), found))
    assert (again.status_code, again.json()["code"]) == (409, "wrong_idea_state")


async def test_a_withdrawn_idea_stays_readable_and_leaves_the_list(market: RunningService) -> None:
    found = await published(market)
    url = f"/v1/ideas/{found.json()['id']}"
    gone = await market.client.post(f"{url}/withdraw", headers=based_on(author(market), found))
    assert gone.json()["state"] == "withdrawn"
    assert (await market.client.get(url)).json()["state"] == "withdrawn"
    assert (await market.client.get("/v1/ideas?q=мектеп")).json()["items"] == []
    assert len((await market.client.get("/v1/ideas?q=мектеп&state=withdrawn")).json()["items"]) == 1
    names = [(name, payload["state"]) for name, payload in await events(market)]
    assert names == [(IDEA_PUBLISHED.name, "published"), (IDEA_CHANGED.name, "withdrawn")]


async def test_a_withdrawn_draft_was_never_there(market: RunningService) -> None:
    draft = await drafted(market)
    url = f"/v1/ideas/{draft.json()['id']}"
    assert (await market.client.post(f"{url}/withdraw", headers=based_on(author(market), draft))).is_success
    assert (await market.client.get(url)).status_code == 404
    assert (await market.client.get("/v1/ideas?state=withdrawn")).json()["items"] == []
    assert await events(market) == []


@pytest.mark.parametrize("action", ["withdraw", "complete"])
async def test_states_that_do_not_allow_it(market: RunningService, action: str) -> None:
    found = await published(market)
    idea_id = found.json()["id"]
    assert (await reserved(market, idea_id)).status_code == 201
    url, headers = f"/v1/ideas/{idea_id}/{action}", author(market) | {"If-Match": '"3"'}
    refused = await market.client.post(url, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_idea_state")
    foreign = author(market, org=uuid4()) | {"If-Match": '"3"'}
    assert (await market.client.post(url, headers=foreign)).status_code == 404


async def test_each_step_leaves_an_audit_row(market: RunningService) -> None:
    found = await published(market)
    await reserved(market, found.json()["id"])
    rows = await market.database.pool.fetch("SELECT action, before, after FROM audit ORDER BY id")
    assert [row["action"] for row in rows] == [
        "idea.draft",
        "idea.publish",
        "reservation.make",
        "idea.reserve",
    ]
    assert "даярбыз" not in str([tuple(row) for row in rows])
