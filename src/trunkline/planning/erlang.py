"""Erlang's formulas, exact: B (no waiting), C (everybody waits), A (those who wait give up: M/M/n+M).

Loads are in erlangs (arrivals per second times mean handling in seconds), times in seconds. Sources:

- B by its recursion B(n) = a B(n-1) / (n + a B(n-1)), and C from B: R. B. Cooper, Introduction to Queueing Theory, 2nd
  ed. (1981), sections 3.3 and 3.4. The recursion adds and multiplies positive numbers below 1 only: stable for any n.
- A: A. Mandelbaum, S. Zeltyn, Service Engineering in Action: The Palm/Erlang-A Queue, with Applications to Call Centers
  (2007), section 3; the distribution of the wait from S. Zeltyn, A. Mandelbaum, Call Centers with Impatient Customers,
  Queueing Systems 51 (2005), section 2.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    """What a formula says of a queue in its steady state. `wait_s` is the mean over all who come, served or not."""

    waits: float
    """The share of those who come that is not served at once."""
    abandons: float
    """The share that gives up."""
    wait_s: float
    within: float
    """The share of all who come that is served within the time asked for: the service level."""


def erlang_b(load: float, agents: int) -> float:
    """Return the share that finds all agents busy where nobody waits; raises ValueError without load or agents."""
    if load <= 0 or agents < 0:
        raise ValueError(f"there is no such queue: {load} erlangs, {agents} agents")
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(load: float, agents: int, *, handling_s: float, within_s: float) -> Expected:
    """Return what is to be expected where nobody gives up; raises ValueError when the load is too much for them."""
    blocked = erlang_b(load, agents)
    if load >= agents:
        raise ValueError(f"{agents} agents cannot carry {load} erlangs: the queue grows without end")
    waits = agents * blocked / (agents - load * (1 - blocked))
    spare = (agents - load) / handling_s
    return Expected(waits, 0.0, waits / spare, 1 - waits * math.exp(-spare * within_s))


def erlang_a(load: float, agents: int, *, handling_s: float, patience_s: float, within_s: float) -> Expected:
    """Return what is to be expected where patience is exponential with this mean; any load has a steady state."""
    blocked = erlang_b(load, agents)
    if agents < 1:
        raise ValueError("there is no such queue: nobody serves")
    x, y = agents * patience_s / handling_s, load * patience_s / handling_s
    log_all = _log_palm(x, y)
    # Palm's A may be far beyond a float: everything is put by its inverse.
    idle = (1 - blocked) * math.exp(-log_all) / blocked if blocked > 0 else math.inf
    waits = 1 / (1 + idle)
    busy = load / agents
    abandons = waits * max(0.0, math.exp(-log_all) / busy + 1 - 1 / busy)
    later = math.exp(-within_s / patience_s)
    # With V the wait that is offered, P(V > t) = waits * at * A(x, y * later) / A; of those who would wait longer than
    # t, the served are what is left of A without its 1.
    at = math.exp(y * (1 - later) - x * within_s / patience_s + (log_later := _log_palm(x, y * later)) - log_all)
    served_later = waits * at * -math.expm1(-log_later) / busy
    return Expected(waits, abandons, abandons * patience_s, max(0.0, 1 - abandons - served_later))


def agents_for(load: float, *, handling_s: float, within_s: float, level: float, patience_s: float | None) -> int:
    """Return the fewest agents with whom this share (0 to 1, less than 1) of all is served in time."""
    agents = max(1, math.floor(load) + 1) if patience_s is None else 1
    while _level(load, agents, handling_s, within_s, patience_s) < level:
        agents += 1
    return agents


def _level(load: float, agents: int, handling_s: float, within_s: float, patience_s: float | None) -> float:
    if patience_s is None:
        return erlang_c(load, agents, handling_s=handling_s, within_s=within_s).within
    return erlang_a(load, agents, handling_s=handling_s, patience_s=patience_s, within_s=within_s).within


def _log_palm(x: float, y: float) -> float:
    """Return ln of Palm's A(x, y) = 1 + sum over j of y^j / ((x + 1) (x + 2) ... (x + j)).

    The terms grow until x + j = y and then fall at least geometrically in the end; they are kept within floats by
    taking out what they have grown to.
    """
    total, term, taken_out, j = 1.0, 1.0, 0.0, 0
    while term > total * 1e-17 or x + j < y:
        j += 1
        term *= y / (x + j)
        total += term
        if total > 1e200:
            taken_out += math.log(total)
            term, total = term / total, 1.0
    return math.log(total) + taken_out
