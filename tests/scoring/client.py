"""What tests ask of scoring over HTTP, in one line each."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.kit.service import RunningService
from tests.scoring.events import OSH

PERIOD = {"period_start": "2026-01-01", "period_end": "2026-12-31"}
HEADER = "municipality_code,indicator_code,period_end,value,origin,source"
INDICATORS = tuple(
    f"{dimension}{number}"
    for dimension in ("ACC", "PAR", "RIG", "BUD", "ACO")
    for number in range(1, 6)
    if (dimension, number) != ("ACO", 3)
)


def csv_of(rows: Iterable[tuple[str, str, object]], period_end: str = "2026-06-30") -> str:
    """An import of (municipality, indicator, value)."""
    lines = [f"{code},{indicator},{period_end},{value},demonstration,test" for code, indicator, value in rows]
    return "\n".join([HEADER, *lines, ""])


def full(municipality: str, value: float = 20.0) -> list[tuple[str, str, object]]:
    """A value for each of the 24 imported indicators."""
    return [
        (municipality, indicator, min(value, 5.0) if indicator == "ACO5" else value)
        for indicator in INDICATORS
    ]


class Scoring:
    """An analyst of one organisation."""

    def __init__(self, service: RunningService, organisation: UUID | None = None) -> None:
        self._client = service.client
        self._service = service
        self.organisation = organisation or uuid4()

    def headers(self, *scopes: str, roles: tuple[str, ...] = ("analyst",)) -> dict[str, str]:
        return self._service.headers(*scopes, org=self.organisation, roles=roles)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self._client.get(f"/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post_csv(self, body: str | bytes, **query: Any) -> httpx.Response:
        return await self._client.post(
            "/v1/observations/imports",
            params={"method": "sji25", **query},
            content=body,
            headers={**self.headers("scoring:observations:write"), "content-type": "text/csv"},
        )

    async def add(self, rows: Iterable[tuple[str, str, object]], **more: Any) -> None:
        answer = await self.post_csv(csv_of(rows, **more))
        assert answer.status_code == 201, answer.text

    async def open(self, **period: str) -> dict[str, Any]:
        answer = await self.post_run({**PERIOD, **period})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def post_run(self, period: dict[str, Any]) -> httpx.Response:
        return await self._client.post(
            "/v1/runs",
            json={"method_code": "sji25", **period},
            headers=self.headers("scoring:runs:publish"),
        )

    async def publish(self, run_id: str, **headers: str) -> httpx.Response:
        return await self._client.post(
            f"/v1/runs/{run_id}/publish", headers={**self.headers("scoring:runs:publish"), **headers}
        )

    async def publish_now(self, run_id: str) -> dict[str, Any]:
        """Publish the live run as it is at this moment."""
        version = (await self.get(f"runs/{run_id}"))["version"]
        answer = await self.publish(run_id, **{"If-Match": f'"{version}"'})
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def indicator(self, run_id: str, code: str = "ACO3", municipality: str = OSH) -> dict[str, Any]:
        result = await self.get(f"runs/{run_id}/results/{municipality}")
        return next(found for found in result["indicators"] if found["code"] == code)

    async def everything(self, run_id: str) -> bytes:
        """All there is to read of a run, to compare bit by bit."""
        paths = [f"runs/{run_id}", f"runs/{run_id}/results?limit=200"]
        results = (await self.get(f"runs/{run_id}/results", limit=200))["items"]
        for result in results:
            code = result["municipality"]["code"]
            paths.append(f"runs/{run_id}/results/{code}")
            paths += [
                f"runs/{run_id}/results/{code}/indicators/{indicator}/lineage"
                for indicator in (*INDICATORS, "ACO3")
            ]
        return b"\n".join([(await self._client.get(f"/v1/{path}")).content for path in paths])
