"""The probe's worker, as those of services: `python -m tests.chaos.worker run …`."""

from shared.cli import main
from tests.chaos.probe import SPEC

if __name__ == "__main__":
    main(SPEC)
