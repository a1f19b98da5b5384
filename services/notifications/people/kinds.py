"""Notifications' table of personal data."""

from shared.contracts.notifications import ERASURE_COMPLETED
from shared.people.kinds import People, SealedColumn

PEOPLE = People(
    completed=ERASURE_COMPLETED,
    sealed=(SealedColumn("receiver", value="secret", key_id="secret_key_id", field="'secret'"),),
)
