"""Load from wrk: a Python client would saturate first and hide the difference it is to show."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 32


class LoadFailed(RuntimeError):
    """wrk is missing, or requests were refused or lost: there is nothing to measure."""


@dataclass(frozen=True)
class Request:
    """What every connection asks for, over and over."""

    url: str
    method: str = "GET"
    body: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    per_second: float
    seconds: float
    p50_ms: float
    p99_ms: float


def find_wrk() -> str:
    """Path of wrk. Raises LoadFailed with how to install it."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadFailed("wrk is not installed (Debian, Ubuntu: apt-get install wrk)")
    return found


def command(request: Request, seconds: float) -> list[str]:
    headers = [f"{name}={value}" for name, value in request.headers.items()]
    return [
        *(find_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "10s"),
        *("-s", str(SCRIPT), request.url, "--", request.method, str(request.body or ""), *headers),
    ]


def read(request: Request, output: str) -> Answered:
    """Raises LoadFailed when a request failed or was answered with an error."""
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise LoadFailed(f"wrk said nothing of {request.url}: {output.strip()}")
    found = json.loads(lines[-1])
    if found["refused"] or found["failed"] or not found["requests"]:
        raise LoadFailed(f"{request.method} {request.url}: {lines[-1]}")
    return Answered(found["requests"] / found["seconds"], found["seconds"], found["p50_ms"], found["p99_ms"])


def start(request: Request, seconds: float) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(request, seconds), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
