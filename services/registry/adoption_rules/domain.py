"""Which acts adopt the standards of a level and regime. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.registry.legal.domain import ActKind
from shared.http.errors import FieldError


class Adopter(StrEnum):
    """Whose act it is. The body of the service records it, a local council its own too."""

    GOVERNMENT = "government"
    BODY = "body"
    LOCAL_COUNCIL = "local_council"


@dataclass(frozen=True, slots=True)
class Rule:
    """`regime` None: every regime that has no rule of its own."""

    level: str
    regime: str | None
    powers: Mapping[ActKind, Adopter]
    review: bool = False
    """An expert review goes before."""


def rule_for(rules: Iterable[Rule], level: str, regime: str | None) -> Rule | None:
    """The rule of this very regime, else that of the level; None where nothing is recorded."""
    found = {rule.regime: rule for rule in rules if rule.level == level}
    return found.get(regime) or found.get(None)


def power_problems(rule: Rule | None, kind: ActKind, pointer: str) -> list[FieldError]:
    """An act of a kind that does not adopt such standards. Where no rule is recorded, none is broken."""
    if rule is None or kind in rule.powers:
        return []
    kinds = ", ".join(sorted(rule.powers))
    return [
        FieldError(
            pointer,
            f"On the day of this act such standards are adopted by: {kinds}.",
            "act_adopts_no_such_standards",
            {"kinds": kinds},
        )
    ]
