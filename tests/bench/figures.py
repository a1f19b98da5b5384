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
    """One line a figure: key, value, both sides, and what limited each where that was watched."""
    lines = [f"{'key':24} {'value':>9} {'ours':>10} {'floor':>10} {'unit':8} rounds  limit: ours, floor"]
    lines += [_line(key, entry) for key, entry in figures.items()]
    return "\n".join(lines)


def _line(key: str, entry: Mapping[str, Any]) -> str:
    sides = " ".join(f"{entry[side]:10,.1f}" if side in entry else f"{'-':>10}" for side in SIDES)
    watched = [entry["limit"][side] for side in SIDES] if "limit" in entry else []
    limits = ", ".join(f"{by['by']} ({by['cpu']:.2f} cores)" for by in watched)
    return f"{key:24} {entry['value']:9,.3f} {sides} {entry['unit']:8} {len(entry['rounds']):6}  {limits}".rstrip()
