"""What was known of the calendar at a moment: an old due date can be computed again and explained."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from deploy.local.blocking import run_blocking
from services.registry.spec import SPEC
from shared.clock import FixedClock
from shared.db import migrations
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService
from tests.registry.calendar.test_calendar import decree, put
from tests.registry.conftest import NOON, every_page
from tests.registry.standards.conftest import act

FIRST = NOON.isoformat()
SECOND = (NOON + timedelta(days=10)).isoformat()


async def two_decrees(registry: RunningService, clock: FixedClock) -> None:
    """The second makes Monday 30 August 2027 a working day again."""
    assert (await put(registry, 2027, decree(("2027-08-30", False)), 0)).status_code == 200
    clock.moment = NOON + timedelta(days=10)
    later = decree(("2027-09-06", False), act=act(number="901"))
    assert (await put(registry, 2027, later, 1)).status_code == 200


async def year_at(registry: RunningService, known_at: str) -> dict[str, Any]:
    answer = await registry.client.get("/v1/calendar/2027", params={"known_at": known_at})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def due_at(registry: RunningService, known_at: str | None) -> dict[str, Any]:
    query = {"from": "2027-08-27", "n": 1} | ({"known_at": known_at} if known_at else {})
    answer = await registry.client.get("/v1/calendar/2027/working-days", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_version_is_known_from_its_record_on(registry: RunningService, clock: FixedClock):
    await two_decrees(registry, clock)
    before = await year_at(registry, (NOON - timedelta(seconds=1)).isoformat())
    assert (before["version"], before["decreed"]) == (0, False)
    for moment in (FIRST, (NOON + timedelta(days=9)).isoformat()):
        first = await year_at(registry, moment)
        assert (first["version"], first["updated_at"]) == (1, FIRST.replace("+00:00", "Z"))
        assert "2027-08-30" in {day["date"] for day in first["days"]}
    now = (await registry.client.get("/v1/calendar/2027")).json()
    assert await year_at(registry, SECOND) == now
    assert now["version"] == 2
    assert "2027-08-30" not in {day["date"] for day in now["days"]}


async def test_an_old_due_date_is_computed_again_as_it_was(registry: RunningService, clock: FixedClock):
    await two_decrees(registry, clock)
    undecreed = await due_at(registry, (NOON - timedelta(days=1)).isoformat())
    assert (undecreed["due"], undecreed["provisional"]) == ("2027-08-30", True)
    first = await due_at(registry, FIRST)
    assert (first["due"], first["provisional"]) == ("2027-09-01", False)
    assert [day["date"] for day in first["days_off"]] == ["2027-08-30", "2027-08-31"]
    assert (await due_at(registry, SECOND))["due"] == (await due_at(registry, None))["due"] == "2027-08-30"


async def test_all_versions_are_listed_oldest_first(registry: RunningService, clock: FixedClock):
    await two_decrees(registry, clock)
    listed = await every_page(registry, "/v1/calendar/2027/versions")
    assert await every_page(registry, "/v1/calendar/2027/versions", limit=1) == listed
    assert [found["version"] for found in listed] == [1, 2]
    assert listed == [await year_at(registry, FIRST), await year_at(registry, SECOND)]
    assert await every_page(registry, "/v1/calendar/2028/versions") == []


async def test_versions_recorded_in_one_moment_are_told_apart(registry: RunningService, clock: FixedClock):
    await put(registry, 2027, decree(("2027-08-30", False)), 0)
    clock.moment = NOON - timedelta(hours=1)
    await put(registry, 2027, decree(act=act(number="901")), 1)
    listed = await every_page(registry, "/v1/calendar/2027/versions")
    moments = [found["updated_at"] for found in listed]
    read = [datetime.fromisoformat(moment) for moment in moments]
    assert read == sorted(set(read)), "each has its own, also when the clock jumps back"
    assert (await year_at(registry, moments[0]))["version"] == 1


async def test_strange_moments_are_refused(registry: RunningService):
    for moment in ("soon", "2027-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        for path in ("/v1/calendar/2027", "/v1/calendar/2027/working-days?from=2027-01-01&n=1"):
            answer = await registry.client.get(path, params={"known_at": moment})
            assert answer.status_code == 422


def test_versions_of_before_the_table_are_taken_from_the_feed(
    template_databases: TemplateDatabases, fresh_database: Callable[[str], str]
):
    template_databases.ensure("registry_0001", lambda url: migrations.upgrade(SPEC.migrations, url, "0001"))
    url = fresh_database("registry_0001")
    run_blocking(_record_twice(url))
    migrations.upgrade(SPEC.migrations, url)
    kept = run_blocking(_kept(url))
    assert [(row["version"], row["decreed"], row["source"]) for row in kept] == [
        (1, False, "as the change feed told it"),
        (2, True, "decree 901"),
    ]
    assert kept[0]["recorded_at"] < kept[1]["recorded_at"]


async def _record_twice(url: str) -> None:
    """As the application of that time left it: the row is the second version, the feed has both."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        """INSERT INTO calendar_year (year, decreed, corrections, days, origin, source, version, updated_at)
           VALUES (2027, true, '[]', '[]', 'official', 'decree 901', 2, $1)""",
        NOON + timedelta(days=10),
    )
    for version in (1, 2):
        told = {"year": 2027, "aggregate_version": version, "decreed": version == 2, "days": []}
        await connection.execute(
            """INSERT INTO event (event_id, type, topic, key, slot, audience, recipients, occurred_at, value)
               VALUES (gen_random_uuid(), 'registry.calendar.changed.v1', 'registry.calendar', '2027', 0,
                       'public', '{}', $1, $2)""",
            NOON + timedelta(days=10 * (version - 1)),
            orjson.dumps(told),
        )
    await connection.close()


async def _kept(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT * FROM calendar_year_version ORDER BY version")
    await connection.close()
    return rows
