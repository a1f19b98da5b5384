"""Fixtures of the embedded runner's tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that every user reaches; pytest's own are closed, as a home folder may be."""
    folder = Path(tempfile.mkdtemp(prefix="ashar-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
