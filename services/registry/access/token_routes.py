"""HTTP of the token endpoint and the public keys."""

import base64
from typing import Any
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from services.registry.access import tokens
from services.registry.access.schemas import ACCESS_TOKEN, EXCHANGE, TokenRequest, TokenView
from services.registry.access.tokens import given
from services.registry.settings import Settings
from services.registry.sign_in import flow
from services.registry.sign_in.service import InvalidGrant, NotAMember
from shared.auth.keys import ensure_key, load_keys
from shared.auth.tokens import Grant, issue, key_set
from shared.db.database import NO_CONNECTION
from shared.http.dependencies import PUBLIC, CheckedQuery, context, render, runtime
from shared.http.errors import Unavailable
from shared.http.problems import problem_responses
from shared.service import Runtime

router = APIRouter(prefix="/v1", tags=["access"])

_BODY: dict[str, Any] = {
    **PUBLIC,
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": TokenRequest.model_json_schema()}
            for kind in ("application/json", "application/x-www-form-urlencoded")
        },
    },
}


@router.post(
    "/tokens",
    operation_id="issue_token",
    openapi_extra=_BODY,
    response_model=TokenView,
    dependencies=[CheckedQuery],
    responses=problem_responses(
        tokens.InvalidCredential, tokens.UnsupportedGrant, InvalidGrant, NotAMember, Unavailable
    ),
)
async def issue_token(request: Request) -> Response:
    """Exchange a credential for an access token of ten minutes that names one acting organisation, or none."""
    kit = runtime(request)
    settings = _settings(kit)
    wanted = await _read(request)
    grant, refresh_token = await _granted(request, wanted)
    token, seconds = issue(
        grant, signing_keys(kit).signing, issuer=settings.issuer, audience=settings.audience, clock=kit.clock
    )
    view = TokenView(
        access_token=token,
        expires_in=seconds,
        scope=" ".join(grant.scopes),
        issued_token_type=ACCESS_TOKEN if wanted.grant_type == EXCHANGE else None,
        refresh_token=refresh_token,
    )
    return render(view, headers={"cache-control": "no-store"})


async def _granted(request: Request, wanted: TokenRequest) -> tuple[Grant, str | None]:
    """What the token is to say, and a person's next refresh token."""
    kit, trace = runtime(request), context(request).trace
    if wanted.grant_type == EXCHANGE:
        given(wanted.subject_token_type, "subject_token_type")
        token, nonce = given(wanted.subject_token, "subject_token"), given(wanted.nonce, "nonce")
        signed_in = await flow.by_id_token(kit, trace, token, nonce, wanted.organisation)
        return signed_in.grant, signed_in.refresh_token
    if wanted.grant_type == "refresh_token":
        token = given(wanted.refresh_token, "refresh_token")
        signed_in = await flow.by_refresh_token(kit, trace, token, wanted.organisation)
        return signed_in.grant, signed_in.refresh_token
    development_login = _settings(kit).development_login
    try:
        async with kit.database.read() as sql:
            return await tokens.grant(sql, wanted, kit.clock, development_login=development_login), None
    except NO_CONNECTION as error:
        raise Unavailable(headers={"Retry-After": "2"}) from error


@router.get(
    "/.well-known/jwks.json",
    operation_id="get_jwks",
    openapi_extra=PUBLIC,
    response_model=dict[str, Any],
)
async def get_jwks(request: Request) -> Response:
    """Public keys of the issuer (RFC 7517). Good for a minute: a new key signs at once."""
    document = orjson.dumps(key_set(signing_keys(runtime(request)).keys))
    headers = {"cache-control": "public, max-age=60", "content-type": "application/json"}
    return Response(document, headers=headers)


def signing_keys(kit: Runtime) -> tokens.SigningKeys:
    """Loaded once a process; a new key is taken up at the next start."""
    if "signing_keys" not in kit.extras:
        settings = _settings(kit)
        if not settings.production:
            ensure_key(settings.signing_keys)
        kit.extras["signing_keys"] = tokens.SigningKeys(load_keys(settings.signing_keys))
    found: tokens.SigningKeys = kit.extras["signing_keys"]
    return found


def _settings(kit: Runtime) -> Settings:
    assert isinstance(kit.settings, Settings)
    return kit.settings


async def _read(request: Request) -> TokenRequest:
    """JSON, or a form as OAuth 2 clients send it (RFC 6749 §4.4.2)."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    try:
        if form:
            fields = {**_basic(request), **dict(await request.form())}
            return TokenRequest.model_validate(fields)
        return TokenRequest.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(
            [{**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)]
        ) from error


def _basic(request: Request) -> dict[str, str]:
    """Client credentials in the Authorization header (RFC 6749 §2.3.1); none where it is absent or malformed."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}
