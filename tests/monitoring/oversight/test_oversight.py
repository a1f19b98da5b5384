"""Who oversees reads what is below them and nothing else, and hears of what nobody answered in time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.oversight.domain import oversees
from services.monitoring.oversight.service import escalate_batch
from shared.clock import FixedClock
from shared.contracts.monitoring import FINDING_ESCALATED, FindingState
from shared.contracts.registry import OrganisationState, Overseeing
from shared.ids import seed_id
from shared.values import Origin, Place
from tests.monitoring.field import Field, Json
from tests.monitoring.registry import COUNTRY, OSH, OTHER, OWNER, calendar, tell

SCOPES = ("monitoring:findings:read", "monitoring:findings:oversee")
SINCE = (Overseeing(valid_from=date(2026, 1, 1)),)
MAYOR = seed_id("organisation", OSH)


def place(code: str) -> Place:
    path = (COUNTRY,) if code == COUNTRY else (COUNTRY, code)
    return Place(id=seed_id("territory", code), code=code, path=path)


def known(
    code: str,
    kind: str,
    *,
    parent: str | None = None,
    territory: str | None = None,
    overseeing: tuple[Overseeing, ...] = SINCE,
    version: int = 2,
    active: bool = True,
) -> OrganisationState:
    return OrganisationState(
        id=seed_id("organisation", code),
        aggregate_version=version,
        code=code,
        kind=kind,
        name={"ru": code},
        territory=place(territory) if territory else None,
        parent_id=seed_id("organisation", parent) if parent else None,
        active=active,
        overseeing=overseeing,
        origin=Origin.DEMONSTRATION,
    )


OVERSEERS = (
    known(OSH, "municipality", territory=OSH),
    known("osh-kenesh", "council", parent=OSH, territory=OSH),
    known("osh-water", "enterprise", parent=OSH, overseeing=()),
    known("water-council", "council", parent="osh-water"),
    known("alai", "municipality", territory=OTHER),
    known("parliament", "agency", territory=COUNTRY),
    known("cabinet", "agency"),
    known("ministry", "ministry", parent="cabinet", territory=OSH),  # its house stands in Osh
    known("its-council", "council", parent="ministry"),
    known("silent", "agency", territory=COUNTRY, overseeing=()),
    known("dissolved", "agency", territory=COUNTRY, active=False),
)
REACH_OSH = {OSH, "osh-kenesh", "parliament"}


@pytest.fixture
async def watched(field: Field) -> Field:
    await tell(field.service, *OVERSEERS)
    return field


async def ask(field: Field, code: str, path: str = "", scopes: Sequence[str] = SCOPES) -> Any:
    headers = field.service.headers(*scopes, org=seed_id("organisation", code))
    return await field.client.get(f"/v1/findings{path}", headers=headers)


async def read(field: Field, code: str, scopes: Sequence[str] = SCOPES) -> set[str]:
    """Codes of the findings an organisation reads, which are those it gets one by one."""
    listed: list[Json] = (await ask(field, code, scopes=scopes)).json()["items"]
    for finding in listed:
        assert (await ask(field, code, f"/{finding['id']}", scopes)).status_code == 200
    return {finding["code"] for finding in listed}


async def test_a_finding_is_read_from_above_and_from_nowhere_else(watched: Field) -> None:
    await watched.approved(delivered_on="2026-03-26")
    [finding] = (await ask(watched, OSH)).json()["items"]
    readers = {known.code for known in OVERSEERS if await read(watched, known.code)}
    assert readers == REACH_OSH
    for code in ("alai", "ministry", "cabinet", "its-council", "silent", "dissolved", "unknown"):
        assert (await ask(watched, code, f"/{finding['id']}")).status_code == 404, code
        standings = (await ask(watched, code, "/standings")).json()["items"]
        assert standings == [], code


async def test_without_the_scope_the_place_is_no_reason(watched: Field) -> None:
    await watched.approved(delivered_on="2026-03-26")
    only_own = ("monitoring:findings:read",)
    assert await read(watched, "osh-kenesh", only_own) == set()
    assert await read(watched, "parliament", only_own) == set()
    assert len(await read(watched, OSH, only_own)) == 1, "it is the addressee"


async def test_a_subordinate_body_is_seen_by_its_parent_and_its_council(watched: Field) -> None:
    """Findings put before a provider: here the municipality's waterworks, in another municipality's territory."""
    await watched.approved(delivered_on="2026-03-26")
    await watched.service.database.pool.execute(
        "UPDATE finding SET addressee_id = $1, municipality = $2",
        seed_id("organisation", "osh-water"),
        place(OTHER).model_dump(mode="json"),
    )
    readers = {known.code for known in OVERSEERS if await read(watched, known.code)}
    assert readers == {OSH, "osh-kenesh", "osh-water", "water-council", "alai", "parliament"}


async def test_oversight_ends_with_the_appointment(watched: Field, clock: FixedClock) -> None:
    await watched.approved(delivered_on="2026-03-26")
    days = (Overseeing(valid_from=date(2026, 6, 16), valid_to=date(2026, 6, 18)),)
    council = known("osh-kenesh", "council", parent=OSH, overseeing=days, version=3)
    await tell(watched.service, council)
    assert await read(watched, "osh-kenesh") == set()
    clock.moment += timedelta(days=1)
    assert len(await read(watched, "osh-kenesh")) == 1
    clock.moment += timedelta(days=2)
    assert await read(watched, "osh-kenesh") == set()


async def test_parents_in_a_circle_end_somewhere(watched: Field) -> None:
    await watched.approved(delivered_on="2026-03-26")
    await tell(
        watched.service,
        known(OSH, "municipality", parent="cabinet", version=3, overseeing=()),
        known("cabinet", "agency", parent=OSH, version=3),
    )
    assert len(await read(watched, "cabinet")) == 1
    assert await escalated(watched, date(2027, 1, 1))


async def test_how_bodies_stand(watched: Field, clock: FixedClock) -> None:
    await watched.approved(delivered_on="2026-03-26", fees_paid=[{"amount": "150"}])
    await watched.approved(delivered_on="2026-03-27")
    [standing] = (await ask(watched, "parliament", "/standings")).json()["items"]
    due = standing.pop("earliest_due_on")
    assert standing == {
        "body": {"id": str(MAYOR), "code": OSH, "name": {"ru": OSH}},
        "findings": 3,
        "open": 3,
        "overdue": 0,
        "severe": 1,
    }
    clock.moment = datetime.fromisoformat(f"{due}T06:00:00+00:00") + timedelta(days=1)
    [later] = (await ask(watched, "parliament", "/standings")).json()["items"]
    assert later["overdue"] == 3


async def escalated(field: Field, today: date) -> list[tuple[FindingState, set[UUID]]]:
    """What is told on this day, and to whom."""
    clock = field.service.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.moment = datetime(today.year, today.month, today.day, 6, tzinfo=UTC)
    before = len(await field.events(FINDING_ESCALATED.name))
    async with field.service.unit_of_work() as uow:
        await escalate_batch(uow, 100)
    return [
        (FindingState.model_validate(event["data"]), set(event["recipients"]))
        for event in (await field.events(FINDING_ESCALATED.name))[before:]
    ]


async def test_what_nobody_answered_is_told_once_to_those_above(watched: Field) -> None:
    await watched.approved(delivered_on="2026-03-26")
    [finding] = (await ask(watched, OSH)).json()["items"]
    due = date.fromisoformat(finding["answer_due_on"])
    assert await escalated(watched, due) == [], "the last day is still theirs"
    [(told, recipients)] = await escalated(watched, due + timedelta(days=1))
    assert (str(told.id), told.escalated_on, told.aggregate_version) == (
        finding["id"],
        due + timedelta(days=1),
        finding["version"] + 1,
    )
    assert recipients == {seed_id("organisation", code) for code in REACH_OSH} | {OWNER}
    assert await escalated(watched, due + timedelta(days=2)) == []
    shown = (await ask(watched, "parliament", f"/{finding['id']}")).json()
    assert shown["escalated_on"] == (due + timedelta(days=1)).isoformat()
    [trail] = await watched.service.database.pool.fetch(
        "SELECT object_id FROM audit WHERE action = 'finding.escalate'"
    )
    assert str(trail["object_id"]) == finding["id"]


async def test_what_is_withdrawn_or_provisional_is_not_told(watched: Field, clock: FixedClock) -> None:
    visit = await watched.approved(delivered_on="2026-03-26")
    await watched.do(visit["id"], "withdraw", {"reason": "fabricated"})
    clock.moment = datetime(2026, 12, 21, 6, tzinfo=UTC)
    watched.renew()
    await watched.approved(delivered_on="2026-03-26")
    assert await escalated(watched, date(2027, 3, 1)) == [], "its date may still move"
    watched.renew()
    await tell(watched.service, calendar(2027))
    await watched.check_again()
    assert len(await escalated(watched, date(2027, 3, 1))) == 1


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.none() | st.integers(1, 90)), max_size=4
    ),
    st.dates(date(2025, 12, 1), date(2026, 6, 1)),
)
def test_somebody_oversees_on_the_days_of_any_appointment(
    appointments: list[tuple[date, int | None]], day: date
) -> None:
    spans = [
        Overseeing(valid_from=start, valid_to=start + timedelta(days=days) if days else None)
        for start, days in appointments
    ]
    expected = any(it.valid_from <= day and (it.valid_to is None or day < it.valid_to) for it in spans)
    assert oversees([it.model_dump(mode="json", exclude_none=True) for it in spans], day) == expected
