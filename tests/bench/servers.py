"""Servers under test: real uvicorn processes on a core of their own, started the way the image starts them."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from deploy.local.processes import Child, free_port, spawn

HOST = "127.0.0.1"
READY_SECONDS = 30.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    url: str
    pid: int


class NotReady(RuntimeError):
    """A server did not answer in time."""


@contextmanager
def serving(
    factory: str,
    environment: Mapping[str, str],
    core: int,
    log: Path,
    *,
    probe: str = "/healthz",
    port: int | None = None,
) -> Iterator[Server]:
    """One process of `module:factory` on one core, until the end of the block."""
    port = port or free_port(HOST)
    child = spawn(
        [*_pinned(core), sys.executable, "-m", "uvicorn", "--factory", factory, *_options(port)],
        log=log,
        cwd=Path.cwd(),
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    try:
        server = Server(f"http://{HOST}:{port}", child.pid)
        _wait(child, server.url + probe, log)
        yield server
    finally:
        child.stop()


def get(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of an answer. Raises OSError."""
    with _OPENER.open(urllib.request.Request(url, headers=dict(headers or {})), timeout=5) as answer:
        content: bytes = answer.read()
        return content


def _pinned(core: int) -> list[str]:
    program = which("taskset")
    if program is None:
        raise NotReady("taskset is not installed (Debian, Ubuntu: apt-get install util-linux)")
    return [program, "--cpu-list", str(core)]


def _options(port: int) -> list[str]:
    return [
        *("--host", HOST, "--port", str(port), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--no-server-header", "--log-level", "warning"),
    ]


def _wait(child: Child, url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            get(url)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NotReady(f"{url}: {log.read_text(errors='replace')[-2000:]}")
