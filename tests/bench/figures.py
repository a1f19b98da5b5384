"""Figures of a measurement and the file they are merged into."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path("var/bench/results.json")
SIDES = ("ours", "floor")
Figures = Mapping[str, Mapping[str, Any]]


def merge(figures: Figures, path: Path = RESULTS) -> None:
    """Put figures beside those of other areas; a figure measured again takes the place of the old one."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**known, **figures}, indent=1, sort_keys=True) + "\n")
    draft.replace(path)


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def table(figures: Figures) -> str:
    """One line a figure: key, ratio, both sides and what limited each."""
    lines = [f"{'key':24} {'value':>6} {'ours':>10} {'floor':>10} {'unit':6} rounds  limit: ours, floor"]
    for key, entry in figures.items():
        limits = ", ".join(f"{by['by']} ({by['cpu']:.2f} cores)" for by in (entry["limit"][s] for s in SIDES))
        lines.append(
            f"{key:24} {entry['value']:6.3f} {entry['ours']:10,.1f} {entry['floor']:10,.1f} {entry['unit']:6}"
            f" {len(entry['rounds']):6}  {limits}"
        )
    return "\n".join(lines)
