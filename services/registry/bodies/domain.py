"""What an act makes of bodies: founded, renamed, moved, merged, split, closed. Pure.

Changes apply in the order the act gives them. Everything wrong is found at once, and nothing is done then."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from services.registry.access.domain import BODY_KINDS
from shared.http.errors import FieldError


class BodyChangeKind(StrEnum):
    FOUNDING = "founding"
    RENAMING = "renaming"
    """Another name, another code, another kind, or several of them."""
    TRANSFER = "transfer"
    """To another parent, or to none."""
    MERGER = "merger"
    """It is no more; its services and the bodies below it pass to another."""
    DIVISION = "division"
    """It goes on, and others came from it."""
    CLOSURE = "closure"


class IdentifierScheme(StrEnum):
    INN = "inn"
    """Tax number of a legal entity."""
    OKPO = "okpo"
    """Statistics."""
    JUSTICE = "justice"
    """State registration by the Ministry of Justice."""
    TUNDUK = "tunduk"
    """Member class and code in the X-Road instance."""


IDENTIFIER_FORMS = {
    IdentifierScheme.INN: re.compile(r"0[0-9]{13}", re.ASCII),
    IdentifierScheme.OKPO: re.compile(r"[0-9]{8}", re.ASCII),
    IdentifierScheme.JUSTICE: re.compile(r"[0-9]{1,8}(-[0-9]{1,8}){0,2}(-[A-Za-zА-Яа-я()]{1,10})?"),
    IdentifierScheme.TUNDUK: re.compile(r"(GOV|COM)/[0-9]{8}", re.ASCII),
}
"""A tax number that begins with 1 or 2 is a person's: none is taken here."""


def well_formed(scheme: IdentifierScheme, value: str) -> bool:
    return IDENTIFIER_FORMS[scheme].fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Body:
    id: UUID
    code: str
    kind: str
    name: Mapping[str, str]
    parent: UUID | None = None
    territory: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class BodyChange:
    """`body` and `into` are codes as they are when the change applies; what is None stays as it is."""

    kind: BodyChangeKind
    body: str
    name: Mapping[str, str] | None = None
    code: str | None = None
    parent: str | None = None
    into: tuple[str, ...] = ()
    of_kind: str | None = None
    territory: str | None = None
    founded_id: UUID | None = None


Relation = tuple[BodyChangeKind, UUID | None, UUID | None]


@dataclass
class Outcome:
    """`relations` are (kind, predecessor, successor): a founding has no predecessor, a closure no successor."""

    bodies: dict[UUID, Body]
    problems: list[FieldError] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    former_codes: dict[str, UUID] = field(default_factory=dict)
    heirs: dict[UUID, UUID] = field(default_factory=dict)
    """Body that is no more → the one its services pass to."""


class Reorganisation:
    """Applies changes one after another to bodies as they are."""

    def __init__(
        self, bodies: Sequence[Body], codes: Mapping[str, UUID], with_services: frozenset[UUID]
    ) -> None:
        """`codes` holds those in use and those that were once; `with_services` bodies that give public services."""
        self._codes = dict(codes)
        self._with_services = with_services
        self.outcome = Outcome({body.id: body for body in bodies})

    def apply(self, changes: Sequence[BodyChange]) -> Outcome:
        for index, change in enumerate(changes):
            problems = [*self._one(change)]
            self.outcome.problems += [
                replace(problem, pointer=f"/changes/{index}{problem.pointer}") for problem in problems
            ]
        return self.outcome

    def _one(self, change: BodyChange) -> Iterator[FieldError]:
        if change.kind is BodyChangeKind.FOUNDING:
            yield from self._found(change)
            return
        body = self._present(change.body)
        if body is None:
            yield _unknown("/body", change.body)
            return
        match change.kind:
            case BodyChangeKind.RENAMING:
                yield from self._rename(body, change)
            case BodyChangeKind.TRANSFER:
                yield from self._move(body, change)
            case BodyChangeKind.MERGER:
                yield from self._merge(body, change)
            case BodyChangeKind.DIVISION:
                yield from self._divide(body, change)
            case _:
                yield from self._close(body)

    def _present(self, code: str) -> Body | None:
        """The body that has, or had, this code, while it is there."""
        body = self.outcome.bodies.get(self._codes.get(code, UUID(int=0)))
        return None if body is None or body.ended else body

    def _found(self, change: BodyChange) -> Iterator[FieldError]:
        parent = self._present(change.parent) if change.parent else None
        if change.body in self._codes:
            yield _taken("/body", change.body)
        if change.name is None:
            yield FieldError("/name", "A new body needs a name.", "missing")
        if change.of_kind is None:
            yield FieldError("/of_kind", "Say what kind of body is founded.", "missing")
        elif change.of_kind not in BODY_KINDS:
            yield _no_body(change.of_kind)
        if change.parent and parent is None:
            yield _unknown("/parent", change.parent)
        if change.name is None or change.of_kind is None or change.founded_id is None:
            return
        body = Body(
            change.founded_id,
            change.body,
            change.of_kind,
            change.name,
            parent.id if parent else None,
            change.territory,
        )
        self._codes.setdefault(change.body, body.id)
        self._put(body, (change.kind, None, body.id))

    def _rename(self, body: Body, change: BodyChange) -> Iterator[FieldError]:
        code = change.code or body.code
        kind = change.of_kind or body.kind
        if (code, kind) == (body.code, body.kind) and change.name in (None, body.name):
            yield FieldError("", "This is what the body is called now.", "changes_nothing")
            return
        if kind not in BODY_KINDS:
            yield _no_body(kind)
            return
        if code != body.code:
            if self._codes.get(code, body.id) != body.id:
                yield _taken("/code", code)
                return
            self.outcome.former_codes[body.code] = body.id
            self.outcome.former_codes.pop(code, None)
            self._codes[code] = body.id
        renamed = replace(body, name=change.name or body.name, code=code, kind=kind)
        if change.territory is not None:
            renamed = replace(renamed, territory=change.territory)
        self._put(renamed, (change.kind, body.id, body.id))

    def _move(self, body: Body, change: BodyChange) -> Iterator[FieldError]:
        parent = self._present(change.parent) if change.parent else None
        if change.parent and parent is None:
            yield _unknown("/parent", change.parent)
        elif (parent.id if parent else None) == body.parent:
            yield FieldError("/parent", "It stands there now.", "changes_nothing")
        elif parent and body.id in self._above(parent.id):
            yield FieldError("/parent", "A body does not stand below itself.", "circular")
        else:
            moved = replace(body, parent=parent.id if parent else None)
            self._put(moved, (change.kind, body.id, body.id))

    def _merge(self, body: Body, change: BodyChange) -> Iterator[FieldError]:
        heir = self._present(change.into[0]) if len(change.into) == 1 else None
        if heir is None:
            yield FieldError("/into", "A body is merged into one other body that is there.", "one_heir")
        elif heir.id == body.id or body.id in self._above(heir.id):
            yield FieldError("/into", "A body does not take the place of one above it.", "circular")
        else:
            for below in [one for one in self.outcome.bodies.values() if one.parent == body.id]:
                if not below.ended:
                    self.outcome.bodies[below.id] = replace(below, parent=heir.id)
            for former, present in self.outcome.heirs.items():
                self.outcome.heirs[former] = heir.id if present == body.id else present
            self.outcome.heirs[body.id] = heir.id
            self._put(replace(body, ended=True), (change.kind, body.id, heir.id))

    def _divide(self, body: Body, change: BodyChange) -> Iterator[FieldError]:
        new = [self._present(code) for code in change.into]
        if not new:
            yield FieldError("/into", "Say which bodies came from it.", "missing")
        for index, (code, found) in enumerate(zip(change.into, new, strict=True)):
            if found is None or found.id == body.id:
                yield _unknown(f"/into/{index}", code)
            else:
                self.outcome.relations.append((change.kind, body.id, found.id))

    def _close(self, body: Body) -> Iterator[FieldError]:
        below = [one for one in self.outcome.bodies.values() if one.parent == body.id and not one.ended]
        if below:
            yield FieldError("/body", "Bodies stand below it; move or merge them first.", "has_bodies_below")
        if body.id in self._with_services or body.id in self.outcome.heirs.values():
            yield FieldError("/body", "It gives services; merge it into who takes them over.", "has_services")
        if not below:
            self._put(replace(body, ended=True), (BodyChangeKind.CLOSURE, body.id, None))

    def _above(self, identifier: UUID) -> set[UUID]:
        """The body and all above it."""
        found: set[UUID] = set()
        here: UUID | None = identifier
        while here is not None and here not in found:
            found.add(here)
            body = self.outcome.bodies.get(here)
            here = body.parent if body else None
        return found

    def _put(self, body: Body, relation: Relation) -> None:
        self.outcome.bodies[body.id] = body
        self.outcome.relations.append(relation)


def _unknown(pointer: str, code: str | None) -> FieldError:
    return FieldError(pointer, f"There is no body {code}.", "unknown_body", {"body": code})


def _no_body(kind: str) -> FieldError:
    return FieldError("/of_kind", f"A {kind} is no public body.", "no_body_kind", {"kind": kind})


def _taken(pointer: str, code: str) -> FieldError:
    return FieldError(pointer, f"The code {code} has been given.", "body_code_used", {"body": code})
