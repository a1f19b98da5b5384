"""Where Java is missing a developer's tests are skipped and CI's fail, and CI's own command says that it is CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
from tests.end_to_end.test_keycloak import distribution
from tests.kit.kafka import kafka_programs

def test_kafka(kafka_programs): pass
def test_keycloak(distribution): pass
"""


@pytest.mark.parametrize(("ci", "code", "said"), [("true", 1, "2 errors"), (None, 0, "2 skipped")])
def test_without_java(ci: str | None, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(TESTS)
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "JAVA_HOME"}}
    environment |= {"PATH": str(tmp_path), **({"CI": ci} if ci else {})}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-c", ROOT / "pyproject.toml"]
    options = ["-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(
        [*command, *options], check=False, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
    assert "needs Java 17 or newer" in done.stdout


def test_the_command_of_ci_skips_none_of_them() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    said = lines.index('export CI="${CI:-true}"')
    assert said < lines.index("make test")
