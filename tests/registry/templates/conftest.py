"""A template the platform recorded, and the desks of bodies that write standards by it."""

from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.standards.conftest import desk, other_desk

__all__ = ["desk", "other_desk"]

TEMPLATE: dict[str, Any] = {
    "code": "typical_standard",
    "title": {"ky": "Типтүү стандарт", "ru": "Типовой стандарт"},
    "rows": [
        {"code": "name", "number": "1", "title": {"ky": "Аты", "ru": "Название"}, "kind": "service"},
        {
            "code": "recipients",
            "number": "3",
            "title": {"ky": "Алуучулар", "ru": "Получатели"},
            "kind": "text",
            "unverified": True,
        },
        {
            "code": "quality",
            "number": "14",
            "title": {"ky": "Сапат", "ru": "Качество"},
            "kind": "text",
            "required": False,
        },
        {
            "code": "basis",
            "number": "4",
            "title": {"ky": "Негиз", "ru": "Основание"},
            "kind": "legal_basis",
        },
        {
            "code": "review",
            "number": "17",
            "title": {"ky": "Кайра кароо", "ru": "Пересмотр"},
            "kind": "review",
        },
    ],
    "review_months": 36,
    "act": {
        "kind": "government_decree",
        "number": "603",
        "date": "2012-09-03",
        "issuer": {"ky": "Өкмөт", "ru": "Правительство"},
    },
    "valid_from": "2012-10-01",
}


def template(**changes: Any) -> dict[str, Any]:
    return deepcopy(TEMPLATE) | changes


async def record(
    service: RunningService, version: int, code: str = "typical_standard", **changes: Any
) -> httpx.Response:
    headers = service.headers("registry:templates:write", roles=["platform"]) | {"If-Match": f'"{version}"'}
    return await service.client.post("/v1/templates", json=template(code=code, **changes), headers=headers)


@pytest.fixture
async def recorded(registry: RunningService) -> str:
    """The id of the first version of the typical standard."""
    made = await record(registry, 0)
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found
