"""What the gateway answers by itself when something is wrong: problem+json (RFC 9457) in ky, ru and en.

Answers of the services never pass here: Envoy maps local replies only. The map must not reach below
status 400 either, or it would rewrite the start page."""

from collections.abc import Iterator
from pathlib import Path

from deploy.gateway.identity import TRACE_ID, UNREAD_TRACE_ID, cel_formatter
from deploy.gateway.protos import JsonObject, extension, header
from shared.http.catalogue import LANGUAGES, Catalogue
from shared.http.errors import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from shared.http.problems import MEDIA_TYPE, MethodNotAllowed

_LOCALES = Path(__file__).parent / "locales"
_BEFORE_A_TRACE = frozenset({400, 404, 408, 413, 431})
_HAS_TRACE: JsonObject = {
    "header_filter": {
        "header": {
            "name": "traceparent",
            "string_match": {"safe_regex": {"regex": "00-[0-9a-f]+-[0-9a-f]+-.."}},
        }
    }
}
_NAMED = tuple(language for language in LANGUAGES if language != "en")


class SlowRequest(Problem):
    """The request did not arrive in time."""

    status = 408
    code = "request_timeout"


class HeadersTooLarge(Problem):
    """The request headers are too large."""

    status = 431
    code = "headers_too_large"


class InternalError(Problem):
    """Internal error."""

    status = 500
    code = "internal_error"


class BadGateway(Problem):
    """The service gave an answer that cannot be read."""

    status = 502
    code = "bad_gateway"


class KeysUnavailable(Problem):
    """Tokens cannot be checked at the moment."""

    status = 503
    code = "keys_unavailable"


class GatewayTimeout(Problem):
    """The service did not answer in time."""

    status = 504
    code = "gateway_timeout"


def local_reply_config() -> JsonObject:
    catalogue = Catalogue([_LOCALES])
    return {
        "mappers": [
            _mapper(problem, language, condition, catalogue, trace_id)
            for problem, condition, trace_id in _traced()
            for language in (*_NAMED, "en")
        ]
    }


def _traced() -> Iterator[tuple[Problem, JsonObject, str]]:
    """What may be refused before it had a trace (unreadable, too late, a path not allowed) is told apart."""
    for problem, condition in _conditions():
        if problem.status in _BEFORE_A_TRACE:
            yield problem, _both(condition, _HAS_TRACE), TRACE_ID
            yield problem, condition, UNREAD_TRACE_ID
        else:
            yield problem, condition, TRACE_ID


def _conditions() -> list[tuple[Problem, JsonObject]]:
    """The first that holds decides. Envoy's details tell apart what one status covers."""
    expired = InvalidToken(code="token_expired")
    return [
        (KeysUnavailable(), _details("jwt_authn_access_denied{Jwks_remote_fetch_is_failed}")),
        (expired, _details("jwt_authn_access_denied{Jwt_is_expired}")),
        # RFC 6750: a token for another audience is an invalid one, not a lack of rights.
        (InvalidToken(), _details("jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}")),
        *(
            (problem, _status("EQ", problem.status))
            for problem in (
                *(InvalidToken(), Forbidden(), NotFound(), MethodNotAllowed(), SlowRequest(), TooLarge()),
                *(TooManyRequests(), HeadersTooLarge(), BadGateway(), Unavailable(), GatewayTimeout()),
            )
        ),
        (InternalError(), _status("GE", 500)),
        (BadRequest(), _status("GE", 400)),
    ]


def _mapper(
    problem: Problem, language: str, condition: JsonObject, catalogue: Catalogue, trace_id: str
) -> JsonObject:
    body: JsonObject = {
        "type": f"https://ashar.kg/problems/{problem.code}",
        "title": catalogue.title(problem, language),
        "status": "%RESPONSE_CODE%",
        "code": problem.code,
        "detail": catalogue.detail(problem, language),
        "instance": "%PATH(NQ:ORIG_OR_PATH)%",
        "trace_id": trace_id,
    }
    headers = [header("content-language", language), header("cache-control", "no-store")]
    if problem.status == 503:
        headers.append(header("retry-after", "1"))
    if problem.status == 401:
        headers.append(header("www-authenticate", 'Bearer realm="ashar", error="invalid_token"'))
    mapper: JsonObject = {
        "filter": condition if language == "en" else _both(condition, _prefers(language)),
        "body_format_override": {
            "json_format": body,
            "content_type": MEDIA_TYPE,
            "omit_empty_values": True,
            "formatters": [cel_formatter()],
        },
        "headers_to_add": headers,
    }
    if "extension_filter" in condition:
        mapper["status_code"] = problem.status
    return mapper


def _status(operator: str, status: int) -> JsonObject:
    value = {"default_value": status, "runtime_key": f"problem_status_{status}"}
    return {"status_code_filter": {"comparison": {"op": operator, "value": value}}}


def _details(text: str) -> JsonObject:
    name, message = (
        "access_loggers.extension_filters.cel",
        "extensions.access_loggers.filters.cel.v3.ExpressionFilter",
    )
    return {"extension_filter": extension(name, message, expression=f"response.code_details == '{text}'")}


def _both(*conditions: JsonObject) -> JsonObject:
    return {"and_filter": {"filters": list(conditions)}}


def _prefers(language: str) -> JsonObject:
    """Accept-Language begins with it, or with one we lack and names it later; else English answers."""
    others = "(?:[^kre]|k[^y]|r[^u]|e[^n])"
    regex = rf"(?i)\s*(?:{language}(?:[-;,\s].*)?|{others}.*[,\s]{language}(?:[-;,\s].*)?)"
    match = {"safe_regex": {"regex": regex}}
    return {"header_filter": {"header": {"name": "accept-language", "string_match": match}}}
