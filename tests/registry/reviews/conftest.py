"""A round over one body, with reviewers the platform appointed."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.ids import uuid7
from tests.kit.service import RunningService
from tests.registry.conftest import add_organisation
from tests.registry.standards.conftest import Desk, desk, other_desk

__all__ = ["desk", "other_desk"]

ROUND: dict[str, Any] = {
    "code": "R-1",
    "title": {"ky": "Карап чыгуу", "ru": "Разбор"},
    "reviewers_needed": 2,
    "opens_on": "2026-11-01",
    "origin": "official",
}


@dataclass(repr=False)
class Review:
    """A round, and what its people do in it."""

    desk: Desk
    id: str
    experts: UUID

    @property
    def platform(self) -> dict[str, str]:
        return self.desk.service.headers("registry:reviews:write", roles=["platform"])

    async def reviewer(self, role: str = "reviewer", valid_to: date | None = None) -> tuple[UUID, str]:
        """A person of the experts' organisation: their id and that of the membership."""
        person, membership = uuid4(), uuid7()
        pool = self.desk.service.database.pool
        await pool.execute("INSERT INTO person (id) VALUES ($1)", person)
        await pool.execute(
            """INSERT INTO membership (id, person_id, organisation_id, role, valid_from, valid_to)
               VALUES ($1, $2, $3, $4, '2026-01-01', $5)""",
            membership,
            person,
            self.experts,
            role,
            valid_to,
        )
        return person, str(membership)

    async def appoint(self, membership: str) -> httpx.Response:
        return await self.desk.service.client.post(
            f"/v1/reviews/{self.id}/reviewers", json={"membership_id": membership}, headers=self.platform
        )

    async def appointed(self) -> dict[str, str]:
        """Headers of a reviewer of the round."""
        person, membership = await self.reviewer()
        made = await self.appoint(membership)
        assert made.status_code == 201, made.text
        return self.as_reviewer(person)

    def as_reviewer(self, person: UUID) -> dict[str, str]:
        return self.desk.service.headers("registry:standards:review", sub=str(person), org=self.experts)

    async def remark(self, standard: str, by: dict[str, str], row: str = "result") -> httpx.Response:
        return await self.desk.service.client.post(
            f"/v1/reviews/{self.id}/standards/{standard}/remarks",
            json={"row": row, "text": {"ky": "Түшүнүксүз", "ru": "Неясно"}},
            headers=by,
        )

    async def answer(self, remark: str, by: Desk) -> httpx.Response:
        return await self.desk.service.client.post(
            f"/v1/reviews/{self.id}/remarks/{remark}/answer",
            json={"text": {"ky": "Оңдолду", "ru": "Исправлено"}},
            headers=by.registrar,
        )

    async def verdict(
        self, standard: str, by: dict[str, str], version: int = 1, opinion: str = "approve"
    ) -> httpx.Response:
        return await self.desk.service.client.put(
            f"/v1/reviews/{self.id}/standards/{standard}/verdict",
            json={"opinion": opinion},
            headers=by | {"If-Match": f'"{version}"'},
        )


async def open_round(desk: Desk, **changes: Any) -> httpx.Response:
    headers = desk.service.headers("registry:reviews:write", roles=["platform"])
    body = ROUND | {"bodies": [str(desk.body)]} | changes
    return await desk.service.client.post("/v1/reviews", json=body, headers=headers)


@pytest.fixture
async def review(desk: Desk, registry: RunningService) -> Review:
    experts = await add_organisation(registry, "EXPERTS", "ngo")
    made = await open_round(desk)
    assert made.status_code == 201, made.text
    return Review(desk, made.json()["id"], experts)
