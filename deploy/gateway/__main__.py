"""`python -m deploy.gateway FILE`: writes the configuration from `GATEWAY_…` and lets Envoy check it."""

import argparse
from pathlib import Path

from deploy.gateway.config import validate, write
from deploy.gateway.settings import GatewaySettings


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="deploy.gateway", description=__doc__)
    parser.add_argument("file", type=Path, help="where to write the configuration (JSON, read as YAML too)")
    parser.add_argument("--no-validate", action="store_true", help="write only")
    options = parser.parse_args(arguments)
    path = write(GatewaySettings(), options.file)
    if not options.no_validate:
        validate(path)


if __name__ == "__main__":
    main()
