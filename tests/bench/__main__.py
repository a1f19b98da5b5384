"""`python -m tests.bench [AREA [KEY …]]`: measure, merge the figures into var/bench/results.json, print them."""

import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import core
from tests.bench.figures import merge, table
from tests.bench.wrk import LoadFailed, find_wrk

Measure = Callable[[list[str], Callable[[str], None]], tuple[dict[str, Any], list[str]]]
AREAS: dict[str, Measure] = {"core": core.measure}


def main(arguments: list[str]) -> int:
    area = arguments[0] if arguments else "core"
    if area not in AREAS:
        print(f"no area {area}; there are: {', '.join(AREAS)}", file=sys.stderr)
        return 2
    try:
        find_wrk()
        started = time.monotonic()
        figures, missing = AREAS[area](arguments[1:], lambda line: print(line, file=sys.stderr, flush=True))
    except LoadFailed as error:
        print(error, file=sys.stderr)
        return 1
    merge(figures)
    print(table(figures))
    print(f"{time.monotonic() - started:.0f} s in all; figures in var/bench/results.json")
    for key in missing:
        print(f"{key}: not measured, the machine was too busy", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
