"""The ideas market's table of personal data."""

from datetime import timedelta
from pathlib import Path

from shared.contracts.ideas_market import ERASURE_COMPLETED
from shared.people.consent_texts import consent_texts
from shared.people.kinds import Ground, Kind, People

DELEGATE = "ideas:ideas:delegate"
"""The scope to enter an idea or a contact for a person without internet."""
BY_DESK = "idea_by_desk"
"""The consent that such an idea rests on."""

MESSAGE = Kind(
    "reservation_message",
    what="What somebody of a donor writes to the organisation whose idea the donor reserves.",
    purpose="Lets the two parties of an idea come together.",
    ground=Ground.CONTRACT,
    retention=timedelta(days=3 * 365),
)
CONTACT = Kind(
    "idea_contact",
    what="Name, telephone and e-mail address of the person to talk to about an idea.",
    purpose="Lets the donor who has taken an idea up reach the people behind it.",
    ground=Ground.CONSENT,
    retention=timedelta(days=3 * 365),
)

PEOPLE = People(
    completed=ERASURE_COMPLETED,
    kinds=(MESSAGE, CONTACT),
    texts=consent_texts(Path(__file__).parent / "consents"),
    delegate=DELEGATE,
)
