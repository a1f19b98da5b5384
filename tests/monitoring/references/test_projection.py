"""Copies of the registry's data: newest version wins, in whatever order and however often it is told."""

import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from services.monitoring.events import PROJECTIONS
from shared.messaging.contract import EventPayload
from shared.messaging.envelope import decode
from shared.messaging.feed_client import FeedPage
from shared.messaging.projections import rebuild
from shared.worker import service_principal
from tests.kit.service import RunningService
from tests.monitoring.field import Field
from tests.monitoring.registry import (
    OSH,
    SERVICE,
    calendar,
    organisation,
    record_of,
    service_entry,
    standard,
    tell,
    territory,
    tier,
    world,
)

TABLES = tuple(table for name in PROJECTIONS.names for table in PROJECTIONS[name].tables)
HISTORY: tuple[EventPayload, ...] = (
    organisation(OSH, "old"),
    organisation(OSH, "new", 2),
    territory(OSH, "old"),
    territory(OSH, "new", 2),
    service_entry(),
    service_entry(version=2),
    standard(1, 1),
    standard(2, 2),
    standard(1, 3, tiers=(tier(days=9),)),
    calendar(version=1, off=()),
    calendar(version=2),
    calendar(2027, version=1, decreed=False),
)


async def contents(service: RunningService) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [dict(row) for row in await service.database.pool.fetch(f"SELECT * FROM {table} ORDER BY 1")]
        for table in TABLES
    }


async def test_any_order_and_repetition_end_alike(service: RunningService) -> None:
    await tell(service, *HISTORY)
    expected = await contents(service)
    assert [row["name"] for row in expected["known_territory"]] == [{"ru": "new"}]
    assert [row["version"] for row in expected["known_standard"]] in ([3, 2], [2, 3])
    for seed in range(5):
        for table in TABLES:
            await service.database.pool.execute(f"DELETE FROM {table}")
        shuffled = [*HISTORY, *HISTORY]
        random.Random(seed).shuffle(shuffled)
        for payload in shuffled:
            await tell(service, payload)
        assert await contents(service) == expected


async def test_a_rebuilt_projection_equals_the_live_one(field: Field) -> None:
    await tell(field.service, *HISTORY)
    live = await contents(field.service)
    visit = await field.approved(delivered_on="2026-03-26")
    before = await field.events()

    async def pages(types: Sequence[str]) -> AsyncIterator[FeedPage]:
        records = [record_of(payload) for payload in (*world(), *HISTORY)]
        envelopes = [decode(it.headers, it.value) for it in records]
        wanted = [it for it in envelopes if it.type in types]
        half = len(wanted) // 2
        yield FeedPage(wanted[:half], "1", more=True)
        yield FeedPage(wanted[half:], "2", more=False)
        while True:
            yield FeedPage([], "2", more=False)

    for name in PROJECTIONS.names:
        await rebuild(
            PROJECTIONS[name],
            database=field.service.database,
            pages=pages,
            principal=service_principal(field.service.runtime.spec),
            clock=field.service.runtime.clock,
        )
    assert await contents(field.service) == live
    await field.check_again()
    assert await field.get(visit["id"]) == visit
    assert await field.events() == before


async def test_a_newer_calendar_and_standard_are_used_at_once(field: Field) -> None:
    """The parsed copy in the process does not outlive a change."""
    first = await field.submit()
    await tell(field.service, calendar(version=2, off=()))
    second = await field.submit()
    await tell(field.service, standard(1, 2, tiers=(tier(days=10),)))
    third = await field.submit()
    dues = [it["check"]["checks"][0]["facts"]["due"] for it in (first, second, third)]
    assert dues == ["2026-03-25", "2026-03-24", "2026-04-02"]


async def test_unreadable_events_become_dead_letters(field: Field) -> None:
    outcomes = await tell(field.service, standard().model_copy(update={"version": 0}))
    assert outcomes["dead"] == 1
    kept = await field.service.database.pool.fetchval(
        "SELECT count(*) FROM known_standard WHERE service_id = $1", SERVICE
    )
    assert kept == 1
