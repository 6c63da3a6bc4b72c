"""The centre as its admins wrote it down: queues, calendars, agents, outcomes. Changes only with the centre file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo
from enum import StrEnum

from trunkline.core.agent import Agent, placed
from trunkline.core.capacity import USUAL, Capacity
from trunkline.core.demand import Membership, Strategy
from trunkline.core.hours import OpeningHours
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.reply import Reply
from trunkline.core.routing import OVERTAKEN_AT_MOST, POINT


class Role(StrEnum):
    """What an agent may see and do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue. `announce_every` None: nothing is announced unless a flow's own step says so.

    `whisper` is said to the agent alone before the caller is there. With `auto_answer` phones answer by themselves.
    """

    title: str
    ring_for: timedelta = timedelta(seconds=20)
    wrap_up: timedelta = timedelta(seconds=60)
    music: str = "default"
    announce_every: timedelta | None = None
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_at_once: int = 1
    """How many agents ring at once for one entry."""
    more_wrap_up: timedelta = timedelta(seconds=60)
    """What an agent gets who asks for more time to wrap up."""
    back_off: timedelta | None = None
    """How long an agent is left alone who did not answer; None: until they say that they are ready again."""
    sticky: "Sticky | None" = None
    hours: str | None = None
    """The calendar in which its entries are offered; None: always."""
    overflow: "QueueOverflow | None" = None
    whisper: str | None = None
    auto_answer: bool = False
    follow_ups: "tuple[FollowUp, ...]" = ()
    """What its customers are asked or told when an agent was done with them."""


@dataclass(frozen=True, slots=True)
class Sticky:
    """A customer who comes back within `since` is kept `wait` long for the agent they talked to."""

    wait: timedelta
    since: timedelta


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A flow that begins with a customer, in writing, a while after an agent was done with them."""

    flow: str
    after: timedelta
    by: str = "same"
    """By which medium: sms, email, or the same that they came by (a text message for who called)."""
    dispositions: frozenset[str] = frozenset()
    """After which outcomes; empty: after all."""
    consent: str | None = None
    """To what the customer must have consented, if to anything."""
    at_most_every: timedelta | None = None
    """Nobody has it more often."""


@dataclass(frozen=True, slots=True)
class QueueOverflow:
    """Entries that have waited so long go on to another queue, with their place and their wait."""

    after: timedelta
    queue: QueueId


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """One agent, and the queues whose entries they are offered."""

    name: str
    queues: Mapping[QueueId, Membership]
    role: Role
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: Capacity = USUAL
    team: str | None = None
    hours: str | None = None
    """The calendar in which they are offered anything; None: whenever they are ready."""


@dataclass(frozen=True, slots=True)
class Disposition:
    """An outcome an agent can choose in wrap-up."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an agent is not ready."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Centre:
    """The whole centre file. `region` is the country (ISO 3166, two letters) whose national numbers need no prefix."""

    name: str
    region: str
    language: str
    queues: Mapping[QueueId, QueueConfig]
    hours: Mapping[str, OpeningHours]
    dispositions: tuple[Disposition, ...]
    reasons: tuple[Reason, ...]
    agents: Mapping[AgentId, AgentConfig]
    fallback_queue: QueueId | None = None
    skills: Mapping[str, str] = field(default_factory=dict)
    """The titles of the skills, by name."""
    teams: Mapping[str, str] = field(default_factory=dict)
    """The titles of the teams, by name."""
    point: timedelta = POINT
    """The wait that one point of priority is worth."""
    overtaken_at_most: int = OVERTAKEN_AT_MOST
    replies: Mapping[str, Reply] = field(default_factory=dict)
    replies_revision: str = ""
    """Other replies have another one; empty where there are none."""

    @property
    def queue_of_fallback(self) -> QueueId:
        """Return where messages go that were left while nobody served: the queue that is named, else the first."""
        return self.fallback_queue or next(iter(self.queues))

    @property
    def zone(self) -> tzinfo | None:
        """The time zone in which its days begin, that of its first calendar; None where it has no calendar."""
        return next((hours.zone for hours in self.hours.values()), None)

    def queue(self, id_: QueueId) -> QueueConfig:
        """Return a queue; one that has left the file while somebody waits in it goes on under its id, as is usual."""
        return self.queues.get(id_) or QueueConfig(id_)


def at_post(agent: Agent, centre: Centre) -> Agent:
    """Return an agent with what the centre file says of them; who is not in it serves nothing."""
    config = centre.agents.get(agent.id)
    if config is None:
        return placed(agent, {})
    named = replace(agent, name=config.name, role=config.role.value, capacity=config.capacity)
    return placed(named, config.queues, config.skills)
