"""Runs Envoy as a child: started when it answers, gone when this process is."""

import os
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from deploy.gateway.config import envoy_program, write
from deploy.gateway.routes import INSTANCE_HEADER, INSTANCE_VARIABLE
from deploy.gateway.settings import GatewaySettings
from deploy.local.processes import Child, spawn

CONFIG_NAME = "envoy.json"
LOG_NAME = "envoy.log"


class GatewayDown(RuntimeError):
    """Envoy ended or did not answer in time; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running Envoy."""

    url: str
    child: Child
    config: Path
    log: Path

    def stop(self) -> None:
        """SIGTERM, then SIGKILL; a second call does nothing. Requests in flight are cut."""
        self.child.stop()


def start_envoy(
    settings: GatewaySettings, folder: Path, *, ready_within: timedelta = timedelta(seconds=20)
) -> Gateway:
    """Start it with configuration, log and pidfile in `folder`; returns once `/healthz` answers.

    Blocks. Raises GatewayDown, for example where the port is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = write(settings, folder / CONFIG_NAME)
    log = folder / LOG_NAME
    # Another gateway on this port must not pass for ours.
    instance = str(uuid4())
    child = spawn(
        _command(settings, config),
        log=log,
        cwd=folder,
        env={**os.environ, INSTANCE_VARIABLE: instance},
        pidfile=folder / "envoy.pid",
    )
    gateway = Gateway(settings.url, child, config, log)
    try:
        _wait_until_ready(gateway, instance, ready_within)
    except BaseException:
        child.stop()
        raise
    return gateway


def _command(settings: GatewaySettings, config: Path) -> list[str | Path]:
    return [
        *(envoy_program(), "--config-path", config.resolve()),
        *("--concurrency", str(settings.concurrency)),
        # A second Envoy on the machine dies without it. `--use-dynamic-base-id` would help as well, but
        # leaves a file in /dev/shm for every start.
        "--disable-hot-restart",
        # `http` would report each body that is too large with the caller's address.
        *("--log-level", "warning", "--component-log-level", "http:critical"),
    ]


def _wait_until_ready(gateway: Gateway, instance: str, ready_within: timedelta) -> None:
    deadline = time.monotonic() + ready_within.total_seconds()
    while gateway.child.poll() is None and time.monotonic() < deadline:
        if _who_answers(gateway.url) == instance:
            return
        time.sleep(0.02)
    tail = gateway.log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise GatewayDown(f"Envoy is not ready at {gateway.url}:\n{tail}")


def _who_answers(url: str) -> str | None:
    # No proxy of the environment may stand between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=1) as answer:
            instance: str | None = answer.headers[INSTANCE_HEADER]
            return instance
    except OSError:
        return None
