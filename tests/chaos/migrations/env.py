"""Alembic's entry; the kit does the work."""

from shared.db.migrations import run
from tests.chaos.probe import SPEC

run(SPEC.metadata)
