"""Keycloak's distribution: fetched once per version into the user's cache and built there, whole or not at all."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.programs import KafkaUnavailable, cache_folder, find_java, locked
from deploy.local.processes import run

POM = Path(__file__).with_name("pom.xml")
_FETCH_SECONDS = 600.0
_BUILD_SECONDS = 240.0
_SHOWN_LINES = 12
_THREADS = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
# What bin/kc.sh gives its Java. The script itself is left out: it stands between us and the server, and a child of
# its own would outlive it.
_JVM = (
    "-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-XX:+ExitOnOutOfMemoryError", "-Dfile.encoding=UTF-8",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-Dpicocli.disable.closures=true",
    "-Duser.language=en", "-Duser.country=US", "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED", "--add-opens=java.base/java.security=ALL-UNNAMED",
    f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={_THREADS}",
)  # fmt: skip


class KeycloakUnavailable(RuntimeError):
    """Keycloak cannot be run here: Java or Maven is missing, or it cannot be fetched."""


@dataclass(frozen=True)
class Distribution:
    """A Java that is new enough and a Keycloak that was built."""

    java: Path
    home: Path

    def command(self, *arguments: str) -> list[str]:
        return [
            str(self.java), *_JVM, f"-Dkc.home.dir={self.home}", f"-Djboss.server.config.dir={self.home}/conf",
            "-cp", f"{self.home}/lib/quarkus-run.jar", "io.quarkus.bootstrap.runner.QuarkusEntryPoint", *arguments,
        ]  # fmt: skip


def find_distribution() -> Distribution:
    """Keycloak, which the first call of a version fetches (160 MB) and builds. Raises KeycloakUnavailable."""
    try:
        java = find_java()
    except KafkaUnavailable as error:
        raise KeycloakUnavailable(str(error)) from error
    base = cache_folder() / "keycloak"
    home = base / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    if home.is_dir():
        return Distribution(java, home)
    base.mkdir(parents=True, exist_ok=True)
    with locked(base / "lock"):
        if not home.is_dir():
            _make(java, home, base)
    return Distribution(java, home)


def _make(java: Path, home: Path, base: Path) -> None:
    """Under another name first: neither a kill nor a second process leaves half a folder."""
    for abandoned in base.glob("fetch-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="fetch-", dir=base))
    try:
        with zipfile.ZipFile(_fetch(draft)) as archive:
            archive.extractall(draft)
        [unpacked] = (path for path in draft.glob("keycloak-*") if path.is_dir())
        command = Distribution(java, unpacked).command("build", "--db=dev-mem")
        _finish(command, draft / "build.log", _BUILD_SECONDS, "build")
        unpacked.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fetch(draft: Path) -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise KeycloakUnavailable("Keycloak is fetched with Maven: there is no mvn on the path")
    command = [
        maven, "--batch-mode", "--no-transfer-progress", "--file", str(POM), "dependency:copy-dependencies",
        "-DincludeScope=runtime", f"-DoutputDirectory={draft}",
    ]  # fmt: skip
    _finish(command, draft / "maven.log", _FETCH_SECONDS, "fetch")
    found = list(draft.glob("keycloak-quarkus-dist-*.zip"))
    if len(found) != 1:
        raise KeycloakUnavailable("Maven fetched no distribution of Keycloak")
    return found[0]


def _finish(command: list[str], log: Path, seconds: float, what: str) -> None:
    try:
        code = run(command, timeout=seconds, log=log, env=os.environ)
    except subprocess.TimeoutExpired as error:
        raise KeycloakUnavailable(f"could not {what} Keycloak within {seconds:.0f} s") from error
    if code != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:])
        raise KeycloakUnavailable(f"could not {what} Keycloak:\n{last}")
