"""Apache Kafka for tests: one broker per test process, shared by all of its tests.

A test that takes the broker away gives it back. Topics and groups get names of their own instead of a
broker of their own: it costs 5 s and 200 MB, and removing a topic takes longer than making one.
"""

import os
import secrets
import shutil
from collections.abc import Iterator

import pytest

from deploy.kafka.cluster import KafkaCluster, start_kafka
from deploy.kafka.programs import KafkaUnavailable, Programs, find_programs


@pytest.fixture(scope="session")
def kafka_programs() -> Programs:
    """Java and Kafka's jars. Where they are missing a developer's tests are skipped, CI's fail."""
    try:
        return find_programs()
    except KafkaUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def kafka_cluster(
    kafka_programs: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaCluster]:
    """One broker for the test process."""
    del kafka_programs
    folder = tmp_path_factory.mktemp("kafka")
    cluster = start_kafka(folder)
    yield cluster
    cluster.kill()
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture
def kafka_name() -> str:
    """A prefix for topics and groups that no other test has."""
    return f"t{secrets.token_hex(4)}"
