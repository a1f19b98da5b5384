"""The worker of a service, built from its spec: backbone, consumers and jobs behind one database."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress

from prometheus_client import CollectorRegistry

from shared.audit.chain import AuditChain
from shared.audit.keeping import audit_heads
from shared.audit.publishing import HeadPublisher
from shared.auth.principal import Principal, system_principal
from shared.auth.revocations import REVOCATIONS
from shared.clock import Clock, SystemClock
from shared.contracts import TOPICS
from shared.contracts.audit import AuditHead
from shared.db.database import Database
from shared.ids import seed_id
from shared.jobs.definition import Job
from shared.jobs.metrics import JobMetrics
from shared.jobs.runner import JobRunner
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer
from shared.messaging.local import LocalBroker
from shared.messaging.worker import Worker
from shared.observability.metrics import MessagingMetrics
from shared.people.erasing import erasures
from shared.people.retention import people_jobs
from shared.service import ServiceSpec
from shared.settings import ServiceSettings


def service_principal(spec: ServiceSpec) -> Principal:
    """Who a service's own workers, timers and seeds act as."""
    return system_principal("service", seed_id("system", spec.name))


def consumers_of(spec: ServiceSpec) -> tuple[Consumer, ...]:
    """The service's own consumers and the kit's. The registry revokes credentials and erases people in its own
    transaction."""
    heads = audit_heads(spec.name)
    if spec.name == "registry":
        return (*spec.consumers, heads)
    people = (erasures(spec.name, spec.people),) if spec.people is not None else ()
    return (*spec.consumers, REVOCATIONS, heads, *people)


def jobs_of(spec: ServiceSpec) -> Mapping[str, Job]:
    """The service's own jobs and the kit's."""
    return {**spec.jobs, **(people_jobs(spec.people) if spec.people is not None else {})}


def broker_of(settings: ServiceSettings) -> Broker:
    """The broker the settings name."""
    if settings.broker == "local":
        return LocalBroker(settings.broker_url.get_secret_value())
    # The embedded run goes without the client library.
    from shared.messaging.kafka import KafkaBroker
    from shared.messaging.kafka_settings import KafkaSettings

    return KafkaBroker(KafkaSettings.of(settings))


def topics_of(spec: ServiceSpec) -> Mapping[str, int]:
    """What the service publishes, and what it reads: a consumer may start before its publisher."""
    read = {topic for consumer in consumers_of(spec) for topic in consumer.topics}
    return {topic: TOPICS[topic] for topic in sorted(read | {event.topic for event in spec.publishes})}


class RunningWorker:
    """`start`, then `stop`; `ended` raises when a loop dies in between."""

    def __init__(
        self,
        spec: ServiceSpec,
        settings: ServiceSettings,
        clock: Clock,
        member: str,
        metrics: CollectorRegistry,
    ) -> None:
        self.name = spec.name
        self.member = member
        self.metrics = metrics
        self._database: Database | None = None
        self._worker: Worker | None = None
        self._spec = spec
        self._settings = settings
        self._clock = clock
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    @property
    def opened(self) -> Worker:
        """The loops; `open` has made them."""
        assert self._worker is not None
        return self._worker

    @property
    def database(self) -> Database:
        assert self._database is not None
        return self._database

    async def open(self) -> Worker:
        """Connect and build the loops without running them."""
        spec, principal = self._spec, service_principal(self._spec)
        self._database = database = await Database.open(self._settings, role="worker")
        self._stack.push_async_callback(database.close)
        if spec.people is not None:
            database.keyring.check()
        broker = broker_of(self._settings)
        await broker.start()
        self._stack.push_async_callback(broker.stop)
        job_metrics = JobMetrics(self.metrics)
        heads = [
            HeadPublisher(event, database, principal=principal, clock=self._clock)
            for event in spec.publishes
            if event.payload is AuditHead
        ]
        self._worker = Worker(
            spec.name,
            database=database,
            broker=broker,
            consumers=consumers_of(spec),
            topics=topics_of(spec),
            principal=principal,
            clock=self._clock,
            loops=lambda wakeup: (
                JobRunner(
                    database,
                    jobs_of(spec),
                    principal=principal,
                    clock=self._clock,
                    wakeup=wakeup,
                    metrics=job_metrics,
                ),
                *heads,
            ),
            chain=AuditChain(spec.name),
            member=self.member,
            metrics=MessagingMetrics(self.metrics),
        )
        return self._worker

    async def start(self) -> None:
        worker = await self.open()
        self._task = asyncio.create_task(worker.run(), name=f"{self.name}-worker")

    async def drained(self) -> bool:
        return await self.opened.drained()

    async def ended(self) -> None:
        """Waits for the end; raises what ended it."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def stop(self) -> None:
        if self._worker is not None and self._task is not None:
            await self._worker.stop()
            with suppress(Exception):
                await self._task
        await self._stack.aclose()


def create_worker(
    spec: ServiceSpec,
    settings: ServiceSettings,
    *,
    clock: Clock | None = None,
    member: str = "0",
    metrics: CollectorRegistry | None = None,
) -> RunningWorker:
    """`member` is this worker's stable name within the service's consumer groups."""
    return RunningWorker(spec, settings, clock or SystemClock(), member, metrics or CollectorRegistry())
