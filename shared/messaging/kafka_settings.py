"""How to reach Apache Kafka, and for how long to wait for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from aiokafka.helpers import create_ssl_context

from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """What a listener asks of its clients."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password: str = ""
    authorities: Path | None = None
    """PEM file of those whose certificates a broker may show; the system's without."""
    certificate: Path | None = None
    """PEM file of our own certificate, where the listener asks for one (mutual TLS); `key` is its key."""
    key: Path | None = None

    def __repr__(self) -> str:
        return f"KafkaSecurity({self.protocol})"

    def options(self) -> dict[str, Any]:
        """As aiokafka's clients take them. Files are read now, so a renewed one counts for the next client."""
        found: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.protocol.endswith("SSL"):
            found["ssl_context"] = create_ssl_context(
                cafile=self.authorities, certfile=self.certificate, keyfile=self.key
            )
        return found


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    servers: str
    """`host:port[,host:port…]`, of which one that answers is enough."""
    security: KafkaSecurity = KafkaSecurity()
    client: str = "ashar"
    """Names our connections in the broker's logs and quotas."""
    compression: Literal["none", "gzip"] = "none"
    replication: int | None = None
    """Copies of each topic's records; the cluster's `default.replication.factor` without."""
    producers: int = 4
    """Publications at a time, each on connections of its own."""
    batch_bytes: int = 512 * 1024
    """Most of one batch, uncompressed; a larger record has a batch of its own."""
    connect_seconds: float = 5.0
    publish_seconds: float = 7.0
    """An acknowledgement later than this counts as unknown. Shorter than the relay's own patience, so that
    what was acknowledged meanwhile still counts."""
    command_seconds: float = 10.0
    """Commits, offsets, topics."""
    silent_seconds: float = 10.0
    """A member that has heard nothing from its brokers for so long begins anew."""
    session_seconds: float = 45.0
    """A member that has said nothing for so long has lost its partitions."""
    topics_seconds: float = 30.0
    """How often a member looks for topics that were not there when it joined."""

    @classmethod
    def of(cls, settings: ServiceSettings) -> Self:
        """What a service's settings say."""
        return cls(
            servers=settings.broker_url.get_secret_value(),
            security=KafkaSecurity(
                protocol=settings.kafka_security_protocol,
                mechanism=settings.kafka_sasl_mechanism,
                username=settings.kafka_username,
                password=settings.kafka_password.get_secret_value(),
                authorities=settings.kafka_ca_file,
                certificate=settings.kafka_certificate_file,
                key=settings.kafka_key_file,
            ),
            client=f"ashar-{type(settings).__module__.split('.')[1]}",
            compression=settings.kafka_compression,
            replication=settings.kafka_replication,
            session_seconds=settings.consumer_session_timeout.total_seconds(),
        )

    def options(self) -> dict[str, Any]:
        """What every client of aiokafka's is given."""
        return {
            "bootstrap_servers": self.servers,
            "client_id": self.client,
            "retry_backoff_ms": 200,
            **self.security.options(),
        }
