"""Scoring in one table: features, events, jobs, migrations."""

from pathlib import Path

from services.scoring import events
from services.scoring.methods.routes import router as methods
from services.scoring.observations.routes import router as observations
from services.scoring.people.kinds import PEOPLE
from services.scoring.runs.jobs import JOBS
from services.scoring.runs.routes import router as runs
from services.scoring.seed import seed
from services.scoring.settings import Settings
from services.scoring.tables import metadata
from shared.contracts import scoring as contracts
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent

SPEC = ServiceSpec(
    name="scoring",
    title="Ashar Scoring",
    description="Composite indices of municipalities: methods, observations, runs, and why a score is what it is.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(
        Feature("methods", methods, ("methods",)),
        Feature("observations", observations, ("observations",)),
        Feature("runs", runs, ("runs",)),
    ),
    publishes=contracts.EVENTS,
    consumers=events.CONSUMERS,
    projections=events.PROJECTIONS,
    locales=(HERE / "locales",),
    people=PEOPLE,
    jobs=JOBS,
    seed=seed,
)
