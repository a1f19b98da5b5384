"""`make kafka`: Apache Kafka on this machine until Ctrl-C."""

import argparse
import signal
import sys
import time
from pathlib import Path

from deploy.kafka.cluster import start_kafka
from deploy.kafka.node import KafkaFailed
from deploy.kafka.programs import KafkaUnavailable
from deploy.local.pidfiles import FolderInUse

_ASKED = (signal.SIGINT, signal.SIGTERM)
_LOOK_SECONDS = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(prog="make kafka", description=__doc__)
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--data", type=Path, default=Path("var/kafka"))
    parser.add_argument("--port", type=int, default=9092, help="of the first broker; 0 takes free ones")
    chosen = parser.parse_args()
    sys.exit(serve(chosen.data, chosen.brokers, chosen.port or None))


def serve(data: Path, brokers: int, port: int | None) -> int:
    """Exit code: 0 after SIGINT or SIGTERM, 1 when Kafka could not start or a node ended."""
    for name in _ASKED:
        signal.signal(name, _leave)
    try:
        with start_kafka(data, brokers=brokers, port=port) as cluster:
            print(f"ready {cluster.bootstrap}", flush=True)
            while all(node.running() for node in cluster.brokers):
                time.sleep(_LOOK_SECONDS)
            ended = [str(node.log) for node in cluster.brokers if not node.running()]
            print(f"stopped: a node ended, see {', '.join(ended)}", file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    except (KafkaUnavailable, KafkaFailed, FolderInUse) as error:
        print(f"stopped: {error}", file=sys.stderr)
    return 1


def _leave(*_: object) -> None:
    for name in _ASKED:  # being asked twice must not leave half-way
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
