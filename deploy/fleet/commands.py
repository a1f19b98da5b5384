"""The commands of a service's processes: word for word those of its image (`docker-compose.yml`, Dockerfile)."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Where the commands are run, as the image runs them in the folder of `shared` and `services`."""

Command = list[str | Path]


def api(service: str, host: str, port: int) -> Command:
    return [
        Path(sys.executable).with_name("uvicorn"),
        *("--factory", f"services.{service}.main:create_app"),
        *("--host", host, "--port", str(port)),
        *("--no-access-log", "--no-server-header"),
        *("--timeout-graceful-shutdown", "20"),
    ]


def migrate(service: str) -> Command:
    return [sys.executable, "-m", f"services.{service}.worker", "migrate"]


def worker(service: str, host: str, port: int, member: int) -> Command:
    return [
        *(sys.executable, "-m", f"services.{service}.worker", "run"),
        *("--host", host, "--port", str(port)),
        *("--member", str(member)),
    ]
