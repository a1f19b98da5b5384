"""How many requests one address, one subject and one device may send.

Buckets live in this Envoy process. The address is counted before the token is checked, so that a flood of
bad signatures costs little; subject and device after it, from the verified claims and not from headers."""

from deploy.gateway.protos import JsonObject, extension
from deploy.gateway.settings import GatewaySettings, Limit

CLAIMS = "claims"
"""Where jwt_authn leaves the verified claims in its dynamic metadata."""
JWT_FILTER = "envoy.filters.http.jwt_authn"

_UNLIMITED: JsonObject = {
    "max_tokens": 4_294_967_295,
    "tokens_per_fill": 4_294_967_295,
    "fill_interval": "1s",
}
_ALWAYS: JsonObject = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def address_limit(settings: GatewaySettings) -> JsonObject:
    # One IPv6 subscriber has a whole /64 and would otherwise get a bucket per address.
    action: JsonObject = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
    return _filter(settings, "address_limit", {"masked_remote_address": settings.address_limit}, [action])


def principal_limit(settings: GatewaySettings) -> JsonObject:
    buckets = {"subject": settings.subject_limit}
    actions: list[JsonObject] = [_from_claim("subject", "sub")]
    if settings.device_header is not None:
        buckets["device_header"] = settings.device_limit
        actions.append(_from_header("device_header", settings.device_header))
    if settings.device_claim is not None:
        buckets["device_claim"] = settings.device_limit
        actions.append(_from_claim("device_claim", settings.device_claim))
    return _filter(settings, "principal_limit", buckets, actions)


def _from_claim(key: str, claim: str) -> JsonObject:
    path = [{"key": CLAIMS}, {"key": claim}]
    metadata = {"descriptor_key": key, "metadata_key": {"key": JWT_FILTER, "path": path}}
    return {"metadata": {**metadata, "skip_if_absent": True}}


def _from_header(key: str, name: str) -> JsonObject:
    return {"request_headers": {"header_name": name, "descriptor_key": key, "skip_if_absent": True}}


def _filter(
    settings: GatewaySettings, prefix: str, buckets: dict[str, Limit], actions: list[JsonObject]
) -> JsonObject:
    return extension(
        "filters.http.local_ratelimit",
        "extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix=prefix,
        filter_enabled={"runtime_key": f"{prefix}_enabled", **_ALWAYS},
        filter_enforced={"runtime_key": f"{prefix}_enforced", **_ALWAYS},
        token_bucket=_UNLIMITED,
        descriptors=[_descriptor(key, limit) for key, limit in buckets.items()],
        rate_limits=[{"actions": [action], "x_ratelimit_option": "DRAFT_VERSION_03"} for action in actions],
        # Default 20: the 21st subject would push out the first, which then returns with a full bucket.
        max_dynamic_descriptors=settings.tracked_keys,
        enable_retry_after_header=True,
    )


def _descriptor(key: str, limit: Limit) -> JsonObject:
    """An entry without a value matches every value and gives each its own bucket."""
    bucket = {"max_tokens": limit.burst, "tokens_per_fill": limit.per_second, "fill_interval": "1s"}
    return {"entries": [{"key": key}], "token_bucket": bucket}
