"""Who acts: what a checked token says. Ids only; no personal data."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.http.errors import Forbidden, Unauthenticated

Acting = NewType("Acting", UUID)
"""An organisation somebody really acts for: what repositories ask for whose rows belong to organisations. A principal
makes them and nobody else, so a query without the caller's organisation does not pass the type checker."""
Actor = NewType("Actor", UUID)
"""The same for what belongs to a person."""


class Kind(StrEnum):
    PERSON = "person"
    SYSTEM = "system"
    SERVICE = "service"
    DEVICE = "device"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """A subject, the one organisation it acts for (or none) and what it may do."""

    sub: UUID | None
    kind: Kind
    org: UUID | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    cid: UUID | None = None
    memberships: frozenset[UUID] = frozenset()
    """What the roles of a person's token rest on; with any of them the token ends."""

    @property
    def authenticated(self) -> bool:
        return self.sub is not None

    @property
    def subject(self) -> str:
        """Key under which limits and answers to repeatable requests of this caller are kept, whomever they act for."""
        return str(self.sub) if self.sub else "anonymous"

    def require(self, scopes: Iterable[str]) -> None:
        """Raises Unauthenticated (401) without a token, Forbidden (403, names the scope) without a scope."""
        missing = [scope for scope in scopes if scope not in self.scopes]
        if not missing:
            return
        if not self.authenticated:
            raise Unauthenticated
        raise Forbidden(missing_scope=missing[0])

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    @property
    def acting_or_none(self) -> Acting | None:
        """The acting organisation, for what everybody reads and some see more of."""
        return None if self.org is None else Acting(self.org)

    def acting(self) -> Acting:
        """The acting organisation; raises Forbidden when the token names none."""
        if self.org is None:
            raise Forbidden(code="no_organisation", detail="The token names no acting organisation.")
        return Acting(self.org)

    def actor(self) -> Actor:
        """The subject; raises Unauthenticated when there is none."""
        if self.sub is None:
            raise Unauthenticated
        return Actor(self.sub)


ANONYMOUS = Principal(sub=None, kind=Kind.ANONYMOUS)


def system_principal(name: str, sub: UUID, scopes: Iterable[str] = ()) -> Principal:
    """The principal a service's own workers and seeds act as."""
    return Principal(sub=sub, kind=Kind.SERVICE, roles=frozenset({name}), scopes=frozenset(scopes))
