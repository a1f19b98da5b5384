"""The commands of a worker's image: what is wrong in the environment is named, without a traceback or a value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ["REGISTRY_DATABASE_URL: Field required"]),
        (
            {"REGISTRY_DATABASE_URL": "postgresql://hidden@127.0.0.1/x", "ASHAR_KAFKA_REPLICATION": "hidden"},
            [
                "ASHAR_KAFKA_REPLICATION: Input should be a valid integer, unable to parse string as an integer"
            ],
        ),
    ],
)
def test_settings_that_are_missing_or_wrong_are_named(environment: dict[str, str], said: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "services.registry.worker", "dead-letters", "list"],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == said
