"""Which events a step caused: the change feeds of all services, read as the platform's own service."""

from dataclasses import dataclass, field
from typing import Any

from deploy.gateway.settings import SERVICES
from deploy.local.demo.client import Demo
from shared.contracts import BY_NAME
from shared.contracts.audit import AuditHead


@dataclass
class Feeds:
    """Remembers how far each feed was read."""

    demo: Demo
    cursors: dict[str, str] = field(default_factory=dict)
    token: str = ""

    async def open(self) -> None:
        """A key of kind "service" for the platform's own organisation, and the present end of each feed."""
        platform = ("platform", "ashar")
        [own] = await self.demo.all("registry", "/organisations", kind="platform")
        key = await self.demo.post(
            "registry",
            f"/organisations/{own['id']}/api-keys",
            {"label": "Demonstration: reads the change feeds", "kind": "service", "roles": ["service"]},
            platform,
        )
        body = {"grant_type": "api_key", "api_key": key["api_key"]}
        self.token = (await self.demo.post("registry", "/tokens", body, expected=200))["access_token"]
        await self.read()

    async def read(self) -> list[str]:
        """Types of the events since the last call, counted."""
        counts: dict[str, int] = {}
        for service in SERVICES:
            more = True
            while more:
                page = await self._page(service)
                for event in page["items"]:
                    if BY_NAME[event["type"]].payload is AuditHead:  # follows by itself, whatever step it is
                        continue
                    counts[event["type"]] = counts.get(event["type"], 0) + 1
                more = page["more"]
        return [f"{name} × {count}" if count > 1 else name for name, count in sorted(counts.items())]

    async def _page(self, service: str) -> dict[str, Any]:
        query = {"limit": "1000"}
        if service in self.cursors:
            query["after"] = self.cursors[service]
        answer = await self.demo.request(
            "GET",
            service,
            "/changes",
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        page: dict[str, Any] = answer.json()
        self.cursors[service] = str(page["next"])
        return page
