"""What an operator may decide about the gateway. Knows nothing of Envoy's configuration language."""

from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, PositiveInt, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Service = Literal["registry", "monitoring", "scoring", "ideas_market", "notifications"]
SERVICES: tuple[Service, ...] = get_args(Service)
START_FOLDER = Path(__file__).parent / "start"

Port = Annotated[int, Field(ge=1, le=65535)]


class Upstream(NamedTuple):
    """Where a service listens: an IP address, or a name that Envoy resolves again every few seconds."""

    host: str
    port: Port


class Limit(BaseModel):
    """A token bucket: `per_second` requests in the long run, `burst` at once. One per Envoy process."""

    model_config = ConfigDict(frozen=True)

    per_second: PositiveInt
    burst: PositiveInt


class GatewaySettings(BaseSettings):
    """Given by the caller, else read from `GATEWAY_…` (what all parts share: `ASHAR_…`)."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", env_nested_delimiter="__", frozen=True, extra="ignore", populate_by_name=True
    )

    address: IPvAnyAddress = IPv4Address("127.0.0.1")
    port: Port = 8080
    admin_port: Port | None = None
    """Envoy's admin interface, on loopback only; None leaves it out."""
    upstreams: dict[Service, Upstream]
    concurrency: PositiveInt = 2
    """Worker threads."""
    trusted_proxies: int = Field(0, ge=0)
    """Proxies in front whose X-Forwarded-For is believed. Too high a number lets callers choose their address."""
    access_log: Path | None = None
    """JSON lines without addresses, subjects or query strings; `/dev/stdout` in a container."""

    issuer: str = Field("https://ashar.kg", validation_alias="ASHAR_ISSUER")
    audience: str = Field("ashar", validation_alias="ASHAR_AUDIENCE")
    jwks_path: str = "/v1/.well-known/jwks.json"
    """Where the registry publishes the issuer's public keys."""
    jwks_refresh: timedelta = Field(timedelta(seconds=5), gt=timedelta(0))
    """How often keys are fetched, so how long a new key is refused and a withdrawn one accepted. While the
    registry is down the last keys stay in use."""

    subject_limit: Limit = Limit(per_second=50, burst=200)
    device_limit: Limit = Limit(per_second=20, burst=100)
    address_limit: Limit = Limit(per_second=500, burst=2000)
    """Loose: a whole town hall, school or mobile operator may share one address."""
    device_header: str | None = "x-device-id"
    device_claim: str | None = None
    """A claim of the token that names the device; both sources may be on."""
    tracked_keys: PositiveInt = 50_000
    """Buckets kept per kind of limit. The least used is forgotten first, and forgetting refills it."""

    body_limit: PositiveInt = 10 * 1024 * 1024
    """Bytes of the largest body any service takes; each service has its own, lower limit."""
    header_limit_kib: PositiveInt = 32

    connect_timeout: timedelta = timedelta(seconds=2)
    response_timeout: timedelta = timedelta(seconds=75)
    """Longest silence of a service, before and within its answer. Long polls last up to 60 s."""
    request_timeout: timedelta = timedelta(minutes=5)
    """For the whole request to arrive: photos over a slow mobile link."""
    connection_idle: timedelta = timedelta(minutes=5)
    upstream_idle: timedelta = timedelta(seconds=4)
    """Shorter than the services' keep-alive (uvicorn: 5 s), or a request meets a connection being closed."""

    max_connections: PositiveInt = 10_000
    upstream_connections: PositiveInt = 256
    upstream_pending: PositiveInt = 1024
    upstream_requests: PositiveInt = 2048

    public_url: str = Field("http://127.0.0.1:8080", validation_alias="ASHAR_PUBLIC_URL")
    cors_origins: tuple[str, ...] = ()
    """Sites whose scripts may do all that a token allows; none named: the platform's own. Everybody else's may read
    what is public."""
    start_folder: Path = START_FOLDER

    @model_validator(mode="after")
    def _all_services(self) -> Self:
        missing = [service for service in SERVICES if service not in self.upstreams]
        if missing:
            raise ValueError(f"no upstream for {', '.join(missing)}")
        return self

    @property
    def origins(self) -> tuple[str, ...]:
        """Sites that are allowed everything, as browsers name them."""
        if self.cors_origins:
            return self.cors_origins
        own = urlsplit(self.public_url)
        return (f"{own.scheme}://{own.netloc}",)

    @property
    def url(self) -> str:
        """The base address for a client on the same machine."""
        host = "127.0.0.1" if self.address.is_unspecified else str(self.address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
