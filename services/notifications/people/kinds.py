"""Notifications' table of personal data."""

from datetime import timedelta
from pathlib import Path

from shared.contracts.notifications import ERASURE_COMPLETED
from shared.people.consent_texts import consent_texts
from shared.people.kinds import Ground, Kind, People, SealedColumn

EMAIL = Kind(
    "contact_email",
    what="The e-mail address at which a person wants to be told.",
    purpose="Sends messages the person asked for.",
    ground=Ground.CONSENT,
    retention=timedelta(days=730),
)
PHONE = Kind(
    "contact_phone",
    what="The telephone number at which a person wants to be told.",
    purpose="Sends messages the person asked for.",
    ground=Ground.CONSENT,
    retention=timedelta(days=730),
)

PEOPLE = People(
    completed=ERASURE_COMPLETED,
    kinds=(EMAIL, PHONE),
    sealed=(SealedColumn("receiver", value="secret", key_id="secret_key_id", field="'secret'"),),
    texts=consent_texts(Path(__file__).parent / "consents"),
)
