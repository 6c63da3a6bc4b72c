"""A customer, and what the desk shows of their history."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trunkline.core.ids import AgentId, CustomerId, InteractionId, QueueId
from trunkline.core.interaction import Outcome, Voicemail


@dataclass(frozen=True, slots=True)
class Note:
    """What an agent wrote about a customer's interaction."""

    at: datetime
    by: AgentId | None
    text: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or firm who contacts us; `addresses` are E.164 numbers (and, later, other media's ids)."""

    id: CustomerId
    name: str | None
    addresses: tuple[str, ...]
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    is_new: bool = field(default=False, compare=False)
    """Whether this very look has made them: then there is nothing before."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who comes, by an address that is not empty, at this moment."""

    address: str
    medium: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PastInteraction:
    """One ended interaction in a customer's timeline."""

    id: InteractionId
    at: datetime
    medium: str
    queue: QueueId | None
    agent: AgentId | None
    disposition: str | None
    note: str
    talked: timedelta
    outcome: Outcome | None
    voicemail: Voicemail | None = None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """An agent's own figures since midnight of the centre's day."""

    handled: int = 0
    talk: timedelta = timedelta()
    wrap_up: timedelta = timedelta()
    missed: int = 0
    longest_talk: timedelta = timedelta()
