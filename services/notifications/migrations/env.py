"""Alembic's entry; the kit does the work."""

from services.notifications.spec import SPEC
from shared.db.migrations import run

run(SPEC.metadata)
