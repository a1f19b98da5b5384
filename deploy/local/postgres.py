"""The embedded PostgreSQL server: starting it on a data folder, its databases and roles, stopping it.

Knows nothing of services; listens on 127.0.0.1 only, and dies with the process that started it.
Blocking calls: from asyncio use `to_thread`.
"""

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from deploy.local import postgres_roles
from deploy.local.blocking import run_blocking
from deploy.local.pidfiles import FolderLock, processes_in
from deploy.local.postgres_cluster import (
    DATA_DIRECTORY,
    SUPERUSER,
    clear_leftovers,
    cluster_folder,
    cluster_owner,
    create_cluster,
    environment,
    own,
    superuser_password,
)
from deploy.local.postgres_programs import Programs, Strategy, find_programs
from deploy.local.processes import Child, free_port, spawn, stop_process

HOST = "127.0.0.1"
_PORT_ATTEMPTS = 5
_POLL_SECONDS = 0.005
_LOG_TAIL_CHARACTERS = 2000


class PostgresStartError(RuntimeError):
    """PostgreSQL did not come up."""


class _PortTaken(PostgresStartError):
    """Another process took the port between choosing and binding it."""


@dataclass(frozen=True)
class PostgresSettings:
    """How the server runs; `extra` overrides any of its parameters (`postgresql.conf` names and values)."""

    durable: bool = True
    max_connections: int = 200
    shared_buffers: str = "128MB"
    extra: Mapping[str, str] | None = None

    def parameters(self, port: int) -> dict[str, str]:
        """Server parameters; without `durable` a crash of the machine may destroy the cluster."""
        lasting = (
            {} if self.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        )
        return {
            "listen_addresses": HOST,
            "port": str(port),
            # TCP only: a socket's path may have 107 bytes and its folder may be closed to the server's user.
            "unix_socket_directories": "",
            "max_connections": str(self.max_connections),
            "shared_buffers": self.shared_buffers,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "default_text_search_config": "pg_catalog.simple",
            "jit": "off",  # compiling costs more than it saves on short statements
            "log_checkpoints": "off",
            # Statements and the details of an error carry what people entered: not for a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **lasting,
            **(self.extra or {}),
        }


class PostgresServer:
    """A running server; made by `start_postgres`. As a context manager it stops at the end."""

    def __init__(
        self, folder: Path, programs: Programs, settings: PostgresSettings, password: str, lock: FolderLock
    ) -> None:
        self.folder = folder
        self.port = 0
        self._programs = programs
        self._settings = settings
        self._password = password
        self._lock = lock
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The postmaster that was started last."""
        assert self._child is not None
        return self._child

    @property
    def pid(self) -> int:
        """The postmaster's pid."""
        return self.child.pid

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "postgres.log"

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """`postgresql://…` of a database; without `password` the superuser's."""
        secret = quote(self._password if password is None else password, safe="")
        return f"postgresql://{quote(user, safe='')}:{secret}@{HOST}:{self.port}/{quote(database, safe='')}"

    def ensure_database(self, name: str, role: str, password: str) -> str:
        """Create what is missing of a database, its owner and its extensions; the owner's URL.

        The role gets this password also where it existed. Only the owner may connect. Raises ValueError for
        a name that is not `[a-z_][a-z0-9_]*` of at most 63 characters.
        """
        run_blocking(postgres_roles.ensure_database(self.url, name, role, password))
        return self.url(name, role, password)

    async def exited(self) -> int:
        """Exit code once the server has ended, whoever ended it; for supervision."""
        return await self.child.exited()

    def restart(self, timeout: float = 120.0) -> None:
        """Run a server that has ended again, on its port and data, and wait until it takes connections.

        Raises PostgresStartError, also where `stop` is called meanwhile; the folder stays ours."""
        clear_leftovers(self.folder)
        self.launch(self.port, timeout)

    def launch(self, port: int, timeout: float) -> None:
        """Run the postmaster and wait until it takes connections. Raises PostgresStartError."""
        log = self.log
        log.touch(mode=0o600)
        seen = log.stat().st_size
        parameters = [f"--{name}={value}" for name, value in self._settings.parameters(port).items()]
        self._child = child = spawn(
            [self._programs.folder / "postgres", "-D", DATA_DIRECTORY, *parameters],
            log=log,
            # Immediate shutdown: after SIGKILL of the postmaster a busy backend would work on to its query's end.
            death_signal=signal.SIGQUIT,
            run_as=self._programs.run_as,
            cwd=cluster_folder(self.folder),
            env=environment(),
            pidfile=self.folder / "postgres.pid",
        )
        try:
            _wait_ready(child, cluster_folder(self.folder) / "postmaster.pid", timeout)
        except PostgresStartError as error:
            child.stop((signal.SIGINT, 5.0), (signal.SIGQUIT, 10.0))
            with log.open("rb") as file:
                file.seek(min(seen, log.stat().st_size))
                said = file.read().decode(errors="replace").strip()[-_LOG_TAIL_CHARACTERS:]
            kind = _PortTaken if "Address already in use" in said else PostgresStartError
            raise kind(f"{error}; its log says: {said}") from error
        except BaseException:
            child.stop((signal.SIGQUIT, 10.0))
            raise
        self.port = port

    def stop(self, timeout: float = 30.0) -> None:
        """Fast shutdown: sessions are cut off, everything is written. May be repeated.

        Immediate shutdown (the next start recovers) after `timeout` seconds.
        """
        if self._child is not None:
            self._child.stop((signal.SIGINT, timeout), (signal.SIGQUIT, 10.0))
        for orphan in processes_in(cluster_folder(self.folder), "postgres"):
            stop_process(orphan, (signal.SIGQUIT, 5.0))
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_postgres(
    data_dir: Path,
    *,
    port: int | None = None,
    durable: bool = True,
    max_connections: int = 200,
    shared_buffers: str = "128MB",
    settings: Mapping[str, str] | None = None,
    strategy: Strategy | None = None,
    copy_base: Path | None = None,
    timeout: float = 120.0,
) -> PostgresServer:
    """Start on `data_dir` (created 0700), making the cluster on the first start and recovering after a crash.

    `port=None` takes a free one. `durable=False` is for tests. `strategy` and `copy_base` force the way to
    an unprivileged user (see `find_programs`). `timeout` seconds include crash recovery.
    Raises FolderInUse, NoWayToRun, ClusterError, PostgresStartError.
    """
    folder = data_dir.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    lock = FolderLock(folder)
    try:
        clear_leftovers(folder)
        programs = find_programs(strategy, owner=cluster_owner(folder), copy_base=copy_base)
        password = superuser_password(folder)
        if not cluster_folder(folder).exists():
            create_cluster(folder, programs, password, durable=durable)
        own(cluster_folder(folder), programs)
        options = PostgresSettings(durable, max_connections, shared_buffers, settings)
        server = PostgresServer(folder, programs, options, password, lock)
        _start_listening(server, port, timeout)
        try:
            run_blocking(postgres_roles.prepare(server.url))
        except BaseException:
            server.stop()
            raise
    except BaseException:
        lock.release()
        raise
    return server


def _start_listening(server: PostgresServer, port: int | None, timeout: float) -> None:
    for attempt in range(_PORT_ATTEMPTS):
        try:
            server.launch(port or free_port(HOST), timeout)
        except _PortTaken:
            if port or attempt == _PORT_ATTEMPTS - 1:
                raise
        else:
            return


def _wait_ready(child: Child, postmaster_pid: Path, timeout: float) -> None:
    """Wait until the postmaster says in its pidfile (line 8) that it takes connections."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        code = child.poll()
        if code is not None:
            raise PostgresStartError(f"PostgreSQL ended with {code}")
        if postmaster_pid.exists():
            lines = postmaster_pid.read_text().split("\n")
            if lines[0] == str(child.pid) and len(lines) > 7 and lines[7].strip() == "ready":
                return
        time.sleep(_POLL_SECONDS)
    raise PostgresStartError(f"PostgreSQL was not ready within {timeout:.0f} s")
