"""Fixtures every test may use; they cost nothing until a test asks for one."""

from typing import Any

import pytest

from shared.observability.logs import configure_logging
from tests.kit.kafka import kafka_authority, kafka_broker, kafka_cluster, kafka_name, kafka_programs
from tests.kit.postgres import fresh_database, postgres_server, template_databases
from tests.kit.service import migrated_database, start_service, statements

__all__ = [
    "fresh_database",
    "kafka_authority",
    "kafka_broker",
    "kafka_cluster",
    "kafka_name",
    "kafka_programs",
    "migrated_database",
    "postgres_server",
    "start_service",
    "statements",
    "template_databases",
]

configure_logging("WARNING", "json")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Who runs which test where there are several processes."""
    from tests.kit.groups import GroupScheduling

    return GroupScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None
