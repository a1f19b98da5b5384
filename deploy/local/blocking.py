"""Between blocking calls and asyncio: a coroutine from synchronous code, a blocking call beside a loop."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result, from a loop of its own in a thread of its own: nothing is left behind."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def in_thread(call: Callable[[], T]) -> T:
    """The call's result, from a thread of its own: those of a shared pool could all be waiting for something that
    only one more call would end."""
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, call)
    finally:
        pool.shutdown(wait=False)
