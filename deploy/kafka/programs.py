"""Java, and Apache Kafka's jars: fetched once per version into the user's cache, whole or not at all."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import run

POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17
_FETCH_SECONDS = 600.0
_VERSION_SECONDS = 30.0
_SHOWN_LINES = 12


class KafkaUnavailable(RuntimeError):
    """Apache Kafka cannot be run here: Java or Maven is missing, or its jars cannot be fetched."""


@dataclass(frozen=True)
class Programs:
    """A Java that is new enough and the folder of Kafka's jars."""

    java: Path
    jars: Path

    def command(self, main_class: str, *arguments: str | Path, jvm: tuple[str, ...] = ()) -> list[str]:
        """What runs a class of Kafka's."""
        return [str(self.java), *jvm, "-cp", f"{self.jars}/*", main_class, *map(str, arguments)]


def find_programs(cache: Path | None = None) -> Programs:
    """Java and the jars, which the first call of a version fetches (44 MB). Raises KafkaUnavailable."""
    java = find_java()
    return Programs(java, fetch_jars(cache or cache_folder()))


def cache_folder() -> Path:
    """`$ASHAR_CACHE`, else `ashar` in the user's cache (XDG)."""
    if chosen := os.environ.get("ASHAR_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ashar"


def find_java() -> Path:
    """`$JAVA_HOME`'s java, else the one on the path. Raises KafkaUnavailable when it is missing or too old."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if found is None:
        place = f"in JAVA_HOME ({home})" if home else "on the path"
        raise KafkaUnavailable(f"Apache Kafka needs Java {OLDEST_JAVA} or newer: there is no java {place}")
    said = subprocess.run(
        [found, "-version"], capture_output=True, text=True, check=False, timeout=_VERSION_SECONDS
    ).stderr
    # "1.8.0_402" before Java 9, "17.0.15" or "21-ea" since.
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise KafkaUnavailable(
            f"Apache Kafka needs Java {OLDEST_JAVA} or newer; {found} says: {said.strip()[:200]}"
        )
    return Path(found)


def fetch_jars(cache: Path, pom: Path = POM) -> Path:
    """Folder of the jars `pom` asks for, one per content of the pom. Raises KafkaUnavailable.

    Fetched under another name and renamed: neither a kill nor a second process leaves half a folder.
    """
    base = cache / "kafka"
    jars = base / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if jars.is_dir():
        return jars
    base.mkdir(parents=True, exist_ok=True)
    with locked(base / "lock"):
        if jars.is_dir():  # another process fetched it while this one waited
            return jars
        for abandoned in base.glob("fetch-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="fetch-", dir=base))
        try:
            _fetch(draft, pom)
            (draft / "jars").rename(jars)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return jars


def _fetch(draft: Path, pom: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable("Apache Kafka is fetched with Maven: there is no mvn on the path")
    log = draft / "maven.log"
    command: list[str | Path] = [
        maven, "--batch-mode", "--no-transfer-progress", "--file", pom, "dependency:copy-dependencies",
        "-DincludeScope=runtime", f"-DoutputDirectory={draft / 'jars'}",
    ]  # fmt: skip
    try:
        code = run(command, timeout=_FETCH_SECONDS, log=log)
    except subprocess.TimeoutExpired as error:
        raise KafkaUnavailable(f"Maven did not fetch Apache Kafka within {_FETCH_SECONDS:.0f} s") from error
    if code != 0 or not any((draft / "jars").glob("kafka_*.jar")):
        last = "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:])
        raise KafkaUnavailable(f"Maven could not fetch Apache Kafka:\n{last}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go when the holder dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
