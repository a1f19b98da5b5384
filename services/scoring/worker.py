"""Worker and operator commands: `python -m services.scoring.worker migrate|run|rebuild|dead-letters|epoch …`."""

from services.scoring.spec import SPEC
from shared.cli import main

if __name__ == "__main__":
    main(SPEC)
