"""All tables of scoring: imports each feature's, so that the metadata is whole."""

from services.scoring.base import Base
from services.scoring.catalogue import tables as catalogue
from services.scoring.methods import tables as methods
from services.scoring.observations import tables as observations
from services.scoring.runs import tables as runs
from services.scoring.territories import tables as territories
from services.scoring.visits import tables as visits

__all__ = ["catalogue", "metadata", "methods", "observations", "runs", "territories", "visits"]
metadata = Base.metadata
