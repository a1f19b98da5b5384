"""What a machine may lack."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(error: Exception) -> NoReturn:
    """Where a program is missing a developer's tests are skipped, CI's fail."""
    if os.environ.get("CI"):
        raise error
    pytest.skip(str(error))
