"""What the demo tells: a table for people, a file for machines."""

import json
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Told:
    """What one step has to say. `verified` only after it was read back over HTTP."""

    asked: str
    came_back: str
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Line:
    step: int
    service: str
    title: str
    asked: str = ""
    came_back: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    seconds: float = 0.0
    verified: bool = False
    error: str | None = None


def show(line: Line) -> None:
    """One step, as soon as it is done."""
    mark = "✓" if line.verified else "✗"
    print(f"{mark} {line.step:2}  {line.service:14} {line.title}  ({line.seconds:.2f} s)")
    _indented("asked", line.asked)
    _indented("back", line.error or line.came_back)
    if line.events:
        _indented("events", ", ".join(line.events))
    sys.stdout.flush()


def _indented(name: str, text: str) -> None:
    lines = textwrap.wrap(text, 96) or [""]
    print(f"       {name:7} {lines[0]}")
    for more in lines[1:]:
        print(f"               {more}")


def write(path: Path, lines: Sequence[Line], seconds: dict[str, float], **more: Any) -> None:
    """`summary.json`: per step service, asked, came_back, ids, events, seconds, verified."""
    summary = {
        "verified": bool(lines) and all(line.verified for line in lines),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        **more,
        "steps": [asdict(line) for line in lines],
    }
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
