"""What routes ask for: the caller, a reader, a unit of work, a scope."""

import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import asyncpg
import structlog
from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes
from pydantic import BaseModel
from starlette.responses import Response

from shared.auth.principal import Principal
from shared.db.database import NO_CONNECTION, Connection
from shared.db.unit_of_work import StoredAnswer, UnitOfWork
from shared.http.conditional import etag as etag_of
from shared.http.conditional import not_modified
from shared.http.context import RequestContext
from shared.http.errors import BadRequest, FieldError, Invalid, Problem, Unavailable
from shared.http.strictness import ill_formed

if TYPE_CHECKING:
    from shared.http.openapi import QueryParameter
    from shared.service import Runtime

log = structlog.get_logger("http")


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key was already used with another request."""

    status = 422
    code = "idempotency_key_reused"


class Replay(Exception):
    """The request was carried out before; its answer is given again."""

    def __init__(self, response: Response) -> None:
        self.response = response


def runtime(request: Request) -> "Runtime":
    found: Runtime = request.app.state.runtime
    return found


def context(request: Request) -> RequestContext:
    found: RequestContext = request.state.context
    return found


async def _caller(request: Request) -> Principal:
    return context(request).principal


class _Bearer(HTTPBearer):
    """The scheme as OpenAPI shows it, and the check of the scopes, in one dependency. The token itself was
    checked by the kit's ASGI layer."""

    async def __call__(self, request: Request, scopes: SecurityScopes) -> None:  # type: ignore[override]
        principal = context(request).principal
        if scopes.scopes:
            principal.require(scopes.scopes)
        else:
            principal.actor()


_bearer = _Bearer(auto_error=False, scheme_name="bearer", bearerFormat="JWT")


def requires(*scopes: str) -> Any:
    """`dependencies=[requires("registry:standards:write")]`: 401 without a token, 403 without the scope.

    With no scope named, any valid token will do."""
    return Security(_bearer, scopes=list(scopes))


PUBLIC: dict[str, Any] = {"x-public": True}
"""`openapi_extra=PUBLIC`: the route answers without a token. Every route says this or names a scope."""


def _check_query(request: Request) -> None:
    """A misspelt filter would answer something else than was asked, of a repeated one only one is heard, and what is
    written otherwise than OpenAPI says may be read as something else: 422, as in a body."""
    if not request.scope["query_string"]:
        return
    known = runtime(request).query_parameters.get((request.method, request.scope["route"].path), {})
    seen: set[str] = set()
    errors: dict[str, FieldError] = {}
    for name, value in request.query_params.multi_items():
        wrong = _wrong(name, value, known.get(name), repeated=name in seen)
        if wrong is not None:
            errors.setdefault(name, wrong)
        seen.add(name)
    if errors:
        raise Invalid(errors=list(errors.values()))


def _wrong(name: str, value: str, known: "QueryParameter | None", *, repeated: bool) -> FieldError | None:
    if known is None:
        return FieldError(f"/query/{name[:100]}", "There is no such parameter here.", "unknown_parameter")
    if repeated and not known.repeatable:
        return FieldError(f"/query/{name}", "This parameter is given once only.", "repeated_parameter")
    return ill_formed(name, known.form, value) if known.form else None


async def _checked_query(request: Request) -> None:
    _check_query(request)


async def _reader(request: Request) -> Connection:
    _check_query(request)
    # Given back by the kit's ASGI layer when the answer begins: what a dependency with `yield` costs is a
    # quarter of a plain read.
    try:
        return await context(request).read_on(runtime(request).database)
    except NO_CONNECTION as error:
        raise Unavailable(headers={"Retry-After": "2"}) from error


async def _unit_of_work(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=8, max_length=128, description="Makes a POST safe to repeat for 24 hours"),
    ] = None,
) -> AsyncIterator[UnitOfWork]:
    _check_query(request)
    kit, caller = runtime(request), context(request)
    uow = UnitOfWork(kit.database, caller.principal, kit.clock, caller.trace)
    answer = await _answer_slot(request, caller.principal, idempotency_key)
    try:
        async with uow:
            uow.answer = answer
            yield uow
            if answer is not None and answer.status == 0:
                uow.answer = None
    except Exception:
        # A key is looked up only when something failed: the first use pays nothing for it, and the loser
        # of a race fails on the key or on whatever its effect collided with.
        if answer is not None:
            await _replay(kit.database.pool, caller.principal.subject, answer)
        raise


async def _answer_slot(request: Request, principal: Principal, key: str | None) -> StoredAnswer | None:
    if key is None or request.method != "POST":
        return None
    if not principal.authenticated:
        raise BadRequest(code="idempotency_needs_token", detail="Idempotency-Key needs an access token.")
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return StoredAnswer(_kept_under(principal, key), digest.digest())


def _kept_under(principal: Principal, key: str) -> str:
    """A key belongs to a subject and the organisation it acts for: acting for another, the same key asks for
    something else. Before the first "/" there is an organisation's id or nothing, so no two are taken for one."""
    return f"{principal.org or ''}/{key}"


async def _replay(pool: "asyncpg.Pool[asyncpg.Record]", subject: str, answer: StoredAnswer) -> None:
    row = await pool.fetchrow(
        "SELECT request_hash, status, headers, body FROM idempotency WHERE subject = $1 AND key = $2",
        subject,
        answer.key,
    )
    if row is None:
        return
    if row["request_hash"] != answer.request_hash:
        raise IdempotencyKeyReused
    headers = {**row["headers"], "Idempotent-Replayed": "true"}
    raise Replay(Response(row["body"], status_code=row["status"], headers=headers))


Caller = Annotated[Principal, Depends(_caller)]
Reader = Annotated[Connection, Depends(_reader)]
Uow = Annotated[UnitOfWork, Depends(_unit_of_work, scope="function")]
CheckedQuery = Depends(_checked_query)
"""For routes that need neither of both before they answer: a misspelt parameter is refused there too."""


class AnswerNotKept(Problem):
    """The answer holds a secret and is never stored, so an Idempotency-Key cannot be taken here."""

    status = 400
    code = "answer_not_kept"


def no_idempotency(uow: UnitOfWork) -> None:
    """For answers with a secret that is shown once: a stored answer would keep it in clear."""
    if uow.answer is not None:
        raise AnswerNotKept


def reply(
    uow: UnitOfWork,
    body: BaseModel,
    *,
    status: int = 200,
    version: int | None = None,
    location: str | None = None,
    kept: BaseModel | None = None,
) -> Response:
    """The rendered answer of a changing route; kept under the Idempotency-Key if there is one.

    `kept` is kept instead where the answer holds personal data: that has one place to be erased from."""
    content = body.model_dump_json(exclude_none=True).encode()
    headers = {"content-type": "application/json"}
    if version is not None:
        headers["etag"] = etag_of(version, content)
    if location is not None:
        headers["location"] = location
    if uow.answer is not None:
        again = content if kept is None else kept.model_dump_json(exclude_none=True).encode()
        uow.answer.status, uow.answer.headers, uow.answer.body = status, headers, again
    return Response(content, status_code=status, headers=headers)


def render(
    body: BaseModel,
    *,
    version: int | None = None,
    if_none_match: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The rendered answer of a reading route: serialised once, by pydantic, without FastAPI's second pass.

    304 when the caller has these bytes."""
    found = {"content-type": "application/json", **(headers or {})}
    content = body.model_dump_json(exclude_none=True).encode()
    if version is not None:
        found["etag"] = tag = etag_of(version, content)
        unchanged = not_modified(if_none_match, tag)
        if unchanged is not None:
            return unchanged
    return Response(content, headers=found)


def invalid_input(error: asyncpg.DataError) -> Problem:
    """A value no model caught (a NUL in a query, a number beyond its type). Postgres' or the driver's own words
    speak of arguments and columns, so they are not for the caller."""
    log.info("value refused by the database", error=type(error).__name__)
    return Invalid.at("", "A value is not one that can be kept.", "invalid_value")
