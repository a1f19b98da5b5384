"""A process pool for CPU work: made when first needed, bounded, and gone when its runner is, however that ends."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import TypeVar, TypeVarTuple

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


class ProcessPool:
    """Workers hold the reading end of a pipe whose only writing end is here. When it closes, because we close
    it or because we were killed, they end at once: an executor alone leaves its workers behind after a kill."""

    def __init__(self, max_workers: int) -> None:
        self._max_workers = max_workers
        self._executor: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None

    async def run(self, function: Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a module-level function in another process. Raises what it raises, and BrokenProcessPool when
        its process died; the next call then gets new processes."""
        executor = self._executor or self._start()
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, function, *args)
        except BrokenProcessPool:
            if executor is self._executor:
                self.close()
            raise

    def close(self) -> None:
        """End the workers at once, finished or not. A later `run` starts new ones."""
        executor, self._executor = self._executor, None
        lifeline, self._lifeline = self._lifeline, None
        if executor is None or lifeline is None:
            return
        lifeline.close()
        executor.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        # spawn: a forked child would inherit the event loop, the database connections and their locks
        context = multiprocessing.get_context("spawn")
        ending, self._lifeline = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            self._max_workers, mp_context=context, initializer=_prepare_worker, initargs=(ending,)
        )
        return self._executor


def _prepare_worker(ending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the runner decides
    threading.Thread(target=_end_with, args=(ending,), name="lifeline", daemon=True).start()


def _end_with(ending: Connection) -> None:
    try:
        ending.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
