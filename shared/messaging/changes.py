"""The change feed: the event table read in position order by whoever may see each row. Knows no HTTP."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.auth.principal import Kind, Principal
from shared.db.database import Connection
from shared.http.errors import BadRequest, Gone, Unavailable
from shared.messaging.epoch import current_epoch, last_common_position
from shared.messaging.event_row import COLUMNS, json_of

MAX_PAGE = 1000
MAX_PAGE_BYTES = 8_000_000
SCAN = 5000
"""Positions one page looks at, at most: a reader who may see little gets short pages, never a slow one."""

_EPOCH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_POSITION = re.compile(r"[0-9]{1,18}")
INTERNAL_SCOPE = "events:internal"


class EpochChanged(Gone):
    """The database was restored since this cursor was given; start again after `last_common_position`."""

    code = "epoch_changed"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`<epoch>-<position>`: everything up to the position was read. Opaque to readers."""

    epoch: UUID
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises BadRequest (`invalid_cursor`)."""
        epoch, _, position = text.rpartition("-")
        if not (_EPOCH.fullmatch(epoch) and _POSITION.fullmatch(position)):
            raise BadRequest(code="invalid_cursor")
        return cls(UUID(epoch), int(position))


@dataclass(frozen=True, slots=True)
class Subject:
    """Who reads: decides which rows are visible."""

    organisation: UUID | None = None
    service: bool = False
    """One of the platform's own services: sees what is addressed to any organisation."""
    internal: bool = False
    """Also sees internal events."""

    @classmethod
    def of(cls, principal: Principal) -> "Subject":
        service = principal.kind is Kind.SERVICE
        return cls(principal.org, service, service and principal.may(INTERNAL_SCOPE))


@dataclass(frozen=True, slots=True)
class Changes:
    """One page. `next` is always there, also when nothing on the page was visible."""

    events: Sequence[bytes]
    """CloudEvents in structured content mode, encoded."""
    next: Cursor
    more: bool
    """Whether the next page can be asked for at once; otherwise the reader is at the end for now."""

    def body(self) -> bytes:
        """`{"items": […], "next": "…", "more": …}`, from the encoded events as they are."""
        more = b"true" if self.more else b"false"
        return b'{"items":[%b],"next":"%b","more":%b}' % (
            b",".join(self.events),
            str(self.next).encode(),
            more,
        )


_VISIBLE = """(event.audience = 'public'
    OR event.audience = 'organisations' AND ($4::boolean OR $5::uuid = ANY (event.recipients))
    OR event.audience = 'internal' AND $6::boolean)"""

# Positions are dense, so a range of positions bounds what is looked at. A page ends early, but not before its
# first event, where its payloads together pass MAX_PAGE_BYTES.
_PAGE = f"""
SELECT * FROM (
    SELECT event.*, count(*) OVER () AS picked,
           sum(octet_length(value)) OVER (ORDER BY position) - octet_length(value) AS bytes_before
    FROM (
        SELECT {COLUMNS} FROM event
        WHERE event.position > $1 AND event.position <= $2 AND {_VISIBLE}
          AND ($7::text[] = '{{}}' OR event.type = ANY ($7::text[]))
        ORDER BY event.position LIMIT $3
    ) AS event
) AS page WHERE bytes_before < {MAX_PAGE_BYTES} ORDER BY position
"""


async def read_changes(
    connection: Connection,
    after: Cursor | None,
    *,
    limit: int,
    subject: Subject,
    types: Sequence[str] = (),
) -> Changes:
    """At most `limit` (≤ 1000) visible events after the cursor, in order and without gaps; `types` empty = all.

    Raises EpochChanged (410, with `last_common_position`) for a cursor of another life of this database,
    Unavailable before the first sequencer ran."""
    epoch = await current_epoch(connection)
    if epoch is None:
        raise Unavailable(code="feed_not_ready", headers={"Retry-After": "2"})
    start, head = await _bounds(connection, after, epoch.epoch)
    end = min(start + SCAN, head)
    limit = min(limit, MAX_PAGE)
    rows = await connection.fetch(
        _PAGE,
        start,
        end,
        limit,
        subject.service,
        subject.organisation,
        subject.internal,
        list(types),
    )
    complete = not rows or len(rows) == rows[0]["picked"] < limit
    reached: int = end if complete else rows[-1]["position"]
    events = [json_of(row, epoch.epoch, with_recipients=subject.service) for row in rows]
    return Changes(events, Cursor(epoch.epoch, reached), more=reached < head)


async def _bounds(connection: Connection, after: Cursor | None, epoch: UUID) -> tuple[int, int]:
    """(read up to here, newest position)."""
    head: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM event")
    if after is None:
        return 0, head
    if after.epoch != epoch:
        raise _changed(await last_common_position(connection, after.epoch, after.position), epoch)
    if after.position > head:  # a restore nobody announced: this life has not come that far
        raise _changed(head, epoch)
    return after.position, head


def _changed(position: int, epoch: UUID) -> EpochChanged:
    return EpochChanged(last_common_position=position, epoch=str(epoch), next=str(Cursor(epoch, position)))
