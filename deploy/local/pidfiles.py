"""Who runs in a folder: process identities that survive pid reuse, pidfiles, and one supervisor per folder.

Linux only (`/proc`). Knows no particular program.
"""

import contextlib
import fcntl
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

_held: set[Path] = set()
_held_guard = threading.Lock()


class FolderInUse(RuntimeError):
    """Another supervisor is running on the folder."""


@dataclass(frozen=True)
class ProcessId:
    """One process for ever: a pid alone is handed out again, after a reboot even with the same start time."""

    pid: int
    started: int  # clock ticks since boot, /proc/PID/stat field 22
    boot: str

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return identify(self.pid) == self


def identify(pid: int) -> ProcessId | None:
    """The process that has `pid` now, None where there is none or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the name in brackets and may itself hold spaces and brackets.
    state, *fields = stat.rpartition(")")[2].split()
    if state in "ZXx":
        return None
    return ProcessId(pid, int(fields[18]), Path("/proc/sys/kernel/random/boot_id").read_text().strip())


def write_pidfile(path: Path, pid: int) -> None:
    """Record who `pid` is now; a process that has ended already leaves no pidfile."""
    process = identify(pid)
    if process is None:
        path.unlink(missing_ok=True)
        return
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(asdict(process)))
    draft.replace(path)


def recorded_process(path: Path) -> ProcessId | None:
    """The process of a pidfile if it still runs, None otherwise (no file, unreadable, ended, pid reused).

    For the holder of the folder's lock such a process is stale: whoever started it is gone.
    """
    try:
        process = ProcessId(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return process if process.alive() else None


def processes_in(folder: Path, name: str) -> list[ProcessId]:
    """Running processes called `name` (at most 15 bytes count) whose working directory is `folder`.

    Processes of others whose directory we may not read are left out.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() != name[:15] or (entry / "cwd").readlink() != folder:
                continue
            process = identify(int(entry.name))
            if process is not None:
                found.append(process)
    return found


class FolderLock:
    """Exclusive use of a folder by one supervisor; the kernel lets go of it when the supervisor dies.

    A POSIX record lock and not flock: a forked worker that outlives its parent must not keep the folder.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises FolderInUse, naming the holder's pid."""
        self._path = folder.resolve() / "lock"
        with _held_guard:
            # Record locks do not exclude within one process, and closing any descriptor would drop them.
            if self._path in _held:
                raise FolderInUse(f"{folder} is in use by this process ({os.getpid()})")
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(self._descriptor)
                raise FolderInUse(f"{folder} is in use by process {self._path.read_text()}") from error
            _held.add(self._path)
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the folder free; a second call does nothing."""
        with _held_guard:
            if self._path in _held and self._descriptor >= 0:
                _held.remove(self._path)
                os.close(self._descriptor)
                self._descriptor = -1
