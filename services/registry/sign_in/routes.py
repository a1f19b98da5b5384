"""HTTP of sign-in beside the token endpoint: with whom one signs in, and as what one may act."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.registry.sign_in import flow, repository
from services.registry.sign_in.schemas import MembershipInForce, MeView, ProvidersView, ProviderView
from shared.auth.principal import Kind
from shared.clock import local_date
from shared.http.dependencies import PUBLIC, Caller, CheckedQuery, Reader, render, requires, runtime

router = APIRouter(prefix="/v1", tags=["sign-in"])


@router.get(
    "/sign-in/providers",
    operation_id="list_sign_in_providers",
    openapi_extra=PUBLIC,
    response_model=ProvidersView,
    dependencies=[CheckedQuery],
)
async def list_sign_in_providers(request: Request) -> Response:
    """OpenID Connect providers whose ID tokens `/v1/tokens` takes, with the clients registered there."""
    known = flow.providers(runtime(request)).settings
    views = [ProviderView(issuer=one.issuer, client_ids=list(one.client_ids)) for one in known]
    return render(ProvidersView(items=views))


@router.get("/me", operation_id="get_me", response_model=MeView, dependencies=[requires()])
async def get_me(request: Request, sql: Reader, caller: Caller) -> Response:
    """Who you are here, and the organisations you may act for."""
    sub = caller.actor()
    held: Sequence[repository.Row] = ()
    if caller.kind is Kind.PERSON:
        held = await repository.memberships_in_force(sql, sub, local_date(runtime(request).clock.now()))
    view = MeView(
        sub=sub,
        kind=caller.kind,
        organisation_id=caller.org,
        roles=sorted(caller.roles),
        scopes=sorted(caller.scopes),
        memberships=[
            MembershipInForce(organisation=row["code"], organisation_name=row["name"], **dict(row))
            for row in held
        ],
    )
    return render(view, headers={"cache-control": "no-store"})
