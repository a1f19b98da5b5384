"""A Docker daemon of our own below one folder, gone with everything it made when the block ends.

It touches nothing of the machine's network: no default bridge, no packet filter rules, no forwarding. Containers of
a compose project reach each other on the bridge of their project, and the host reaches published ports; nothing
reaches beyond the machine. Images are built on the host's network.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from deploy.local.processes import Child, spawn
from tests.deploy.docker.containers.commands import CommandFailed, run

_DRIVERS = ("overlay2", "vfs")
_START_SECONDS = 60.0
_STOP: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 60.0),)
_ASK_SECONDS = 60.0


@contextmanager
def running_daemon(dockerd: str, client: Path, folder: Path) -> Iterator[Path]:
    """Its socket. Raises CommandFailed with its own words where it does not start."""
    child, socket = _started(dockerd, client, folder)
    try:
        yield socket
    finally:
        try:
            _empty(client, socket)
        finally:
            child.stop(*_STOP)
            _clear(folder)


def _started(dockerd: str, client: Path, folder: Path) -> tuple[Child, Path]:
    log = folder / "dockerd.log"
    for driver in _DRIVERS:
        child, socket = _spawned(dockerd, folder, driver, log)
        try:
            _wait(child, socket, client)
        except CommandFailed:
            child.stop(*_STOP)
            _clear(folder)
        except BaseException:
            child.stop(*_STOP)
            _clear(folder)
            raise
        else:
            return child, socket
    raise CommandFailed(f"dockerd does not start here:\n{log.read_text(errors='replace')[-2000:]}")


def _spawned(dockerd: str, folder: Path, driver: str, log: Path) -> tuple[Child, Path]:
    socket = folder / "docker.sock"
    command = [
        dockerd, "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
        "--host", f"unix://{socket}", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"),
        "--pidfile", str(folder / "docker.pid"), "--storage-driver", driver, "--log-level", "error",
    ]  # fmt: skip
    # Asked to leave, not killed, when this process is gone: it has containers to end.
    return spawn(command, log=log, death_signal=signal.SIGTERM, cwd=folder), socket


def _wait(child: Child, socket: Path, client: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise CommandFailed(f"dockerd ended with {child.poll()}")
        with suppress(CommandFailed):
            run([client, "--host", f"unix://{socket}", "info"], timeout=_ASK_SECONDS)
            return
        time.sleep(0.1)
    raise CommandFailed(f"dockerd was not ready within {_START_SECONDS:.0f} s")


def _empty(client: Path, socket: Path) -> None:
    """End its containers and remove its networks: their bridges would outlive it."""
    docker = [str(client), "--host", f"unix://{socket}"]
    containers = run([*docker, "ps", "--all", "--quiet"], timeout=_ASK_SECONDS).split()
    if containers:
        run([*docker, "rm", "--force", "--volumes", *containers], timeout=2 * _ASK_SECONDS)
    run([*docker, "network", "prune", "--force"], timeout=_ASK_SECONDS)


def _clear(folder: Path) -> None:
    """What a daemon that did not leave in time leaves behind: its children, and what they mounted."""
    for process in left_of(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(f"{folder}{os.sep}")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, timeout=_ASK_SECONDS)
    for part in ("data", "exec"):
        shutil.rmtree(folder / part, ignore_errors=True)


def left_of(folder: Path) -> list[psutil.Process]:
    """Processes that name the folder or a place in it: the daemon, its containerd, the shims of its containers."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            if any(part.startswith((str(folder), f"unix://{folder}")) for part in process.cmdline()):
                found.append(process)
    return found
