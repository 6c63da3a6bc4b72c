"""The flow language offline: check, test, explore and the interpreter, as a user runs them and inside.

What an admin waits for is measured as whole commands, from the shell to the exit code.
"""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.large_flow import CENTRE, large_flow
from benchmarks.report import NotMeasured, Outcome, Row, summary
from benchmarks.walk import Walk, walk_of
from tests.flows.planted import FAULTS, plant
from trunkline.core.centre import Centre
from trunkline.flows import source
from trunkline.flows.centre import centre_of
from trunkline.flows.check import check_drafts
from trunkline.flows.conversation import open_folder
from trunkline.flows.loader import draft_of
from trunkline.flows.scripts import scripts_from
from trunkline.flows.trial import tried

ROUNDS = 5
STEPS = 2000
SIZES = (500, 2000, 8000, 32000)
CONVERSATIONS = 100
CHECK_S, TEST_S, EXPLORE_S, STEPS_PER_S = 1.0, 2.0, 1.0, 50_000
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
_NOTES = (
    "commands: the median of 5, from the start of the process to its end. The processor's time is in raw: the "
    "difference is what others took who use this machine too. Where the peer is a goal, ratio is how often it fits",
    "check: a flow of ten kinds of step in turn, about 110 bytes each. Beyond 1 MB no file is read: for the larger "
    "sizes of check_linear that limit is lifted inside the benchmark",
    "check_reading: our reading, with shape, places and all that is checked, against ruamel.yaml's load (typ='rt', the "
    "one that keeps lines) of the same file, which checks nothing",
    "interpreter: one walk through nearly all steps, each entered, decided, put on the path, its answer taken; peer: "
    "the same walk over a dict of steps that keeps values and a path and decides nothing: the floor, not a rival",
    "explore: the slowest of three examples with that fault planted; none is measured that is not found",
)


def measure() -> Outcome:
    """Measure each tool."""
    centre, problems = centre_of(CENTRE.encode(), "centre.yaml")
    if centre is None:
        raise NotMeasured(str(problems))
    raw: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as name:
        folder = Path(name)
        rows = [
            *_check(folder / "check", centre, raw),
            *_test(folder / "test", raw),
            *_walks(centre, raw),
            *_explore(folder / "explore", raw),
        ]
    return Outcome("flows", rows, raw, _NOTES)


def _check(folder: Path, centre: Centre, raw: dict[str, Any]) -> list[Row]:
    """Measure `check`: the command, against reading alone, and by size."""
    folder.mkdir()
    (folder / "large.yaml").write_text(large_flow(STEPS), encoding="utf-8")
    (folder / "centre.yaml").write_text(CENTRE, encoding="utf-8")
    command = _command(raw, "check_command", ["check", folder], 0)
    text = large_flow(STEPS)
    ours, peer = _in_turn(lambda: _checked(text, centre), lambda: YAML(typ="rt").load(text))
    raw["check_reading"] = {"ours_s": summary(ours), "peer_s": summary(peer)}
    inside, alone = statistics.median(ours), statistics.median(peer)
    source.MOST_BYTES = 10**9
    by_size = {size: statistics.median(_times(partial(_checked, large_flow(size), centre), 3)) for size in SIZES}
    raw["check_linear"] = {f"{size}_steps_s": round(took, 4) for size, took in by_size.items()}
    small, large = by_size[STEPS] / STEPS, by_size[SIZES[-1]] / SIZES[-1]
    return [
        _fits("check_command", f"`flow check` of {STEPS:,} steps", command, CHECK_S),
        Row(
            "check_reading",
            f"read and checked: {inside:.3f} s",
            f"ruamel.yaml, read: {alone:.3f} s",
            alone / inside,
            1.0,
            "s",
        ),
        Row(
            "check_linear",
            f"each of {SIZES[-1]:,} steps: {large * 1e6:.0f} µs",
            f"each of {STEPS:,}: {small * 1e6:.0f} µs",
            small / large,
            0.8,
            "µs/step",
        ),
    ]


def _checked(text: str, centre: Centre) -> None:
    """Do what `check` does with one file."""
    problems = check_drafts([draft_of(text.encode(), "large.yaml")], centre)
    if problems:
        raise NotMeasured(f"the flow has problems: {problems[0]}")


def _test(folder: Path, raw: dict[str, Any]) -> list[Row]:
    """Measure `test`: the command, and the conversations alone."""
    shop = Path(__file__).parents[1] / "ivr_flows" / "shop"
    folder.mkdir()
    for name in ("shop.yaml", "centre.yaml"):
        (folder / name).write_bytes((shop / name).read_bytes())
    one = (
        "  - name: caller {n}\n    media: [voice, chat]\n    customer: {{tier: gold}}\n"
        '    http: [{{get: "https://shop.example/orders/*", body: {{status: sent, due: "2026-11-25"}}}}]\n'
        '    talk: [{{hears: Welcome}}, {{chooses: My order}}, {{enters: "{n:06}"}}, {{hears: on its way}},'
        " {{chooses: A person}}, {{queued: {{queue: orders, priority: 10}}}}, {{after: 8m}}, {{voicemail: orders}},"
        " {{ended: true}}]\n"
    )
    tests = folder / "shop.test.yaml"
    tests.write_text(
        "flow: shop\ntests:\n" + "".join(one.format(n=n) for n in range(CONVERSATIONS // 2)), encoding="utf-8"
    )
    command = _command(raw, "test_command", ["test", folder], 0)
    scripts = scripts_from(tests, open_folder(folder).worlds()).scripts
    if len(scripts) != CONVERSATIONS:
        raise NotMeasured(f"{len(scripts)} conversations")
    inside = _times(lambda: [tried(script) for script in scripts], ROUNDS)
    raw["test_inside"] = {"conversations_s": summary(inside)}
    return [
        _fits("test_command", f"`flow test` of {CONVERSATIONS} conversations", command, TEST_S),
        _fits("test_inside", f"the {CONVERSATIONS} conversations alone", statistics.median(inside), TEST_S),
    ]


def _walks(centre: Centre, raw: dict[str, Any]) -> list[Row]:
    """Measure the interpreter on one core."""
    flow = draft_of(large_flow(STEPS).encode(), "large.yaml").flow()
    if flow is None:
        raise NotMeasured("the flow has problems")
    walk: Walk = walk_of(flow, centre, NOW)
    ours, peer = _in_turn(walk.ours, walk.peer)
    rate, floor = walk.steps / statistics.median(ours), walk.steps / statistics.median(peer)
    raw["interpreter"] = {"steps": walk.steps, "ours_s": summary(ours), "peer_s": summary(peer)}
    subject = f"one core: {rate:,.0f} steps/s"
    return [
        Row("interpreter", subject, f"the goal: {STEPS_PER_S:,} steps/s", rate / STEPS_PER_S, 1.0, "steps/s"),
        Row("interpreter_floor", subject, f"a bare dict walked: {floor:,.0f} steps/s", rate / floor, None, "steps/s"),
    ]


def _explore(folder: Path, raw: dict[str, Any]) -> list[Row]:
    """Measure `explore` on each planted fault; the row of a kind of fault is its slowest example's."""
    slowest: dict[str, float] = {}
    for number, fault in enumerate(FAULTS):
        (folder / str(number)).mkdir(parents=True)
        file = plant(fault, folder / str(number))
        name = f"explore {fault}"
        took = _command(raw, name, ["explore", "--at", NOW.isoformat(), file], 1, finds=fault.says)
        slowest[fault.name] = max(took, slowest.get(fault.name, 0))
    return [
        _fits(f"explore_{name.replace(' ', '_')}", f"`flow explore` finds the {name}", took, EXPLORE_S)
        for name, took in slowest.items()
    ]


def _fits(name: str, what: str, took: float, within: float) -> Row:
    """Return the row of a goal in seconds."""
    return Row(name, f"{what}: {took:.3f} s", f"the goal: {within:g} s", within / took, 1.0, "s")


def _command(raw: dict[str, Any], name: str, arguments: Sequence[object], code: int, finds: str = "") -> float:
    """Run `trunkline flow` several times, and return the median of its seconds."""
    program = [str(Path(sys.executable).parent / "trunkline"), "flow", *map(str, arguments)]
    took, busy = [], []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), _children_s()
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        took.append(time.perf_counter() - began)
        busy.append(_children_s() - used)
        if done.returncode != code or finds not in done.stdout:
            raise NotMeasured(
                f"{' '.join(program)} came to {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"
            )
    raw[name] = {"seconds": summary(took), "processor_s": summary(busy)}
    return statistics.median(took)


def _children_s() -> float:
    """Return the processor's time of all children that have ended."""
    used = os.times()
    return used.children_user + used.children_system


def _in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Time both, in turn."""
    seen: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        seen[0].extend(_times(ours, 1))
        seen[1].extend(_times(peer, 1))
    return seen


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    """Return the seconds that something takes, each time."""
    took = []
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return took
