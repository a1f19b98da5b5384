"""Which path goes where. What is not listed does not exist outside: `/metrics` above all."""

from deploy.gateway.protos import JsonObject, duration, header, typed
from deploy.gateway.settings import SERVICES, GatewaySettings, Service
from deploy.gateway.startpage import READS, files, largest, page_routes

OPEN_TREES = ("/v1", "/docs")
OPEN_PATHS = ("/openapi.json", "/openapi-3.0.json", "/asyncapi.json", "/readyz", "/healthz", "/version")

INSTANCE_HEADER, INSTANCE_VARIABLE = "x-gateway-instance", "GATEWAY_INSTANCE"
"""Which Envoy answers `/healthz`: what the variable says in its environment, `-` without."""

_READING_HEADERS = "accept, accept-language, if-modified-since, if-none-match, range, traceparent"
_HEALTH: JsonObject = {"inline_string": '{"status":"ok"}'}


def route_config(settings: GatewaySettings) -> JsonObject:
    return {
        "name": "gateway",
        "max_direct_response_body_size_bytes": max(largest(settings.start_folder), 4096),
        "virtual_hosts": [
            {
                "name": "gateway",
                "domains": ["*"],
                "routes": [
                    _public_preflight(settings),
                    *(route for service in SERVICES for route in _service_routes(settings, service)),
                    *_own_routes(settings),
                ],
                "typed_per_filter_config": {"envoy.filters.http.cors": _cors_policy(settings)},
            }
        ],
    }


def _service_routes(settings: GatewaySettings, service: Service) -> list[JsonObject]:
    places: list[tuple[str, str]] = [
        *(("path_separated_prefix", tree) for tree in OPEN_TREES),
        *(("path", path) for path in OPEN_PATHS),
    ]
    return [_forward(settings, service, kind, path) for kind, path in places]


def _forward(settings: GatewaySettings, service: Service, kind: str, path: str) -> JsonObject:
    prefix = f"/api/{service}"
    route: JsonObject = {
        "match": {kind: prefix + path},
        "route": {**_action(settings), "cluster": service, "prefix_rewrite": path},
        "request_headers_to_add": [header("x-forwarded-prefix", prefix)],
    }
    if path == "/docs":
        # Its script is 1.4 MB, and what has an ETag is not compressed; its age is limited instead.
        route["response_headers_to_remove"] = ["etag"]
    return route


def _action(settings: GatewaySettings) -> JsonObject:
    return {
        # Silence ends a request, not its length: exports and event streams may take as long as they like.
        "timeout": "0s",
        "idle_timeout": duration(settings.response_timeout),
        # Only what certainly never reached the service is sent again, so this is safe for any method.
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 2,
            "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"},
        },
    }


def _own_routes(settings: GatewaySettings) -> list[JsonObject]:
    pages = page_routes(settings.start_folder)
    health: JsonObject = {
        "match": {"path": "/healthz", "headers": [READS]},
        "direct_response": {"status": 200, "body": _HEALTH},
        "response_headers_to_add": [
            header("content-type", "application/json"),
            header("cache-control", "no-store"),
            header(INSTANCE_HEADER, f"%ENVIRONMENT({INSTANCE_VARIABLE})%"),
        ],
    }
    places = [
        "/",
        "/healthz",
        "/start",
        "/start/",
        *(f"/start/{name}" for name in files(settings.start_folder)),
    ]
    # Only other methods get this far.
    refused = [_refusal({"path": place}, 405, header("allow", "GET, HEAD")) for place in places]
    return [*pages, health, *refused, _refusal({"prefix": "/"}, 404)]


def _refusal(match: JsonObject, status: int, *headers: JsonObject) -> JsonObject:
    return {"match": match, "direct_response": {"status": status}, "response_headers_to_add": list(headers)}


def _public_preflight(settings: GatewaySettings) -> JsonObject:
    """Asked on behalf of a site that is not ours: reading without a token is allowed, nothing else."""
    asks = {
        "name": "access-control-request-method",
        "string_match": {"safe_regex": {"regex": "GET|HEAD"}},
    }
    return {
        "match": {
            "prefix": "/api/",
            "headers": [
                {"name": ":method", "string_match": {"exact": "OPTIONS"}},
                asks,
                *(
                    {"name": "origin", "string_match": {"exact": origin}, "invert_match": True}
                    for origin in settings.origins
                ),
            ],
        },
        # Said here and not by the CORS filter, which leaves direct responses alone.
        "direct_response": {"status": 204},
        "response_headers_to_add": [
            header("access-control-allow-origin", "*"),
            header("access-control-allow-methods", "GET, HEAD"),
            header("access-control-allow-headers", _READING_HEADERS),
            header("access-control-max-age", "600"),
        ],
    }


def _cors_policy(settings: GatewaySettings) -> JsonObject:
    """For the portal. No credentials: tokens travel in a header, there are no cookies."""
    return typed(
        "extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in settings.origins],
        allow_methods="GET, HEAD, POST, PUT, PATCH, DELETE",
        allow_headers=(
            "accept, accept-language, authorization, content-type, idempotency-key, if-match, if-none-match, "
            "if-modified-since, last-event-id, prefer, range, traceparent, x-device-id"
        ),
        expose_headers=(
            "content-disposition, content-language, deprecation, etag, idempotent-replayed, last-modified, link, "
            "location, retry-after, sunset, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id"
        ),
        max_age="600",
        allow_credentials=False,
        forward_not_matching_preflights=False,
    )
