"""What every service owes: migrations that go both ways, scopes that are enforced, events within their contracts."""

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.registry.access.roles import ROLES
from services.scoring.spec import SPEC
from services.scoring.tables import metadata
from shared.contracts import scoring as contracts
from shared.db import migrations
from shared.http.openapi import operations, scopes_of
from tests.kit.postgres import TemplateDatabases
from tests.kit.service import RunningService
from tests.scoring.events import OSH

assert io
assert create_engine
assert compare_metadata
assert MigrationContext
