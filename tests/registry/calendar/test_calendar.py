"""Working days: what is decreed, what is provisional, and counting across both."""

import asyncio
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.registry.calendar.domain import correction_problems
from shared.contracts.legal import CalendarYear
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import events, pointers
from tests.registry.standards.conftest import act

WRITE = "registry:calendar:write"


def decree(*corrections: tuple[str, bool], **changes: Any) -> dict[str, Any]:
    return {
        "act": act(kind="cabinet_decree", number="900"),
        "corrections": [{"date": day, "working": working} for day, working in corrections],
    } | changes


async def put(registry: RunningService, year: int, body: dict[str, Any], version: int) -> Any:
    headers = registry.headers(WRITE) | {"If-Match": f'"{version}"'}
    return await registry.client.put(f"/v1/calendar/{year}", json=body, headers=headers)


async def test_a_year_nobody_decreed_is_computed_and_provisional(registry: RunningService):
    response = await registry.client.get("/v1/calendar/2027")
    year = response.json()
    assert (year["decreed"], year["version"]) == (False, 0)
    assert response.headers["etag"].startswith('"0.')
    days = {day["date"]: day for day in year["days"]}
    assert days["2027-08-31"]["working"] is False
    assert days["2027-08-31"]["name"]["ky"]


async def test_a_decree_moves_days_and_tells_everybody(registry: RunningService):
    recorded = await put(registry, 2027, decree(("2027-08-30", False), ("2027-08-28", True)), 0)
    assert recorded.status_code == 200, recorded.text
    assert recorded.headers["etag"].startswith('"1.')
    days = {day["date"]: day for day in recorded.json()["days"]}
    assert (days["2027-08-30"]["working"], days["2027-08-28"]["working"]) == (False, True)
    assert "900" in days["2027-08-28"]["source"]
    assert "2027-08-31" in days, "the holidays of the law stay"
    (event,) = await events(registry, "calendar.changed")
    event.pop("type")
    payload = CalendarYear.model_validate(event)
    assert (payload.id, payload.year, payload.decreed) == (seed_id("calendar", "2027"), 2027, True)
    assert {day.date for day in payload.days if day.working} == {date(2027, 8, 28)}
    again = await registry.client.get(
        "/v1/calendar/2027", headers={"If-None-Match": recorded.headers["etag"]}
    )
    assert again.status_code == 304


async def test_a_later_decree_takes_the_place_of_the_earlier(registry: RunningService):
    await put(registry, 2027, decree(("2027-08-30", False)), 0)
    second = await put(registry, 2027, decree(("2027-09-06", False), act=act(number="901")), 1)
    days = {day["date"] for day in second.json()["days"]}
    assert "2027-08-30" not in days
    assert "2027-09-06" in days
    assert [event["aggregate_version"] for event in await events(registry, "calendar.changed")] == [1, 2]


async def test_two_decrees_at_once(registry: RunningService):
    answers = await asyncio.gather(
        put(registry, 2027, decree(("2027-08-30", False)), 0),
        put(registry, 2027, decree(("2027-09-06", False), act=act(number="901")), 0),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await events(registry, "calendar.changed")) == 1


async def test_refusals(registry: RunningService):
    url, body = "/v1/calendar/2027", decree()
    assert (await registry.client.put(url, json=body)).status_code == 401
    assert (await registry.client.put(url, json=body, headers=registry.headers())).status_code == 403
    assert (await registry.client.put(url, json=body, headers=registry.headers(WRITE))).status_code == 428
    assert (await put(registry, 2027, body, 7)).status_code == 412
    assert (await registry.client.get("/v1/calendar/2027")).json()["version"] == 0
    outside = await put(
        registry, 2027, decree(("2026-12-31", True), ("2027-01-08", False), ("2027-01-08", True)), 0
    )
    assert pointers(outside) == {
        "/corrections/0/date": "outside_year",
        "/corrections/2/date": "date_repeated",
    }
    for year in ("1999", "2101", "soon"):
        assert (await registry.client.get(f"/v1/calendar/{year}")).status_code == 422


@given(st.lists(st.dates(date(2026, 12, 1), date(2027, 2, 1)), max_size=6))
def test_each_wrong_correction_is_named_once(days):
    found = correction_problems(2027, days)
    wrong = [place for place, day in enumerate(days) if day.year != 2027 or day in days[:place]]
    assert [problem.pointer for problem in found] == [f"/corrections/{place}/date" for place in wrong]


async def test_counting_over_a_weekend_and_a_holiday(seeded: RunningService):
    """Monday 31 August 2026 is Independence Day: three days from Thursday end on the Wednesday after it."""
    counted = (
        await seeded.client.get("/v1/calendar/2026/working-days", params={"from": "2026-08-27", "n": 3})
    ).json()
    assert (counted["due"], counted["provisional"]) == ("2026-09-02", False)
    assert [day["date"] for day in counted["days_off"]] == ["2026-08-31"]


async def test_a_term_into_an_undecreed_year_is_provisional(seeded: RunningService):
    late = (
        await seeded.client.get("/v1/calendar/2026/working-days", params={"from": "2026-12-30", "n": 2})
    ).json()
    assert late["due"].startswith("2027-01")
    assert late["provisional"] is True
    long = await seeded.client.get("/v1/calendar/2026/working-days", params={"from": "2026-01-01", "n": 1000})
    assert long.json()["due"].startswith("2030"), "four years further, past what is recorded"


async def test_a_long_term_counts_the_days_off_of_every_year_it_reaches(registry: RunningService):
    """Years with 150 days off by decree: a bound of 200 working days a year would leave the last of them unread."""
    first = date(2026, 1, 1)
    for year in range(2026, 2032):
        weekdays = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
        off = [(day.isoformat(), False) for day in weekdays if day.weekday() < 5 and day.month > 1][:150]
        assert (await put(registry, year, decree(*off), 0)).status_code == 200
    found = await registry.client.get(
        "/v1/calendar/2026/working-days", params={"from": first.isoformat(), "n": 500}
    )
    years = [
        day
        for year in range(2026, 2033)
        for day in (await registry.client.get(f"/v1/calendar/{year}")).json()["days"]
    ]
    off = {date.fromisoformat(day["date"]) for day in years if not day["working"]}
    day, left = first, 500
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in off
    assert (found.json()["due"], found.json()["provisional"]) == (day.isoformat(), False)
    assert day.year == 2030


async def test_counting_needs_sound_input(registry: RunningService):
    url = "/v1/calendar/2026/working-days"
    other = await registry.client.get(url, params={"from": "2027-01-01", "n": 1})
    assert pointers(other) == {"/query/from": "outside_year"}
    for query in (
        {"from": "2026-01-01", "n": -1},
        {"from": "2026-01-01", "n": 100_000},
        {"n": 1},
        {"from": "x", "n": 1},
        {"from": "1767225600", "n": 1},
        {"from": "2026-01-01T00:00:00Z", "n": 1},
        {"from": "2026-01-01", "n": "1.0"},
    ):
        assert (await registry.client.get(url, params=query)).status_code == 422
    last = await registry.client.get(
        "/v1/calendar/2100/working-days", params={"from": "2100-12-31", "n": 1000}
    )
    assert last.status_code == 200


async def test_what_is_known_of_the_seeded_years(seeded: RunningService):
    years = {year: (await seeded.client.get(f"/v1/calendar/{year}")).json() for year in range(2024, 2028)}
    assert {year: (found["decreed"], found["origin"]) for year, found in years.items()} == {
        2024: (False, "unofficial"),
        2025: (True, "press"),
        2026: (True, "demonstration"),
        2027: (False, "unofficial"),
    }
    invented = [day["source"] for day in years[2026]["days"] if "DEMO" in day["source"]]
    assert invented
    assert all("demonstration" in source for source in invented)
    settled = (await seeded.client.get(f"/v1/acts/{years[2026]['act_id']}")).json()
    assert settled["origin"] == "demonstration"


async def test_a_term_says_where_its_days_come_from(seeded: RunningService):
    answer = await seeded.client.get("/v1/calendar/2026/working-days", params={"from": "2026-03-18", "n": 5})
    found = answer.json()
    assert found["origins"] == {"2026": "demonstration"}
    assert all("demonstration" in day["source"] for day in found["days_off"] if day["date"] == "2026-03-20")
    over = await seeded.client.get("/v1/calendar/2025/working-days", params={"from": "2025-12-20", "n": 20})
    assert over.json()["origins"] == {"2025": "press", "2026": "demonstration"}
