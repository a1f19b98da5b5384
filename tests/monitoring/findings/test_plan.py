"""What has to happen to findings: pure."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.findings.domain import FindingState, Held, plan, severity_of
from shared.contracts.monitoring import Check, CheckedVisit, Criterion, Verdict
from shared.contracts.registry import ServiceLevel
from shared.values import Origin, Place, Reference

PROVIDER = Reference(id=uuid4())
checks = st.lists(
    st.builds(
        Check,
        criterion=st.sampled_from(list(Criterion)),
        verdict=st.sampled_from(list(Verdict)),
        reason=st.sampled_from(["late", "higher_fee"]),
        facts=st.sampled_from([{}, {"due": "2026-03-25"}]),
    ),
    unique_by=lambda check: check.criterion,
)


def visit(found: list[Check]) -> CheckedVisit:
    return CheckedVisit(
        id=uuid4(),
        aggregate_version=1,
        campaign=Reference(id=uuid4()),
        service=Reference(id=uuid4()),
        level=ServiceLevel.MUNICIPAL,
        municipality=Place(id=uuid4()),
        provider=PROVIDER,
        applied_on="2026-03-19",
        verdict=Verdict.MET,
        checks=tuple(found),
        origin=Origin.DEMONSTRATION,
    )


@given(checks, checks)
def test_afterwards_there_is_one_open_finding_for_each_breach(
    first: list[Check], second: list[Check]
) -> None:
    held: dict[Criterion, Held] = {}
    for seen in (first, second, second):
        found = plan(visit(seen), held.values())
        if seen is second and held and all(it.state for it in held.values()):
            again = found
        for check in found.opened:
            held[check.criterion] = opened(check)
        for finding, check in found.changed:
            held[check.criterion] = opened(check, finding)
        for finding in found.withdrawn:
            held[Criterion(finding.criterion)] = closed(finding)
    again = plan(visit(second), held.values())
    assert (again.opened, again.changed, again.withdrawn) == ((), (), ())
    breached = {it.criterion: it for it in second if it.verdict is Verdict.BREACHED}
    open_now = {it for it, finding in held.items() if finding.state == FindingState.OPEN}
    assert open_now == set(breached)
    assert all(held[it].reason == check.reason for it, check in breached.items())


def opened(check: Check, before: Held | None = None) -> Held:
    identifier = before.id if before else uuid4()
    return Held(identifier, check.criterion, FindingState.OPEN, check.reason, check.facts, PROVIDER.id)


def closed(finding: Held) -> Held:
    return Held(
        finding.id,
        finding.criterion,
        FindingState.WITHDRAWN,
        finding.reason,
        finding.facts,
        finding.addressee_id,
    )


def test_another_addressee_is_told() -> None:
    check = Check(criterion=Criterion.TERM, verdict=Verdict.BREACHED, reason="late")
    held = Held(uuid4(), "term", FindingState.OPEN, "late", {}, uuid4())
    assert plan(visit([check]), [held]).changed == ((held, check),)


def test_severity() -> None:
    assert [severity_of(it) for it in ("higher_fee", "late", "obtainable_by_body", "new_reason")] == [
        3,
        2,
        1,
        2,
    ]
