"""`trunkline simulate`: what a day would be like with these people and these rules."""

import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from trunkline.cli.plan_file import load_plan
from trunkline.core.ids import QueueId
from trunkline.flows.problem import Problem
from trunkline.planning.figures import Estimate, Figures, over
from trunkline.planning.plan import Plan
from trunkline.planning.simulation import play_days


@click.command("simulate")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--replications", type=click.IntRange(1, 10_000), help="How many days to play, instead of the plan's.")
@click.option("--seed", type=click.IntRange(0), help="Where chance begins, instead of the plan's.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures for other programs.")
def command(plan_file: Path, replications: int | None, seed: int | None, *, as_json: bool) -> None:
    """Play the day of a plan by the rules of live routing, and tell how long people would have waited.

    Exit code 0: played; 1: the plan has problems, which are all told; 2: the call itself was wrong.
    """
    plan, problems = load_plan(plan_file)
    if plan is None:
        _tell_problems(problems, as_json=as_json)
        sys.exit(1)
    plan = replace(plan, replications=replications or plan.replications, seed=plan.seed if seed is None else seed)
    began, contacts = time.perf_counter(), [0]
    days = play_days(plan, contacts.append)
    took = time.perf_counter() - began
    if as_json:
        click.echo(json.dumps(_as_json(plan, days), indent=2, allow_nan=False))
        return
    click.echo(f"{plan.name}: {plan.replications} days, seed {plan.seed}")
    for line in _table(plan, days):
        click.echo(line)
    click.echo(f"{sum(contacts):,} contacts in {took:.1f} s", err=True)


def _tell_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(problem) for problem in problems], indent=2))
        return
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}", err=True)


def _as_json(plan: Plan, days: Mapping[QueueId, Sequence[Figures]]) -> dict[str, Any]:
    """Return the figures with their confidence; null where there is nothing to make a figure of."""
    return {
        "plan": plan.name,
        "seed": plan.seed,
        "replications": plan.replications,
        "within_s": plan.within_s,
        "queues": {
            queue: {
                name: {"mean": _number(estimate.mean), "plus_minus": _number(estimate.plus_minus)}
                for name, estimate in over(found).items()
            }
            for queue, found in days.items()
        },
    }


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _table(plan: Plan, days: Mapping[QueueId, Sequence[Figures]]) -> list[str]:
    """Return a table with a column for each queue; ± is the 95 % confidence of the mean."""
    rows: tuple[tuple[str, str, Callable[[float], str]], ...] = (
        ("contacts", "contacts", _count),
        ("served", "served", _count),
        ("gave up", "abandoned", _count),
        ("left waiting", "left_waiting", _count),
        ("share that gave up", "abandon_rate", _percent),
        (f"served within {plan.within_s:g} s", "service_level", _percent),
        ("average speed of answer", "asa_s", _seconds),
        ("median wait", "wait_median_s", _seconds),
        ("90 % waited at most", "wait_p90_s", _seconds),
        ("95 % waited at most", "wait_p95_s", _seconds),
        ("longest wait", "wait_max_s", _seconds),
        ("mean handling", "handling_s", _seconds),
        ("occupancy of its agents", "occupancy", _percent),
    )
    estimates = {queue: over(found) for queue, found in days.items()}
    table = [["", *estimates]]
    table += [[title, *(_cell(each[key], shown) for each in estimates.values())] for title, key, shown in rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  ".join(_placed(row, widths)) for row in table]


def _placed(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the cells of a row, the titles to the left and the figures to the right."""
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _cell(estimate: Estimate, shown: Callable[[float], str]) -> str:
    if not math.isfinite(estimate.mean):
        return "-"
    if not math.isfinite(estimate.plus_minus):
        return shown(estimate.mean)
    return f"{shown(estimate.mean)} ± {shown(estimate.plus_minus)}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"
