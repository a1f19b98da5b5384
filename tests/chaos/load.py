"""Writes at a steady rate through the gateway, repeated under their keys until they are acknowledged."""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.history import Visit, paid

MONITORS = 16
GIVE_UP_SECONDS = 120.0
"""Longest that a write may stay unknown: no fault lasts nearly as long."""
RETRY_SECONDS = 0.2
BUSY = {429, 502, 503, 504}


class NeverAnswered(RuntimeError):
    """The platform did not come back."""


class Refused(RuntimeError):
    """The platform refused what it has to take."""


@dataclass
class Load:
    """`run` until `stop`; then every write that was begun is carried to its end."""

    url: str
    keys: list[str]
    """API keys of systems that are monitors and coordinators: each has its own limits."""
    campaign: str
    service: str
    per_second: float
    visits: list[Visit] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds the slowest write took from its first sending to its acknowledgement."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count()
        self._stopping = asyncio.Event()
        self._tickets: asyncio.Queue[None] = asyncio.Queue(maxsize=int(self.per_second * 5))
        self._tokens: dict[str, tuple[str, float]] = {}

    @property
    def acknowledged(self) -> int:
        return sum(len(visit.acknowledged) for visit in self.visits)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Raises NeverAnswered, Refused."""
        limits = httpx.Limits(max_keepalive_connections=MONITORS, keepalive_expiry=2)
        async with (
            httpx.AsyncClient(base_url=f"{self.url}/api", timeout=15, trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            clock = group.create_task(self._tick())
            monitors = [
                group.create_task(self._monitor(http, self.keys[number % len(self.keys)]))
                for number in range(MONITORS)
            ]
            await asyncio.wait(monitors)
            clock.cancel()

    async def _tick(self) -> None:
        """A ticket for each write. What an outage holds up is made good for at most five seconds."""
        started = time.monotonic()
        for number in itertools.count():
            await asyncio.sleep(max(0.0, started + number / self.per_second - time.monotonic()))
            if not self._tickets.full():
                self._tickets.put_nowait(None)

    async def _monitor(self, http: httpx.AsyncClient, key: str) -> None:
        while not self._stopping.is_set():
            visit = Visit(next(self._numbers), self.campaign, self.service)
            self.visits.append(visit)
            await self._live(http, key, visit)

    async def _live(self, http: httpx.AsyncClient, key: str, visit: Visit) -> None:
        await self._tickets.get()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"chaos-submit-{visit.number}"}
        made = await self._send(http, key, "POST", "", content=visit.content(), headers=headers)
        visit.id = made.json()["id"]
        visit.tell("submit", made.json()["version"], visit.first_fee)
        await self._tickets.get()
        headers = {"Idempotency-Key": f"chaos-approve-{visit.number}", "If-Match": made.headers["etag"]}
        done = await self._send(http, key, "POST", f"/{visit.id}/approve", headers=headers)
        visit.tell("approve", done.json()["version"], visit.fee)
        etag = done.headers["etag"]
        for fee in visit.fees():
            await self._tickets.get()
            etag = await self._amend(http, key, visit, fee, etag)

    async def _amend(self, http: httpx.AsyncClient, key: str, visit: Visit, fee: str, etag: str) -> str:
        """A change has no key to repeat it under: after an unknown outcome its version says what happened."""
        body, headers = {"fees_paid": paid(fee)}, {"If-Match": etag}
        answer = await self._send(
            http, key, "PATCH", f"/{visit.id}", json=body, headers=headers, also=frozenset({412})
        )
        if answer.status_code == 412:
            answer = await self._send(http, key, "GET", f"/{visit.id}")
            self.outcomes["found done"] += 1
        seen = answer.json()
        if seen["fees_paid"] != paid(fee) or seen["version"] != visit.version + 1:
            raise Refused(f"visit {visit.id}: version {seen['version']} says {seen['fees_paid']}")
        visit.tell("amend", seen["version"], fee)
        return answer.headers["etag"]

    async def _send(
        self, http: httpx.AsyncClient, key: str, method: str, path: str,
        *, also: frozenset[int] = frozenset(), headers: dict[str, str] | None = None, **content: Any,
    ) -> httpx.Response:  # fmt: skip
        """The acknowledgement; sent again for as long as nobody knows."""
        started = time.monotonic()
        while time.monotonic() < started + GIVE_UP_SECONDS:
            try:
                token = await self._token(http, key)
                answer = await http.request(
                    method,
                    f"/monitoring/v1/submissions{path}",
                    headers={**(headers or {}), "Authorization": f"Bearer {token}"},
                    **content,
                )
            except httpx.TransportError as error:
                self.outcomes[type(error).__name__] += 1
            else:
                if answer.status_code in {200, 201} | also:
                    self.outcomes["replayed"] += answer.headers.get("idempotent-replayed") == "true"
                    self.slowest = max(self.slowest, time.monotonic() - started)
                    return answer
                self.outcomes[str(answer.status_code)] += 1
                if answer.status_code not in BUSY:
                    raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
            await asyncio.sleep(RETRY_SECONDS)
        raise NeverAnswered(f"{method} {path}")

    async def _token(self, http: httpx.AsyncClient, key: str) -> str:
        token, until = self._tokens.get(key, ("", 0.0))
        if time.monotonic() < until:
            return token
        answer = await http.post("/registry/v1/tokens", json={"grant_type": "api_key", "api_key": key})
        if answer.status_code != 200:
            raise httpx.ReadError(f"no token: {answer.status_code}")
        found = answer.json()
        self._tokens[key] = (found["access_token"], time.monotonic() + found["expires_in"] / 2)
        return str(found["access_token"])
