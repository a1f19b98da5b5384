"""Lists over all standards: overdue reviews, texts changed in one language only."""

from typing import Any

import httpx

from tests.registry.conftest import every_page
from tests.registry.standards.conftest import Desk, content

OVERDUE, STALE = "/v1/standard-lists/overdue-reviews", "/v1/standard-lists/stale-translations"


async def listed(desk: Desk, url: str, **query: Any) -> list[str]:
    return [row["service"]["code"] for row in await every_page(desk.service, url, limit=1, **query)]


async def test_overdue_is_what_is_in_force_past_its_day_of_review(desk: Desk, other_desk: Desk):
    for code, review_on in (("A", "2026-11-23"), ("B", "2026-05-01"), ("C", "2026-11-24"), ("D", None)):
        await desk.adopted("2026-03-01", code, **({"review_on": review_on} if review_on else {}))
    await other_desk.adopted("2026-03-01", "E", review_on="2026-06-01")
    assert await listed(desk, OVERDUE) == ["B", "E", "A"]
    assert await listed(desk, OVERDUE, body="MOJ") == ["E"]
    assert await listed(desk, OVERDUE, as_of="2026-05-31") == ["B"]
    assert await listed(desk, OVERDUE, as_of="2026-02-28") == [], "nothing was in force"


async def test_a_new_version_is_no_longer_overdue(desk: Desk):
    standard = await desk.adopted("2026-03-01", review_on="2026-05-01")
    assert await listed(desk, OVERDUE) == ["S-1"]
    await desk.edit(standard, 2, content(review_on="2029-01-01"))
    done: httpx.Response = await desk.adopt(standard, 3, "2026-06-01", number="8")
    assert done.status_code == 200, done.text
    assert await listed(desk, OVERDUE) == []
    assert await listed(desk, OVERDUE, as_of="2026-05-15") == ["S-1"]


async def test_texts_changed_in_one_language_are_listed_with_their_version(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    changed = content(corrected=["refusal_grounds/incomplete"])
    changed["refusal_grounds"][0]["text"]["ru"] = "Документы поданы не полностью"
    await desk.edit(standard, 2, changed)
    assert (await desk.adopt(standard, 3, "2026-06-01", number="8")).status_code == 200
    [row] = await every_page(desk.service, STALE)
    assert (row["standard_id"], row["number"], row["stale"]) == (standard, 2, ["refusal_grounds/incomplete"])
    assert await listed(desk, STALE, as_of="2026-05-31") == []
    assert await listed(desk, STALE, body="MOJ") == []
