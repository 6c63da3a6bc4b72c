"""Routing: who gets whom with 10,000 agents and 100,000 waiting, against a naive scan and an SQL matcher.

One offer is a whole cycle: an agent becomes free, the entry for them is chosen and taken, their room is used up, and
somebody new comes who asks the same, so that the depth stays. In the other regime agents are free: somebody comes, is
offered at once to the agent whose turn it is, and another agent becomes free.
"""

import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from benchmarks.place import database, folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, percentile, summary
from benchmarks.routing_peers import NaiveScan, OrderedScan, by_sql
from benchmarks.routing_world import Asked, Ours, Worker, asked, workers
from trunkline.garbage import keep_garbage_short

AGENTS, WAITING = 10_000, 100_000
ROUNDS, CYCLES = 7, 10_000
SCANS, SQL_CYCLES = 20, 1_000
OFFERS_PER_S, P99_S, TIMES_SCAN, TIMES_SQL, SLOPE = 50_000, 100e-6, 200.0, 20.0, 1.3
_STRETCH = 100
_LOOPS = 200_000
_NOTES = (
    "an offer: seat (free), entry_for, take, seat (no room), entry_for (nothing more), forget, wait of a new one who "
    "asks the same, agent_for (nobody is free). Records of those who come, and of agents, are made beforehand",
    "offers and slopes by the thread's own time on the processor, the median of the rounds; a decision's p99 and the "
    "SQL matcher by the clock on the wall, since PostgreSQL works in processes of its own",
    "naive_scan looks at every entry and keeps the best. ordered_scan has them in their order and stops at the first "
    "that fits: quick while much fits everybody, without ranks and reserves, and slow for whom little fits; no goal",
    "sql: one statement that chooses, locks and deletes, and one that inserts the next, by prepared statements on one "
    "connection, synchronous_commit off; (counts_from), (queue, medium, counts_from) and GIN (asks) to choose from",
    "slope: cost of an offer at 16n over that at n, n = 625 agents or 6,250 waiting, the other at its full size. "
    "ratio is 1.3 over it",
    "the garbage collector is set as the service sets it",
    "loop_ns: one turn of an empty loop, before and after: what to put figures of different machines in relation to",
)

Setting = tuple[list[Worker], list[Asked]]


def measure() -> Outcome:
    """Measure the engine in both regimes and by size, then the peers on the same floor."""
    raw: dict[str, Any] = {"loop_ns_before": _loop_ns()}
    staff, waiting = _setting(AGENTS, WAITING)
    busy, decided = _busy(staff, waiting, raw)
    idle = _idle(staff, waiting, raw)
    scans = {kind: _scan(kind, staff, waiting, raw) for kind in (NaiveScan, OrderedScan)}
    with folder_for_all() as folder, database(folder) as dsn:
        sql = by_sql(dsn, staff, waiting, SQL_CYCLES)
    raw["sql_us"] = summary([each * 1e6 for each in sql])
    sql_s = statistics.median(sql)
    slopes = _slopes(raw, busy)
    raw["loop_ns_after"] = _loop_ns()
    floor = f"{AGENTS:,} agents, {WAITING:,} waiting"
    rows = [
        _rate("offers_when_busy", busy, floor),
        _rate("offers_when_free", idle, f"{AGENTS:,} agents, half of them free, nobody waiting"),
        Row("decision_p99", f"{decided * 1e6:.0f} µs", f"{P99_S * 1e6:.0f} µs", P99_S / decided, 1.0, "µs"),
        _against("naive_scan", busy, scans[NaiveScan], TIMES_SCAN),
        _against("ordered_scan", busy, scans[OrderedScan], None),
        _against("sql_skip_locked", busy, sql_s, TIMES_SQL),
        *(Row(f"slope_{what}", f"{slope:.2f}", f"{SLOPE}", SLOPE / slope, 1.0, "×") for what, slope in slopes.items()),
    ]
    return Outcome("routing", rows, raw, _NOTES)


def _rate(name: str, cost: float, what: str) -> Row:
    return Row(name, f"{1 / cost:,.0f} ({what})", f"{OFFERS_PER_S:,}", 1 / cost / OFFERS_PER_S, 1.0, "offers/s/core")


def _against(name: str, ours: float, peer: float, goal: float | None) -> Row:
    return Row(name, f"{ours * 1e6:.1f} µs", f"{peer * 1e6:,.0f} µs", peer / ours, goal, "µs/offer")


def _setting(agents: int, waiting: int) -> Setting:
    random = Random(11)
    return workers(agents, random), [asked(random) for _ in range(waiting)]


def _busy(staff: Sequence[Worker], waiting: Sequence[Asked], raw: dict[str, Any]) -> tuple[float, float]:
    """Return the cost of an offer while all are busy, and the 99th percentile of a decision, in seconds."""
    ours = Ours(staff, waiting)
    rounds = _rounds(ours, staff, ROUNDS)
    decisions = _decisions(ours, staff)
    raw["offers_when_busy_us"] = summary([each * 1e6 for each in rounds])
    raw["decision_us"] = summary([each * 1e6 for each in decisions])
    return statistics.median(rounds), percentile(decisions, 0.99)


def _rounds(ours: Ours, staff: Sequence[Worker], rounds: int) -> list[float]:
    """Return the cost of an offer in each round, in seconds, after everybody was served once."""
    random = Random(12)
    _round(ours, staff)
    keep_garbage_short()
    return [_round(ours, random.choices(staff, k=CYCLES)) for _ in range(rounds)]


def _round(ours: Ours, turns: Sequence[Worker]) -> float:
    """Return the cost of an offer: a hundred agents become free, then a hundred come who ask what was taken.

    The clock is asked between such stretches only, for asking it costs as much as an offer on some machines.
    """
    spent, free, offer, come = 0.0, ours.free, ours.offer, ours.come
    for start in range(0, len(turns), _STRETCH):
        some, order, taken = turns[start : start + _STRETCH], ours.order(), []
        begun = time.thread_time()
        for worker in some:
            free(worker, order)
            taken.append(offer(worker, order))
        spent += time.thread_time() - begun
        coming = [ours.prepared(ours.asks.pop(id_)) for id_ in taken if id_ is not None]
        begun = time.thread_time()
        asked_first = [come(who) for who in coming]
        spent += time.thread_time() - begun
        if len(coming) != len(some) or any(asked_first):
            raise NotMeasured("somebody found nothing to do, or an agent was free whom nobody freed")
    return spent / len(turns)


def _decisions(ours: Ours, staff: Sequence[Worker]) -> list[float]:
    """Return how long each decision took on the wall's clock, in seconds: from the agent's room to the entry taken."""
    random, took = Random(13), []
    for worker in random.choices(staff, k=2 * CYCLES):
        order = ours.order()
        begun = time.perf_counter()
        ours.free(worker, order)
        taken = ours.offer(worker, order)
        took.append(time.perf_counter() - begun)
        assert taken is not None
        ours.come(ours.prepared(ours.asks.pop(taken)))
    return took


def _idle(staff: Sequence[Worker], waiting: Sequence[Asked], raw: dict[str, Any]) -> float:
    """Return the cost of an offer while agents are free, in seconds; everything has been asked for before."""
    ours = Ours(staff, waiting)
    for id_ in ours.asks:
        ours.routing.forget(id_)
    random = Random(14)
    order = random.sample(list(staff), len(staff))
    for worker in order[: len(order) // 2]:
        ours.free(worker, ours.order())
    working = deque(order[len(order) // 2 :])
    keep_garbage_short()
    costs = []
    for _ in range(ROUNDS + 2):
        coming = [ours.prepared(asked(random)) for _ in range(CYCLES)]
        begun = time.thread_time()
        for who in coming:
            ours.free(working.popleft(), ours.order())
            agent = ours.come(who)
            assert agent is not None
            assert ours.offer(ours.staff[agent], ours.order()) == who.id
            working.append(ours.staff[agent])
        costs.append((time.thread_time() - begun) / CYCLES)
    raw["offers_when_free_us"] = summary([each * 1e6 for each in costs[2:]])
    return statistics.median(costs[2:])


def _scan(
    kind: Callable[[Sequence[Asked]], "NaiveScan | OrderedScan"],
    staff: Sequence[Worker],
    waiting: Sequence[Asked],
    raw: dict[str, Any],
) -> float:
    """Return the cost of an offer by a scan, in seconds."""
    peer, random, costs = kind(waiting), Random(12), []
    for worker in random.choices(staff, k=SCANS if kind is NaiveScan else CYCLES):
        begun = time.thread_time()
        peer.cycle(worker)
        costs.append(time.thread_time() - begun)
    raw[f"{kind.__name__}_us"] = summary([each * 1e6 for each in costs])
    return statistics.fmean(costs)


def _slopes(raw: dict[str, Any], full: float) -> dict[str, float]:
    """Return the cost of an offer at 16 times the agents, and at 16 times the waiting, over that at once."""
    slopes = {}
    for what, sizes in (
        ("agents", [(AGENTS // 16, WAITING), (AGENTS // 4, WAITING)]),
        ("waiting", [(AGENTS, WAITING // 16), (AGENTS, WAITING // 4)]),
    ):
        costs = []
        for agents, waiting in sizes:
            staff, entries = _setting(agents, waiting)
            costs.append(statistics.median(_rounds(Ours(staff, entries), staff, ROUNDS)))
        raw[f"slope_{what}_us"] = [round(cost * 1e6, 2) for cost in (*costs, full)]
        slopes[what] = full / costs[0]
    return slopes


def _loop_ns() -> float:
    """Return what one turn of an empty loop costs, the least of several tries, in nanoseconds."""
    tries = []
    for _ in range(5):
        begun = time.thread_time()
        for _ in range(_LOOPS):
            pass
        tries.append((time.thread_time() - begun) / _LOOPS * 1e9)
    return round(min(tries), 2)
