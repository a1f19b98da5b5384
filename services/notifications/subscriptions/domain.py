"""What a subscription can hear of. No I/O."""

from collections.abc import Sequence

from services.notifications.notices.mapping import WITH_PLACES, WITH_SECTOR
from shared.http.errors import FieldError


def never_matching(event_types: Sequence[str], *, by_place: bool, by_sector: bool) -> list[FieldError]:
    """The types that say nothing of what is filtered by: a place, a sector."""
    errors = []
    for number, name in enumerate(event_types):
        for wanted, having, what in (
            (by_place, WITH_PLACES, "territory_code"),
            (by_sector, WITH_SECTOR, "sector"),
        ):
            if wanted and name not in having:
                errors.append(
                    FieldError(
                        f"/event_types/{number}",
                        f"Such events name none, so {what} never matches.",
                        "never_matches",
                        {"filter": what},
                    )
                )
    return errors
