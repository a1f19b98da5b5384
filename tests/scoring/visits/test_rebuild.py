"""Rebuilding the visits from monitoring's feed while a live run looks at them."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from services.scoring.events import PROJECTIONS
from services.scoring.runs import service as runs
from shared.contracts.monitoring import CheckedVisit, Verdict
from shared.messaging.envelope import Envelope, decode
from shared.messaging.feed_client import FeedPage, Pages
from shared.messaging.projections import rebuild
from shared.worker import service_principal
from tests.kit.service import RunningService
from tests.scoring.client import Scoring, full
from tests.scoring.events import OSH, Feed, approved, visit


def feed_of(visits: Sequence[CheckedVisit], size: int) -> Pages:
    """Monitoring's change feed, in pages."""

    async def pages(_: Sequence[str]) -> AsyncIterator[FeedPage]:
        envelopes: list[Envelope] = [decode(record.headers, record.value) for record in map(approved, visits)]
        for start in range(0, len(envelopes), size):
            yield FeedPage(envelopes[start : start + size], str(start + size), start + size < len(envelopes))
        while True:
            yield FeedPage([], "end", more=False)

    return pages


async def test_a_rebuilt_projection_gives_the_same_run(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    visits = [visit(Verdict.MET if n % 4 else Verdict.BREACHED) for n in range(11)]
    await scoring.add(full(OSH))
    await feed.visits(*visits)
    live = await scoring.open()
    before = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    done = await rebuild(
        PROJECTIONS["visits"],
        database=service.database,
        pages=feed_of(visits, 3),
        principal=service_principal(service.runtime.spec),
        clock=service.runtime.clock,
    )
    assert done.events == 11
    assert await scoring.get(f"runs/{live['id']}/results/{OSH}") == before
    async with service.unit_of_work() as uow:
        assert not await runs.bring_up_to_date(uow, UUID(live["id"]))
    await scoring.publish_now(live["id"])
