"""HTTP of versions of the Register of Functions: drafted, submitted, decided on, adopted."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from services.registry.catalogue.rights import ForeignBody
from services.registry.functions import deciding, drafting, repository
from services.registry.functions.rights import DECIDE, WRITE, visible_below, visible_register
from services.registry.functions.schemas import (
    DecisionRecord,
    DecisionView,
    FunctionChange,
    FunctionDraft,
    FunctionPage,
    FunctionView,
    RegisterAdoption,
    RegisterView,
)
from services.registry.functions.views import decision_view, function_view, register_view
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, render, reply, requires
from shared.http.errors import Invalid, NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1/function-registers", tags=["functions"])

Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("", operation_id="list_function_registers", openapi_extra=PUBLIC)
async def list_function_registers(sql: Reader, caller: Caller, page: PageParams) -> Page[RegisterView]:
    """Versions of the register, newest first; who works on it sees the open one too."""
    staff = caller.may(WRITE) or caller.may(DECIDE)
    after = page.values(int)
    rows = await repository.registers(
        sql, adopted_only=not staff, after=after[0] if after else None, limit=page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["number"],))
    return render_page(page, [register_view(row) for row in found], cursor)


@router.get(
    "/{number}",
    operation_id="get_function_register",
    openapi_extra=PUBLIC,
    response_model=RegisterView,
    responses=problem_responses(NotFound),
)
async def get_function_register(
    number: Number, sql: Reader, caller: Caller, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One version of the register."""
    row = await visible_register(sql, caller, number)
    return render(register_view(row), version=row["version"], if_none_match=if_none_match)


@router.get(
    "/{number}/functions",
    operation_id="list_functions_of_register",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_functions_of_register(
    number: Number, sql: Reader, caller: Caller, page: PageParams
) -> FunctionPage:
    """Functions of a version; of an open one those of your body and the bodies below it."""
    row = await visible_register(sql, caller, number)
    wanted = repository.FunctionFilter(below=visible_below(caller, row))
    rows = await repository.functions(sql, row["id"], wanted, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda entry: (entry["sort_key"], entry["function_id"]))
    return cast("FunctionPage", render_page(page, [function_view(entry) for entry in found], cursor))


@router.get(
    "/{number}/decisions",
    operation_id="list_commission_decisions",
    openapi_extra=PUBLIC,
    responses=problem_responses(NotFound),
)
async def list_commission_decisions(
    number: Number, sql: Reader, caller: Caller, page: PageParams
) -> Page[DecisionView]:
    """What the Interdepartmental Commission decided, in the order it was recorded."""
    row = await visible_register(sql, caller, number)
    after = page.values(UUID)
    rows = await repository.decisions(sql, row["id"], after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda decision: (decision["id"],))
    return render_page(page, [decision_view(decision) for decision in found], cursor)


@router.post(
    "",
    operation_id="open_function_register",
    status_code=201,
    response_model=RegisterView,
    dependencies=[requires("registry:functions:decide")],
    responses=problem_responses(drafting.RegisterOpen),
)
async def open_function_register(uow: Uow) -> Response:
    """Open the next version as a draft, with the functions of the one before."""
    number = await drafting.open_register(uow)
    return await _register(uow, number, 201)


@router.post(
    "/{number}/functions",
    operation_id="add_function",
    status_code=201,
    response_model=FunctionView,
    dependencies=[requires("registry:functions:write")],
    responses=problem_responses(
        ForeignBody, NotFound, Invalid, drafting.RegisterNotDrafted, drafting.FunctionCodeTaken
    ),
)
async def add_function(number: Number, draft: FunctionDraft, uow: Uow) -> Response:
    """Add a function of your body, or one below it, to the draft."""
    row = await drafting.add_function(uow, number, draft)
    return reply(uow, function_view(row), status=201, version=row["version"])


@router.patch(
    "/{number}/functions/{function_id}",
    operation_id="change_function",
    response_model=FunctionView,
    dependencies=[requires("registry:functions:write")],
    responses=problem_responses(
        ForeignBody, NotFound, Stale, PreconditionRequired, Invalid, drafting.RegisterNotDrafted
    ),
)
async def change_function(
    number: Number, function_id: UUID, change: FunctionChange, expected: IfMatch, uow: Uow
) -> Response:
    """Change a function of your body, or one below it, in the draft."""
    row = await drafting.change_function(uow, number, function_id, change, expected)
    return reply(uow, function_view(row), version=row["version"])


@router.delete(
    "/{number}/functions/{function_id}",
    operation_id="remove_function",
    status_code=204,
    dependencies=[requires("registry:functions:write")],
    responses=problem_responses(
        ForeignBody, NotFound, Stale, PreconditionRequired, drafting.RegisterNotDrafted
    ),
)
async def remove_function(number: Number, function_id: UUID, expected: IfMatch, uow: Uow) -> None:
    """Take a function out of the draft."""
    await drafting.remove_function(uow, number, function_id, expected)


@router.post(
    "/{number}/submit",
    operation_id="submit_function_register",
    response_model=RegisterView,
    dependencies=[requires("registry:functions:decide")],
    responses=problem_responses(
        NotFound, Stale, PreconditionRequired, drafting.NotReadyForCommission, drafting.RegisterNotDrafted
    ),
)
async def submit_function_register(number: Number, expected: IfMatch, uow: Uow) -> Response:
    """Put the draft before the Interdepartmental Commission; it is not edited any more."""
    await drafting.submit(uow, number, expected)
    return await _register(uow, number, 200)


@router.post(
    "/{number}/decisions",
    operation_id="record_commission_decision",
    status_code=201,
    response_model=DecisionView,
    dependencies=[requires("registry:functions:decide")],
    responses=problem_responses(NotFound, Invalid, deciding.RegisterNotSubmitted),
)
async def record_commission_decision(number: Number, record: DecisionRecord, uow: Uow) -> Response:
    """Record what the commission decided on a function: keep, change, drop, transfer."""
    row = await deciding.decide(uow, number, record)
    return reply(uow, decision_view(row), status=201)


@router.post(
    "/{number}/adopt",
    operation_id="adopt_function_register",
    response_model=RegisterView,
    dependencies=[requires("registry:functions:decide")],
    responses=problem_responses(
        NotFound,
        Stale,
        PreconditionRequired,
        deciding.NotReadyForRegisterAdoption,
        deciding.RegisterNotSubmitted,
    ),
)
async def adopt_function_register(
    number: Number, adoption: RegisterAdoption, expected: IfMatch, uow: Uow
) -> Response:
    """Put the register in force by an act, as the commission decided on each function; it never changes again."""
    await deciding.adopt(uow, number, adoption, expected)
    return await _register(uow, number, 200)


async def _register(uow: UnitOfWork, number: int, status: int) -> Response:
    row = await repository.register(uow.sql, number)
    assert row is not None
    view = register_view(row)
    return reply(uow, view, status=status, version=view.version)
