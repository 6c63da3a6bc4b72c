"""One queue, first come, first served, by the recursion of Kiefer and Wolfowitz, to measure the simulation against.

Source: J. Kiefer, J. Wolfowitz, On the theory of queues with many servers, Trans. AMS 78 (1955). Those who give up
before an agent is free take none of the agents' time.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heapreplace
from math import inf
from typing import NamedTuple

from trunkline.core.centre import Centre, QueueConfig
from trunkline.core.demand import Membership
from trunkline.core.ids import AgentId, QueueId
from trunkline.planning.distributions import Exponential
from trunkline.planning.plan import Arrivals, Crew, Plan, Stretch
from trunkline.planning.simulation import Dice

QUEUE = QueueId("support")


class Wait(NamedTuple):
    """How somebody fared."""

    seconds: float
    served: bool


def first_come_first_served(contacts: Iterable[tuple[float, float, float]], agents: int) -> Iterator[Wait]:
    """Yield the wait of each contact: when it came, its handling, its patience."""
    free = [0.0] * agents
    heapify(free)
    for came, handling, patience in contacts:
        wait = max(0.0, free[0] - came)
        if wait < patience:
            heapreplace(free, came + wait + handling)
            yield Wait(wait, served=True)
        else:
            yield Wait(patience, served=False)


def markovian(
    load: float, agents: int, handling_s: float, contacts: float, patience_s: float | None = None, **more: object
) -> Plan:
    """Return a plan of the queue that Erlang's formulas describe, with so many contacts on average."""
    arrivals = Arrivals(
        QUEUE,
        (Stretch(0.0, contacts * handling_s / load, contacts),),
        Exponential(handling_s),
        patience=Exponential(patience_s) if patience_s is not None else None,
    )
    crew = Crew(tuple(AgentId(f"agent{number}") for number in range(agents)), {QUEUE: Membership()})
    return Plan("one queue", a_centre(QueueConfig("Support")), (arrivals,), (crew,), **more)  # type: ignore[arg-type]


def a_centre(*queues: QueueConfig) -> Centre:
    """Return a centre with these queues, each called by its title in small letters."""
    return Centre("Test", "GB", "en-GB", {QueueId(queue.title.lower()): queue for queue in queues}, {}, (), (), {})


def contacts_of(plan: Plan, replication: int) -> Iterator[tuple[float, float, float]]:
    """Yield the contacts that come on a day of a plan with one kind of them: coming, handling, patience."""
    arrivals, dice = plan.arrivals[0], Dice(f"{plan.seed} {replication} 0")
    for stretch in arrivals.stretches:
        rate, when = stretch.contacts / (stretch.end - stretch.start), stretch.start
        while (when := when + dice.coming.expovariate(rate)) < stretch.end:
            patience = arrivals.patience.draw(dice.patience) if arrivals.patience else inf
            yield when, arrivals.handling.draw(dice.handling), patience
