"""Runs Envoy as a child: started when it answers, gone when this process is."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deploy.gateway.config import envoy_program, write
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
    child = spawn(_command(settings, config), log=log, cwd=folder, pidfile=folder / "envoy.pid")
    gateway = Gateway(settings.url, child, config, log)
    try:
        _wait_until_ready(gateway, ready_within)
    except BaseException:
        child.stop()
        raise
    return gateway


def _command(settings: GatewaySettings, config: Path) -> list[str | Path]:
    return [
        *(envoy_program(), "--config-path", config.resolve()),
        *("--concurrency", str(settings.concurrency)),
        # A second Envoy on the machine dies without it.
        "--use-dynamic-base-id",
        # `http` would report each body that is too large with the caller's address.
        *("--log-level", "warning", "--component-log-level", "http:critical"),
    ]


def _wait_until_ready(gateway: Gateway, ready_within: timedelta) -> None:
    deadline = time.monotonic() + ready_within.total_seconds()
    while gateway.child.poll() is None and time.monotonic() < deadline:
        if _answers(gateway.url):
            return
        time.sleep(0.02)
    tail = gateway.log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise GatewayDown(f"Envoy is not ready at {gateway.url}:\n{tail}")


def _answers(url: str) -> bool:
    # No proxy of the environment may stand between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=1) as answer:
            return bool(answer.status == 200 and answer.headers["server"] == "ashar")
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
