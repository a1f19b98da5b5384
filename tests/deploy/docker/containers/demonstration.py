"""The demo's chain against a platform in containers, from outside: through its gateway, as anybody else."""

import asyncio
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from deploy.kafka.ports import steady_ports
from deploy.local.demo import client
from deploy.local.demo.__main__ import STEPS, tell
from deploy.local.demo.client import Demo
from deploy.local.demo.receiver import Message, receiver
from deploy.local.demo.report import Line
from deploy.local.demo.steps.registry import SERVICE
from tests.deploy.docker.containers.project import DEMONSTRATION, Project

SEED_SECONDS = 300.0
PATIENCE_SECONDS = 120.0
"""Events travel over Kafka between ten containers on two cores."""


@dataclass(frozen=True)
class Played:
    """What came of the chain, and what later tests go on with."""

    lines: list[Line]
    campaign: str
    service: str


class Distant:
    """A platform one cannot look into: its steps wait for what they need themselves."""

    async def drained(self) -> None:
        return


def prepare(project: Project) -> tuple[str, int]:
    """Development mode, seeds, and webhooks to this machine; address and port to receive them at."""
    network = f"{project.name}_front"
    gateway = project.engine(
        "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", network
    ).strip()
    [port] = steady_ports(1, gateway)
    changes = {
        "ASHAR_ENV": "development",
        "ASHAR_PUBLIC_URL": project.url,
        "NOTIFICATIONS_WEBHOOK_RECEIVERS": f'["http://{gateway}:{port}"]',
    }
    project.configure(changes, DEMONSTRATION)
    project.up(profile="seed")
    for service in project.services():
        if service.endswith("-seed"):
            project.until(f"{service} to end", partial(project.done, service), SEED_SECONDS)
    project.ready()
    return gateway, port


def play(project: Project, host: str, port: int) -> Played:
    """All steps, up to the first that fails."""

    async def playing() -> Played:
        messages: list[Message] = []
        async with (
            receiver(messages, host, port) as receiver_url,
            httpx.AsyncClient(base_url=project.url, timeout=60, trust_env=False) as http,
        ):
            demo = Demo(http, receiver_url, messages)
            lines = await tell(demo, Distant())  # type: ignore[arg-type]
            return Played(lines, demo.ids.get("campaign", ""), demo.ids.get("services", {}).get(SERVICE, ""))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "PATIENCE_SECONDS", PATIENCE_SECONDS)
        return asyncio.run(playing())


def all_verified(lines: list[Line]) -> bool:
    return len(lines) == len(STEPS) and all(line.verified for line in lines)
