"""The simulator: contacts per second, wait by wait against the theory of queues, and Erlang's published cases."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, NamedTuple

from benchmarks.report import NotMeasured, Outcome, Row, summary
from tests.planning.first_come import QUEUE, contacts_of, first_come_first_served, markovian
from trunkline.planning.erlang import Expected, erlang_a, erlang_c
from trunkline.planning.figures import Estimate, Seen, figures, over
from trunkline.planning.plan import Plan
from trunkline.planning.simulation import Day, play_days

ROUNDS, DAY, MINUTE_S = 3, 50_000, 60.0
REPLICATIONS, CONTACTS, LONG, BATCHES = 10, 10_000, 16_000_000, 20


class Case(NamedTuple):
    """A published case (tests/planning/test_erlang.py): times in seconds."""

    load: float
    agents: int
    handling: float
    patience: float | None
    within: float

    def expected(self) -> Expected:
        """Return what the formula says."""
        times = {"handling_s": self.handling, "within_s": self.within}
        if self.patience is None:
            return erlang_c(self.load, self.agents, **times)
        return erlang_a(self.load, self.agents, patience_s=self.patience, **times)

    def plan(self, contacts: float, **more: object) -> Plan:
        """Return it as a plan."""
        return markovian(self.load, self.agents, self.handling, contacts, self.patience, within_s=self.within, **more)


_CASES = {
    "c_48_on_55": Case(48, 55, 240, None, 15),
    "c_48_on_50": Case(48, 50, 60, None, 15),
    "a_48_on_50": Case(48, 50, 60, 120, 15),
}
_NOTES = (
    "day_of_50000: one queue, 150 agents, 4 minutes of handling, 2 of patience; by the thread's time on the processor",
    "same_waits: the share of contacts whose wait differs by less than a millisecond from the recursion of Kiefer and "
    "Wolfowitz for the same arrivals, handlings and patiences",
    "c: Erlang C, a: Erlang A (patience 2 minutes); load in erlangs on agents. …_simulated: the service level of the "
    f"simulation itself, {REPLICATIONS} replications of {CONTACTS:,} contacts, with its 95 % confidence; no goal",
    f"…_level, …_abandons, …_asa: {LONG:,} contacts through the recursion, which same_waits says is the simulation, by "
    "the simulation's dice; ratio is one percentage point, for asa one percent, over the difference",
    "a queue without impatience forgets slowly how full it was: the mean wait of the c cases is some percent wide even "
    "so (± by batch means) and has no goal; that the formulas give the published figures to all digits is tested",
)


def measure() -> Outcome:
    """Measure speed, then agreement."""
    raw: dict[str, Any] = {}
    rows = [_speed(raw), _same_waits(raw)]
    for name, case in _CASES.items():
        rows += _agreement(name, case, raw)
    return Outcome("simulate", rows, raw, _NOTES)


def _speed(raw: dict[str, Any]) -> Row:
    """Measure how long a large day takes."""
    plan = markovian(140, 150, 240, DAY, patience_s=120)
    took, walls = [], []
    for replication in range(ROUNDS):
        day = Day(plan, replication)
        began, wall = time.thread_time(), time.perf_counter()
        day.play()
        took.append((time.thread_time() - began) / day.contacts)
        walls.append(time.perf_counter() - wall)
    raw["day_of_50000"] = {"contact_us": summary([each * 1e6 for each in took]), "wall_s": summary(walls)}
    cost = statistics.median(took)
    day_s = cost * DAY
    return Row(
        "day_of_50000", f"{1 / cost:,.0f} contacts/s, {day_s:.1f} s", f"{MINUTE_S:.0f} s", MINUTE_S / day_s, 1.0, "s"
    )


def _same_waits(raw: dict[str, Any]) -> Row:
    """Compare each wait with what the theory says it is."""
    same = many = 0
    for case in _CASES.values():
        plan = case.plan(CONTACTS)
        day = Day(plan, 0)
        day.play()
        expected = list(first_come_first_served(contacts_of(plan, 0), case.agents))
        for seen, theirs in (
            (day.seen[QUEUE].served, [wait.seconds for wait in expected if wait.served]),
            (sorted(day.seen[QUEUE].abandoned), sorted(wait.seconds for wait in expected if not wait.served)),
        ):
            if len(seen) != len(theirs):
                raise NotMeasured(f"{len(seen)} waits against {len(theirs)}")
            many += len(seen)
            same += sum(abs(ours - other) < 1e-3 for ours, other in zip(seen, theirs, strict=True))
    raw["same_waits"] = {"same": same, "of": many}
    return Row("same_waits", f"{same:,} the same", f"{many:,} waits", same / many, 1.0, "waits")


def _agreement(name: str, case: Case, raw: dict[str, Any]) -> list[Row]:
    """Compare the simulation, and the long run of the recursion, with the formula."""
    expected = case.expected()
    plan = case.plan(CONTACTS, warm_up=10 * case.handling, replications=REPLICATIONS)
    found = over(play_days(plan)[QUEUE])
    raw[f"{name}_simulated"] = {key: asdict(found[key]) for key in ("service_level", "abandon_rate", "wait_s")}
    long = _long_run(case)
    raw[f"{name}_long"] = {key: asdict(estimate) for key, estimate in long.items()}
    rows = [
        replace(_points(f"{name}_simulated", found["service_level"], expected.within), goal=None),
        _points(f"{name}_level", long["service_level"], expected.within),
    ]
    if case.patience is not None:
        rows.append(_points(f"{name}_abandons", long["abandon_rate"], expected.abandons))
    wait, exact = long["wait_s"], expected.wait_s
    percent = 0.01 / max(abs(wait.mean / exact - 1), 1e-6)
    told = f"{wait.mean:.3f} ± {wait.plus_minus:.3f} s"
    return [*rows, Row(f"{name}_asa", told, f"{exact:.3f} s", percent, 1.0 if case.patience else None, "s")]


def _points(name: str, found: Estimate, expected: float) -> Row:
    """Compare two shares: a percentage point is what they may differ."""
    told = f"{found.mean:.2%} ± {found.plus_minus:.2%}"
    return Row(name, told, f"{expected:.2%}", 0.01 / max(abs(found.mean - expected), 1e-6), 1.0, "share")


def _long_run(case: Case) -> Mapping[str, Estimate]:
    """Return the figures of one very long day by the recursion; the confidence is that of batch means."""
    waits = first_come_first_served(contacts_of(case.plan(LONG), 0), case.agents)
    batches = []
    while batch := list(islice(waits, LONG // BATCHES)):
        seen = Seen([wait for wait, served in batch if served], [wait for wait, served in batch if not served])
        batches.append(figures(seen, within_s=case.within))
    # The last holds only what came by chance beyond the mean number.
    return over(batches[:BATCHES])
