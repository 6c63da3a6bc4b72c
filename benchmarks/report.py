"""What a benchmark hands back, and how it is kept and shown."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ratio` is put so that more is better: how many times better the subject is than the peer.

    `subject` and `peer` say what was measured, and by how much, in words; `goal` is the least `ratio` we want.
    """

    name: str
    subject: str
    peer: str
    ratio: float
    goal: float | None
    unit: str

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.ratio >= self.goal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one run of a benchmark measured."""

    name: str
    rows: Sequence[Row]
    raw: Mapping[str, Any]
    notes: Sequence[str] = field(default_factory=tuple)


class NotMeasured(Exception):  # noqa: N818 - it says what is wrong
    """The benchmark ran, but what it saw is no measurement."""


def keep(outcome: Outcome) -> Path:
    """Write the results file and return its path. BENCH_RESULTS names another folder."""
    folder = Path(os.environ.get("BENCH_RESULTS") or RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{outcome.name}.json"
    told = {
        "benchmark": outcome.name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "rows": [{**asdict(row), "ratio": significant(row.ratio), "reached": row.reached} for row in outcome.rows],
        "notes": list(outcome.notes),
        "raw": outcome.raw,
    }
    file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, versions, and how busy it was."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in cpu.splitlines() if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_at_end": [round(each, 2) for each in os.getloadavg()],
    }


def significant(value: float) -> float:
    """Return a figure with three digits that count."""
    return float(f"{value:.3g}")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share (0..1) of them lies, the nearest one that was seen."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return n, median, p95, p99, least and most of what was seen."""
    return {
        "n": len(values),
        "median": significant(statistics.median(values)),
        "p95": significant(percentile(values, 0.95)),
        "p99": significant(percentile(values, 0.99)),
        "least": significant(min(values)),
        "most": significant(max(values)),
    }


def header() -> str:
    """Return the head of the table that `row_line` makes."""
    return f"  {'name':<28} {'ratio':>8} {'goal':>8}   {'':<7} subject | peer (unit)"


def row_line(row: Row) -> str:
    """Return one row of the table."""
    goal = "" if row.goal is None else f"≥ {row.goal:g}"
    verdict = {True: "reached", False: "MISSED", None: ""}[row.reached]
    ratio = f"{significant(row.ratio):g}"
    return f"  {row.name:<28} {ratio:>8} {goal:>8}   {verdict:<7} {row.subject} | {row.peer} ({row.unit})"
