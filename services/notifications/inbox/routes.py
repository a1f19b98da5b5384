"""HTTP of the inbox."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.notifications.inbox import repository
from shared.http.dependencies import Caller, Reader, Uow, reply, requires
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Output

READ = requires("notifications:inbox:read")
router = APIRouter(prefix="/v1/inbox", tags=["inbox"])


class InboxEntryView(Output):
    id: UUID
    event_type: str
    subject_id: UUID
    reason: Literal["recipient", "subscription"]
    subscription_id: UUID | None
    title: dict[str, str]
    body: dict[str, str]
    link: str
    created_at: datetime
    read_at: datetime | None


@router.get("", operation_id="list_inbox", dependencies=[READ])
async def list_inbox(
    sql: Reader, caller: Caller, page: PageParams, unread: Annotated[bool, Query()] = False
) -> Page[InboxEntryView]:
    """What your organisation was told, newest first."""
    before = page.values(UUID)
    rows = await repository.entries(
        sql, caller.acting(), unread=unread, before=before[0] if before else None, limit=page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [InboxEntryView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/{entry_id}/read",
    operation_id="mark_inbox_entry_read",
    response_model=InboxEntryView,
    dependencies=[READ],
    responses=problem_responses(NotFound),
)
async def mark_read(entry_id: UUID, uow: Uow) -> Response:
    """Mark an entry as read; the first time counts."""
    row = await repository.mark_read(uow.sql, uow.principal.acting(), entry_id)
    if row is None:
        raise NotFound
    return reply(uow, InboxEntryView.model_validate(dict(row)))
