"""HTTP of reviews."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Header
from starlette.responses import Response

from services.registry.catalogue.rights import staff_of
from services.registry.reviews import repository, service
from services.registry.reviews.schemas import (
    AnswerDraft,
    Appointment,
    RemarkDraft,
    RemarkView,
    ReviewedBody,
    ReviewedDraft,
    ReviewerView,
    ReviewView,
    RoundDraft,
    RoundSummary,
    RoundView,
    VerdictDraft,
    VerdictView,
)
from services.registry.standards.views import draft_view
from shared.db.database import Connection
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.values import Reference

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])


@router.get("", operation_id="list_reviews", openapi_extra=PUBLIC)
async def list_reviews(sql: Reader, page: PageParams) -> Page[RoundSummary]:
    """Review rounds, oldest first."""
    after = page.values(UUID)
    rows = await repository.rounds(sql, after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [RoundSummary.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "",
    operation_id="open_review",
    status_code=201,
    response_model=RoundView,
    dependencies=[requires("registry:reviews:write")],
    responses=problem_responses(service.RoundCodeTaken, Invalid),
)
async def open_review(draft: RoundDraft, uow: Uow) -> Response:
    """Open a round over the drafts of some bodies; how many reviewers have to approve is its setting."""
    row = await service.open_round(uow, draft)
    return reply(uow, await _view(uow.sql, row), status=201, location=f"reviews/{row['id']}")


@router.get(
    "/{review_id}",
    operation_id="get_review",
    openapi_extra=PUBLIC,
    response_model=RoundView,
    responses=problem_responses(NotFound),
)
async def get_review(
    review_id: UUID, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """A round with its bodies and reviewers. A body without a collected service is shown as such."""
    row = await repository.one(sql, review_id)
    if row is None:
        raise NotFound
    return render(await _view(sql, row), version=1, if_none_match=if_none_match)


@router.post(
    "/{review_id}/reviewers",
    operation_id="appoint_reviewer",
    status_code=201,
    response_model=RoundView,
    dependencies=[requires("registry:reviews:write")],
    responses=problem_responses(NotFound, service.AlreadyAppointed, Invalid),
)
async def appoint_reviewer(review_id: UUID, appointment: Appointment, uow: Uow) -> Response:
    """Appoint a reviewer by the membership that makes them one."""
    await service.appoint(uow, review_id, appointment)
    row = await repository.one(uow.sql, review_id)
    assert row is not None
    return reply(uow, await _view(uow.sql, row), status=201)


@router.get(
    "/{review_id}/standards",
    operation_id="list_reviewed_drafts",
    dependencies=[requires()],
    responses=problem_responses(NotFound),
)
async def list_reviewed_drafts(
    review_id: UUID, sql: Reader, caller: Caller, page: PageParams
) -> Page[ReviewedDraft]:
    """Drafts of the round: all for its reviewers, their own for the people of a body."""
    reviewing = await service.is_reviewer(sql, caller, review_id)
    body = None if reviewing else staff_of(caller)
    if not reviewing and body is None:
        raise NotFound
    after = page.values(UUID)
    rows = await repository.drafts(sql, review_id, body, after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [_reviewed(row) for row in found], cursor)


@router.get(
    "/{review_id}/standards/{standard_id}",
    operation_id="get_reviewed_draft",
    response_model=ReviewView,
    dependencies=[requires()],
    responses=problem_responses(NotFound),
)
async def get_reviewed_draft(review_id: UUID, standard_id: UUID, sql: Reader, caller: Caller) -> Response:
    """A draft with remarks, answers and verdicts; for the round's reviewers and the people of its body."""
    head, draft = await service.readable(sql, caller, review_id, standard_id)
    view = ReviewView(
        draft=await draft_view(sql, head, draft, head["version"]),
        remarks=[_remark(row) for row in await repository.remarks(sql, review_id, standard_id)],
        verdicts=[
            VerdictView.model_validate(dict(row))
            for row in await repository.verdicts(sql, review_id, standard_id)
        ],
    )
    return render(view, version=head["version"])


@router.post(
    "/{review_id}/standards/{standard_id}/remarks",
    operation_id="make_remark",
    status_code=201,
    response_model=RemarkView,
    dependencies=[requires(service.REVIEW)],
    responses=problem_responses(NotFound, service.RoundNotOpen),
)
async def make_remark(review_id: UUID, standard_id: UUID, draft: RemarkDraft, uow: Uow) -> Response:
    """A remark on a row of the draft, as an appointed reviewer."""
    return reply(uow, _remark(await service.remark(uow, review_id, standard_id, draft)), status=201)


@router.put(
    "/{review_id}/standards/{standard_id}/verdict",
    operation_id="give_verdict",
    response_model=ReviewView,
    dependencies=[requires(service.REVIEW)],
    responses=problem_responses(NotFound, service.RoundNotOpen, Stale, PreconditionRequired),
)
async def give_verdict(
    review_id: UUID, standard_id: UUID, draft: VerdictDraft, expected: IfMatch, uow: Uow
) -> Response:
    """Approve or reject the draft as it was read; a changed draft needs a new verdict."""
    await service.give_verdict(uow, review_id, standard_id, draft, expected)
    return await get_reviewed_draft(review_id, standard_id, uow.sql, uow.principal)


@router.post(
    "/{review_id}/remarks/{remark_id}/answer",
    operation_id="answer_remark",
    response_model=RemarkView,
    dependencies=[requires("registry:standards:draft")],
    responses=problem_responses(NotFound, service.AnsweredAlready),
)
async def answer_remark(review_id: UUID, remark_id: UUID, draft: AnswerDraft, uow: Uow) -> Response:
    """What the body says to a remark on its draft."""
    return reply(uow, _remark(await service.answer(uow, review_id, remark_id, draft.text)))


async def _view(sql: Connection, row: asyncpg.Record) -> RoundView:
    bodies = [
        ReviewedBody(
            body=_reference(body), services=body["services"], no_service_collected=not body["services"]
        )
        for body in await repository.bodies(sql, row["id"])
    ]
    reviewers = [
        ReviewerView(number=one["number"], organisation=_reference(one))
        for one in await repository.reviewers(sql, row["id"])
    ]
    return RoundView(**dict(row), bodies=bodies, reviewers=reviewers)


def _reference(row: asyncpg.Record) -> Reference:
    return Reference(id=row["id"], code=row["code"], name=row["name"])


def _reviewed(row: asyncpg.Record) -> ReviewedDraft:
    service = Reference(id=row["service_id"], code=row["service_code"], name=row["service_name"])
    return ReviewedDraft(standard_id=row["id"], version=row["version"], service=service)


def _remark(row: asyncpg.Record) -> RemarkView:
    return RemarkView.model_validate(dict(row))
