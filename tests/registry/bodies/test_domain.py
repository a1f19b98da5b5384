"""What an act makes of bodies: pure rules on hierarchies made up."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.bodies.domain import (
    Body,
    BodyChange,
    BodyChangeKind,
    IdentifierScheme,
    Outcome,
    Reorganisation,
    well_formed,
)

K = BodyChangeKind
CODES = "ABCDE"


def number(code: str) -> UUID:
    return UUID(int=CODES.index(code) + 1)


def hierarchy(parents: list[int]) -> list[Body]:
    """Bodies A…E, each below an earlier one or nobody (-1)."""
    found: list[Body] = []
    for place, code in enumerate(CODES):
        parent = min(parents[place], place - 1)
        above = None if parent < 0 else number(CODES[parent])
        found.append(Body(number(code), code, "agency", {"ru": code}, above))
    return found


hierarchies = st.lists(st.integers(-1, 4), min_size=5, max_size=5).map(hierarchy)
codes = st.sampled_from(CODES)
changes = st.one_of(
    st.builds(BodyChange, st.just(K.TRANSFER), codes, parent=st.none() | codes),
    st.builds(BodyChange, st.just(K.MERGER), codes, into=st.tuples(codes)),
    st.builds(BodyChange, st.just(K.CLOSURE), codes),
    st.builds(
        BodyChange,
        st.just(K.RENAMING),
        codes,
        name=st.none() | st.just({"ru": "new"}),
        code=st.none() | st.sampled_from([*CODES, "X", "Y"]),
    ),
)


def apply(bodies: list[Body], wanted: list[BodyChange], services: str = "") -> Outcome:
    known = {body.code: body.id for body in bodies}
    return Reorganisation(bodies, known, frozenset(map(number, services))).apply(wanted)


@given(hierarchies, st.lists(changes, max_size=6), st.sets(codes))
def test_whatever_is_applied_leaves_a_forest_of_bodies_that_are_there(bodies, wanted, services):
    outcome = apply(bodies, wanted, "".join(services))
    there = {one.id: one for one in outcome.bodies.values() if not one.ended}
    for body in there.values():
        seen, here = set(), body
        while here.parent is not None:
            assert here.id not in seen, "no circle"
            seen.add(here.id)
            assert here.parent in there, "nobody stands below a body that is no more"
            here = there[here.parent]
    assert len({body.code for body in outcome.bodies.values()}) == len(outcome.bodies)
    for former, heir in outcome.heirs.items():
        assert former not in there
        assert heir in there or outcome.problems, "services end where a body is there"
    closed = {body.id for body in outcome.bodies.values() if body.ended} - outcome.heirs.keys()
    assert outcome.problems or not closed & {number(code) for code in services}
    assert not outcome.former_codes.keys() & {body.code for body in outcome.bodies.values()}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (BodyChange(K.RENAMING, "A"), ("/changes/0", "changes_nothing")),
        (BodyChange(K.RENAMING, "A", code="B"), ("/changes/0/code", "body_code_used")),
        (BodyChange(K.RENAMING, "Z", code="Y"), ("/changes/0/body", "unknown_body")),
        (BodyChange(K.TRANSFER, "A", parent="B"), ("/changes/0/parent", "circular")),
        (BodyChange(K.TRANSFER, "B", parent="A"), ("/changes/0/parent", "changes_nothing")),
        (BodyChange(K.TRANSFER, "B", parent="Z"), ("/changes/0/parent", "unknown_body")),
        (BodyChange(K.MERGER, "A", into=("A",)), ("/changes/0/into", "circular")),
        (BodyChange(K.MERGER, "A", into=("B",)), ("/changes/0/into", "circular")),
        (BodyChange(K.MERGER, "A", into=("C", "D")), ("/changes/0/into", "one_heir")),
        (BodyChange(K.DIVISION, "A"), ("/changes/0/into", "missing")),
        (BodyChange(K.CLOSURE, "A"), ("/changes/0/body", "has_bodies_below")),
        (BodyChange(K.CLOSURE, "E"), ("/changes/0/body", "has_services")),
        (BodyChange(K.FOUNDING, "A", {"ru": "A"}, of_kind="agency"), ("/changes/0/body", "body_code_used")),
        (BodyChange(K.FOUNDING, "N", of_kind="agency"), ("/changes/0/name", "missing")),
        (BodyChange(K.FOUNDING, "N", {"ru": "N"}), ("/changes/0/of_kind", "missing")),
    ],
)
def test_what_is_refused(change: BodyChange, problem: tuple[str, str]):
    bodies = hierarchy([-1, 0, 0, -1, -1])
    assert [(one.pointer, one.code) for one in apply(bodies, [change], "E").problems] == [problem]


def test_a_chain_of_mergers_ends_at_the_last_heir():
    outcome = apply(
        hierarchy([-1] * 5),
        [BodyChange(K.MERGER, "A", into=("B",)), BodyChange(K.MERGER, "B", into=("C",))],
    )
    assert outcome.heirs == {number("A"): number("C"), number("B"): number("C")}


@pytest.mark.parametrize(
    ("scheme", "value", "fine"),
    [
        ("inn", "00000000000000", True),
        ("inn", "10000000000000", False),
        ("inn", "20000000000000", False),
        ("inn", "0000000000000", False),
        ("okpo", "00000000", True),
        ("okpo", "٠٠٠٠٠٠٠٠", False),
        ("tunduk", "GOV/70000019", True),
        ("tunduk", "70000019", False),
        ("justice", "000-0000-ГУ", True),
    ],
)
def test_numbers_of_persons_are_no_identifiers(scheme: str, value: str, fine: bool):
    assert well_formed(IdentifierScheme(scheme), value) is fine
