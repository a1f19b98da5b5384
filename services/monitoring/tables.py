"""All tables of monitoring: imports each feature's, so that the metadata is whole."""

from services.monitoring.base import Base
from services.monitoring.campaigns import tables as campaigns
from services.monitoring.findings import tables as findings
from services.monitoring.references import tables as references
from services.monitoring.submissions import tables as submissions

__all__ = ["campaigns", "findings", "metadata", "references", "submissions"]
metadata = Base.metadata
