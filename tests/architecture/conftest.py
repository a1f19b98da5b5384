"""The five applications without their databases, for tests that read what they declare."""

from typing import Any

import pytest

from deploy.local.services import SPECS
from shared.service import create_service_app


@pytest.fixture(scope="session")
def documents() -> dict[str, dict[str, Any]]:
    """OpenAPI 3.1 of each service, by name."""
    apps = {
        spec.name: create_service_app(spec, spec.settings(database_url="postgresql://nowhere"))
        for spec in SPECS
    }
    return {name: app.runtime.document for name, app in apps.items()}
