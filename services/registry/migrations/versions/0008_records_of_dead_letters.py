"""A dead letter is of a record, not of a place"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PLACE = ["consumer", "topic", "partition", "record_offset"]
CONTENT = sa.text("COALESCE(event_id::text, encode(sha256(value), 'hex'::text), ''::text)")


def upgrade() -> None:
    op.create_index("ix_dead_letter_record", "dead_letter", [*PLACE, CONTENT], unique=True)
    op.drop_constraint("uq_dead_letter_consumer_topic_partition_record_offset", "dead_letter", type_="unique")


def downgrade() -> None:
    # Every letter is kept: a later one of the same place goes to one that no broker has.
    op.execute(
        """
UPDATE dead_letter AS later SET record_offset = -later.id
WHERE EXISTS (
    SELECT FROM dead_letter AS earlier
    WHERE earlier.id < later.id
    AND (earlier.consumer, earlier.topic, earlier.partition, earlier.record_offset)
        = (later.consumer, later.topic, later.partition, later.record_offset))
"""
    )
    op.create_unique_constraint("uq_dead_letter_consumer_topic_partition_record_offset", "dead_letter", PLACE)
    op.drop_index("ix_dead_letter_record", table_name="dead_letter")
