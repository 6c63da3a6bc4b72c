"""The workload of `routing`: one floor for the engine and for its peers, of any size, made by one seed.

100 queues and 200 skills. Each queue's flows ask one of its four skills at one of two levels, by voice (six of ten),
chat (three) or email: 24 different things to ask in each queue. Each agent has a post of their own: four queues, and
three of the four skills of each, at levels of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import NamedTuple

from trunkline.core.demand import Membership, Order, Post, Skills, post_of
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry
from trunkline.core.routing import Routing

NOW = datetime(2027, 1, 4, 12, tzinfo=UTC).timestamp()
QUEUES, SKILLS, LEVELS, MEDIA = 100, 200, (3, 6), ("voice", "chat", "email")
_WEIGHTS = (6, 3, 1)
ROOM, NO_ROOM = frozenset(MEDIA), frozenset[str]()


class Asked(NamedTuple):
    """What somebody asks who waits."""

    queue: QueueId
    medium: str
    skills: Skills
    priority: int


class Coming(NamedTuple):
    """Somebody who comes."""

    id: InteractionId
    entry: Entry
    medium: str


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent and what they bring."""

    id: AgentId
    post: Post
    queues: frozenset[QueueId]
    skills: dict[str, int]


def skills_of(queue: int) -> list[str]:
    """Return the four skills that a queue's flows ask; each is asked in two queues."""
    return [f"skill{(queue * 2 + at) % SKILLS}" for at in range(4)]


def workers(many: int, random: Random) -> list[Worker]:
    """Return so many agents."""
    made = []
    for number in range(many):
        queues = random.sample(range(QUEUES), 4)
        skills = {skill: random.randint(2, 10) for queue in queues for skill in random.sample(skills_of(queue), 3)}
        memberships = {QueueId(f"queue{queue}"): Membership() for queue in queues}
        made.append(Worker(AgentId(f"agent{number}"), post_of(memberships, skills), frozenset(memberships), skills))
    return made


def asked(random: Random) -> Asked:
    """Return what the next one asks."""
    queue = random.randrange(QUEUES)
    skills = frozenset([(random.choice(skills_of(queue)), random.choice(LEVELS))])
    return Asked(
        QueueId(f"queue{queue}"), random.choices(MEDIA, _WEIGHTS)[0], skills, random.choices((0, 1, 2), (8, 1, 1))[0]
    )


class Ours:
    """The engine with the floor in it, and its two cycles: an agent becomes free, or somebody comes."""

    def __init__(self, staff: Sequence[Worker], waiting: Sequence[Asked]) -> None:
        self.routing = Routing()
        self.staff = {worker.id: worker for worker in staff}
        self.asks: dict[InteractionId, Asked] = {}
        self.now = NOW
        self._numbers = count()
        for ask in waiting:
            self.come(self.prepared(ask))
        for worker in staff:
            self.routing.agents.seat(worker.id, worker.post, NO_ROOM, Order(self.now))

    def prepared(self, ask: Asked) -> Coming:
        """Return somebody who will come: making the record is the intake's work, not routing's."""
        self.now += 0.001
        id_ = InteractionId(f"{next(self._numbers):012}")
        self.asks[id_] = ask
        entry = Entry(ask.queue, datetime.fromtimestamp(self.now, UTC), ask.priority, skills=ask.skills)
        return Coming(id_, entry, ask.medium)

    def order(self) -> Order:
        """Return where somebody stands who is offered something now: that is the agent's record, not routing's."""
        return Order(self.now, self.now)

    def come(self, who: Coming) -> AgentId | None:
        """Let somebody wait; return the free agent to ask first."""
        id_, entry, medium = who
        self.routing.wait(id_, entry, now=self.now, medium=medium)
        return self.routing.agent_for(id_, now=self.now)

    def free(self, worker: Worker, order: Order) -> None:
        """Give an agent room for everything."""
        self.routing.agents.seat(worker.id, worker.post, ROOM, order)

    def offer(self, worker: Worker, order: Order) -> InteractionId | None:
        """Choose for an agent, take the chosen, use up the agent's room; then there is nothing more for them."""
        routing, now, agent = self.routing, self.now, worker.id
        id_ = routing.entry_for(agent, now=now)
        if id_ is None:
            return None
        routing.take(id_, agent)
        routing.agents.seat(agent, worker.post, NO_ROOM, order)
        more = routing.entry_for(agent, now=now)
        routing.forget(id_)
        return id_ if more is None else None
