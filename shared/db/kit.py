"""The kit's tables, the same in every service's database."""

from sqlalchemy import MetaData

from shared.audit.tables import add_audit_tables
from shared.auth.tables import add_auth_tables, add_idempotency_table
from shared.jobs.tables import add_job_tables
from shared.messaging.tables import add_messaging_tables
from shared.people.tables import add_people_tables


def add_kit_tables(metadata: MetaData) -> None:
    add_messaging_tables(metadata)
    add_audit_tables(metadata)
    add_auth_tables(metadata)
    add_idempotency_table(metadata)
    add_job_tables(metadata)
    add_people_tables(metadata)
