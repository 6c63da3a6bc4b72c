"""The centre as its admins wrote it down: queues, calendars, agents, outcomes. Changes only with the centre file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from trunkline.core.hours import OpeningHours
from trunkline.core.ids import AgentId, QueueId


class Role(StrEnum):
    """What an agent may see and do."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue. `announce_every` None: nothing is announced unless a flow's own step says so."""

    title: str
    ring_for: timedelta
    wrap_up: timedelta
    music: str
    announce_every: timedelta | None


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """One agent, and the queues whose entries they are offered."""

    name: str
    queues: frozenset[QueueId]
    role: Role


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

    @property
    def queue_of_fallback(self) -> QueueId:
        """Return where messages go that were left while nobody served: the queue that is named, else the first."""
        return self.fallback_queue or next(iter(self.queues))

    def queue(self, id_: QueueId) -> QueueConfig:
        """Return a queue; one that has left the file while somebody waits in it goes on under its id, as is usual."""
        return self.queues.get(id_) or QueueConfig(
            id_, ring_for=timedelta(seconds=20), wrap_up=timedelta(seconds=60), music="default", announce_every=None
        )
