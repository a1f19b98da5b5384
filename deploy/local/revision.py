"""`make revision SVC=registry M="what changes"`: a migration from the tables, against a scratch database."""

import argparse
import importlib
import tempfile
from pathlib import Path

from deploy.local.postgres import start_postgres
from shared.db import migrations
from shared.service import ServiceSpec


def main() -> None:
    parser = argparse.ArgumentParser(prog="make revision", description=__doc__)
    parser.add_argument("service")
    parser.add_argument("message")
    chosen = parser.parse_args()
    spec: ServiceSpec = importlib.import_module(f"services.{chosen.service}.spec").SPEC
    with (
        tempfile.TemporaryDirectory(prefix="ashar-revision-") as folder,
        start_postgres(Path(folder), durable=False) as server,
    ):
        url = server.ensure_database(spec.name, spec.name, spec.name)
        migrations.upgrade(spec.migrations, url)
        migrations.revise(spec.migrations, url, chosen.message)


if __name__ == "__main__":
    main()
