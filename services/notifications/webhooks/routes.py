"""HTTP of webhooks."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.notifications.settings import Settings
from services.notifications.webhooks import repository, service
from services.notifications.webhooks.schemas import (
    DeliveryView,
    ReceiverChange,
    ReceiverDraft,
    ReceiverShown,
    ReceiverView,
    TestSent,
)
from shared.http.conditional import IfMatch
from shared.http.dependencies import Caller, Reader, Uow, no_idempotency, render, reply, requires, runtime
from shared.http.errors import NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

WRITE = requires("notifications:subscriptions:write")
router = APIRouter(prefix="/v1", tags=["webhooks"])


@router.post(
    "/webhooks",
    operation_id="add_webhook",
    status_code=201,
    response_model=ReceiverShown,
    dependencies=[WRITE],
    responses=problem_responses(service.ReceiverTaken),
)
async def add_webhook(draft: ReceiverDraft, request: Request, uow: Uow) -> Response:
    """Take messages at an address the operator allows. The secret is shown this once, so no Idempotency-Key is
    taken."""
    no_idempotency(uow)
    settings = runtime(request).settings
    assert isinstance(settings, Settings)
    row, secret = await service.add_receiver(uow, draft.url, settings.webhook_receivers)
    return reply(uow, ReceiverShown(**dict(row), secret=secret), status=201, version=row["version"])


@router.get("/webhooks", operation_id="list_webhooks", dependencies=[WRITE])
async def list_webhooks(sql: Reader, caller: Caller, page: PageParams) -> Page[ReceiverView]:
    """Your organisation's receivers, without their secrets."""
    after = page.values(UUID)
    rows = await repository.receivers(sql, caller.acting(), after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [ReceiverView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/webhooks/{webhook_id}",
    operation_id="get_webhook",
    response_model=ReceiverView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def get_webhook(webhook_id: UUID, sql: Reader, caller: Caller) -> Response:
    """One of your receivers; it is switched off by itself when it answers 410."""
    row = await repository.receiver(sql, caller.acting(), webhook_id)
    if row is None:
        raise NotFound
    return render(ReceiverView.model_validate(dict(row)), version=row["version"])


@router.put(
    "/webhooks/{webhook_id}",
    operation_id="change_webhook",
    response_model=ReceiverView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, Stale, PreconditionRequired),
)
async def change_webhook(webhook_id: UUID, change: ReceiverChange, expected: IfMatch, uow: Uow) -> Response:
    """Switch a receiver off or on."""
    row = await service.set_active(uow, webhook_id, active=change.active, expected=expected)
    return reply(uow, ReceiverView.model_validate(dict(row)), version=row["version"])


@router.post(
    "/webhooks/{webhook_id}/test",
    operation_id="test_webhook",
    status_code=202,
    response_model=TestSent,
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def test_webhook(webhook_id: UUID, uow: Uow) -> Response:
    """Send a signed test message."""
    return reply(uow, TestSent(delivery_id=await service.test(uow, webhook_id)), status=202)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    operation_id="list_deliveries",
    dependencies=[WRITE],
    responses=problem_responses(NotFound),
)
async def list_deliveries(
    webhook_id: UUID, sql: Reader, caller: Caller, page: PageParams
) -> Page[DeliveryView]:
    """What was sent to a receiver and what it said, newest first."""
    if await repository.receiver(sql, caller.acting(), webhook_id) is None:
        raise NotFound
    before = page.values(UUID)
    rows = await repository.deliveries(sql, webhook_id, before[0] if before else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [DeliveryView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    operation_id="redeliver",
    status_code=202,
    response_model=DeliveryView,
    dependencies=[WRITE],
    responses=problem_responses(NotFound, service.StillPending),
)
async def redeliver(delivery_id: UUID, uow: Uow) -> Response:
    """Send a settled delivery again, under the same `webhook-id`."""
    return reply(
        uow, DeliveryView.model_validate(dict(await service.redeliver(uow, delivery_id))), status=202
    )
