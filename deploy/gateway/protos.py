"""The few shapes of Envoy's configuration that every part of it repeats."""

from datetime import timedelta

JsonObject = dict[str, object]


def typed(message: str, **fields: object) -> JsonObject:
    """A `google.protobuf.Any`: the full name of the message below `envoy.` and its fields."""
    return {"@type": f"type.googleapis.com/envoy.{message}", **fields}


def extension(name: str, message: str, **fields: object) -> JsonObject:
    """A named extension (`envoy.…`) with its configuration."""
    return {"name": f"envoy.{name}", "typed_config": typed(message, **fields)}


def duration(value: timedelta) -> str:
    """Protobuf's JSON form: seconds with at most nine decimals and an `s`."""
    return f"{value.total_seconds():.3f}s"


def socket_address(host: str, port: int) -> JsonObject:
    return {"socket_address": {"address": host, "port_value": port}}


def header(key: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> JsonObject:
    """A `HeaderValueOption`."""
    return {"header": {"key": key, "value": value}, "append_action": action}
