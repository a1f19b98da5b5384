"""Envoy as a child process: several at once, none left behind, failures that say why."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.gateway.envoy import Gateway, GatewayDown, start_envoy
from deploy.gateway.settings import GatewaySettings
from deploy.local.processes import free_port
from tests.deploy.gateway.conftest import StartGateway
from tests.deploy.gateway.stub import Stub

SUPERVISOR = """
import json, sys, time
from pathlib import Path
from deploy.gateway.envoy import start_envoy
from deploy.gateway.settings import GatewaySettings

gateway = start_envoy(GatewaySettings(**json.loads(sys.argv[1])), Path(sys.argv[2]))
print(gateway.child.pid, flush=True)
time.sleep(60)
"""


def wait_gone(pid: int, limit: float = 5) -> None:
    deadline = time.monotonic() + limit
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_two_side_by_side(start_gateway: StartGateway) -> None:
    gateways = [start_gateway(), start_gateway()]
    for gateway in gateways:
        assert httpx.get(f"{gateway.url}/healthz", trust_env=False).status_code == 200
    assert gateways[0].child.pid != gateways[1].child.pid


def test_stop_leaves_nothing(start_gateway: StartGateway) -> None:
    before = set(Path("/dev/shm").glob("envoy*"))
    gateway = start_gateway()
    assert set(Path("/dev/shm").glob("envoy*")) <= before
    gateway.stop()
    assert gateway.child.poll() is not None
    assert not psutil.pid_exists(gateway.child.pid)
    with pytest.raises(httpx.ConnectError):
        httpx.get(gateway.url, trust_env=False)
    gateway.stop()


@pytest.mark.crash
def test_dies_with_a_killed_parent(stub: Stub, tmp_path: Path) -> None:
    settings = {"port": free_port(), "upstreams": stub.upstreams, "concurrency": 1}
    command = [sys.executable, "-c", SUPERVISOR, json.dumps(settings), str(tmp_path)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        assert httpx.get(f"http://127.0.0.1:{settings['port']}/healthz", trust_env=False).status_code == 200
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        wait_gone(pid)


def test_port_taken(gateway: Gateway, stub: Stub, tmp_path: Path) -> None:
    """Not even another Envoy may share the port: connections would go to one or the other by chance."""
    port = httpx.URL(gateway.url).port
    settings = GatewaySettings(port=port or 0, upstreams=stub.upstreams, concurrency=1)
    with pytest.raises(GatewayDown, match="Address already in use"):
        start_envoy(settings, tmp_path)


def test_refused_configuration(stub: Stub, tmp_path: Path) -> None:
    settings = GatewaySettings(port=free_port(), upstreams=stub.upstreams, device_header="")
    with pytest.raises(GatewayDown, match="HeaderName"):
        start_envoy(settings, tmp_path)


def test_admin_interface_shows_little(start_gateway: StartGateway) -> None:
    port = free_port()
    start_gateway(admin_port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as admin:
        assert admin.get("/ready").text == "LIVE\n"
        assert "gateway" in admin.get("/stats/prometheus").text
        assert admin.get("/config_dump").status_code == 403
        assert admin.post("/quitquitquit").status_code == 403


def test_access_log_tells_nothing_of_persons(start_gateway: StartGateway, stub: Stub, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    gateway = start_gateway(access_log=log)
    headers = {"authorization": f"Bearer {stub.issuer.token('alice')}"}
    answer = httpx.get(f"{gateway.url}/api/registry/v1/things?q=alice", headers=headers, trust_env=False)
    gateway.stop()
    [line] = (json.loads(text) for text in log.read_text().splitlines() if "/healthz" not in text)
    assert (line["path"], line["status"], line["service"]) == ("/api/registry/v1/things", 200, "registry")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "alice" not in log.read_text()
    assert "127.0.0.1" not in log.read_text()
