"""What an entry asks of an agent, what an agent brings, and in which order able agents are asked."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from trunkline.core.ids import AgentId, QueueId
from trunkline.core.record import record

Skills = frozenset[tuple[str, int]]
"""Skills, each with a level of 1 to 10; as a set, so that equal demands are one."""


class Strategy(StrEnum):
    """Who is asked first among the free agents of one rank, when no preferred skill tells them apart."""

    LONGEST_IDLE = "longest_idle"
    LEAST_OCCUPIED = "least_occupied"
    """The smallest share of the last hour spent with customers, the recent counting more."""
    MOST_SKILLED = "most_skilled"
    """The highest sum of levels in what is asked, then the longest idle."""
    ROUND_ROBIN = "round_robin"
    """Whose last offer is the longest ago, whether they took it or not."""
    RING_ALL = "ring_all"
    """As longest idle, but several at once: who answers first has it."""


@record
class Relaxed:
    """What is still asked once an entry has waited so long."""

    after: timedelta
    skills: Skills


@record
class Wanted:
    """The one agent an entry is for: nobody else is asked before `until`, or ever, when that is None."""

    agent: AgentId
    until: datetime | None = None


@record
class Moves:
    """Where an entry goes on to wait, with its place and its wait, when nobody came by then."""

    queue: QueueId
    at: datetime


@record
class Membership:
    """An agent's place in a queue. Lower ranks are asked first.

    Whoever has an `after` is in reserve: they are asked only for entries that count as having waited so long.
    """

    rank: int = 1
    after: timedelta = timedelta()


@record
class Post:
    """What an agent brings: their queues and skills. Agents with equal posts are alike to routing."""

    queues: frozenset[tuple[QueueId, Membership]]
    skills: Skills = frozenset()


class Order(NamedTuple):
    """Where an agent stands among free agents, for each kind of strategy: the smaller is asked first.

    None of them ever grows smaller.

    Seconds since 1970 for the first two; `load` is `busy_load` of core/occupancy.
    """

    idle_since: float
    offered_at: float = 0.0
    load: float = 0.0


def post_of(queues: Mapping[QueueId, Membership], skills: Mapping[str, int]) -> Post:
    """Return the post of somebody with these queues and skills."""
    return Post(frozenset(queues.items()), frozenset(skills.items()))


def lacks(skills: Mapping[str, int], asked: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return what of the asked skills is not there, or not at that level."""
    return sorted((skill, level) for skill, level in asked if skills.get(skill, 0) < level)
