from typing import Any
from uuid import uuid4

from shared.clock import BISHKEK
from tests.ideas_market.world import (
    AUTHOR,
    RESERVE,
    WRITE_IDEAS,
    author,
    based_on,
    drafted,
    events,
    idea,
    line,
    pointers,
    published,
    som,
)
from tests.kit.service import RunningService


async def test_only_the_title_is_needed_to_begin(market: RunningService) -> None:
    found = await market.client.post("/v1/ideas", json={"title": {"ru": "Свет"}}, headers=author(market))
    assert found.status_code == 201
    draft = found.json()
    assert draft["state"] == "draft"
    assert {"summary", "goal", "sector", "municipality", "indicator", "totals", "published_at"}.isdisjoint(
        draft
    )
    assert found.headers["location"] == f"ideas/{draft['id']}"
    assert found.headers["etag"].startswith('"1.')
    year = market.runtime.clock.now().astimezone(BISHKEK).year
    assert draft["code"] == f"IDEA-{year}-0001"


async def test_what_was_written_is_read_back(market: RunningService) -> None:
    written = idea()
    draft = (await drafted(market)).json()
    found = (await market.client.get(f"/v1/ideas/{draft['id']}", headers=author(market))).json()
    assert found == draft
    del written["municipality_code"], written["indicator"]
    assert {name: found[name] for name in written} == written
    assert found["totals"]["requested"] == som("300000.00")


async def test_drafts_are_invisible_to_others(market: RunningService) -> None:
    url = f"/v1/ideas/{(await drafted(market)).json()['id']}"
    for headers in ({}, author(market, org=uuid4()), author(market, org=None)):
        assert (await market.client.get(url, headers=headers)).status_code == 404
        assert (await market.client.get("/v1/ideas?state=draft", headers=headers)).json()["items"] == []
        assert (await market.client.get("/v1/ideas?q=мектеп", headers=headers)).json()["items"] == []
    own = await market.client.get("/v1/ideas?state=draft&q=мектепке", headers=author(market))
    assert [found["state"] for found in own.json()["items"]] == ["draft"]
    assert await events(market) == []


async def test_a_draft_is_replaced(market: RunningService) -> None:
    draft = await drafted(market)
    url = f"/v1/ideas/{draft.json()['id']}"
    change = {"title": {"ky": "Башка"}}
    found = await market.client.put(url, json=change, headers=based_on(author(market), draft))
    assert found.status_code == 200
    assert found.headers["etag"].startswith('"2.')
    assert (found.json()["title"], found.json()["code"]) == ({"ky": "Башка"}, draft.json()["code"])
    assert "goal" not in found.json()
    assert "totals" not in found.json()
    again = await market.client.put(url, json=change, headers=based_on(author(market), draft))
    assert again.json()["code"] == "stale"


async def test_a_change_needs_its_version_and_its_organisation(market: RunningService) -> None:
    draft = await drafted(market)
    url = f"/v1/ideas/{draft.json()['id']}"
    assert (await market.client.put(url, json=idea(), headers=author(market))).status_code == 428
    foreign = based_on(author(market, org=uuid4()), draft)
    assert (await market.client.put(url, json=idea(), headers=foreign)).status_code == 404
    assert (await market.client.post(f"{url}/publish", headers=foreign)).status_code == 404
    nobody = await market.client.put(
        f"/v1/ideas/{uuid4()}", json=idea(), headers=based_on(author(market), draft)
    )
    assert nobody.status_code == 404


async def test_a_published_idea_is_not_edited(market: RunningService) -> None:
    found = await published(market)
    headers = based_on(author(market), found)
    answer = await market.client.put(f"/v1/ideas/{found.json()['id']}", json=idea(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_draft")


async def test_scopes_and_acting_organisation(market: RunningService) -> None:
    post = market.client.post
    assert (await post("/v1/ideas", json=idea())).status_code == 401
    wrong = await post("/v1/ideas", json=idea(), headers=market.headers(RESERVE, org=AUTHOR))
    assert wrong.json()["missing_scope"] == WRITE_IDEAS
    nobody = await post("/v1/ideas", json=idea(), headers=author(market, org=None))
    assert nobody.json()["code"] == "no_organisation"


SPANS = [{"title": {"ky": "x"}, "starts": "2026-01-01"}]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"title": {"en": "only English"}}, "/title"),
    ({"title": {"ky": " "}}, "/title/ky"),
    ({"title": {"ky": "а" * 201}}, "/title/ky"),
    ({"summary": {"kyrgyz": "x"}}, "/summary/kyrgyz"),
    ({"goal": {}}, "/goal"),
    ({"sector": "a b"}, "/sector"),
    ({"activities": SPANS * 21}, "/activities"),
    ({"activities": [{"title": {"ky": "x"}, "starts": "май"}]}, "/activities/0/starts"),
    ({"budget_lines": [line("x", "0", "1", "0")]}, "/budget_lines/0/quantity"),
    ({"budget_lines": [line("x", "1", "1", "-1")]}, "/budget_lines/0/amount/amount"),
    ({"budget_lines": [line("x", "1", "1", "NaN")]}, "/budget_lines/0/amount/amount"),
    ({"budget_lines": [line("x", "1", "1", "1")] * 101}, "/budget_lines"),
    ({"own_contribution": [{"title": {"ky": "x"}, "kind": "gift", "amount": som("1")}]}, "/own_contribution/0/kind"),
    ({"own_contribution": [{"title": {"ky": "x"}, "kind": "cash", "amount": som("-1")}]}, "/own_contribution/0/amount/amount"),
    ({"beneficiaries": -1}, "/beneficiaries"),
    ({"beneficiaries": 2**40}, "/beneficiaries"),
    ({"indicator": {"code": "ACO3", "run_id": "1", "municipality_code": "1"}}, "/indicator/run_id"),
    ({"state": "published"}, "/state"),
]  # fmt: skip


async def test_bad_input_is_named_by_pointer(market: RunningService) -> None:
    for change, pointer in BAD:
        found = await market.client.post("/v1/ideas", json=idea(**change), headers=author(market))
        assert found.status_code == 422, (change, found.text)
        assert pointer in pointers(found), (change, found.text)
    assert await market.database.pool.fetchval("SELECT count(*) FROM idea") == 0


async def test_problems_speak_the_readers_language(market: RunningService) -> None:
    headers = author(market) | {"Accept-Language": "ky"}
    found = await market.client.post("/v1/ideas", json={"title": {"en": "x"}}, headers=headers)
    assert found.json()["errors"][0]["detail"] == "Текст кыргызча же орусча болушу керек."


async def test_the_largest_draft_is_stored(market: RunningService) -> None:
    """Sums beyond what an amount may be are no failure: the totals stay open until publishing tells."""
    huge = [line("x", "1", "99999999999999.99", "99999999999999.99")] * 100
    draft = await drafted(market, budget_lines=huge, own_contribution=[], stated_totals=None)
    assert "totals" not in draft.json()
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft))
    assert pointers(found) == {"/budget_lines": "budget_too_large"}
