"""Worker and operator commands: `python -m services.ideas_market.worker migrate|run|rebuild|dead-letters|epoch …`."""

from services.ideas_market.spec import SPEC
from shared.cli import main

if __name__ == "__main__":
    main(SPEC)
