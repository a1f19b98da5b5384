"""Errors as `application/problem+json` (RFC 9457) in the caller's language."""

from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.http.catalogue import Catalogue, preferred_language
from shared.http.errors import (
    BadRequest,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from shared.http.field_errors import field_error

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
"""Errors in one answer: a file can have one in each of its cells."""


class MethodNotAllowed(Problem):
    """This method is not allowed here."""

    status = 405
    code = "method_not_allowed"


class ProblemError(BaseModel):
    pointer: str = Field(
        description="JSON pointer (RFC 6901) into the body, or `/query/…`, `/path/…`, `/header/…`"
    )
    detail: str
    code: str


class ProblemDetails(BaseModel):
    """RFC 9457 problem details; `code` and `errors[].code` are stable, texts follow Accept-Language."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str | None = None
    trace_id: str | None = None
    errors: list[ProblemError] = Field([], max_length=MOST_ERRORS, description="The first of them")
    errors_total: int | None = Field(None, description="How many there are, beside `errors`")


_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
    429: TooManyRequests,
    503: Unavailable,
}


def render(
    problem: Problem, catalogue: Catalogue, *, accept_language: str, instance: str, trace_id: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to `problem`."""
    language = preferred_language(accept_language)
    body: dict[str, Any] = {
        "type": f"https://ashar.kg/problems/{problem.code}",
        "title": catalogue.title(problem, language),
        "status": problem.status,
        "code": problem.code,
        "detail": catalogue.detail(problem, language),
        "instance": quote(instance, safe="/:@!$&'()*+,;=~"),  # RFC 9457: a URI reference
        "trace_id": trace_id,
    }
    body.update(problem.parameters)
    if problem.errors:
        body["errors"] = [catalogue.field_error(error, language) for error in problem.errors[:MOST_ERRORS]]
        body["errors_total"] = len(problem.errors)
    headers = {"content-type": MEDIA_TYPE, "content-language": language, "cache-control": "no-store"}
    headers.update({name.lower(): value for name, value in problem.headers.items()})
    if problem.status == 401:
        headers.setdefault("www-authenticate", 'Bearer realm="ashar"')
    return problem.status, headers, orjson.dumps(body, default=str)


def answer(request: Request, problem: Problem) -> Response:
    context, kit = request.state.context, request.app.state.runtime
    status, headers, body = render(
        problem,
        kit.catalogue,
        accept_language=request.headers.get("accept-language", ""),
        instance=f"/api/{kit.spec.name}{request.url.path}",
        trace_id=context.trace_id,
    )
    return Response(body, status_code=status, headers=headers)


def install_problem_handlers(app: FastAPI) -> None:
    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, from_validation(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        problem = from_http(error)
        if isinstance(problem, MethodNotAllowed):
            problem.headers["allow"] = _allowed(request)
            if request.method == "OPTIONS":  # RFC 9110 §9.3.7: what may be done here, to anybody
                return Response(status_code=204, headers={"allow": f"{problem.headers['allow']}, OPTIONS"})
        return answer(request, problem)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def _allowed(request: Request) -> str:
    """All methods of this path: the router names only those of the first route that fits."""
    template = getattr(request.scope.get("route"), "path", "")
    item = request.app.state.runtime.document["paths"].get(template, {})
    return ", ".join(sorted(method.upper() for method in item))


def from_validation(error: RequestValidationError) -> Problem:
    """Pydantic's findings as field errors; an unreadable body is 400, invalid content 422."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return BadRequest(code="malformed_json", errors=[field_error(item) for item in found])
    return Invalid(errors=[field_error(item) for item in found])


def from_http(error: HTTPException) -> Problem:
    if error.status_code == 400:  # FastAPI's word for a body that is not even text
        return BadRequest(errors=[FieldError("", "The body cannot be read.", "unreadable")])
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = BadRequest if error.status_code < 500 else Unavailable
    return kind(headers=dict(error.headers or {}))


def problem_responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: the problems it may answer with, for OpenAPI."""
    described: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        text = (problem.__doc__ or problem.code).strip()
        entry = described.setdefault(
            problem.status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
            },
        )
        entry["description"] = f"{entry['description']} `{problem.code}`: {text}".strip()
    return described
