"""HTTP of subscriptions."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.notifications.subscriptions import repository, service
from services.notifications.subscriptions.schemas import (
    SubscriptionChange,
    SubscriptionDraft,
    SubscriptionView,
)
from shared.http.conditional import IfMatch
from shared.http.dependencies import Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

WRITE = requires("notifications:subscriptions:write")
router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])


@router.post(
    "",
    operation_id="subscribe",
    status_code=201,
    response_model=SubscriptionView,
    dependencies=[WRITE],
    responses=problem_responses(Invalid),
)
async def subscribe(draft: SubscriptionDraft, uow: Uow) -> Response:
    """Hear of these events from now on."""
    row = await service.subscribe(uow, draft)
    view = SubscriptionView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version, location=f"subscriptions/{view.id}")


@router.get("", operation_id="list_subscriptions", dependencies=[WRITE])
async def list_subscriptions(sql: Reader, caller: Caller, page: PageParams) -> Page[SubscriptionView]:
    """Subscriptions of your organisation."""
    after = page.values(UUID)
    rows = await repository.of_organisation(sql, caller.acting(), after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [SubscriptionView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/{subscription_id}",
    operation_id="get_subscription",
    response_model=SubscriptionView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def get_subscription(subscription_id: UUID, sql: Reader, caller: Caller) -> Response:
    """One subscription of your organisation."""
    row = await repository.get(sql, caller.acting(), subscription_id)
    if row is None:
        raise NotFound
    return render(SubscriptionView.model_validate(dict(row)), version=row["version"])


@router.put(
    "/{subscription_id}",
    operation_id="change_subscription",
    response_model=SubscriptionView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, Stale, PreconditionRequired, Invalid),
)
async def change_subscription(
    subscription_id: UUID, wanted: SubscriptionChange, expected: IfMatch, uow: Uow
) -> Response:
    """Change a subscription; `active: false` rests it."""
    row = await service.change(uow, subscription_id, wanted, expected)
    return reply(uow, SubscriptionView.model_validate(dict(row)), version=row["version"])


@router.delete(
    "/{subscription_id}",
    operation_id="unsubscribe",
    status_code=204,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, Stale, PreconditionRequired),
)
async def unsubscribe(subscription_id: UUID, expected: IfMatch, uow: Uow) -> None:
    """Hear of nothing more. What is in the inbox stays."""
    await service.delete(uow, subscription_id, expected)
