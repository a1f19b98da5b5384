"""Ending clients of aiokafka that no longer answer.

Their own `stop` waits until everything is sent and every request answered, for ever where a broker is away. What
is reached into here is private to aiokafka, which is therefore held to one minor version (0.14).
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.messaging.broker import BrokerUnavailable

NO_ANSWER: tuple[type[Exception], ...] = (KafkaError, OSError, TimeoutError)
"""What a client raises when Kafka cannot be reached, or not as it would like."""

_STOP_SECONDS = 3.0
_CANCEL_SECONDS = 0.05
_CANCELS = 40


def unavailable(error: Exception) -> BrokerUnavailable:
    """For one of NO_ANSWER, in the words of the Broker protocol."""
    return BrokerUnavailable(f"{type(error).__name__}: {error}")


def member_id(consumer: AIOKafkaConsumer) -> str:
    """What the group calls this client at the moment; empty while it has no place in it."""
    return str(getattr(consumer._coordinator, "member_id", ""))  # noqa: SLF001 - said nowhere else


def waiting(consumer: AIOKafkaConsumer) -> set[Any]:
    """Partitions of which it has records that nobody has taken yet; it asks for no more of them."""
    return set(consumer._fetcher._records)  # noqa: SLF001 - said nowhere else


async def stop(client: Any) -> None:
    """Stop a producer without records on their way, or a consumer, in bounded time."""
    abandon = abandon_producer if isinstance(client, AIOKafkaProducer) else abandon_consumer
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await client.stop()
    except NO_ANSWER:
        pass
    finally:
        await abandon(client)  # nothing is left to do where it has stopped


async def abandon_producer(producer: AIOKafkaProducer) -> None:
    """End it now: what it has not sent it never will."""
    producer._closed = True  # noqa: SLF001
    await _end(producer._sender.sender_task)  # noqa: SLF001
    await _close(producer.client.close())


async def abandon_consumer(consumer: AIOKafkaConsumer) -> None:
    """End it now, without a word to its group."""
    consumer._closed = True  # noqa: SLF001
    coordinator, fetcher = consumer._coordinator, consumer._fetcher  # noqa: SLF001
    for owner, names in (
        (coordinator, ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")),
        (fetcher, ("_fetch_task",)),
    ):
        for name in names:
            await _end(getattr(owner, name, None))
    for task in tuple(getattr(fetcher, "_pending_tasks", ())):
        await _end(task)
    await _close(consumer._client.close())  # noqa: SLF001


async def _end(task: "asyncio.Task[Any] | None") -> None:
    """Cancel it until it is over: a sender that is cancelled waits for its requests, which are cancelled next."""
    for _ in range(_CANCELS):
        if task is None or task.done():
            break
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_SECONDS)
    if task is not None and task.done() and not task.cancelled():
        task.exception()  # seen


async def _close(closing: Awaitable[None]) -> None:
    with suppress(*NO_ANSWER):
        async with asyncio.timeout(1):
            await closing
