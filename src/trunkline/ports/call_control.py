"""What the contact centre asks of a telephone switch, and what the switch tells it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from trunkline.core.call import Call, OfferFailure, Picture
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId

# --- What the switch tells -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineOpened:
    """A caller's channel entered AsyncAGI: a flow can talk to it now.

    `caller` and `dialled` are as the wire gave them (control characters removed, at most 256 characters);
    an empty `caller` is an anonymous one.
    """

    call: Call
    caller: str
    caller_name: str
    dialled: str
    trunk: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A caller's channel is gone; `cause` is the Q.850 cause code, 0 when unknown."""

    call: CallId
    cause: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentRinging:
    """An agent's phone rings for this offer."""

    offer: OfferId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentJoined:
    """The agent's leg and the caller's are in one bridge: they hear each other."""

    offer: OfferId
    call: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLegEnded:
    """The agent's leg is gone. `failure` is None when agent and caller had been joined."""

    offer: OfferId
    failure: OfferFailure | None
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The agent's phone put the caller on hold, or took the caller back."""

    offer: OfferId
    held: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementDue:
    """A waiting caller's next announcement is about to be spoken: say where they stand, now."""

    call: Call
    at: datetime


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """An agent's SIP endpoint became reachable, or is no more."""

    endpoint: str
    reachable: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class SwitchFound:
    """The switch answers (again). Events were missed: reconcile before anything else."""

    asterisk: AsteriskId
    at: datetime


@dataclass(frozen=True, slots=True)
class SwitchLost:
    """The switch does not answer; nothing that is asked of it now will happen."""

    asterisk: AsteriskId
    at: datetime


CallEvent = (
    LineOpened
    | CallEnded
    | AgentRinging
    | AgentJoined
    | AgentLegEnded
    | HoldChanged
    | AnnouncementDue
    | PhoneChanged
    | SwitchFound
    | SwitchLost
)

# --- What the switch is asked ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ring:
    """One offer, as the switch needs it: ring `endpoint`, and on answer join it with the caller."""

    offer: OfferId
    interaction: InteractionId
    call: Call
    endpoint: str
    ring_for: timedelta
    caller: str
    caller_name: str


class CallControl(Protocol):
    """What the contact centre asks of a telephone switch.

    Each method returns once the switch has taken the action, not once it has happened: what happens comes back as a
    CallEvent. Each raises Unavailable when the switch cannot be reached or the outcome is unknown (then reconcile,
    never repeat), and does nothing for a channel that is gone.
    """

    async def ring(self, ring: Ring) -> None:
        """Ring an agent's phone; on answer the switch itself joins the two."""

    async def stop_ringing(self, offer: OfferId) -> None:
        """End the agent's leg of an offer, whether ringing or joined."""

    async def hang_up(self, call: Call) -> None:
        """End a caller's call."""

    async def to_flow(self, call: Call) -> None:
        """Send a caller into a flow from wherever they are; LineOpened follows."""

    async def to_waiting(self, call: Call, *, music: str, announce_every: timedelta) -> None:
        """Send a caller to wait with music, in the dialplan, out of our hands."""

    async def tell_place(self, call: Call, *, position: int | None, wait: timedelta | None) -> None:
        """Answer an AnnouncementDue: the place (1 is next) and the expected wait; None leaves that one unsaid."""

    async def picture(self) -> Picture:
        """Return every channel of ours and every bridge, as the switch sees them now."""
