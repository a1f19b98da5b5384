"""Which events a consumer has applied. Claimed in the transaction of the effect, before it."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.database import Connection

_CLAIM = """
INSERT INTO inbox (consumer, event_id)
SELECT $1, event_id FROM unnest($2::uuid[]) AS event_id ORDER BY event_id
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def claim(connection: Connection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """The events this transaction has to apply; the others were applied before.

    Waits for another transaction that is applying one of them. Ids are claimed in one order, so two batches with
    the same events cannot deadlock here."""
    rows = await connection.fetch(_CLAIM, consumer, list(event_ids))
    return {row["event_id"] for row in rows}
