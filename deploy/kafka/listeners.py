"""Listeners of a broker with encryption and log-in, in the words of Kafka's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Protocol = Literal["SASL_PLAINTEXT", "SSL", "SASL_SSL"]

SCRAM = "SCRAM-SHA-512"
MECHANISMS = ("PLAIN", SCRAM)


@dataclass(frozen=True)
class Secured:
    """A further listener, named after its protocol.

    `users` are names and passwords, known to PLAIN and SCRAM-SHA-512 (SASL protocols). `identity` is a PEM
    file with the unencrypted PKCS #8 key and the certificate chain of 127.0.0.1 (TLS protocols). With
    `clients`, a PEM file of authorities, a client must show a certificate of one of them.
    """

    protocol: Protocol
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    identity: Path | None = None
    clients: Path | None = None

    def properties(self) -> dict[str, str]:
        """What server.properties says about it. Letters, digits, `-`, `_` and `.` only in names and passwords."""
        prefix = f"listener.name.{self.protocol.lower()}"
        found: dict[str, str] = {}
        if self.protocol.startswith("SASL"):
            known = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
            security = "org.apache.kafka.common.security"
            found |= {
                f"{prefix}.sasl.enabled.mechanisms": ",".join(MECHANISMS),
                f"{prefix}.plain.sasl.jaas.config": f"{security}.plain.PlainLoginModule required {known};",
                f"{prefix}.{SCRAM.lower()}.sasl.jaas.config": f"{security}.scram.ScramLoginModule required;",
            }
        if self.protocol.endswith("SSL"):
            found |= {
                f"{prefix}.ssl.keystore.type": "PEM",
                f"{prefix}.ssl.keystore.location": str(self.identity),
            }
        if self.clients is not None:
            found |= {
                f"{prefix}.ssl.client.auth": "required",
                f"{prefix}.ssl.truststore.type": "PEM",
                f"{prefix}.ssl.truststore.location": str(self.clients),
            }
        return found

    def credentials(self) -> list[str]:
        """Arguments that make the SCRAM users known when a data folder is formatted."""
        if not self.protocol.startswith("SASL"):
            return []
        return [
            argument
            for name, password in self.users.items()
            for argument in ("--add-scram", f"{SCRAM}=[name={name},password={password}]")
        ]
