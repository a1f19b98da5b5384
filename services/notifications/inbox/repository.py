"""All SQL of the inbox. Entries belong to an organisation; others' are not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.notifications.notices.domain import Notice
from shared.auth.principal import Acting
from shared.db.database import Connection
from shared.ids import uuid7

Row = asyncpg.Record

_COLUMNS = "id, event_type, subject_id, reason, subscription_id, title, body, link, created_at, read_at"


@dataclass(frozen=True, slots=True)
class Delivery:
    """That an organisation is to be told, and why."""

    organisation_id: UUID
    notice: Notice
    subscription_id: UUID | None

    @property
    def reason(self) -> str:
        return "recipient" if self.subscription_id is None else "subscription"


async def add(sql: Connection, deliveries: Sequence[Delivery]) -> None:
    """One statement for all; an organisation already told of an event is passed over."""
    await sql.execute(
        """INSERT INTO inbox_entry
               (id, organisation_id, event_id, event_type, subject_id, reason, subscription_id, title, body, link)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[],
                                $8::jsonb[], $9::jsonb[], $10::text[])
           ON CONFLICT (organisation_id, event_id) DO NOTHING""",
        [uuid7() for _ in deliveries],
        [delivery.organisation_id for delivery in deliveries],
        [delivery.notice.event_id for delivery in deliveries],
        [delivery.notice.event_type for delivery in deliveries],
        [delivery.notice.subject_id for delivery in deliveries],
        [delivery.reason for delivery in deliveries],
        [delivery.subscription_id for delivery in deliveries],
        [delivery.notice.title for delivery in deliveries],
        [delivery.notice.body for delivery in deliveries],
        [delivery.notice.link for delivery in deliveries],
    )


async def entries(
    sql: Connection, organisation: Acting, *, unread: bool, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Newest first."""
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM inbox_entry
            WHERE organisation_id = $1 AND id < $2 AND (NOT $3 OR read_at IS NULL)
            ORDER BY id DESC LIMIT $4""",
        organisation,
        before or UUID(int=2**128 - 1),
        unread,
        limit,
    )


async def mark_read(sql: Connection, organisation: Acting, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"""UPDATE inbox_entry SET read_at = coalesce(read_at, now())
            WHERE id = $2 AND organisation_id = $1 RETURNING {_COLUMNS}""",
        organisation,
        identifier,
    )
