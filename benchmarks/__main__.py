"""`python -m benchmarks [name …]`: run the named benchmarks, or all; fails when one could not measure."""

import importlib
import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

from benchmarks.report import header, keep, row_line

NAMES = (
    "flows", "routing", "simulate", "ami_ingest", "ring_latency", "ivr_rate", "queue_rate", "recovery", "idle",
    "outbox", "email_ingest", "chat_durable", "webhook_edge",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run each benchmark in a process of its own, and print its rows. A goal that is missed is told, not failed."""
    strangers = sorted(set(names) - set(NAMES))
    if strangers:
        print(f"no benchmark is called {', '.join(strangers)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    here = Path(__file__).parent.parent
    broken = []
    for name in names or NAMES:
        # A process each: what one leaves in memory must not slow the next.
        done = subprocess.run([sys.executable, "-m", "benchmarks", "--only", name], cwd=here, check=False)
        if done.returncode != 0:
            broken.append(name)
    if broken:
        print(f"could not measure: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def run_one(name: str) -> int:
    """Run one benchmark here; 1 when it could not measure."""
    logging.basicConfig(level=os.environ.get("BENCH_LOG", "ERROR").upper(), stream=sys.stderr)
    benchmark = importlib.import_module(f"benchmarks.{name}")
    print(f"\n{name}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
    try:
        outcome = benchmark.measure()
    except Exception:  # whatever it was, no figure came of it
        traceback.print_exc()
        return 1
    print(header())
    for row in outcome.rows:
        print(row_line(row))
    print(f"  → {keep(outcome)}", flush=True)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        sys.exit(run_one(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
