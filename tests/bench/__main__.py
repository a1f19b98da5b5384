"""`python -m tests.bench [AREA [KEY …]]`: measure, merge the figures into var/bench/results.json, print them."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench import core, events
from tests.bench.figures import merge, table
from tests.bench.wrk import LoadFailed

Measure = Callable[[list[str], Callable[[str], None]], Iterator[tuple[str, dict[str, Any] | None]]]
AREAS: dict[str, Measure] = {"core": core.measure, "events": events.measure}


def main(arguments: list[str]) -> int:
    """0 when everything was measured, 1 when something was not, 2 for a wrong call."""
    area = arguments[0] if arguments else "core"
    if area not in AREAS:
        print(f"no area {area}; there are: {', '.join(AREAS)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    figures: dict[str, Any] = {}
    missing: list[str] = []
    try:
        for key, figure in AREAS[area](arguments[1:], _say):
            if figure is None:
                missing.append(key)
            else:
                figures[key] = figure
                merge({key: figure})
    except LoadFailed as error:
        _say(str(error))
        return 1
    print(table(figures))
    print(f"{time.monotonic() - started:.0f} s in all; figures in var/bench/results.json")
    for key in missing:
        _say(f"{key}: not measured, the machine was too busy")
    return 1 if missing else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
