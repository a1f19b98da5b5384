"""What every way to run the platform on one machine has in common: its data folder, its databases, its way in and
out, and when it is ready and quiet."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar

import httpx

from deploy.gateway.settings import SERVICES, GatewaySettings, Upstream
from deploy.local.blocking import in_thread
from deploy.local.postgres import PostgresServer
from deploy.local.secrets import passwords
from deploy.local.services import HOST, SPECS
from shared.auth.keys import ensure_key
from shared.clock import Clock
from shared.db.database import Database
from shared.http.serving import bound_socket
from shared.service import ServiceSpec
from shared.settings import ServiceSettings

BrokerKind = Literal["local", "kafka"]
LOCAL_LOG = "broker"
"""The database of the local broker, and the role that owns it."""


@dataclass(frozen=True)
class RunOptions:
    """`port` 0 takes a free one. `durable=False` is for tests: a crash of server or machine may lose data."""

    data: Path
    port: int = 8080
    durable: bool = True
    seed: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further settings by service, for example `{"notifications": {"webhook_receivers": [...]}}`."""


class PlatformFailed(RuntimeError):
    """The platform cannot start, or a part of it ended by itself."""


class _Stoppable(Protocol):
    def stop(self) -> None: ...


S = TypeVar("S", bound=_Stoppable)


class Runner(ABC):
    """`async with` it: running and seeded; `await ready()` for quiet."""

    _pause: ClassVar[float] = 0.02
    """Seconds between two looks at whether anything is on its way."""

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.url = ""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._drain()
        await self._stack.aclose()

    @abstractmethod
    async def _start(self) -> None:
        """Start everything; what is to be stopped goes on the stack."""

    @abstractmethod
    def _drain(self) -> None:
        """Let every service's readiness answer 503 from now on."""

    @abstractmethod
    async def _quiet(self) -> bool:
        """Whether nothing is on its way at this moment."""

    @abstractmethod
    def direct(self, service: str) -> str:
        """Address of a service's API behind the gateway."""

    @abstractmethod
    async def watch(self) -> None:
        """Raises PlatformFailed as soon as a part has ended that nobody starts again."""

    async def ready(self, within: float = 60.0) -> None:
        """Every /readyz good through the gateway, all events published, all consumers at the end.

        Raises PlatformFailed when that takes longer than `within` seconds."""
        try:
            async with (
                asyncio.timeout(within),
                httpx.AsyncClient(base_url=self.url, trust_env=False) as client,
            ):
                await self._parts_run()
                for service in SERVICES:
                    await until(partial(answers, client, f"/api/{service}/readyz"), self._pause)
                await self.drained()
        except TimeoutError as error:
            raise PlatformFailed(f"not ready within {within:.0f} s") from error

    @abstractmethod
    async def _parts_run(self) -> None:
        """Return when every part works that is not seen through the gateway."""

    async def drained(self) -> None:
        """Return when nothing is on its way any more: effects may emit events, so all are asked until none moves."""
        quiet = 0
        while quiet < 2:
            quiet = quiet + 1 if await self._quiet() else 0
            await asyncio.sleep(self._pause)

    async def _started(self, start: Callable[[], S], keep: Callable[[S], None] | None = None) -> S:
        """What a blocking start gives, to be stopped at the end: also where we are cancelled while it starts.

        `keep` sees to that in another way. Raises PlatformFailed with its words."""
        starting = asyncio.create_task(in_thread(start))
        try:
            return await asyncio.shield(starting)
        except RuntimeError as error:
            raise PlatformFailed(str(error)) from error
        finally:
            await asyncio.wait({starting})
            if starting.exception() is None:
                (keep or self._stop_at_the_end)(starting.result())

    def _stop_at_the_end(self, started: _Stoppable) -> None:
        self._stack.push_async_callback(asyncio.to_thread, started.stop)


def data_folder(options: RunOptions, broker: BrokerKind) -> Path:
    """The folder, made where it is missing, with the keys that sign tokens.

    Raises PlatformFailed where it belongs to another broker: events on their way would stay behind in that."""
    data = options.data.absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = data / "broker"
    # Folders of before brokers could be chosen have no mark.
    found = (
        mark.read_text().strip() if mark.exists() else ("local" if (data / "postgres").exists() else broker)
    )
    if found != broker:
        raise PlatformFailed(
            f"{options.data} was made with the broker {found}: take another folder for {broker}"
        )
    mark.write_text(f"{broker}\n")
    ensure_key(data / "keys")
    return data


def databases(server: PostgresServer, secrets_file: Path, broker: BrokerKind) -> dict[str, str]:
    """URL of each service's database, and of the local broker's, which are made where they are missing."""
    names = [spec.name for spec in SPECS] + ([LOCAL_LOG] if broker == "local" else [])
    known = passwords(secrets_file, names)
    return {name: server.ensure_database(name, name, known[name]) for name in names}


LAST_PORT = 65_535


def checked_port(wanted: int) -> int:
    """The port itself, a free one for 0. Raises PlatformFailed where nobody can listen on it now."""
    if not 0 <= wanted <= LAST_PORT:
        raise PlatformFailed(f"cannot listen on {HOST}:{wanted}: ports go from 0 to {LAST_PORT}")
    try:
        with bound_socket(HOST, wanted) as probe:
            port: int = probe.getsockname()[1]
            return port
    except OSError as error:
        raise PlatformFailed(f"cannot listen on {HOST}:{wanted}: {error.strerror}") from error


def gateway_settings(port: int, ports: Mapping[str, int]) -> GatewaySettings:
    """Envoy in front of the services' `ports`."""
    return GatewaySettings(
        port=port, upstreams={spec.name: Upstream(HOST, ports[spec.name]) for spec in SPECS}, concurrency=1
    )


async def seed(spec: ServiceSpec, settings: ServiceSettings, clock: Clock) -> None:
    """Load real data through the service's use cases; again it changes nothing."""
    if spec.seed is None:
        return
    database = await Database.open(settings, role="seed")
    try:
        await spec.seed(database, clock)
    finally:
        await database.close()


async def until(look: Callable[[], Awaitable[bool]], pause: float) -> None:
    """Look every `pause` seconds until there is what is looked for: of another process no event tells."""
    while not await look():  # noqa: ASYNC110
        await asyncio.sleep(pause)


async def answers(client: httpx.AsyncClient, path: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return (await client.get(path)).status_code == 200
    except httpx.TransportError:
        return False
