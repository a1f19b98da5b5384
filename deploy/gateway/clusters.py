"""One Envoy cluster per service: how to reach it and when to stop trying."""

from ipaddress import ip_address

from deploy.gateway.protos import JsonObject, duration, socket_address, typed
from deploy.gateway.settings import GatewaySettings, Upstream

BUFFER_BYTES = 64 * 1024


def clusters(settings: GatewaySettings) -> list[JsonObject]:
    return [_cluster(settings, service, upstream) for service, upstream in settings.upstreams.items()]


def _cluster(settings: GatewaySettings, name: str, upstream: Upstream) -> JsonObject:
    endpoint = {"endpoint": {"address": socket_address(upstream.host, upstream.port)}}
    return {
        "name": name,
        "type": "STATIC" if _is_address(upstream.host) else "STRICT_DNS",
        "connect_timeout": duration(settings.connect_timeout),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": settings.upstream_connections,
                    "max_pending_requests": settings.upstream_pending,
                    "max_requests": settings.upstream_requests,
                    "max_retries": 16,
                    "track_remaining": True,
                }
            ]
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
                "extensions.upstreams.http.v3.HttpProtocolOptions",
                common_http_protocol_options={"idle_timeout": duration(settings.upstream_idle)},
                explicit_http_config={"http_protocol_options": {}},
            )
        },
    }


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
