"""Everything that runs behind one service: sequencer, relay, consumers, and loops given to it (jobs).

Usable as a process of its own (`run_worker`) and as a task beside others in one process."""

import asyncio
import faulthandler
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from shared.auth.principal import Principal
from shared.clock import Clock, SystemClock
from shared.db.database import Database
from shared.messaging.backoff import Backoff
from shared.messaging.broker import Broker, BrokerUnavailable
from shared.messaging.consumer import ConsumerLoop, ConsumerSettings
from shared.messaging.dead_letters import count_open
from shared.messaging.failures import NO_ANSWER
from shared.messaging.progress import WorkerProgress
from shared.messaging.relay import Relay, RelaySettings
from shared.messaging.sequencer import Chain, Sequencer
from shared.messaging.subscription import Consumer
from shared.messaging.wakeup import Wakeup
from shared.observability.metrics import MessagingMetrics

log = structlog.get_logger("worker")


class Loop(Protocol):
    """Something that runs until it is stopped. To return or raise before means that it died."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...

    async def stop(self) -> None:
        """Finish what is in hand, in bounded time."""
        ...


class LoopDied(RuntimeError):
    """A loop ended although nobody stopped it."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    relay: RelaySettings = field(default_factory=RelaySettings)
    consumer: ConsumerSettings = field(default_factory=ConsumerSettings)
    stop_seconds: float = 22.0
    """After this what has not ended is cancelled, and its connections to Postgres are cut."""
    gone_seconds: float = 27.0
    """So long after SIGTERM there is no process any more, whatever hangs; orchestrators kill after 30."""
    report_seconds: float = 15.0


# In two parts, each of which has a partial index of its own.
_WAITING = """
SELECT occurred_at FROM event WHERE position IS NULL
UNION ALL SELECT occurred_at FROM event WHERE published_at IS NULL AND position IS NOT NULL
"""
_OUTBOX = f"""
SELECT count(*) AS unpublished, coalesce(extract(epoch FROM now() - min(occurred_at)), 0) AS age
FROM ({_WAITING}) AS waiting
"""


class Worker:
    """Supervises the loops: the first that dies ends `run` with an error, and with it the process."""

    def __init__(
        self,
        service: str,
        *,
        database: Database,
        broker: Broker,
        consumers: Sequence[Consumer],
        topics: Mapping[str, int],
        principal: Principal,
        clock: Clock | None = None,
        loops: Callable[[Wakeup], Sequence[Loop]] = lambda _: (),
        member: str = "0",
        chain: Chain | None = None,
        settings: WorkerSettings | None = None,
        metrics: MessagingMetrics | None = None,
    ) -> None:
        """`topics` are those the service publishes, with their partitions. `loops` gives more loops, which may
        take waiters from the worker's own LISTEN connection."""
        self._service = service
        self._database = database
        self._broker = broker
        self._topics = topics
        self._settings = settings or WorkerSettings()
        self._metrics = metrics or MessagingMetrics.unregistered()
        wakeup = Wakeup(database.url, application_name=f"{service}-wakeup")
        self.consumers = [
            ConsumerLoop(
                consumer,
                service=service,
                database=database,
                broker=broker,
                principal=principal,
                clock=clock or SystemClock(),
                member=member,
                settings=self._settings.consumer,
                metrics=self._metrics,
            )
            for consumer in consumers
        ]
        relay = Relay(
            database.url,
            broker,
            wakeup,
            settings=self._settings.relay,
            metrics=self._metrics,
            application_name=f"{service}-relay",
        )
        self._loops: list[Loop] = [
            *loops(wakeup),
            *self.consumers,
            Sequencer(database, wakeup, chain=chain),
            relay,
            wakeup,
        ]
        self._stopping = asyncio.Event()
        self._cut = False
        self._ended = asyncio.Event()
        self._group: asyncio.Task[None] | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    @property
    def gone_seconds(self) -> float:
        return self._settings.gone_seconds

    def not_running(self) -> list[str]:
        """Names of loops that do not run or make no progress. All of them until the broker has answered once;
        later one that ends takes `run` with it."""
        ended = [
            loop.name for loop in self._loops if (task := self._tasks.get(loop.name)) is None or task.done()
        ]
        return ended + [consumer.name for consumer in self.consumers if consumer.stalled]

    async def run(self) -> None:
        """Run until `stop`. Raises an ExceptionGroup with the error of the loop that died."""
        self._group = asyncio.current_task()
        try:
            await self._ensure_topics()
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._watch(), name=f"{self._service} watch")
                self._tasks = {
                    loop.name: tasks.create_task(self._supervise(loop), name=f"{self._service} {loop.name}")
                    for loop in self._loops
                }
                await self._stopping.wait()
                watch.cancel()
                await self._stop_all([*self._tasks.values(), watch])
        finally:
            self._group = None
            self._ended.set()

    async def stop(self) -> None:
        """Let every loop finish what is in hand, at most `stop_seconds`; returns when `run` has ended."""
        self._stopping.set()
        if self._group is not None:
            await self._ended.wait()

    async def drained(self) -> bool:
        """Whether every event of this service is published and every consumer has applied all it was sent."""
        if await self._database.pool.fetchval(f"SELECT EXISTS ({_WAITING})"):
            return False
        return all([await consumer.caught_up() for consumer in self.consumers])

    async def progress(self) -> WorkerProgress:
        """How far the service's outbox and this worker's consumers are. Raises what an unreachable database does."""
        async with self._database.read() as connection:
            unpublished = await connection.fetchval(f"SELECT count(*) FROM ({_WAITING}) AS waiting")
        return WorkerProgress(
            unpublished=unpublished,
            consumers=tuple([await consumer.progress() for consumer in self.consumers]),
        )

    async def ask_broker(self) -> None:
        """Return when the broker answers and has this worker's topics. Raises BrokerUnavailable."""
        await self._broker.ensure_topics(self._topics)

    async def _supervise(self, loop: Loop) -> None:
        try:
            await loop.run()
        except asyncio.CancelledError as error:
            if self._stopping.is_set() or _cancelled_from_outside():
                raise
            raise LoopDied(f"{self._service} {loop.name} was cancelled from inside") from error
        except Exception as error:
            if not self._cut:
                raise
            log.warning("ended without its connections", task=loop.name, error=type(error).__name__)
        if not self._stopping.is_set():
            raise LoopDied(f"{self._service} {loop.name} returned")

    async def _stop_all(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        """All at once: one after another their times would add up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.stop_seconds):
                await asyncio.gather(*(loop.stop() for loop in self._loops))
                await asyncio.wait(tasks)
        late = [task for task in tasks if not task.done()]
        for task in late:
            log.warning("did not stop in time", task=task.get_name())
            task.cancel()
        if late:
            self._cut = True
            self._database.terminate()  # a rollback would wait for the answer of a server that hangs

    async def _ensure_topics(self) -> None:
        failures = 0
        backoff = Backoff(first=0.2, longest=5.0)
        while not self._stopping.is_set():
            try:
                await self.ask_broker()
            except BrokerUnavailable as error:
                failures += 1
                log.warning("broker does not answer", service=self._service, detail=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), backoff.after(failures))
            else:
                return

    async def _watch(self) -> None:
        """Report figures, and end a process whose consumer hangs."""
        while True:
            await asyncio.sleep(self._settings.report_seconds)
            for consumer in self.consumers:
                if consumer.stalled:
                    raise LoopDied(f"{self._service} {consumer.name} makes no progress")
            with suppress(*NO_ANSWER):
                await self.report()

    async def report(self) -> None:
        """Bring the gauges up to date."""
        async with self._database.read() as connection:
            outbox = await connection.fetchrow(_OUTBOX)
            letters = await count_open(connection)
        assert outbox is not None
        self._metrics.outbox_unpublished.set(outbox["unpublished"])
        self._metrics.outbox_oldest_age.set(float(outbox["age"]))
        for consumer in self.consumers:
            await consumer.report()
            name = consumer.consumer.name
            self._metrics.dead_letters_open.labels(name).set(letters.get(name, 0))


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def run_worker(worker: Worker, *, ready: Callable[[], Awaitable[None]] | None = None) -> None:
    """The main coroutine of a worker process: SIGTERM and SIGINT stop it, a loop that dies raises out of here.

    What hangs is not waited for: `gone_seconds` after the signal the process says where it stands and ends, as if it
    had been killed. Nothing is lost by that; what was not committed is done again."""
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[None]] = set()

    def on_signal() -> None:
        if not stops:
            faulthandler.dump_traceback_later(worker.gone_seconds, exit=True)
        task = loop.create_task(worker.stop())
        stops.add(task)
        task.add_done_callback(stops.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        if ready is not None:
            await ready()
        await worker.run()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
