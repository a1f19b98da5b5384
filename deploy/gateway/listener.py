"""The public listener: limits of the connection, of the request as such, and the order of the filters."""

from deploy.gateway.clusters import BUFFER_BYTES
from deploy.gateway.identity import TRACE_ID, UNREAD_TRACE_ID, cel_formatter, header_mutation, jwt_authn
from deploy.gateway.limits import address_limit, principal_limit
from deploy.gateway.problems import local_reply_config
from deploy.gateway.protos import JsonObject, duration, extension, socket_address
from deploy.gateway.routes import route_config
from deploy.gateway.settings import GatewaySettings

_COMPRESSED = (
    *("application/geo+json", "application/javascript", "application/json", "application/problem+json"),
    *(
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    ),
)


def listener(settings: GatewaySettings) -> JsonObject:
    return {
        "name": "public",
        "address": socket_address(str(settings.address), settings.port),
        # With the default a second Envoy on the same port takes half of the connections unnoticed.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [_connection_manager(settings)]}],
    }


def _connection_manager(settings: GatewaySettings) -> JsonObject:
    return extension(
        "filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway",
        server_name="ashar",
        **_caller(settings),
        **_paths(),
        **_sizes_and_times(settings),
        access_log=_access_log(settings),
        local_reply_config=local_reply_config(),
        route_config=route_config(settings),
        http_filters=_filters(settings),
    )


def _caller(settings: GatewaySettings) -> JsonObject:
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": settings.trusted_proxies,
        # Nobody is internal, or callers on loopback and private networks could set x-request-id and
        # x-envoy-*. Nothing comes from this address, and an empty list means those very networks.
        "internal_address_config": {"cidr_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 32}]},
        "always_set_request_id_in_response": True,
    }


def _paths() -> JsonObject:
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }


def _sizes_and_times(settings: GatewaySettings) -> JsonObject:
    return {
        "max_request_headers_kb": settings.header_limit_kib,
        "stream_idle_timeout": duration(settings.response_timeout),
        "request_timeout": duration(settings.request_timeout),
        "request_headers_timeout": "10s",
        "common_http_protocol_options": {
            "idle_timeout": duration(settings.connection_idle),
            # Some servers read `x_auth` as `x-auth`.
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 64 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
    }


def _filters(settings: GatewaySettings) -> list[JsonObject]:
    """In order of the request. CORS is first so that a portal can read refusals, too."""
    return [
        extension("filters.http.cors", "extensions.filters.http.cors.v3.Cors"),
        header_mutation(),
        _compressor("gzip"),
        _compressor("brotli"),
        address_limit(settings),
        jwt_authn(settings),
        principal_limit(settings),
        _body_limit(settings),
        extension("filters.http.router", "extensions.filters.http.router.v3.Router"),
    ]


def _body_limit(settings: GatewaySettings) -> JsonObject:
    """By Content-Length before anything is read, and by counting where there is none; holds nothing back."""
    name, message = "filters.http.body_size_limit", "extensions.filters.http.body_size_limit.v3.BodySizeLimit"
    return extension(name, message, max_request_bytes=settings.body_limit)


def _compressor(library: str) -> JsonObject:
    message = f"extensions.compression.{library}.compressor.v3.{library.capitalize()}"
    return extension(
        "filters.http.compressor",
        "extensions.filters.http.compressor.v3.Compressor",
        # Of two that the caller likes equally the last in this list runs first, so brotli is taken.
        choose_first=library == "brotli",
        compressor_library=extension(f"compression.{library}.compressor", message),
        response_direction_config={
            "common_config": {
                "min_content_length": 1024,
                "content_type_matcher": [{"exact": kind} for kind in _COMPRESSED],
            },
            # Compressing would drop a strong ETag, and without it nobody could send If-Match.
            "disable_on_etag_header": True,
        },
    )


def _access_log(settings: GatewaySettings) -> list[JsonObject]:
    if settings.access_log is None:
        return []
    line = {
        "time": "%START_TIME%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:ORIG_OR_PATH)%",
        "status": "%RESPONSE_CODE%",
        "milliseconds": "%DURATION%",
        "received": "%BYTES_RECEIVED%",
        "sent": "%BYTES_SENT%",
        "service": "%UPSTREAM_CLUSTER%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "trace_id": TRACE_ID,
        "unread_trace_id": UNREAD_TRACE_ID,
    }
    log_format = {"json_format": line, "formatters": [cel_formatter()]}
    name, message = "access_loggers.file", "extensions.access_loggers.file.v3.FileAccessLog"
    return [extension(name, message, path=str(settings.access_log), log_format=log_format)]
