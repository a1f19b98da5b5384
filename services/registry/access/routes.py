"""HTTP of organisations, memberships and API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from services.registry.access import repository, service
from services.registry.access.domain import MembershipEnded, OrganisationKind
from services.registry.access.schemas import (
    ApiKeyDraft,
    ApiKeyShown,
    ApiKeyView,
    MembershipEnd,
    MembershipGrant,
    MembershipView,
    OrganisationDraft,
    OrganisationRename,
    OrganisationView,
)
from services.registry.access.scope import administered
from shared.http.conditional import IfMatch
from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, no_idempotency, render, reply, requires
from shared.http.errors import NotFound, PreconditionRequired, Stale
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["access"])


@router.get("/organisations", operation_id="list_organisations", openapi_extra=PUBLIC)
async def list_organisations(
    sql: Reader, page: PageParams, kind: Annotated[OrganisationKind | None, Query()] = None
) -> Page[OrganisationView]:
    """Organisations of every kind in alphabetical order."""
    rows = await repository.organisations(sql, kind, page.values(str, UUID), page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["sort_key"], row["id"]))
    return render_page(page, [OrganisationView.model_validate(dict(row)) for row in found], cursor)


@router.get(
    "/organisations/{organisation_id}",
    operation_id="get_organisation",
    openapi_extra=PUBLIC,
    response_model=OrganisationView,
    responses=problem_responses(NotFound),
)
async def get_organisation(
    organisation_id: UUID, sql: Reader, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """One organisation."""
    row = await repository.organisation(sql, organisation_id)
    if row is None:
        raise NotFound
    return render(
        OrganisationView.model_validate(dict(row)), version=row["version"], if_none_match=if_none_match
    )


@router.post(
    "/organisations",
    operation_id="register_organisation",
    status_code=201,
    response_model=OrganisationView,
    dependencies=[requires("registry:organisations:write")],
    responses=problem_responses(service.CodeTaken),
)
async def register_organisation(draft: OrganisationDraft, uow: Uow) -> Response:
    """Mint an organisation id. Bodies, groups, NGOs and donors are profiles under the same id."""
    row = await service.register_organisation(uow, draft)
    view = OrganisationView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version, location=f"organisations/{view.id}")


@router.patch(
    "/organisations/{organisation_id}",
    operation_id="rename_organisation",
    response_model=OrganisationView,
    dependencies=[requires("registry:organisations:write")],
    responses=problem_responses(NotFound, Stale, PreconditionRequired),
)
async def rename_organisation(
    organisation_id: UUID, change: OrganisationRename, expected: IfMatch, uow: Uow
) -> Response:
    """Give an organisation another name; the feed tells everybody."""
    row = await service.rename_organisation(uow, organisation_id, change.name, expected)
    view = OrganisationView.model_validate(dict(row))
    return reply(uow, view, version=view.version)


@router.get(
    "/organisations/{organisation_id}/memberships",
    operation_id="list_memberships",
    dependencies=[requires("registry:memberships:write")],
    responses=problem_responses(NotFound),
)
async def list_memberships(
    organisation_id: UUID, sql: Reader, caller: Caller, page: PageParams
) -> Page[MembershipView]:
    """Who holds which role at your organisation."""
    scope = await administered(sql, caller, organisation_id)
    after = page.values(UUID)
    rows = await repository.memberships_of_organisation(
        sql, scope, after[0] if after else None, page.limit + 1
    )
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [MembershipView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/organisations/{organisation_id}/memberships",
    operation_id="grant_membership",
    status_code=201,
    response_model=MembershipView,
    dependencies=[requires("registry:memberships:write")],
    responses=problem_responses(NotFound, service.AlreadyMember),
)
async def grant_membership(organisation_id: UUID, grant: MembershipGrant, uow: Uow) -> Response:
    """Give a person a role at your organisation."""
    row = await service.grant_membership(uow, organisation_id, grant)
    view = MembershipView.model_validate(dict(row))
    return reply(uow, view, status=201, version=view.version)


@router.post(
    "/memberships/{membership_id}/end",
    operation_id="end_membership",
    response_model=MembershipView,
    dependencies=[requires("registry:memberships:write")],
    responses=problem_responses(NotFound, MembershipEnded, Stale, PreconditionRequired),
)
async def end_membership(membership_id: UUID, end: MembershipEnd, expected: IfMatch, uow: Uow) -> Response:
    """End a role; tokens that rest on it are refused everywhere within seconds."""
    row = await service.end_membership(uow, membership_id, end.valid_to, expected)
    view = MembershipView.model_validate(dict(row))
    return reply(uow, view, version=view.version)


@router.get(
    "/organisations/{organisation_id}/api-keys",
    operation_id="list_api_keys",
    dependencies=[requires("registry:keys:write")],
    responses=problem_responses(NotFound),
)
async def list_api_keys(
    organisation_id: UUID, sql: Reader, caller: Caller, page: PageParams
) -> Page[ApiKeyView]:
    """Keys of your organisation's systems, without their secrets."""
    scope = await administered(sql, caller, organisation_id)
    after = page.values(UUID)
    rows = await repository.keys_of_organisation(sql, scope, after[0] if after else None, page.limit + 1)
    found, cursor = cut(rows, page, lambda row: (row["id"],))
    return render_page(page, [ApiKeyView.model_validate(dict(row)) for row in found], cursor)


@router.post(
    "/organisations/{organisation_id}/api-keys",
    operation_id="create_api_key",
    status_code=201,
    response_model=ApiKeyShown,
    dependencies=[requires("registry:keys:write")],
    responses=problem_responses(NotFound),
)
async def create_api_key(organisation_id: UUID, draft: ApiKeyDraft, uow: Uow) -> Response:
    """A key for a system of your organisation. It is shown this once, so no Idempotency-Key is taken."""
    no_idempotency(uow)
    row, key = await service.create_api_key(uow, organisation_id, draft)
    return reply(uow, ApiKeyShown(**dict(row), api_key=key), status=201)


@router.post(
    "/api-keys/{key_id}/revoke",
    operation_id="revoke_api_key",
    response_model=ApiKeyView,
    dependencies=[requires("registry:keys:write")],
    responses=problem_responses(NotFound),
)
async def revoke_api_key(key_id: UUID, uow: Uow) -> Response:
    """Refuse this key from now on, and its tokens within seconds."""
    view = ApiKeyView.model_validate(dict(await service.revoke_api_key(uow, key_id)))
    return reply(uow, view, kept=view.model_copy(update={"label": view.prefix}))
