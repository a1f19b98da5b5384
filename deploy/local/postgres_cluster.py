"""The database cluster on disk: creating it whole or not at all, its superuser password, what a crash left.

Layout of a data folder (0700): `cluster/` (PGDATA), `superuser-password` (0600), `postgres.log`,
`postgres.pid`, `lock`. Every program gets the cluster as its working directory and `-D /proc/self/cwd`: the
folders above it may be closed to the user it runs as, and this path leads through none of them.
"""

import os
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

from deploy.local.pidfiles import identify, processes_in, recorded_process
from deploy.local.postgres_programs import Programs
from deploy.local.processes import run, stop_process

SUPERUSER = "postgres"
DATA_DIRECTORY = "/proc/self/cwd"

# Builtin provider with C.UTF-8 letters: under plain C, or without --lc-ctype, trigrams and full-text tokens
# of Cyrillic words are empty.
LOCALE_FLAGS = (
    "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8",
    "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
)  # fmt: skip
_INITDB_SECONDS = 120.0
_IMMEDIATE = ((signal.SIGQUIT, 10.0),)


class ClusterError(RuntimeError):
    """The database cluster could not be created."""


def cluster_folder(folder: Path) -> Path:
    """PGDATA below a data folder."""
    return folder / "cluster"


def cluster_owner(folder: Path) -> int | None:
    """The uid an existing cluster belongs to, None before it is created."""
    cluster = cluster_folder(folder)
    return cluster.stat().st_uid if cluster.exists() else None


def superuser_password(folder: Path) -> str:
    """The stored password; a new one only as long as there is no cluster that knows another."""
    path = folder / "superuser-password"
    if path.exists():
        return path.read_text().strip()
    if cluster_folder(folder).exists():
        raise ClusterError(f"{path} is missing: its cluster cannot be opened without it")
    password = secrets.token_urlsafe(32)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return password


def create_cluster(folder: Path, programs: Programs, password: str, *, durable: bool = True) -> None:
    """Run initdb in a draft folder and rename it: a start killed half-way leaves no half cluster behind.

    Raises ClusterError with initdb's own words.
    """
    for abandoned in folder.glob("initdb-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="initdb-", dir=folder))
    own(draft, programs)
    log = folder / "initdb.log"
    log.unlink(missing_ok=True)
    # Read through a descriptor that has no owner's permissions in the way, and never written to disk twice.
    password_file = os.memfd_create("superuser-password")
    try:
        os.write(password_file, password.encode() + b"\n")
        os.lseek(password_file, 0, os.SEEK_SET)
        code = run(
            [
                programs.folder / "initdb", "-D", DATA_DIRECTORY, "-U", SUPERUSER, "-A", "scram-sha-256",
                "--pwfile=/dev/stdin", "--no-instructions", *LOCALE_FLAGS, *(() if durable else ("--no-sync",)),
            ],
            log=log, run_as=programs.run_as, cwd=draft, env=environment(), stdin=password_file,
            timeout=_INITDB_SECONDS,
        )  # fmt: skip
    finally:
        os.close(password_file)
    if code != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise ClusterError(f"initdb failed: {log.read_text(errors='replace').strip()}")
    draft.rename(cluster_folder(folder))
    # Without this a power cut could bring the draft's name back, and the next start would delete it.
    _sync(folder)
    log.unlink()


def own(cluster: Path, programs: Programs) -> None:
    """Hand the cluster to the user that runs it, where that is another than the one it belongs to."""
    user = programs.run_as
    if user.kind != "drop" or cluster.stat().st_uid == user.uid:
        return
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def clear_leftovers(folder: Path) -> None:
    """After a crash: end what still runs on the cluster, remove a postmaster.pid that names a stranger.

    Only for the holder of the folder's lock.
    """
    cluster = cluster_folder(folder)
    stale = recorded_process(folder / "postgres.pid")
    if stale is not None:
        stop_process(stale, *_IMMEDIATE)
    for orphan in processes_in(cluster, "postgres"):
        stop_process(orphan, *_IMMEDIATE)
    if _misleads(cluster / "postmaster.pid", cluster):
        (cluster / "postmaster.pid").unlink()


def _misleads(pidfile: Path, cluster: Path) -> bool:
    """Whether the pid is one that Postgres takes for a running server though it is none.

    It refuses to start because of any process with that pid: a stranger that was given it, or the zombie of
    the old server where process 1 does not collect orphans (containers without an init).
    """
    try:
        process = Path("/proc") / pidfile.read_text().split("\n")[0]
        name = (process / "comm").read_text().strip()
        if identify(int(process.name)) is None:
            return True
        return name != "postgres" or (process / "cwd").readlink() != cluster
    except (OSError, ValueError):
        # No pidfile or no process: Postgres sees to it. Not ours to read: rather refuse than two servers.
        return False


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def environment() -> dict[str, str]:
    """Ours without the PG* variables, which would change where programs look and what they do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
