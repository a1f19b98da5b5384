"""Field work over HTTP: a campaign's monitors and coordinators, and what they do."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import orjson

from services.monitoring.spec import SPEC
from services.monitoring.submissions.rechecks import KIND
from shared.jobs.runner import JobRunner
from shared.worker import service_principal
from tests.kit.service import RunningService
from tests.monitoring.registry import CONSULAR, OSH, OTHER, OWNER, SERVICE

MONITOR_SCOPES = ("monitoring:submissions:read", "monitoring:submissions:write")
COORDINATOR_SCOPES = (
    *MONITOR_SCOPES,
    "monitoring:submissions:review",
    "monitoring:campaigns:write",
    "monitoring:findings:read",
)
CAMPAIGN = {
    "code": "osh-2026",
    "name": {"ky": "Ош 2026", "ru": "Ош 2026", "en": "Osh 2026"},
    "starts_on": "2026-03-01",
    "ends_on": "2026-12-31",
    "municipalities": [OSH, OTHER],
    "services": [str(SERVICE), str(CONSULAR)],
    "origin": "demonstration",
}
Json = dict[str, Any]


class Field:
    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.client = service.client
        self.monitor_id = uuid4()
        self.campaign_id = ""
        self.renew()

    def renew(self) -> None:
        """Tokens of now: they last ten minutes."""
        self.monitor = self.service.headers(*MONITOR_SCOPES, sub=self.monitor_id, org=OWNER)
        self.coordinator = self.service.headers(*COORDINATOR_SCOPES, org=OWNER)

    async def open_campaign(self, **more: Any) -> Json:
        drafted = await self.client.post("/v1/campaigns", json={**CAMPAIGN, **more}, headers=self.coordinator)
        assert drafted.status_code == 201, drafted.text
        opened = await self.client.post(
            f"/v1/campaigns/{drafted.json()['id']}/open",
            headers={**self.coordinator, "If-Match": drafted.headers["etag"]},
        )
        assert opened.status_code == 200, opened.text
        self.campaign_id = opened.json()["id"]
        found: Json = opened.json()
        return found

    def visit(self, **more: Any) -> Json:
        """In time, at the right fee, with the right document."""
        return {
            "campaign_id": self.campaign_id,
            "municipality_code": OSH,
            "service_id": str(SERVICE),
            "tier": "ordinary",
            "applied_on": "2026-03-19",
            "delivered_on": "2026-03-25",
            "fees_paid": [{"amount": "100", "currency": "KGS"}],
            "documents_asked": ["passport"],
            **more,
        }

    async def post(self, headers: dict[str, str] | None = None, **visit: Any) -> httpx.Response:
        return await self.client.post(
            "/v1/submissions", json=self.visit(**visit), headers=headers or self.monitor
        )

    async def submit(self, **visit: Any) -> Json:
        answer = await self.post(**visit)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def get(self, identifier: str) -> Json:
        answer = await self.client.get(f"/v1/submissions/{identifier}", headers=self.coordinator)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def do(
        self, identifier: str, action: str, body: Json | None = None, version: int | None = None
    ) -> httpx.Response:
        """`action` is approve, reject or withdraw; on the present version unless another is given."""
        at = version if version is not None else (await self.get(identifier))["version"]
        return await self.client.post(
            f"/v1/submissions/{identifier}/{action}",
            json=body,
            headers={**self.coordinator, "If-Match": f'"{at}"'},
        )

    async def approve(self, identifier: str) -> Json:
        answer = await self.do(identifier, "approve")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def approved(self, **visit: Any) -> Json:
        return await self.approve((await self.submit(**visit))["id"])

    async def amend(
        self, identifier: str, change: Json, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        version = (await self.get(identifier))["version"]
        return await self.client.patch(
            f"/v1/submissions/{identifier}",
            json=change,
            headers={**(headers or self.coordinator), "If-Match": f'"{version}"'},
        )

    async def events(self, name: str | None = None) -> list[Json]:
        """`type`, `audience`, `recipients` and `data` of what was emitted, in order."""
        rows = await self.service.database.pool.fetch(
            """SELECT type, audience, recipients, value FROM event
               WHERE $1::text IS NULL OR type = $1 ORDER BY id""",
            name,
        )
        return [{**dict(row), "data": orjson.loads(row["value"])} for row in rows]

    async def check_again(self) -> None:
        """Let the job runner do what is waiting."""
        pool = self.service.database.pool
        runner = JobRunner(
            self.service.database,
            SPEC.jobs,
            principal=service_principal(SPEC),
            clock=self.service.runtime.clock,
        )
        running = asyncio.create_task(runner.run())
        try:
            async with asyncio.timeout(20):
                while await pool.fetchval(
                    "SELECT EXISTS (SELECT FROM job WHERE kind = $1 AND state IN ('queued', 'running'))", KIND
                ):
                    await asyncio.sleep(0.02)
        finally:
            await runner.stop()
            await running
        failed = await pool.fetch("SELECT error FROM job WHERE state = 'failed'")
        assert not failed, failed


def verdicts(visit: Json) -> dict[str, str]:
    """Criterion → reason."""
    return {check["criterion"]: check["reason"] for check in visit["check"]["checks"]}
