"""A worker's own HTTP side: health, figures, and how far it is. For its operator, never behind the gateway."""

import socket
from dataclasses import asdict

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from shared.contracts import TOPICS
from shared.http.dependencies import PUBLIC, runtime
from shared.http.errors import Unavailable
from shared.http.health import add_health
from shared.http.problems import problem_responses
from shared.http.serving import RunningServer
from shared.messaging.broker import BrokerUnavailable
from shared.messaging.failures import NO_ANSWER
from shared.messaging.worker import Worker
from shared.service import ServiceApp, ServiceSpec, create_health_app
from shared.settings import ServiceSettings
from shared.worker import RunningWorker


class ConsumerState(BaseModel):
    name: str
    partitions: int = Field(description="How many of the group's are this member's")
    of: int = Field(description="How many the group has")
    lag: int | None = Field(description="Records not applied yet; null where the broker does not answer")
    retrying: int = Field(description="Partitions that wait for another attempt at an event")
    consuming: bool = Field(description="False while something the consumer depends on is down")


class ProgressState(BaseModel):
    service: str
    member: str
    unpublished: int = Field(description="Events of the service the broker has not acknowledged")
    consumers: list[ConsumerState]


def worker_app(running: RunningWorker, spec: ServiceSpec, settings: ServiceSettings) -> ServiceApp:
    """`/healthz`, `/readyz`, `/version`, `/metrics` and `/progress` of an opened worker."""
    worker = running.opened
    router = APIRouter(tags=["platform"])
    add_health(router, spec.name)
    _add_progress(router, running)

    async def check() -> dict[str, str]:
        return await _check(worker)

    return create_health_app(
        spec, settings, router, database=running.database, metrics=running.metrics, checks=(check,)
    )


def health_server(
    running: RunningWorker, spec: ServiceSpec, settings: ServiceSettings, listener: socket.socket
) -> RunningServer:
    return RunningServer(
        f"{spec.name} worker health", worker_app(running, spec, settings), listener, lifespan="off"
    )


def _add_progress(router: APIRouter, running: RunningWorker) -> None:
    consumers = [loop.consumer for loop in running.opened.consumers]
    partitions = {one.name: sum(TOPICS[topic] for topic in one.topics) for one in consumers}

    @router.get(
        "/progress",
        operation_id=f"{running.name}_progress",
        openapi_extra=PUBLIC,
        responses=problem_responses(Unavailable),
        summary="What this worker has still to publish and to apply",
    )
    async def progress(request: Request) -> ProgressState:
        try:
            found = await running.opened.progress()
        except NO_ANSWER as error:
            raise Unavailable(code="database_unreachable") from error
        return ProgressState(
            service=runtime(request).spec.name,
            member=running.member,
            unpublished=found.unpublished,
            consumers=[ConsumerState(**asdict(one), of=partitions[one.name]) for one in found.consumers],
        )


async def _check(worker: Worker) -> dict[str, str]:
    """Raises Unavailable with what a worker lacks."""
    if worker.stopping:
        raise Unavailable(code="shutting_down")
    try:
        await worker.ask_broker()
    except BrokerUnavailable as error:
        raise Unavailable(code="broker_unreachable") from error
    if not_running := worker.not_running():
        raise Unavailable(code="loops_not_running", loops=", ".join(not_running))
    return {"broker": "ok", "loops": "running"}
