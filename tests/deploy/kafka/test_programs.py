"""Java and Kafka's jars: what is missing is named, and a fetch leaves a whole folder or none."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka.programs import POM, KafkaUnavailable, cache_folder, fetch_jars, find_java
from tests.deploy.local.deadlines import wait_until

FETCH = "import sys; from deploy.kafka.programs import fetch_jars; print(fetch_jars(__import__('pathlib').Path(sys.argv[1])))"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are the first on the path, with room for stand-ins."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def maven(folder: Path, *steps: str) -> Path:
    """A stand-in for mvn; it counts its runs in the file that is returned."""
    runs = folder / "runs"
    runs.touch()
    program(
        folder / "mvn",
        "\n".join(
            [
                'for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done',
                f'echo run >> "{runs}"',
                'mkdir -p "$out"',
                *steps,
            ]
        ),
    )
    return runs


def test_compose_runs_the_version_that_is_tested() -> None:
    tested = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+?)</version>", POM.read_text())
    assert tested is not None
    compose = Path(__file__).parents[3] / "docker-compose.yml"
    assert f"image: apache/kafka:{tested[1]}\n" in compose.read_text()


class TestJava:
    @pytest.mark.parametrize("said", ['openjdk version "17.0.15" 2025-04-15', 'openjdk version "21-ea"'])
    def test_one_that_is_new_enough_is_found(self, path: Path, said: str) -> None:
        program(path / "java", f"echo '{said}' >&2")
        assert find_java() == path / "java"

    @pytest.mark.parametrize("said", ['java version "1.8.0_402"', 'openjdk version "11.0.2"', "what?"])
    def test_one_that_is_too_old_is_named(self, path: Path, said: str) -> None:
        program(path / "java", f"echo '{said}' >&2")
        with pytest.raises(KafkaUnavailable, match="needs Java 17 or newer"):
            find_java()

    def test_none_on_the_path(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(path))
        with pytest.raises(KafkaUnavailable, match="no java on the path"):
            find_java()

    def test_java_home_comes_first(self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(path / "java", "echo 'version \"17\"' >&2")
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "elsewhere"))
        with pytest.raises(KafkaUnavailable, match="elsewhere"):
            find_java()


class TestJars:
    def test_they_are_fetched_once(self, path: Path, tmp_path: Path) -> None:
        runs = maven(path, 'touch "$out/kafka_2.13-4.jar"')
        jars = fetch_jars(tmp_path / "cache")
        assert [jar.name for jar in jars.iterdir()] == ["kafka_2.13-4.jar"]
        assert fetch_jars(tmp_path / "cache") == jars
        assert runs.read_text() == "run\n"

    def test_another_pom_has_a_folder_of_its_own(self, path: Path, tmp_path: Path) -> None:
        maven(path, 'touch "$out/kafka_2.13-4.jar"')
        (tmp_path / "pom.xml").write_text("<project/>")
        jars = fetch_jars(tmp_path / "cache")
        assert fetch_jars(tmp_path / "cache", tmp_path / "pom.xml") != jars

    def test_no_maven(self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(path))
        with pytest.raises(KafkaUnavailable, match="no mvn on the path"):
            fetch_jars(tmp_path)

    @pytest.mark.parametrize(
        ("steps", "said"),
        [(("echo no such host", "exit 1"), "no such host"), (("echo nothing to do",), "nothing to do")],
        ids=["it fails", "it brings nothing"],
    )
    def test_a_fetch_that_failed_says_why_and_leaves_nothing(
        self, path: Path, tmp_path: Path, steps: tuple[str, ...], said: str
    ) -> None:
        maven(path, *steps)
        with pytest.raises(KafkaUnavailable, match=said):
            fetch_jars(tmp_path / "cache")
        assert [entry.name for entry in (tmp_path / "cache" / "kafka").iterdir()] == ["lock"]

    def test_two_processes_at_once_fetch_once(self, path: Path, tmp_path: Path) -> None:
        runs = maven(path, "sleep 0.5", 'touch "$out/kafka_2.13-4.jar"')
        both = [
            subprocess.Popen([sys.executable, "-c", FETCH, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        first, second = (process.communicate(timeout=60)[0].strip() for process in both)
        assert first == second
        assert Path(first, "kafka_2.13-4.jar").exists()
        assert runs.read_text() == "run\n"

    @pytest.mark.crash
    def test_a_kill_half_way_leaves_no_half_folder(self, path: Path, tmp_path: Path) -> None:
        runs = maven(path, 'touch "$out/kafka_half.jar"', "exec sleep 600")
        process = subprocess.Popen([sys.executable, "-c", FETCH, str(tmp_path)])
        wait_until(lambda: bool(list((tmp_path / "kafka").glob("fetch-*/jars/kafka_half.jar"))))
        process.send_signal(signal.SIGKILL)
        process.wait()
        maven(path, 'touch "$out/kafka_2.13-4.jar"')
        jars = fetch_jars(tmp_path)
        assert [jar.name for jar in jars.iterdir()] == ["kafka_2.13-4.jar"]
        assert sorted(entry.name for entry in jars.parent.iterdir()) == sorted(["lock", jars.name])
        assert runs.read_text() == "run\nrun\n"

    def test_the_cache_is_the_users(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASHAR_CACHE", "chosen")
        assert cache_folder() == Path("chosen")
        monkeypatch.delenv("ASHAR_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
        assert cache_folder() == Path("xdg/ashar")
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "home")
        assert cache_folder() == Path("home/.cache/ashar")
