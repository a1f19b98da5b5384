"""Base images without a registry of images: Debian with Python as `python:3.11-slim-bookworm` has it, and the same
with a Java runtime. Made once and kept in the user's cache, whole or not at all.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.programs import cache_folder
from tests.deploy.docker.containers.commands import CommandFailed, run
from tests.deploy.docker.containers.engine import Engine

SUITE = "bookworm"
PYTHON = ("python3", "python3-venv", "python-is-python3", "ca-certificates")
JAVA = ("openjdk-17-jre-headless",)
PYTHON_BASE = "ashar-base/python:3.11-slim-bookworm"
JAVA_BASE = "ashar-base/java:17-slim-bookworm"
_MAKE_SECONDS = 600.0
_LOAD_SECONDS = 180.0
_NOT_NEEDED = (
    "var/cache/apt/archives/*.deb",
    "var/lib/apt/lists/*_*",
    "usr/share/doc/*",
    "usr/share/man/*/*",
)


def python_base(engine: Engine) -> str:
    """Its name, loaded into the engine."""
    return _load(engine, PYTHON_BASE, _cached("python", (SUITE, *PYTHON), _bootstrap))


def java_base(engine: Engine) -> str:
    """Its name, loaded into the engine; made on the base for Python, which is loaded already."""
    archive = _cached("java", (SUITE, *PYTHON, *JAVA), lambda draft: _install(engine, draft))
    return _load(engine, JAVA_BASE, archive)


def _load(engine: Engine, name: str, archive: Path) -> str:
    engine("import", "--change", "ENV LANG=C.UTF-8", archive, name, timeout=_LOAD_SECONDS)
    return name


def _cached(name: str, recipe: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """A file system as a tar archive, one for each recipe."""
    folder = cache_folder() / "containers"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{name}-{hashlib.sha256(' '.join(recipe).encode()).hexdigest()[:16]}.tar"
    with _locked(folder / "lock"):
        if not archive.exists():
            draft = archive.with_suffix(".new")
            try:
                make(draft)
                draft.rename(archive)
            finally:
                draft.unlink(missing_ok=True)
    return archive


def _bootstrap(draft: Path) -> None:
    root = Path(tempfile.mkdtemp(prefix="ashar-debian-"))
    try:
        packages = ",".join(PYTHON)
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", SUITE, root, *_mirror()]
        run(command, timeout=_MAKE_SECONDS)
        for pattern in _NOT_NEEDED:
            for path in root.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        run(["tar", "--directory", root, "--one-file-system", "-cf", draft, "."], timeout=_LOAD_SECONDS)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _mirror() -> list[str]:
    """Where this machine's own Debian packages come from; debootstrap's default where it has none."""
    target = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
        f"Codename: {SUITE}",
    ]
    try:
        return run(target, timeout=60).split()[:1]
    except CommandFailed:
        return []


def _install(engine: Engine, draft: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ashar-java-") as folder:
        Path(folder, "Dockerfile").write_text(
            f"FROM {PYTHON_BASE}\nRUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install"
            f" --no-install-recommends {' '.join(JAVA)} && apt-get clean && rm -rf /var/lib/apt/lists/*\n"
        )
        name = f"{JAVA_BASE}-draft"
        engine("build", "--quiet", "--network", "host", "--tag", name, folder, timeout=_MAKE_SECONDS)
        container = engine("create", name, "true").strip()
        engine("export", "--output", draft, container, timeout=_LOAD_SECONDS)
        engine("rm", container)
        engine("rmi", name)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go when the holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
