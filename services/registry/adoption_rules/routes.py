"""HTTP of adoption rules."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry.adoption_rules import repository, service
from services.registry.adoption_rules.schemas import AdoptionRuleDraft, RulesView, RuleView
from services.registry.standards.routes import AsOf, KnownAt, today_of
from shared.http.dependencies import PUBLIC, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/adoption-rules", tags=["adoption rules"])


@router.get("", operation_id="get_adoption_rules", openapi_extra=PUBLIC, response_model=RulesView)
async def get_adoption_rules(
    request: Request, sql: Reader, as_of: AsOf = None, known_at: KnownAt = None
) -> Response:
    """Which acts adopt standards on a day: one rule for each level and regime that has one."""
    rows = await repository.in_force(sql, as_of or today_of(request), known_at)
    return render(RulesView(items=[RuleView.model_validate(dict(row)) for row in rows]))


@router.get("/history", operation_id="list_adoption_rule_history", openapi_extra=PUBLIC)
async def list_adoption_rule_history(sql: Reader, page: PageParams) -> Page[RuleView]:
    """All rules there ever were, by their first day."""
    rows = await repository.rules(sql, page.values(date.fromisoformat, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["valid_from"], row["id"]))
    return render_page(page, [RuleView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "",
    operation_id="record_adoption_rule",
    status_code=201,
    response_model=RuleView,
    dependencies=[requires("registry:adoption-rules:write")],
    responses=problem_responses(Invalid),
)
async def record_adoption_rule(draft: AdoptionRuleDraft, uow: Uow) -> Response:
    """Record which acts adopt the standards of a level and regime from a day on."""
    row = await service.record(uow, draft)
    return reply(uow, RuleView.model_validate(dict(row)), status=201)
