"""Who is asking: spoofed headers go, a token is checked where there is one, every request gets a trace.

Nothing about the caller is told to the services but the token itself, which they check again."""

from datetime import timedelta

from deploy.gateway.limits import CLAIMS
from deploy.gateway.protos import JsonObject, duration, extension, header
from deploy.gateway.settings import GatewaySettings

SPOOFABLE = (
    *("x-ashar", "x-auth", "x-envoy-", "x-forwarded-access-token", "x-forwarded-email", "x-forwarded-groups"),
    *("x-forwarded-preferred-username", "x-forwarded-prefix", "x-forwarded-user", "x-http-method-override"),
    *("x-jwt", "x-method-override", "x-original-", "x-principal", "x-remote-", "x-rewrite-", "x-subject"),
    *("x-user", "remote-user"),
)
"""How the headers begin by which one proxy or another hands identity or routing on; not for callers."""

# In small steps, because Envoy refuses a CEL pattern of more than 100 instructions, and without
# `substring(a, b)`, which fails where b is the end of the string.
_TRACEPARENT = "request.headers['traceparent']"
_ID = "request.headers['x-request-id']"
_WELL_FORMED = " && ".join(
    (
        "'traceparent' in request.headers",
        f"{_TRACEPARENT}.size() == 55",
        f"{_TRACEPARENT}.matches('^00-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$')",
        f"{_TRACEPARENT}.split('-')[1].size() == 32",
        f"{_TRACEPARENT}.split('-')[2].size() == 16",
        f"!{_TRACEPARENT}.startsWith('00-{'0' * 32}')",
    )
)
_NEW_TRACE = f"'00-' + {_ID}.replace('-', '') + '-' + {_ID}.split('-')[3] + {_ID}.split('-')[4] + '-01'"
TRACEPARENT = f"%CEL({_WELL_FORMED} ? {_TRACEPARENT} : {_NEW_TRACE})%"
"""The caller's trace context as it came, or one made of the request id."""
TRACE_ID = f"%CEL({_TRACEPARENT}.split('-')[1])%"

UNREAD_TRACE_ID = "%START_TIME(%s%9f)%%CEL(('0000000000000' + string(connection.id)).substring(string(connection.id).size()))%"
"""For what was refused before it had a trace: the nanosecond, and the number of the connection in 13 digits."""

_AUTHORIZATION = "request.headers['authorization']"
BEARER = (
    f"%CEL({_AUTHORIZATION}.matches('(?i)^bearer ') "
    f"? 'Bearer ' + {_AUTHORIZATION}.substring(7) : {_AUTHORIZATION})%"
)
"""The scheme is case-insensitive, jwt_authn is not: `bearer …` would pass unchecked and uncounted."""


def public_read(value: str) -> str:
    """`value` for a read without a token, else nothing, and an empty header is not sent."""
    reads = "(request.method == 'GET' || request.method == 'HEAD') && !('authorization' in request.headers)"
    return f"%CEL({reads} ? '{value}' : '')%"


_RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def cel_formatter() -> JsonObject:
    """`%CEL(…)%` with string functions, which are off by default."""
    functions = {
        "enable_string_conversion": True,
        "enable_string_concat": True,
        "enable_string_functions": True,
    }
    return extension("formatter.cel", "extensions.formatter.cel.v3.Cel", cel_config=functions)


def header_mutation() -> JsonObject:
    """Stands before jwt_authn. A removal on the route would come last and take away what filters set."""
    response = [
        {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}},
        {"append": header("x-content-type-options", "nosniff")},
        # Both limits report. `%RESP%` is the first value, and that of subject and device comes first.
        *({"append": header(name, f"%RESP({name})%", "OVERWRITE_IF_EXISTS")} for name in _RATE_HEADERS),
    ]
    # Envoy's CORS filter answers by origin but leaves caches uninformed.
    response.append({"append": header("vary", "origin", "APPEND_IF_EXISTS_OR_ADD")})
    # Everybody's scripts read what is public. The CORS filter comes later and speaks for the sites it knows.
    for name, value in (("allow-origin", "*"), ("expose-headers", "content-language, etag, link")):
        found = header(f"access-control-{name}", public_read(value), "OVERWRITE_IF_EXISTS_OR_ADD")
        response.append({"append": found})
    return extension(
        "filters.http.header_mutation",
        "extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={
            "formatters": [cel_formatter()],
            "request_mutations": [
                *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in SPOOFABLE),
                {"append": header("authorization", BEARER, "OVERWRITE_IF_EXISTS")},
                {"append": header("traceparent", TRACEPARENT)},
            ],
            "response_mutations": response,
        },
    )


def jwt_authn(settings: GatewaySettings) -> JsonObject:
    """A missing token passes, an invalid one is refused; the services decide what needs one."""
    requirement = {"requires_any": {"requirements": [{"provider_name": "ashar"}, {"allow_missing": {}}]}}
    return extension(
        "filters.http.jwt_authn",
        "extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"ashar": _provider(settings)},
        rules=[{"match": {"prefix": "/api/"}, "requires": requirement}],
        bypass_cors_preflight=True,
        strip_failure_response=True,
    )


def _provider(settings: GatewaySettings) -> JsonObject:
    jwks = {
        "uri": f"http://registry{settings.jwks_path}",
        "cluster": "registry",
        "timeout": duration(settings.connect_timeout),
    }
    return {
        "issuer": settings.issuer,
        "audiences": [settings.audience],
        "require_expiration": True,
        "clock_skew_seconds": 30,
        "forward": True,
        # Named, because by default a token in the query string counts as well, and that one is logged.
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": CLAIMS,
        "remote_jwks": {
            "http_uri": jwks,
            # Envoy fetches again five seconds before this ends.
            "cache_duration": duration(settings.jwks_refresh + timedelta(seconds=5)),
            # The gateway starts before the registry has keys, and keeps asking until it has.
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
        },
    }
