"""`make chaos`: writes at a steady rate while parts are killed and frozen; then every promise is checked."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from deploy.kafka.programs import KafkaUnavailable
from shared.observability.logs import configure_logging
from tests.chaos.run import Options, run

FOLDER = Path("var/chaos")


def main() -> int:
    """0 when nothing was lost, doubled, reordered or different; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-second", type=float, default=40.0, help="writes asked for")
    parser.add_argument("--broker", choices=("kafka", "local"), default="kafka")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=3)
    parser.add_argument("--members", type=int, choices=range(1, 6), default=2, help="workers of each service")
    chosen = parser.parse_args()
    configure_logging("ERROR", "console")
    folder = FOLDER.absolute() / f"seed-{chosen.seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    options = Options(
        folder,
        seconds=chosen.seconds,
        seed=chosen.seed,
        per_second=chosen.per_second,
        broker=chosen.broker,
        brokers=chosen.brokers,
        members=chosen.members,
    )
    try:
        result = asyncio.run(run(options, lambda line: print(line, flush=True)))
    except KafkaUnavailable as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    (folder / "result.json").write_text(result.as_json() + "\n", encoding="utf-8")
    print(result.as_json())
    print("sound" if result.verdict.sound else "NOT SOUND", f"(seed {chosen.seed})")
    return 0 if result.verdict.sound else 1


if __name__ == "__main__":
    sys.exit(main())
