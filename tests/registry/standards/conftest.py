"""A service of a body, its people, and a complete draft to vary."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.kit.service import RunningService
from tests.registry.conftest import ADOPTER, REGISTRAR, add_organisation

CONTENT: dict[str, Any] = {
    "tiers": [
        {
            "code": "ordinary",
            "term": {"number": 3, "unit": "working_day"},
            "fees": [{"amount": "100.00", "exempt": ["pensioner"]}],
        }
    ],
    "documents": [{"code": "passport", "name": {"ky": "Паспорт", "ru": "Паспорт", "uz": "Pasport"}}],
    "refusal_grounds": [
        {
            "code": "incomplete",
            "text": {"ky": "Документтер толук эмес", "ru": "Неполный пакет документов"},
            "norm": "п. 5",
        }
    ],
    "appeal": {
        "authority": {"ky": "Мэрия", "ru": "Мэрия"},
        "term": {"number": 10, "unit": "working_day"},
    },
}
ACT: dict[str, Any] = {
    "kind": "ministry_order",
    "number": "7",
    "date": "2026-03-01",
    "issuer": {"ky": "Министрлик", "ru": "Министерство"},
    "title": {"ky": "Стандартты бекитүү жөнүндө", "ru": "Об утверждении стандарта"},
    "url": "https://cbd.minjust.gov.kg/1",
}


def content(**changes: Any) -> dict[str, Any]:
    return deepcopy(CONTENT) | changes


def act(**changes: Any) -> dict[str, Any]:
    return ACT | changes


@dataclass(repr=False)  # hypothesis would print the whole application
class Desk:
    """The people of one body at work on its standards."""

    service: RunningService
    body: UUID

    @property
    def registrar(self) -> dict[str, str]:
        return self.service.headers(*REGISTRAR, org=self.body)

    @property
    def adopter(self) -> dict[str, str]:
        return self.service.headers(*ADOPTER, org=self.body)

    async def propose(self, code: str = "S-1", **changes: Any) -> str:
        """A service of the body, included by an act; its id."""
        draft = {"code": code, "level": "state", "name": {"ky": "Кызмат", "ru": "Услуга"}} | changes
        made = await self.service.client.post("/v1/services", json=draft, headers=self.registrar)
        assert made.status_code == 201, made.text
        acted = await self.service.client.post(
            "/v1/acts", json=act(number=f"incl-{code}"), headers=self.adopter
        )
        included = await self.service.client.patch(
            f"/v1/services/{made.json()['id']}",
            json={"status": "included", "act_id": acted.json()["id"]},
            headers=self.registrar | {"If-Match": made.headers["etag"]},
        )
        assert included.status_code == 200, included.text
        found: str = made.json()["id"]
        return found

    async def draft(self, service_id: str, **changes: Any) -> httpx.Response:
        return await self.service.client.post(
            "/v1/standards", json={"service_id": service_id, **content(**changes)}, headers=self.registrar
        )

    async def edit(self, standard: str, version: int, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.service.client.put(
            f"/v1/standards/{standard}/draft",
            json=content() if body is None else body,
            headers=self.registrar | {"If-Match": f'"{version}"'},
        )

    async def adopt(
        self,
        standard: str,
        version: int,
        valid_from: str | date,
        valid_to: str | date | None = None,
        **changes: Any,
    ) -> httpx.Response:
        dated = {"date": min(ACT["date"], str(valid_from))} | changes
        wanted = {"act": act(**dated), "valid_from": str(valid_from)}
        if valid_to is not None:
            wanted["valid_to"] = str(valid_to)
        return await self.service.client.post(
            f"/v1/standards/{standard}/adopt",
            json=wanted,
            headers=self.adopter | {"If-Match": f'"{version}"'},
        )

    async def repeal(self, standard: str, version: int, valid_to: str | date) -> httpx.Response:
        return await self.service.client.post(
            f"/v1/standards/{standard}/repeal",
            json={
                "act": act(number="R-1", date=min(ACT["date"], str(valid_to))),
                "valid_to": str(valid_to),
            },
            headers=self.adopter | {"If-Match": f'"{version}"'},
        )

    async def adopted(self, valid_from: str, code: str = "S-1", **changes: Any) -> str:
        """A standard in force from a day on; its id. Its version is 2."""
        drafted = await self.draft(await self.propose(code), **changes)
        assert drafted.status_code == 201, drafted.text
        standard: str = drafted.json()["standard_id"]
        done = await self.adopt(standard, 1, valid_from)
        assert done.status_code == 200, done.text
        return standard


@pytest.fixture
async def desk(registry: RunningService, ministry: UUID) -> Desk:
    return Desk(registry, ministry)


@pytest.fixture
async def other_desk(registry: RunningService) -> Desk:
    return Desk(registry, await add_organisation(registry, "MOJ", "ministry"))
