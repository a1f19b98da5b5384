"""The ideas market's table of personal data."""

from datetime import timedelta

from shared.contracts.ideas_market import ERASURE_COMPLETED
from shared.people.kinds import Ground, Kind, People

MESSAGE = Kind(
    "reservation_message",
    what="What somebody of a donor writes to the organisation whose idea the donor reserves.",
    purpose="Lets the two parties of an idea come together.",
    ground=Ground.CONTRACT,
    retention=timedelta(days=3 * 365),
)

PEOPLE = People(completed=ERASURE_COMPLETED, kinds=(MESSAGE,))
