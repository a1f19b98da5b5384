"""What a change makes of units: pure rules on trees made up."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.registry.territories.changes import Change, ChangeKind, Successor, Unit, plan
from services.registry.territories.domain import TerritoryKind, may_change

VILLAGE, AIMAK, CITY = TerritoryKind.VILLAGE, TerritoryKind.AIYL_AIMAK, TerritoryKind.RAION_CITY


def tree(parents: list[int]) -> dict[str, Unit]:
    """Units "0", "1", …, each below an earlier one; "0" stands below "top"."""
    found: dict[str, Unit] = {"0": Unit("0", AIMAK, {"ru": "0"}, "top", ("top", "0"))}
    for place, parent in enumerate(parents, 1):
        above = found[str(min(parent, place - 1))]
        found[str(place)] = Unit(
            str(place), VILLAGE, {"ru": str(place)}, above.code, (*above.path, str(place))
        )
    return found


trees = st.lists(st.integers(0, 6), min_size=1, max_size=8).map(tree)
OUTSIDE = {"top": ("top",), "aside": ("top", "aside")}


def after(before: dict[str, Unit], change: Change) -> tuple[dict[str, Unit], list[str]]:
    planned = plan(change, before, OUTSIDE)
    units = {code: unit for code, unit in before.items() if code not in planned.ended}
    for unit in (*planned.added, *planned.changed):
        units[unit.code] = unit
    return units, [problem.code for problem in planned.problems]


def check_paths(units: dict[str, Unit]) -> None:
    for unit in units.values():
        above = units[unit.parent].path if unit.parent in units else OUTSIDE[unit.parent or ""]
        assert unit.path == (*above, unit.code)


@given(trees, st.data())
def test_a_recoded_unit_hands_everything_on(before, data):
    old = data.draw(st.sampled_from(sorted(before)))
    units, problems = after(before, Change(ChangeKind.CODE_CHANGE, (old,), (Successor("new"),)))
    assert problems == []
    check_paths(units)
    assert units.keys() == before.keys() - {old} | {"new"}
    assert units["new"].name == before[old].name
    assert not [unit for unit in units.values() if old in unit.path]


@given(trees, st.data())
def test_a_merger_leaves_nobody_behind(before, data):
    """Two units of one tree, one of them perhaps below the other, into a third or into one of them."""
    assume(len(before) > 2)
    first, second = data.draw(st.permutations(sorted(before)))[:2]
    into = data.draw(st.sampled_from(["new", first]))
    name = None if into == first else {"ru": "new"}
    units, problems = after(before, Change(ChangeKind.MERGE, (first, second), (Successor(into, name),)))
    if problems:
        assert problems == ["circular"], "one that stood below the other cannot take its place"
        assert {first, second} & set(before[first].path[1:-1] + before[second].path[1:-1])
        return
    check_paths(units)
    assert units.keys() == before.keys() - ({first, second} - {into}) | {into}


@given(trees, st.booleans(), st.data())
def test_a_split_gives_every_child_one_parent(before, goes_on, data):
    children = sorted(code for code, unit in before.items() if unit.parent == "0")
    taken = data.draw(st.lists(st.sampled_from(children), unique=True))
    rest = [child for child in children if child not in taken]
    successors = (
        Successor("0" if goes_on else "left", None if goes_on else {"ru": "left"}, children=tuple(taken)),
        Successor("right", {"ru": "right"}, children=() if goes_on else tuple(rest)),
    )
    units, problems = after(before, Change(ChangeKind.SPLIT, ("0",), successors))
    assert problems == []
    check_paths(units)
    assert {code for code, unit in units.items() if unit.parent in {"0", "left", "right"}} == set(children)
    forgetful = (replace(successors[0], children=()), replace(successors[1], children=()))
    _, problems = after(before, Change(ChangeKind.SPLIT, ("0",), forgetful))
    assert problems == ([] if goes_on else ["children_left_over"])


@given(trees, st.data())
def test_a_moved_unit_takes_those_below_it_along(before, data):
    moved = data.draw(st.sampled_from(sorted(before)))
    change = Change(ChangeKind.TRANSFER, (moved,), (Successor(moved, parent="aside"),))
    units, problems = after(before, change)
    assert problems == []
    check_paths(units)
    for code, unit in before.items():
        assert ("aside" in units[code].path) == (moved in unit.path)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (Change(ChangeKind.RENAME, ("0",), (Successor("0"),)), ["missing", "changes_nothing"]),
        (Change(ChangeKind.RENAME, ("0",), (Successor("0", {"ru": "0"}),)), ["changes_nothing"]),
        (Change(ChangeKind.RENAME, ("0",), (Successor("9", {"ru": "9"}),)), ["same_code_expected"]),
        (Change(ChangeKind.CODE_CHANGE, ("0",), (Successor("0"),)), ["other_code_expected"]),
        (Change(ChangeKind.MERGE, ("0",), (Successor("9", {"ru": "9"}),)), ["wrong_number"]),
        (Change(ChangeKind.SPLIT, ("0",), (Successor("9", {"ru": "9"}),)), ["wrong_number"]),
        (Change(ChangeKind.RECLASSIFICATION, ("0",), (Successor("0", kind=AIMAK),)), ["changes_nothing"]),
        (Change(ChangeKind.TRANSFER, ("0",), (Successor("0", parent="1"),)), ["circular"]),
        (Change(ChangeKind.TRANSFER, ("0",), (Successor("0", parent="0"),)), ["circular"]),
        (Change(ChangeKind.TRANSFER, ("0",), (Successor("0", parent="gone"),)), ["unknown_territory"]),
        (
            Change(ChangeKind.SPLIT, ("0",), (Successor("0", children=("7",)), Successor("9", {"ru": "9"}))),
            ["no_child"],
        ),
        (
            Change(
                ChangeKind.SPLIT,
                ("0",),
                (Successor("0", children=("1",)), Successor("9", {"ru": "9"}, children=("1",))),
            ),
            ["code_repeated", "code_repeated"],
        ),
    ],
)
def test_what_is_refused(change: Change, codes: list[str]):
    _, problems = after(tree([0, 0]), change)
    assert problems == codes


@given(
    st.sampled_from(list(TerritoryKind)),
    st.lists(st.sampled_from("abc"), max_size=3),
    st.sampled_from("abcd"),
)
def test_a_registrar_reaches_what_lies_below_and_is_no_municipality(kind, path, territory):
    allowed = may_change(territory, [(kind, [*path, "self"])])
    assert allowed == (
        territory in path
        and kind not in {AIMAK, CITY}
        and "city_in" not in kind
        and kind not in {TerritoryKind.REPUBLICAN_CITY, TerritoryKind.OBLAST_CITY}
    )
    assert not may_change(None, [(kind, [*path, "self"])])
