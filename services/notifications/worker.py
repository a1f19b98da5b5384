"""Worker and operator commands: `python -m services.notifications.worker migrate|run|rebuild|dead-letters|epoch …`."""

from services.notifications.spec import SPEC
from shared.cli import main

if __name__ == "__main__":
    main(SPEC)
