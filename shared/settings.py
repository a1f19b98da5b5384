"""Settings every service has; a service extends the class and sets its prefix. Built in factories only."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Environment = Literal["development", "test", "production"]


class ServiceSettings(BaseSettings):
    """Read from `<SERVICE>_…`; what all services share is read from `ASHAR_…` too."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    env: Environment = Field("development", validation_alias="ASHAR_ENV")
    public_url: str = Field("http://127.0.0.1:8080", validation_alias="ASHAR_PUBLIC_URL")
    version: str = Field("0.1.0", validation_alias="ASHAR_VERSION")

    database_url: SecretStr
    database_pool_min: int = 1
    database_pool_max: int = 10
    database_statement_timeout: timedelta = timedelta(seconds=30)
    database_acquire_timeout: timedelta = timedelta(seconds=5)

    broker: Literal["local", "kafka"] = Field("local", validation_alias="ASHAR_BROKER")
    broker_url: SecretStr = Field(SecretStr(""), validation_alias="ASHAR_BROKER_URL")
    consumer_session_timeout: timedelta = timedelta(seconds=45)
    """How long a worker on Kafka may be silent before its partitions go to others."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", validation_alias="ASHAR_KAFKA_SECURITY_PROTOCOL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", validation_alias="ASHAR_KAFKA_SASL_MECHANISM"
    )
    kafka_username: str = Field("", validation_alias="ASHAR_KAFKA_USERNAME")
    kafka_password: SecretStr = Field(SecretStr(""), validation_alias="ASHAR_KAFKA_PASSWORD")
    kafka_ca_file: Path | None = Field(None, validation_alias="ASHAR_KAFKA_CA_FILE")
    """Who signed the brokers' certificates; the system's authorities without."""
    kafka_certificate_file: Path | None = Field(None, validation_alias="ASHAR_KAFKA_CERTIFICATE_FILE")
    """Our own certificate, where brokers ask for one; its key is the next."""
    kafka_key_file: Path | None = Field(None, validation_alias="ASHAR_KAFKA_KEY_FILE")
    kafka_compression: Literal["none", "gzip"] = Field("none", validation_alias="ASHAR_KAFKA_COMPRESSION")
    kafka_replication: int | None = Field(None, ge=1, validation_alias="ASHAR_KAFKA_REPLICATION")
    """Copies of a new topic; the cluster's `default.replication.factor` without."""

    issuer: str = Field("https://ashar.kg", validation_alias="ASHAR_ISSUER")
    audience: str = Field("ashar", validation_alias="ASHAR_AUDIENCE")
    jwks_url: str = Field("http://127.0.0.1:8101/v1/.well-known/jwks.json", validation_alias="ASHAR_JWKS_URL")
    registry_url: str = Field("http://127.0.0.1:8101", validation_alias="ASHAR_REGISTRY_URL")
    """Where the token endpoint is, for a service's own calls (rebuilding a projection)."""
    service_key: SecretStr = SecretStr("")
    """This service's own API key, exchanged at the token endpoint."""
    peers: dict[str, str] = Field(default_factory=dict, validation_alias="ASHAR_PEERS")
    """Base addresses of the other services, `{"registry": "http://…"}`."""

    people_keys: Path | None = None
    """File of the keys personal data and secrets are sealed with (mode 0600). Made in development where there is
    none; production has to name one."""

    host: str = "127.0.0.1"
    port: int = Field(8101, ge=0, le=65535)
    max_body_bytes: int = 2 * 1024 * 1024
    log_level: str = Field("INFO", validation_alias=AliasChoices("ASHAR_LOG_LEVEL", "LOG_LEVEL"))
    log_format: Literal["json", "console"] = Field("json", validation_alias="ASHAR_LOG_FORMAT")

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def service(self) -> str:
        """The service these are the settings of, by their prefix."""
        return str(self.model_config["env_prefix"]).rstrip("_").lower()

    @property
    def key_file(self) -> Path | None:
        """Where the data keys are. None in production where none is named."""
        if self.people_keys is None and not self.production:
            return Path("var") / "people" / f"{self.service}.json"
        return self.people_keys

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.production and not self.public_url.startswith("https://"):
            raise ValueError("ASHAR_PUBLIC_URL must be https in production")
        in_clear = self.kafka_security_protocol == "SASL_PLAINTEXT" and self.kafka_sasl_mechanism == "PLAIN"
        if self.production and in_clear:
            raise ValueError("ASHAR_KAFKA_SASL_MECHANISM must not be PLAIN without TLS in production")
        return self

    @model_validator(mode="after")
    def _require_kafka_user(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not self.kafka_username:
            raise ValueError("ASHAR_KAFKA_USERNAME is missing")
        return self


def read_secret(path: Path) -> str:
    """A secret mounted as a file, without its final newline."""
    return path.read_text(encoding="utf-8").rstrip("\n")
