"""Monitoring in one table: features, events, jobs, migrations."""

from datetime import timedelta
from pathlib import Path

from services.monitoring import events
from services.monitoring.campaigns.routes import router as campaigns
from services.monitoring.findings.routes import router as findings
from services.monitoring.oversight.jobs import JOBS as OVERSIGHT
from services.monitoring.people.kinds import PEOPLE
from services.monitoring.settings import Settings
from services.monitoring.submissions import rechecks
from services.monitoring.submissions.routes import router as submissions
from services.monitoring.tables import metadata
from shared.contracts import monitoring as contracts
from shared.jobs.definition import Job
from shared.service import Feature, ServiceSpec

HERE = Path(__file__).parent

SPEC = ServiceSpec(
    name="monitoring",
    title="Ashar Monitoring",
    description="Public monitoring of service delivery: what people got, held against what was promised.",
    settings=Settings,
    metadata=metadata,
    migrations=HERE / "migrations",
    features=(
        Feature("campaigns", campaigns, ("campaigns",)),
        Feature("submissions", submissions, ("submissions",)),
        Feature("findings", findings, ("findings",)),
    ),
    publishes=contracts.EVENTS,
    consumers=events.CONSUMERS,
    projections=events.PROJECTIONS,
    locales=(HERE / "locales",),
    people=PEOPLE,
    jobs={
        rechecks.KIND: Job(rechecks.recheck),
        rechecks.DAILY: Job(rechecks.recheck, every=timedelta(minutes=5)),
        **OVERSIGHT,
    },
)
