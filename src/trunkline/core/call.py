"""A call as the switch holds it: the caller's leg, the agent's leg, and a picture of all of them at one moment."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.core.record import record


@record
class Call:
    """A caller's leg: its key, and the channel name that actions on it need."""

    id: CallId
    channel: str


class OfferFailure(StrEnum):
    """Why an offer's leg ended before the agent and the caller were joined."""

    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    TAKEN = "taken"
    """The caller is somebody else's by now, or gone: no fault of this agent's."""
    NO_ROOM = "no_room"
    """The switch could not make the leg: no fault of this agent's, nor of their phone."""


class Where(StrEnum):
    """Where a caller's channel is."""

    FLOW = "flow"
    """In AsyncAGI, or on its way to it."""
    SAFE = "safe"
    """In the safe place: music, because nobody talked to it in time."""
    WAITING = "waiting"
    TALKING = "talking"
    """In a bridge with an agent's leg."""
    AFTER = "after"
    """The agent has left; on its way out."""
    FALLBACK = "fallback"
    """In the static fallback, which serves callers without us."""
    TRANSFER = "transfer"
    """Somebody outside is being called for them."""
    OUTSIDE = "outside"
    """They talk to somebody outside."""


@record
class CallerSeen:
    """A caller's channel in a picture."""

    call: Call
    where: Where
    caller: str
    caller_name: str
    dialled: str
    trunk: str
    with_offer: OfferId | None
    """The agent's leg in the same bridge."""


@record
class AgentLegSeen:
    """An agent's leg in a picture."""

    offer: OfferId
    interaction: InteractionId | None
    answered: bool
    joined: bool
    channel: str = ""
    """Its name, by which the switch finds it."""


@record
class Picture:
    """One switch at one moment."""

    asterisk: AsteriskId
    at: datetime
    callers: Sequence[CallerSeen]
    agent_legs: Sequence[AgentLegSeen]
    reachable: frozenset[str]
    """The endpoints that have a phone registered."""
