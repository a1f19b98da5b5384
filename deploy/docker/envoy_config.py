"""`python -m deploy.docker.envoy_config`: writes `envoy.json`, which docker-compose.yml gives to the Envoy image."""

from pathlib import Path

from deploy.gateway.config import write
from deploy.gateway.settings import SERVICES, GatewaySettings, Upstream

TARGET = Path(__file__).parent / "envoy.json"
API_PORT = 8000


def settings() -> GatewaySettings:
    """The gateway of the compose file: services by their compose names."""
    upstreams = {service: Upstream(f"{service.replace('_', '-')}-api", API_PORT) for service in SERVICES}
    return GatewaySettings(address="0.0.0.0", port=8080, upstreams=upstreams)


if __name__ == "__main__":
    write(settings(), TARGET)
