"""Tests that share a platform meet in one process, whichever file they stand in."""

import re
import subprocess
import sys
from pathlib import Path

from tests.kit.groups import ALONE, OWN_STAGE, group_of

ROOT = Path(__file__).parents[2]
END_TO_END = ROOT / "tests/end_to_end"


def test_those_that_share_no_stage_are_there() -> None:
    assert {path.name for path in END_TO_END.glob("test_*.py")} >= OWN_STAGE | ALONE


def test_who_asks_for_a_stage_is_in_its_group() -> None:
    for path in END_TO_END.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        makes_one = re.search(r'scope="module"\)\ndef (?:stage|own_stage|seeded)\(', text) is not None
        assert makes_one == (path.name in OWN_STAGE), path
        asks = re.search(r"\b(?:stage|api|story|known): ", text) is not None
        if path.name in ALONE:
            assert not asks, path


def test_a_test_of_no_group_is_its_own() -> None:
    alone = ["tests/end_to_end/test_crash.py::test_a", "tests/shared/test_b.py::TestC::test_d[1]"]
    assert [group_of(one) for one in alone] == alone


def test_processes_do_share_the_work_so(tmp_path: Path) -> None:
    folder = tmp_path / "tests/end_to_end"
    folder.mkdir(parents=True)
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_xdist_make_scheduler\n")
    many = "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_a(n): pass\n"
    for name in ("test_feeds.py", "test_keycloak.py", "test_fleet.py"):
        (folder / name).write_text(many)
    # Long enough for the second process to come to them, however late it starts.
    slow = "import time\n" + many.replace("pass", "time.sleep(0.2)")
    (folder / "test_crash.py").write_text(slow)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-v", "-c", ROOT / "pyproject.toml"]
    options = ["-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.findall(r"^\[(gw\d)\].+PASSED \S*(test_\w+)\.py", done.stdout, re.MULTILINE)
    assert len(ran) == 80
    processes = {file: {process for process, other in ran if other == file} for _, file in ran}
    assert len(processes["test_feeds"] | processes["test_keycloak"]) == 1
    assert len(processes["test_fleet"]) == 1
    assert len(processes["test_crash"]) == 2
