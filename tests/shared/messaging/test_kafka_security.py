"""Encrypted listeners, passwords and certificates: what the settings promise is what the client does."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from deploy.kafka.cluster import KafkaCluster
from shared.messaging.broker import BrokerUnavailable
from shared.messaging.kafka import KafkaBroker
from shared.settings import ServiceSettings
from shared.worker import broker_of
from tests.kit.certificates import Authority
from tests.kit.kafka import PASSWORD, USER
from tests.shared.messaging.broker_contract import read_count, record


@pytest.fixture
def encrypted(
    kafka_cluster: KafkaCluster, kafka_authority: Authority, monkeypatch: Any
) -> pytest.MonkeyPatch:
    """The environment of a service whose broker wants encryption and a password."""
    for name, value in {
        "DATABASE_URL": "postgresql://nowhere",
        "ASHAR_BROKER": "kafka",
        "ASHAR_BROKER_URL": kafka_cluster.bootstrap_of("SASL_SSL"),
        "ASHAR_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "ASHAR_KAFKA_USERNAME": USER,
        "ASHAR_KAFKA_PASSWORD": PASSWORD,
        "ASHAR_KAFKA_CA_FILE": str(kafka_authority.file),
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


async def talk(name: str) -> None:
    """Make a topic, write to it and read it, with what the environment says."""
    broker = broker_of(ServiceSettings())
    assert isinstance(broker, KafkaBroker)
    await broker.start()
    try:
        await broker.ensure_topics({f"{name}secret": 1})
        assert await broker.publish([record("k", "1", f"{name}secret")]) == [None]
        consumer = broker.consumer(f"{name}group", [f"{name}secret"], member="0")
        await consumer.start()
        try:
            assert [r.value for r in await read_count(consumer, 1)] == [b"1"]
        finally:
            await consumer.stop()
    finally:
        await broker.stop()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_a_password_over_tls(encrypted: pytest.MonkeyPatch, kafka_name: str, mechanism: str) -> None:
    encrypted.setenv("ASHAR_KAFKA_SASL_MECHANISM", mechanism)
    await talk(kafka_name)


async def test_a_certificate_of_our_own(
    encrypted: pytest.MonkeyPatch, kafka_cluster: KafkaCluster, kafka_authority: Authority, kafka_name: str
) -> None:
    ours = kafka_authority.issue("registry")
    encrypted.setenv("ASHAR_BROKER_URL", kafka_cluster.bootstrap_of("SSL"))
    encrypted.setenv("ASHAR_KAFKA_SECURITY_PROTOCOL", "SSL")
    encrypted.setenv("ASHAR_KAFKA_CERTIFICATE_FILE", str(ours.certificate))
    encrypted.setenv("ASHAR_KAFKA_KEY_FILE", str(ours.key))
    await talk(kafka_name)


class TestRefused:
    async def test_a_wrong_password(self, encrypted: pytest.MonkeyPatch, kafka_name: str) -> None:
        encrypted.setenv("ASHAR_KAFKA_PASSWORD", "wrong")
        with pytest.raises(BrokerUnavailable):
            await talk(kafka_name)

    async def test_a_broker_whose_authority_we_do_not_trust(
        self, encrypted: pytest.MonkeyPatch, tmp_path: Path, kafka_name: str
    ) -> None:
        encrypted.setenv("ASHAR_KAFKA_CA_FILE", str(Authority(tmp_path, "stranger").file))
        with pytest.raises(BrokerUnavailable):
            await talk(kafka_name)

    async def test_no_certificate_where_one_is_wanted(
        self, encrypted: pytest.MonkeyPatch, kafka_cluster: KafkaCluster, kafka_name: str
    ) -> None:
        encrypted.setenv("ASHAR_BROKER_URL", kafka_cluster.bootstrap_of("SSL"))
        encrypted.setenv("ASHAR_KAFKA_SECURITY_PROTOCOL", "SSL")
        with pytest.raises(BrokerUnavailable):
            await talk(kafka_name)

    async def test_a_file_that_is_not_there(self, encrypted: pytest.MonkeyPatch) -> None:
        """A mistake of the operator's, which no waiting mends: the worker does not start."""
        encrypted.setenv("ASHAR_KAFKA_CA_FILE", "nowhere.pem")
        with pytest.raises(FileNotFoundError):
            await broker_of(ServiceSettings()).start()


class TestSettings:
    def made(self, **settings: Any) -> ServiceSettings:
        return ServiceSettings(database_url=SecretStr("postgresql://nowhere"), **settings)

    def test_a_log_in_needs_a_name(self) -> None:
        with pytest.raises(ValidationError, match="ASHAR_KAFKA_USERNAME"):
            self.made(kafka_security_protocol="SASL_SSL")

    def test_no_password_in_clear_in_production(self) -> None:
        production: dict[str, Any] = {"env": "production", "public_url": "https://a", "kafka_username": "a"}
        with pytest.raises(ValidationError, match="PLAIN"):
            self.made(kafka_security_protocol="SASL_PLAINTEXT", kafka_sasl_mechanism="PLAIN", **production)
        assert self.made(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="PLAIN", **production)

    def test_nothing_shows_the_password(self) -> None:
        settings = self.made(
            broker="kafka", kafka_security_protocol="SASL_SSL", kafka_username="a", kafka_password="s3cret"
        )
        from shared.messaging.kafka_settings import KafkaSettings

        assert "s3cret" not in repr(settings) + repr(KafkaSettings.of(settings))

    def test_a_service_says_who_it_is(self) -> None:
        from services.registry.spec import SPEC
        from shared.messaging.kafka_settings import KafkaSettings

        settings = SPEC.settings(database_url=SecretStr("postgresql://nowhere"))
        assert KafkaSettings.of(settings).client == "ashar-registry"
