"""The embedded platform as a stage for tests: in a thread of its own, met through the gateway like by anybody."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from deploy.local.demo.__main__ import STEPS, tell
from deploy.local.demo.client import Demo
from deploy.local.demo.receiver import Message, receiver
from deploy.local.platform import Platform, PlatformOptions
from deploy.local.processes import free_port
from deploy.local.runner import Runner
from services.registry.access.roles import ROLES
from shared.clock import SystemClock, local_date
from tests.kit.keycloak.server import CLIENT, issuer_at

T = TypeVar("T")
SINCE = local_date(SystemClock().now()) - timedelta(days=30)
"""From when tests grant roles."""
READY_SECONDS = 150.0
PATIENCE_SECONDS = 30.0

OSH = "41721000000000"
ORGANISATION_OF = {
    "platform": "ashar",
    "operator": "ashar",
    "auditor": "ashar",
    "service": "ashar",
    "administrator": "LSG",
    "registrar": "LSG",
    "adopter": "LSG",
    "reviewer": "LSG",
    "monitor": "osh-monitors",
    "coordinator": "osh-monitors",
    "analyst": "demo-analysts",
    "author": "osh-eldik",
    "customer": "osh-eldik",
    "donor": "demo-donor",
}
"""Where a role is held in the seeds; the others are roles of Osh city."""


def home_of(role: str) -> str:
    return ORGANISATION_OF.get(role, OSH)


@dataclass
class Gateway:
    """A client of the platform's own address, and tokens from its token endpoint."""

    url: str
    http: httpx.Client
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def token(self, role: str, organisation: str | None = None) -> str:
        """A development token; the organisation is the role's own in the seeds where none is named."""
        code = organisation or home_of(role)
        if (role, code) not in self._tokens:
            body = {"grant_type": "development", "role": role, "organisation": code}
            answer = self.http.post("/api/registry/v1/tokens", json=body)
            assert answer.status_code == 200, answer.text
            self._tokens[role, code] = answer.json()["access_token"]
        return self._tokens[role, code]

    def headers(self, role: str | None, organisation: str | None = None) -> dict[str, str]:
        """`Authorization` for a role; nothing for None."""
        return {} if role is None else {"Authorization": f"Bearer {self.token(role, organisation)}"}

    def tokens(self) -> dict[str, str]:
        """One token for each role of the platform."""
        return {role: self.token(role) for role in ROLES}

    def call(
        self, method: str, path: str, role: str | None = None, *, expected: int = 200, **content: Any
    ) -> httpx.Response:
        """One call as a role, checked for its status. `path` begins after `/api/`."""
        headers = {**self.headers(role), **content.pop("headers", {})}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.http.request(method, f"/api/{path}", headers=headers, **content)
            if answer.status_code != 429 or expected == 429 or time.monotonic() > deadline:
                break
            time.sleep(0.1)  # a test that reads everything back is over the limit of one caller
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer

    def items(self, path: str, role: str | None = None, **query: Any) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.call("GET", path, role, params={"limit": 200, **query, **cursor}).json()
            found += page["items"]
            if "next_cursor" not in page:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def changes(self, service: str, token: str) -> list[dict[str, Any]]:
        """The whole change feed of a service, as the bearer of `token` may see it."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 1000}
        more = True
        while more:
            answer = self.http.get(
                f"/api/{service}/v1/changes", params=query, headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            query["after"], more = page["next"], page["more"]
        return found

    def service_key(self) -> str:
        """A new API key of one of the platform's own services."""
        [own] = self.items("registry/v1/organisations", kind="platform")
        draft = {"label": "End to end: reads the feeds", "kind": "service", "roles": ["service"]}
        key = self.call(
            "POST", f"registry/v1/organisations/{own['id']}/api-keys", "platform", json=draft, expected=201
        ).json()
        return str(key["api_key"])

    def service_token(self) -> str:
        """A token of kind `service`: sees every event, internal ones too."""
        body = {"grant_type": "api_key", "api_key": self.service_key()}
        token: str = self.call("POST", "registry/v1/tokens", json=body).json()["access_token"]
        return token


@contextmanager
def gateway(url: str) -> Iterator[Gateway]:
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        yield Gateway(url, http)


MakeRunner = Callable[[Path, Mapping[str, Mapping[str, Any]]], Runner]
"""A way to run the platform in a folder, with further settings."""


def embedded(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Runner:
    return Platform(PlatformOptions(data=folder, port=0, durable=False, settings=settings))


class Stage:
    """A platform that runs in a thread as long as the `with` block lasts."""

    def __init__(self, folder: Path, make: MakeRunner = embedded) -> None:
        self.folder = folder
        self._make = make
        self.receiver_url = ""
        self.received: list[Message] = []
        self.provider_port = free_port()
        """Where the platform expects the provider persons sign in with; nobody listens there until a test does."""
        self.away = f"http://127.0.0.1:{free_port()}"
        """A second provider of the settings, which never answers."""
        self.platform: Runner
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stage")

    @property
    def url(self) -> str:
        return self.platform.url

    def do(self, coroutine: Coroutine[Any, Any, T], timeout: float = 120.0) -> T:
        """The result of a coroutine that runs beside the platform, in its loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    def settle(self) -> None:
        """Wait until no event is on its way any more."""
        self.do(self.platform.drained())

    def direct(self, service: str) -> str:
        """The service's own address, behind the gateway."""
        return self.platform.direct(service)

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(60)
        assert not self._thread.is_alive(), "the platform did not stop"
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException as failure:
            self._failure = failure
        finally:
            self._up.set()

    async def _serve(self) -> None:
        self._leave = asyncio.Event()
        async with receiver(self.received) as self.receiver_url:
            issuers = [
                {"issuer": issuer, "client_ids": [CLIENT]}
                for issuer in (issuer_at(self.provider_port), self.away)
            ]
            settings = {
                "notifications": {"webhook_receivers": (self.receiver_url,)},
                "registry": {"sign_in_issuers": issuers},
            }
            async with self._make(self.folder, settings) as self.platform:
                await self.platform.ready(within=READY_SECONDS)
                self._up.set()
                await self._leave.wait()


def play_the_chain(stage: Stage) -> Demo:
    """Every step of the demo, verified; its ids and tokens. Nobody else may have written before."""

    async def play() -> Demo:
        async with httpx.AsyncClient(base_url=stage.url, timeout=30, trust_env=False) as http:
            demo = Demo(http, stage.receiver_url, stage.received)
            lines = await tell(demo, stage.platform)
            failed = [f"{line.title}: {line.error}" for line in lines if not line.verified]
            assert not failed, failed
            assert len(lines) == len(STEPS)
            return demo

    return stage.do(play(), timeout=170)
