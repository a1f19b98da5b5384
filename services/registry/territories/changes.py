"""What a change makes of the units it meets: renamed, recoded, merged, split, moved, of another kind. Pure.

A unit that goes on keeps its code and gets another state; one that is no more hands its children on. The codes of the
units below change their paths with it. Relations say which unit a unit came from, also where it is the same one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from services.registry.territories.domain import TerritoryKind
from shared.http.errors import FieldError


class ChangeKind(StrEnum):
    RENAME = "rename"
    CODE_CHANGE = "code_change"
    MERGE = "merge"
    SPLIT = "split"
    TRANSFER = "transfer"
    """To another parent."""
    RECLASSIFICATION = "reclassification"
    """To another kind of unit, as a settlement that becomes a city."""


IN_PLACE = frozenset({ChangeKind.RENAME, ChangeKind.TRANSFER, ChangeKind.RECLASSIFICATION})
"""The unit goes on under its code."""


@dataclass(frozen=True, slots=True)
class Unit:
    code: str
    kind: TerritoryKind
    name: Mapping[str, str]
    parent: str | None
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Successor:
    """A unit as it is afterwards; what is None stays as it was. `children` pass to it."""

    code: str
    name: Mapping[str, str] | None = None
    kind: TerritoryKind | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    kind: ChangeKind
    predecessors: tuple[str, ...]
    successors: tuple[Successor, ...]

    @property
    def continuing(self) -> frozenset[str]:
        return frozenset(self.predecessors) & {successor.code for successor in self.successors}


@dataclass(frozen=True, slots=True)
class Plan:
    """`changed` holds units as they are afterwards, with those below whose path is another one."""

    ended: tuple[str, ...] = ()
    added: tuple[Unit, ...] = ()
    changed: tuple[Unit, ...] = ()
    relations: tuple[tuple[str, str], ...] = ()
    problems: tuple[FieldError, ...] = field(default=())


def plan(change: Change, before: Mapping[str, Unit], outside: Mapping[str, tuple[str, ...]]) -> Plan:
    """`before` holds the predecessors and everything below them as they are, `outside` the paths of named parents.

    With problems, pointing into the request, the plan holds nothing else."""
    problems = [*_shape(change), *_successors(change, before, outside)]
    if not problems:
        problems = [*_children(change, before)]
    if problems:
        return Plan(problems=tuple(problems))
    after, circular = _pathed(_after(change, before), outside)
    if circular:
        return Plan(problems=(FieldError(_at(change, "parent_code"), *_CIRCULAR),))
    ended = tuple(code for code in change.predecessors if code not in change.continuing)
    return Plan(
        ended=ended,
        added=tuple(unit for code, unit in after.items() if code not in before),
        changed=tuple(unit for code, unit in after.items() if code in before and unit != before[code]),
        relations=tuple(
            (old, successor.code) for old in change.predecessors for successor in change.successors
        ),
    )


_CIRCULAR = ("A unit does not stand below itself.", "circular")


def _at(change: Change, name: str) -> str:
    places = [index for index, found in enumerate(change.successors) if found.parent is not None]
    return f"/successors/{places[0] if places else 0}/{name}"


def _shape(change: Change) -> Iterator[FieldError]:
    """How many units of which code a change of this kind has."""
    yield from _repeated("predecessors", change.predecessors)
    yield from _repeated("successors", [successor.code for successor in change.successors])
    if (len(change.predecessors) > 1) != (change.kind is ChangeKind.MERGE):
        yield FieldError("/predecessors", "A merger has several, other changes one.", "wrong_number")
    if (len(change.successors) > 1) != (change.kind is ChangeKind.SPLIT):
        yield FieldError("/successors", "A split has several, other changes one.", "wrong_number")
    same = change.successors[0].code == change.predecessors[0]
    if change.kind in IN_PLACE and not same:
        yield FieldError("/successors/0/code", "The unit keeps its code.", "same_code_expected")
    if change.kind is ChangeKind.CODE_CHANGE and same:
        yield FieldError("/successors/0/code", "The code is the present one.", "other_code_expected")


def _repeated(name: str, codes: Sequence[str]) -> Iterator[FieldError]:
    counted = Counter(codes)
    for index, code in enumerate(codes):
        if counted[code] > 1:
            yield FieldError(
                f"/{name}/{index}", f"The code {code} is used twice.", "code_repeated", {"code": code}
            )


WANTED = {
    ChangeKind.RENAME: "name",
    ChangeKind.TRANSFER: "parent",
    ChangeKind.RECLASSIFICATION: "kind",
}
"""What a change in place is about."""


def _successors(
    change: Change, before: Mapping[str, Unit], outside: Mapping[str, tuple[str, ...]]
) -> Iterator[FieldError]:
    wanted = WANTED.get(change.kind)
    for index, successor in enumerate(change.successors):
        at = f"/successors/{index}"
        if successor.parent is not None and successor.parent not in outside.keys() | before.keys():
            yield FieldError(
                f"{at}/parent_code",
                f"There is no unit {successor.parent}.",
                "unknown_territory",
                {"territory": successor.parent},
            )
        if wanted is not None and getattr(successor, wanted) is None:
            yield FieldError(f"{at}/{_FIELD[wanted]}", "This is what the change is about.", "missing")
        known = before.get(successor.code)
        if wanted is not None and known is not None and _says_nothing_new(successor, known):
            yield FieldError(at, "This is how the unit is now.", "changes_nothing")
        if known is None and successor.name is None and change.kind is not ChangeKind.CODE_CHANGE:
            yield FieldError(f"{at}/name", "A new unit needs a name.", "missing")


_FIELD = {"name": "name", "parent": "parent_code", "kind": "kind"}


def _says_nothing_new(successor: Successor, known: Unit) -> bool:
    given = [
        (successor.name, known.name),
        (successor.kind, known.kind),
        (successor.parent, known.parent),
    ]
    return all(wanted is None or wanted == present for wanted, present in given)


def _children(change: Change, before: Mapping[str, Unit]) -> Iterator[FieldError]:
    """Every child of a unit that is no more passes to exactly one successor; with one successor, all do."""
    present = {code for code, unit in before.items() if unit.parent in change.predecessors}
    named = [
        (f"/successors/{place}/children/{index}", code)
        for place, successor in enumerate(change.successors)
        for index, code in enumerate(successor.children)
    ]
    counted = Counter(code for _, code in named)
    for pointer, code in named:
        if code not in present or code in change.predecessors:
            yield FieldError(pointer, f"{code} is no child of what changes.", "no_child", {"code": code})
        elif counted[code] > 1:
            yield FieldError(pointer, f"The code {code} is used twice.", "code_repeated", {"code": code})
    if len(change.successors) == 1:
        return
    left = sorted(
        code
        for code in present - counted.keys() - set(change.predecessors)
        if before[code].parent not in change.continuing
    )
    if left:
        yield FieldError(
            "/successors",
            f"Nobody takes over {', '.join(left[:20])}.",
            "children_left_over",
            {"codes": ", ".join(left[:20])},
        )


def _after(change: Change, before: Mapping[str, Unit]) -> dict[str, Unit]:
    """Units that are there afterwards, still with their old paths."""
    first = before[change.predecessors[0]]
    ended = set(change.predecessors) - change.continuing
    after = {code: unit for code, unit in before.items() if code not in ended}
    for successor in change.successors:
        known = before.get(successor.code, replace(first, code=successor.code))
        after[successor.code] = replace(
            known,
            name=successor.name or known.name,
            kind=successor.kind or known.kind,
            parent=successor.parent or known.parent,
        )
        after |= {code: replace(after[code], parent=successor.code) for code in successor.children}
    heir = change.successors[0].code
    for code, unit in after.items():
        if unit.parent in ended and code != heir:
            after[code] = replace(unit, parent=heir)
    return after


def _pathed(
    after: Mapping[str, Unit], outside: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, Unit], bool]:
    """The units with their paths, parents before children; whether some stand below themselves."""
    paths: dict[str, tuple[str, ...]] = {}

    def path(code: str, below: frozenset[str]) -> tuple[str, ...] | None:
        if code in paths:
            return paths[code]
        if code in below:
            return None
        parent = after[code].parent
        if parent is None:
            above: tuple[str, ...] | None = ()
        elif parent in after:
            above = path(parent, below | {code})
        else:
            above = outside.get(parent)
        if above is None:
            return None
        paths[code] = (*above, code)
        return paths[code]

    if any(path(code, frozenset()) is None for code in after):
        return {}, True
    return {code: replace(after[code], path=found) for code, found in paths.items()}, False
