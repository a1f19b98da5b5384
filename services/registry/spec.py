"""The registry in one table: features, events, migrations."""

from pathlib import Path

from fastapi import APIRouter

from services.registry import events
from services.registry.access.commands import add_commands
from services.registry.access.routes import router as access
from services.registry.access.token_routes import router as tokens
from services.registry.adoption_rules.routes import router as adoption_rules
from services.registry.bodies.routes import router as bodies
from services.registry.calendar.routes import router as calendar
from services.registry.catalogue.routes import router as catalogue
from services.registry.functions.register_routes import router as function_registers
from services.registry.functions.routes import router as functions
from services.registry.invitations.routes import router as invitations
from services.registry.legal.routes import router as legal
from services.registry.people.kinds import PEOPLE
from services.registry.people.routes import router as people
from services.registry.publication.repository import PAGE
from services.registry.reviews.routes import router as reviews
from services.registry.seed import seed
from services.registry.service_points.routes import router as service_points
from services.registry.sessions.routes import router as sessions
from services.registry.settings import Settings
from services.registry.sign_in.jobs import JOBS
from services.registry.sign_in.routes import router as sign_in
from services.registry.standards.list_routes import router as standard_lists
from services.registry.standards.routes import joint_router as adoptions
from services.registry.standards.routes import router as standards
from services.registry.tables import metadata
from services.registry.templates.routes import router as templates
from services.registry.territories.boundary_routes import router as boundaries
from services.registry.territories.change_routes import router as territory_changes
from services.registry.territories.routes import router as territories
from shared.contracts import registry as contracts
from shared.http.hot import HotRead
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent


def _together(*routers: APIRouter) -> APIRouter:
    """One app for routers that share a segment; of two that match, the first one answers. Not `include_router`: an
    included router matches every request twice."""
    together = APIRouter()
    for router in routers:
        together.routes.extend(router.routes)
    return together


SPEC = ServiceSpec(
    name="registry",
    title="Ashar Registry",
    description="Unified Register of Public Services: what the state promises, and who acts for which body.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(
        Feature("access", access, ("organisations", "memberships", "api-keys")),
        Feature("people", people, ("persons", "erasures")),
        Feature("invitations", invitations, ("invitations",)),
        Feature("tokens", tokens, ("tokens", ".well-known")),
        Feature("sign_in", sign_in, ("sign-in", "me")),
        Feature("sessions", sessions, ("sessions",)),
        Feature("territories", _together(territory_changes, boundaries, territories), ("territories",)),
        Feature("bodies", bodies, ("bodies",)),
        Feature("functions", functions, ("functions",)),
        Feature("function_registers", function_registers, ("function-registers",)),
        Feature("calendar", calendar, ("calendar",)),
        Feature("legal", legal, ("acts",)),
        Feature("catalogue", catalogue, ("services",)),
        Feature("templates", templates, ("templates",)),
        Feature("adoption_rules", adoption_rules, ("adoption-rules",)),
        Feature("standards", standards, ("standards",)),
        Feature("service_points", service_points, ("service-points",)),
        Feature("adoptions", adoptions, ("adoptions",)),
        Feature("standard_lists", standard_lists, ("standard-lists",)),
        Feature("reviews", reviews, ("reviews",)),
    ),
    publishes=contracts.EVENTS,
    commands=add_commands,
    consumers=events.CONSUMERS,
    hot=(HotRead("/v1/services/", PAGE),),
    locales=(HERE / "locales",),
    people=PEOPLE,
    jobs=JOBS,
    seed=seed,
)
