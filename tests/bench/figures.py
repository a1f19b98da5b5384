"""Figures of a measurement and the file they are merged into."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path("var/bench/results.json")
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
    lines = [f"{'key':28} {'value':>7} {'ours':>10} {'floor':>10} {'unit':7} rounds  limit (ours | floor)"]
    for key, entry in figures.items():
        limits = " | ".join(_limit(entry, side) for side in ("ours", "floor"))
        lines.append(
            f"{key:28} {entry['value']:7.3f} {entry['ours']:10,.1f} {entry['floor']:10,.1f}"
            f" {entry['unit']:7} {len(entry['rounds']):6}  {limits}"
        )
    return "\n".join(lines)


def _limit(entry: Mapping[str, Any], side: str) -> str:
    """The limit most rounds ran into, with its share of a core."""
    shares: dict[str, list[float]] = {}
    for found in entry["rounds"]:
        turn = found[side]
        shares.setdefault(turn["limit"], []).append(turn["cpu"][turn["limit"]])
    if not shares:
        return "-"
    limit, used = max(shares.items(), key=lambda item: len(item[1]))
    return f"{limit} {sum(used) / len(used):.0%}"
