"""Scoring's table of personal data: it takes in no free text of people and no contacts."""

from shared.contracts.scoring import ERASURE_COMPLETED
from shared.people.kinds import People

PEOPLE = People(completed=ERASURE_COMPLETED)
