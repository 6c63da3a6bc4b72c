"""What is to be tried: who comes when and asks what, who is there to serve, and how often it is played.

Times of day are seconds since the midnight before; a night shift may end on the next day, beyond 86,400.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.core.capacity import USUAL, Capacity
from trunkline.core.centre import Centre
from trunkline.core.demand import Membership, Relaxed, Skills
from trunkline.core.ids import AgentId, QueueId
from trunkline.planning.distributions import Fixed, Length

ALWAYS: tuple[tuple[float, float], ...] = ()
"""The shift of who is there all the time."""
AT_ONCE = Fixed(0.0)
_A_MINUTE = Fixed(60.0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the day in which contacts come evenly: a Poisson process with `contacts` as its mean number."""

    start: float
    end: float
    contacts: float


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Contacts of one kind: when they come, what they ask, and how long they and their agents take."""

    queue: QueueId
    stretches: tuple[Stretch, ...]
    handling: Length
    wrap_up: Length = AT_ONCE
    patience: Length | None = None
    """How long they wait before they give up; None: they never do."""
    medium: str = "voice"
    priority: int = 0
    skills: Skills = frozenset()
    prefer: frozenset[str] = frozenset()
    relax: tuple[Relaxed, ...] = ()
    moments: tuple[float, ...] = ()
    """When contacts come for certain, in their order, instead of by chance in the stretches."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Agents of one kind, and when they are there: the stretches of their shift between their breaks."""

    agents: tuple[AgentId, ...]
    queues: Mapping[QueueId, Membership]
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: Capacity = USUAL
    shift: tuple[tuple[float, float], ...] = ALWAYS


@dataclass(frozen=True, slots=True)
class Answering:
    """How agents take what they are offered."""

    rings: Length = AT_ONCE
    """How long until they answer; who takes longer than the queue's `ring_for` has not answered."""
    missed: float = 0.0
    """The share of offers that nobody answers."""
    back_after: Length = _A_MINUTE
    """How long who did not answer is not ready, where the queue has no `back_off`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A day to be tried under one centre's rules."""

    name: str
    centre: Centre
    arrivals: tuple[Arrivals, ...]
    crews: tuple[Crew, ...]
    answering: Answering = Answering()
    within_s: float = 20.0
    """Whoever is served within this time was served in time."""
    warm_up: float = 0.0
    """The time of day from which on is counted."""
    seed: int = 1
    replications: int = 10

    @property
    def end(self) -> float:
        """The time of day at which the last contacts come."""
        ends = [stretch.end for each in self.arrivals for stretch in each.stretches]
        return max(ends + [moment for each in self.arrivals for moment in each.moments], default=0.0)
