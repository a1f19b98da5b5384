"""The auditor's read routes, the same in every service: the trail, and the heads kept of all trails."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field, JsonValue

from shared.audit import trail
from shared.http.dependencies import Caller, Reader, requires
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.schemas import Output

READ = requires("audit:read")
Name = Annotated[str | None, Query(max_length=100)]


class AuditEntry(Output):
    """Who did what, for whom. Persons are ids here; what is known of them stands elsewhere."""

    position: int = Field(description="Place in the service's trail, without gaps")
    at: datetime
    actor: UUID | None = Field(description="Absent: nobody was signed in")
    actor_kind: str
    organisation: UUID | None = Field(description="The organisation the actor acted for")
    on_behalf_of: UUID | None = Field(description="Whom it was done for, where that is somebody else")
    credential: UUID | None = Field(
        description="The API key, membership or session the actor's token came from"
    )
    action: str
    object_type: str
    object_id: UUID
    before: JsonValue = None
    after: JsonValue = None
    trace_id: str | None
    request_id: str | None
    hash: str | None = Field(description="SHA-256 of this row and the one before; absent: not chained")


class AuditHeadView(Output):
    """Where a service's trail stood: its row at `position` had this hash."""

    service: str
    epoch: UUID = Field(description="Life of the database that wrote the row; a restore begins another")
    position: int
    hash: str
    count: int
    at: datetime
    received_at: datetime


def add_audit(router: APIRouter, service: str) -> None:
    """Mount the routes of a service."""

    @router.get(
        "/v1/audit",
        operation_id=f"{service}_audit",
        dependencies=[READ],
        summary="Who did what and for whom, newest first; persons and organisations are ids",
        description="What was done for the organisation you act for; the platform's own auditor reads all of it.",
    )
    async def audit(
        sql: Reader,
        caller: Caller,
        page: PageParams,
        object_id: Annotated[UUID | None, Query()] = None,
        object_type: Name = None,
        actor: Annotated[UUID | None, Query(description="Who did it")] = None,
        action: Name = None,
        since: Annotated[AwareDatetime | None, Query(description="From this moment on")] = None,
        until: Annotated[AwareDatetime | None, Query(description="Before this moment")] = None,
    ) -> Page[AuditEntry]:
        filters = trail.Filters(object_id, object_type, actor, action, since, until)
        before = page.values(_moment, int)
        rows = await trail.rows(sql, trail.reach(caller), filters, before, page.limit + 1)
        found, cursor = cut(rows, page, lambda row: (row["at"], row["position"]))
        return render_page(page, [AuditEntry(**_shown(row)) for row in found], cursor)

    @router.get(
        "/v1/audit/heads",
        operation_id=f"{service}_audit_heads",
        dependencies=[READ],
        summary="Published heads of the audit trails of all services as this one keeps them, newest first",
    )
    async def heads(
        sql: Reader, page: PageParams, service: Annotated[str | None, Query(max_length=40)] = None
    ) -> Page[AuditHeadView]:
        before = page.values(int)
        rows = await trail.heads(sql, service, before[0] if before else None, page.limit + 1)
        found, cursor = cut(rows, page, lambda row: (row["number"],))
        return render_page(page, [AuditHeadView(**_shown(row)) for row in found], cursor)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without its offset")
    return found


def _shown(row: trail.Row) -> dict[str, object]:
    digest = row["hash"]
    return {**row, "hash": None if digest is None else digest.hex()}
