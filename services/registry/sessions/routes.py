"""HTTP of sessions: one's own, and nobody else's."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry.sessions import repository, service
from services.registry.sessions.schemas import SessionView
from shared.http.dependencies import Caller, Reader, Uow, requires, runtime
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/sessions", tags=["sign-in"])


@router.get("", operation_id="list_sessions", dependencies=[requires()])
async def list_sessions(request: Request, sql: Reader, caller: Caller, page: PageParams) -> Page[SessionView]:
    """Where you are signed in, newest first."""
    before = page.values(UUID)
    rows = await repository.sessions_of(
        sql, caller.actor(), runtime(request).clock.now(), before[0] if before else None, page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    views = [SessionView(**dict(row), current=row["id"] == caller.cid) for row in found]
    return render_page(page, views, cursor)


@router.delete(
    "/{session_id}",
    operation_id="end_session",
    status_code=204,
    dependencies=[requires("registry:sessions:write")],
    responses=problem_responses(NotFound),
)
async def end_session(session_id: UUID, uow: Uow) -> Response:
    """Sign out there: its refresh token is worthless from now on, its access tokens within seconds."""
    await service.end_session(uow, session_id)
    return Response(status_code=204)
