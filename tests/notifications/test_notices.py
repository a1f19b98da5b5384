"""What people read, in three languages, and that it promises nothing that is not there."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.monitoring import FINDING_CHANGED, FINDING_ESCALATED, FINDING_OPENED, FindingState
from shared.messaging.contract import EventType
from shared.values import Place, Reference
from tests.kit.events import deliver, record
from tests.kit.service import RunningService
from tests.notifications.conftest import OSH, member
from tests.notifications.test_inbox import inbox

MAYOR = UUID(int=7)
FINDING: dict[str, Any] = {
    "id": uuid4(),
    "aggregate_version": 1,
    "code": "F-000012",
    "campaign": Reference(id=uuid4(), code="osh-2026", name={"ru": "Ош-2026", "ky": "Ош-2026"}),
    "submission_id": uuid4(),
    "addressee": Reference(id=MAYOR, code=OSH, name={"ru": "Мэрия города Ош", "ky": "Ош шаарынын мэриясы"}),
    "municipality": Place(id=uuid4(), code=OSH, name={"ru": "Ош", "ky": "Ош"}, path=("41700000000000", OSH)),
    "service": Reference(id=uuid4(), name={"ru": "Справка", "ky": "Маалымкат"}),
    "criterion": "fee",
    "reason": "higher_fee",
    "severity": 3,
    "state": "open",
    "answer_due_on": date(2027, 1, 11),
    "origin": "demonstration",
}


async def bodies(service: RunningService, event: EventType[Any], **changes: Any) -> dict[str, str]:
    """What the addressee is told."""
    payload = FindingState.model_validate({**FINDING, **changes})
    await deliver(service, record(event, payload, recipients=[MAYOR]))
    entry = (await inbox(service, member(service, MAYOR)))[0]
    assert entry["title"].keys() == entry["body"].keys() == {"ky", "ru", "en"}
    return entry["body"]


@pytest.mark.parametrize(("event", "version"), [(FINDING_OPENED, 1), (FINDING_CHANGED, 2)])
async def test_a_finding_says_who_answers_whom_by_when_and_not_on_the_platform(
    notifications: RunningService, event: EventType[Any], version: int
):
    told = await bodies(notifications, event, aggregate_version=version)
    for language, campaign, addressee, not_yet in (
        ("ky", "Ош-2026", "Ош шаарынын мэриясы", "Платформада жооп берүү азырынча мүмкүн эмес"),
        ("ru", "Ош-2026", "Мэрия города Ош", "Ответить на платформе пока нельзя"),
        ("en", "Ош-2026", "Мэрия города Ош", "cannot be answered on the platform yet"),
    ):
        for part in (campaign, addressee, not_yet, "F-000012", "2027-01-11"):
            assert part in told[language], language
        assert "{" not in told[language]


async def test_those_above_are_told_that_nobody_answered(notifications: RunningService):
    told = await bodies(notifications, FINDING_ESCALATED, aggregate_version=2, escalated_on=date(2027, 1, 12))
    for language, addressee in (
        ("ky", "Ош шаарынын мэриясы"),
        ("ru", "Мэрия города Ош"),
        ("en", "Мэрия города Ош"),
    ):
        for part in (addressee, "F-000012", "2027-01-11"):
            assert part in told[language], language
        assert "{" not in told[language]


async def test_a_provisional_date_says_so(notifications: RunningService):
    told = await bodies(notifications, FINDING_OPENED, answer_due_provisional=True)
    assert "2027-01-11 (provisional)" in told["en"]
    assert "2027-01-11 (предварительно)" in told["ru"]
    assert "2027-01-11 (алдын ала)" in told["ky"]


async def test_a_withdrawn_finding_asks_for_nothing(notifications: RunningService):
    told = await bodies(notifications, FINDING_CHANGED, aggregate_version=2, state="withdrawn")
    assert "no answer is needed" in told["en"]
    assert "2027" not in told["en"]


async def test_names_nobody_told_of_are_left_open(notifications: RunningService):
    campaign, addressee = Reference(id=uuid4(), code="osh-2026"), Reference(id=MAYOR)
    told = await bodies(
        notifications, FINDING_OPENED, campaign=campaign, addressee=addressee, answer_due_on=None
    )
    assert told["en"].count("—") == 2
    assert "“osh-2026”" in told["en"]
