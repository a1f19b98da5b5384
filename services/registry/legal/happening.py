"""What an act makes of units and bodies: recorded on its day or later, by an act that may be that early."""

from datetime import date

from services.registry.legal import service as legal
from services.registry.legal.schemas import ActDraft
from services.registry.standards.checks import adoption_problems
from shared.clock import local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import FieldError


def not_yet(pointer: str) -> FieldError:
    """What happens is recorded on its day, so that what is recorded is what is."""
    return FieldError(pointer, "This day has not come yet.", "not_come_yet")


async def day_problems(uow: UnitOfWork, act: ActDraft, happened_on: date) -> list[FieldError]:
    """What is wrong with the act and with the day, at `/act` and `/happened_on`."""
    today = local_date(uow.clock.now())
    found = legal.problems_of(act, today, "/act")
    if happened_on > today:
        found.append(not_yet("/happened_on"))
    return found + adoption_problems(
        await legal.in_force_since(uow, act),
        happened_on,
        None,
        today,
        retroactive=act.retroactive_basis is not None,
        field="happened_on",
    )
