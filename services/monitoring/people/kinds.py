"""Monitoring's table of personal data."""

from datetime import timedelta
from pathlib import Path

from services.monitoring.people import repository
from shared.contracts.erasure import Effect
from shared.contracts.monitoring import ERASURE_COMPLETED
from shared.people.consent_texts import consent_texts
from shared.people.kinds import Ground, Holding, Kind, People

DELEGATE = "monitoring:submissions:delegate"
"""The scope to enter a visit for a person without internet."""
BY_DESK = "visit_by_desk"
"""The consent that such a visit rests on."""

NOTE = Kind(
    "visit_note",
    what="What a monitor adds to a visit in their own words.",
    purpose="Lets the organisation that monitors understand a visit before it counts it.",
    ground=Ground.PUBLIC_TASK,
    retention=timedelta(days=730),
)
DESK_NOTE = Kind(
    "desk_note",
    what="The same, entered at a desk for a person without internet.",
    purpose="Lets people without internet be heard.",
    ground=Ground.CONSENT,
    retention=timedelta(days=730),
)
COMMENT = Kind(
    "review_comment",
    what="Why a coordinator rejected or withdrew a visit, in the coordinator's own words.",
    purpose="Tells the monitors of the organisation what to do better.",
    ground=Ground.PUBLIC_TASK,
    retention=timedelta(days=730),
)

ASKED = Kind(
    "asked_documents",
    what="Documents that were asked of an applicant, in the monitor's words where no code was chosen.",
    purpose="Is compared with the list of the standard; a code or a mark stays in the visit.",
    ground=Ground.PUBLIC_TASK,
)
DESK_ASKED = Kind(
    "desk_asked_documents",
    what="The same, entered at a desk for a person without internet.",
    purpose="Lets people without internet be heard.",
    ground=Ground.CONSENT,
)

PEOPLE = People(
    completed=ERASURE_COMPLETED,
    kinds=(NOTE, DESK_NOTE, COMMENT, ASKED, DESK_ASKED),
    holdings=(
        Holding(
            "visit_maker",
            what="Who made a visit (an id).",
            purpose="Shows monitors their own visits; keeps people from counting their own.",
            ground=Ground.PUBLIC_TASK,
            on_erasure=Effect.ANONYMISED,
            table="submission_monitor",
            erase=repository.forget_maker,
        ),
    ),
    texts=consent_texts(Path(__file__).parent / "consents"),
    delegate=DELEGATE,
)
