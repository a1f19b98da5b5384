"""HTTP of visits."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from services.monitoring.campaigns.service import ReferencesMissing
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import repository, review, service
from services.monitoring.submissions.domain import OwnSubmission, SubmissionState, WrongSubmissionState
from services.monitoring.submissions.repository import Row
from services.monitoring.submissions.schemas import (
    CheckHistoryView,
    CheckView,
    Refusal,
    SubmissionView,
    VersionView,
    VisitAmendment,
    VisitDraft,
)
from services.monitoring.submissions.texts import Texts, asked_in_words, texts_in, texts_of, with_words
from shared.auth.principal import Acting
from shared.contracts.monitoring import Verdict
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Forbidden, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.people.consents import ConsentWithdrawn

router = APIRouter(prefix="/v1/submissions", tags=["submissions"])
READ = requires("monitoring:submissions:read")
WRITE = requires("monitoring:submissions:write")
REVIEW = requires(service.REVIEW)


def shelf_of(request: Request) -> Shelf:
    """One a process: parsed standards and working days."""
    found: Shelf = runtime(request).extras.setdefault("shelf", Shelf())
    return found


def view(row: Row, texts: Texts) -> SubmissionView:
    check = CheckView(
        id=row["check_id"],
        state=row["check_state"],
        verdict=row["check_verdict"],
        provisional=row["check_provisional"],
        standard=row["check_standard"],
        checks=row["check_checks"],
        calendar=row["check_calendar"],
        cause=row["check_cause"],
        checked_at=row["checked_at"],
    )
    found = dict(row)
    found["documents_asked"] = asked_in_words(row, texts)
    said = {"note": texts.get(row["note_id"]), "comment": texts.get(row["comment_id"])}
    return SubmissionView(check=check, **found, **said, **service.beside(found))


@router.post(
    "",
    operation_id="submit_visit",
    status_code=201,
    response_model=SubmissionView,
    dependencies=[WRITE],
    responses=problem_responses(Forbidden, service.CampaignNotOpen),
)
async def submit_visit(draft: VisitDraft, uow: Uow, request: Request) -> Response:
    """Report a visit to a campaign of your organisation; it is checked at once."""
    found, kept = await service.submit(uow, shelf_of(request), draft)
    return reply(
        uow,
        found,
        status=201,
        version=found.version,
        location=f"submissions/{found.id}",
        kept=kept,
    )


@router.get("", operation_id="list_submissions", response_model=Page[SubmissionView], dependencies=[READ])
async def list_submissions(
    sql: Reader,
    caller: Caller,
    page: PageParams,
    request: Request,
    campaign_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[SubmissionState | None, Query()] = None,
    verdict: Annotated[Verdict | None, Query()] = None,
    mine: Annotated[bool, Query(description="Only those you made yourself")] = False,
    flagged: Annotated[
        bool | None, Query(description="Only those with a quality flag; false: only those without")
    ] = None,
) -> Any:
    """Visits of your organisation, newest first."""
    before = page.values(UUID)
    rows = await repository.submissions(
        sql,
        caller.acting(),
        campaign_id=campaign_id,
        state=state,
        verdict=verdict,
        monitor=caller.actor() if mine else None,
        flagged=flagged,
        before=before[0] if before else None,
        limit=page.limit + 1,
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    texts = await texts_of(sql, caller, runtime(request).database.keyring, found)
    return render_page(page, [view(row, texts) for row in found], cursor)


@router.get(
    "/{submission_id}",
    operation_id="get_submission",
    response_model=SubmissionView,
    dependencies=[READ],
    responses=problem_responses(NotFound),
)
async def get_submission(
    submission_id: UUID,
    sql: Reader,
    caller: Caller,
    request: Request,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One visit of your organisation with its check."""
    row = await _readable(sql, submission_id, caller.acting())
    texts = await texts_of(sql, caller, runtime(request).database.keyring, [row])
    return render(view(row, texts), version=row["version"], if_none_match=if_none_match)


@router.get(
    "/{submission_id}/versions",
    operation_id="list_submission_versions",
    response_model=Page[VersionView],
    dependencies=[READ],
    responses=problem_responses(NotFound),
)
async def list_versions(
    submission_id: UUID, sql: Reader, caller: Caller, page: PageParams, request: Request
) -> Any:
    """What the visit said at each of its versions."""
    await _readable(sql, submission_id, caller.acting())
    after = page.values(int)
    rows = await repository.versions(sql, submission_id, after[0] if after else 0, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["version"],))
    contents = [row["content"] for row in found]
    texts = await texts_in(sql, caller, runtime(request).database.keyring, contents)
    return render_page(
        page,
        [
            VersionView(**{**dict(row), "content": with_words(content, texts)})
            for row, content in zip(found, contents, strict=True)
        ],
        cursor,
    )


@router.get(
    "/{submission_id}/checks",
    operation_id="list_submission_checks",
    response_model=Page[CheckHistoryView],
    dependencies=[READ],
    responses=problem_responses(NotFound),
)
async def list_checks(
    submission_id: UUID, sql: Reader, caller: Caller, page: PageParams, request: Request
) -> Any:
    """Every check that was made of the visit, with what it compared."""
    await _readable(sql, submission_id, caller.acting())
    after = page.values(UUID)
    rows = await repository.checks(sql, submission_id, after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    inputs = [row["inputs"] for row in found]
    texts = await texts_in(sql, caller, runtime(request).database.keyring, inputs)
    return render_page(
        page,
        [
            CheckHistoryView.model_validate({**dict(row), "inputs": with_words(compared, texts)})
            for row, compared in zip(found, inputs, strict=True)
        ],
        cursor,
    )


@router.patch(
    "/{submission_id}",
    operation_id="amend_submission",
    response_model=SubmissionView,
    dependencies=[WRITE],
    responses=problem_responses(
        Forbidden,
        OwnSubmission,
        NotFound,
        WrongSubmissionState,
        ReferencesMissing,
        ConsentWithdrawn,
        Stale,
        PreconditionRequired,
    ),
)
async def amend_submission(
    submission_id: UUID, change: VisitAmendment, expected: IfMatch, uow: Uow, request: Request
) -> Response:
    """Correct what was seen: a monitor its own visit until it is reviewed, a coordinator any that counts."""
    return await _reply(uow, await service.amend(uow, shelf_of(request), submission_id, change, expected))


@router.post(
    "/{submission_id}/approve",
    operation_id="approve_submission",
    response_model=SubmissionView,
    dependencies=[REVIEW],
    responses=problem_responses(
        OwnSubmission,
        NotFound,
        WrongSubmissionState,
        review.CheckPending,
        ReferencesMissing,
        Stale,
        PreconditionRequired,
    ),
)
async def approve_submission(submission_id: UUID, expected: IfMatch, uow: Uow, request: Request) -> Response:
    """Count the visit: it is announced, and its breaches are put before the body that answers for them. Who made it
    cannot, unless it is a system whose key holds both roles, monitor and coordinator."""
    return await _reply(uow, await review.approve(uow, shelf_of(request), submission_id, expected))


@router.post(
    "/{submission_id}/reject",
    operation_id="reject_submission",
    response_model=SubmissionView,
    dependencies=[REVIEW],
    responses=problem_responses(NotFound, WrongSubmissionState, Stale, PreconditionRequired),
)
async def reject_submission(submission_id: UUID, refusal: Refusal, expected: IfMatch, uow: Uow) -> Response:
    """Do not count the visit."""
    return await _reply(uow, await review.reject(uow, submission_id, refusal, expected))


@router.post(
    "/{submission_id}/withdraw",
    operation_id="withdraw_submission",
    response_model=SubmissionView,
    dependencies=[REVIEW],
    responses=problem_responses(NotFound, WrongSubmissionState, Stale, PreconditionRequired),
)
async def withdraw_submission(submission_id: UUID, refusal: Refusal, expected: IfMatch, uow: Uow) -> Response:
    """Take back a visit, also an approved one: its findings end with it."""
    return await _reply(uow, await review.withdraw(uow, submission_id, refusal, expected))


async def _readable(sql: Connection, identifier: UUID, organisation: Acting) -> Row:
    row = await repository.submission(sql, identifier, organisation)
    if row is None:
        raise NotFound
    return row


async def _reply(uow: Uow, row: Row) -> Response:
    """Under an Idempotency-Key the answer is kept without what people said."""
    texts = await texts_of(uow.sql, uow.principal, uow.keyring, [row])
    return reply(uow, view(row, texts), version=row["version"], kept=view(row, {}))
