"""`make demo`: the chain from a standard to a reserved idea, each step read back over HTTP."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.demo.__main__ import STEPS
from shared.contracts import BY_NAME
from tests.end_to_end.running import ROOT, left_in


def test_every_step_is_verified_and_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "of an earlier run").touch()
    command = [sys.executable, "-m", "deploy.local.demo", "--folder", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(STEPS)} of {len(STEPS)} steps verified" in done.stdout
    assert not (folder / "of an earlier run").exists(), "its folder is wiped first"
    assert left_in(folder) == []
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["verified"] is True
    assert {"start", "chain", "total"} <= summary["seconds"].keys()
    assert [step["service"] for step in summary["steps"]] == [service for service, _, _ in STEPS]
    for step in summary["steps"]:
        assert step["verified"] is True
        assert step["asked"]
        assert step["came_back"]
        assert step["error"] is None
        assert {event.split(" × ")[0] for event in step["events"]} <= BY_NAME.keys()
    told = {event.split(" × ")[0] for step in summary["steps"] for event in step["events"]}
    assert len(told) >= 10, "the chain is made of events"
    shutil.rmtree(folder)
