"""The ideas market in one table: features, events, migrations."""

from pathlib import Path

from fastapi import APIRouter

from services.ideas_market import events
from services.ideas_market.contacts.routes import router as contacts
from services.ideas_market.ideas.routes import router as ideas
from services.ideas_market.interest import jobs as interest_jobs
from services.ideas_market.interest.routes import of_ideas
from services.ideas_market.interest.routes import router as reservations
from services.ideas_market.people.kinds import PEOPLE
from services.ideas_market.search import jobs as search_jobs
from services.ideas_market.search.routes import router as search
from services.ideas_market.settings import Settings
from services.ideas_market.tables import metadata
from shared.contracts import ideas_market as contracts
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent


def _market() -> APIRouter:
    """One app for four features: they share `/v1/ideas`, which is one segment to the kit, and their bodies."""
    together = APIRouter()
    for router in (search, ideas, contacts, of_ideas, reservations):
        together.include_router(router)
    return together


SPEC = ServiceSpec(
    name="ideas_market",
    title="Ashar Ideas Market",
    description="Community project ideas: what is to be done, what it costs, and which donor takes it up.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(Feature("market", _market(), ("ideas", "reservations")),),
    publishes=contracts.EVENTS,
    consumers=events.CONSUMERS,
    projections=events.PROJECTIONS,
    locales=(HERE / "locales",),
    people=PEOPLE,
    jobs={**interest_jobs.JOBS, **search_jobs.JOBS},
)
