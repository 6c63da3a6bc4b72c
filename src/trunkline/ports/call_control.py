"""What the contact centre asks of a telephone switch, and what the switch tells it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from trunkline.core.call import Call, OfferFailure, Picture
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.core.record import record

# --- What the switch tells -------------------------------------------------------------------------------------------


@record
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


@record
class CallEnded:
    """A caller's channel is gone; `cause` is the Q.850 cause code, 0 when unknown."""

    call: CallId
    cause: int
    at: datetime


@record
class AgentRinging:
    """An agent's phone rings for this offer."""

    offer: OfferId
    at: datetime


@record
class AgentJoined:
    """The agent's leg and the caller's (or the called customer's) are in one bridge: they hear each other."""

    offer: OfferId
    call: Call
    at: datetime


@record
class AgentAnswered:
    """The agent's phone was answered; whom a callback is for is being rung."""

    offer: OfferId
    at: datetime


@record
class NotReached:
    """Whom a callback is for did not take it: `why` is Asterisk's DIALSTATUS, such as BUSY or NOANSWER."""

    offer: OfferId
    why: str
    at: datetime


@record
class KeyPressed:
    """A caller pressed a key (0-9 * #), wherever they are."""

    call: CallId
    key: str
    at: datetime


@record
class CallTransferred:
    """Somebody outside has taken the caller."""

    call: CallId
    at: datetime


@record
class TransferEnded:
    """Nobody outside took the caller, who is about to be back in the flow: `why` is Asterisk's DIALSTATUS."""

    call: CallId
    why: str
    at: datetime


@record
class AgentLegEnded:
    """The agent's leg is gone. `failure` is None when agent and caller had been joined."""

    offer: OfferId
    failure: OfferFailure | None
    at: datetime


@record
class HoldChanged:
    """The agent's phone put the caller on hold, or took the caller back."""

    offer: OfferId
    held: bool
    at: datetime


@record
class AnnouncementDue:
    """A waiting caller's next announcement is about to be spoken: say where they stand, now."""

    call: Call
    at: datetime


@record
class PhoneChanged:
    """An agent's SIP endpoint became reachable, or is no more."""

    endpoint: str
    reachable: bool
    at: datetime


@record
class SwitchFound:
    """The switch answers (again). Events were missed: reconcile before anything else."""

    asterisk: AsteriskId
    at: datetime


@record
class SwitchLost:
    """The switch does not answer; nothing that is asked of it now will happen."""

    asterisk: AsteriskId
    at: datetime


CallEvent = (
    LineOpened
    | CallEnded
    | AgentRinging
    | AgentAnswered
    | AgentJoined
    | AgentLegEnded
    | CallTransferred
    | KeyPressed
    | NotReached
    | TransferEnded
    | HoldChanged
    | AnnouncementDue
    | PhoneChanged
    | SwitchFound
    | SwitchLost
)

# --- What the switch is asked ----------------------------------------------------------------------------------------


@record
class Ring:
    """One offer, as the switch needs it: ring `endpoint`, and on answer join it with the caller.

    `whisper` is a sound that the agent alone hears before, at most five seconds of it. `auto_answer` asks the phone to
    answer by itself.
    """

    offer: OfferId
    interaction: InteractionId
    call: Call
    endpoint: str
    ring_for: timedelta
    caller: str
    caller_name: str
    whisper: Path | None = None
    auto_answer: bool = False


@record
class CallBack:
    """One offer of a callback: ring the agent's `endpoint`, and on answer call `number` (E.164) and join the two.

    `browser` is the endpoint of a visitor's browser, which is called in place of a number.
    """

    offer: OfferId
    interaction: InteractionId
    endpoint: str
    number: str
    ring_for: timedelta
    name: str
    browser: str | None = None


class CallControl(Protocol):
    """What the contact centre asks of a telephone switch.

    Each method returns once the switch has taken the action, not once it has happened: what happens comes back as a
    CallEvent. Each raises Unavailable when the switch cannot be reached or the outcome is unknown (then reconcile,
    never repeat), and does nothing for a channel that is gone.
    """

    async def ring(self, ring: Ring) -> None:
        """Ring an agent's phone; on answer the switch itself joins the two.

        Several agents may be rung for one caller: the switch joins the first who answers, and the legs of the others
        end with OfferFailure.TAKEN. A caller whom nobody takes stays where they are.
        """

    def may_call(self, number: str) -> bool:
        """Say whether a number in E.164 may be called at all: only what an admin allowed on a trunk."""

    async def call_back(self, back: CallBack) -> None:
        """Ring an agent's phone; on answer the switch itself calls the customer and joins the two.

        AgentAnswered, then AgentJoined or NotReached follow.
        """

    async def transfer(self, call: Call, number: str, *, ring_for: timedelta) -> None:
        """Call a number in E.164 for a caller, who hears it ring: CallTransferred or TransferEnded follows."""

    async def stop_ringing(self, offer: OfferId) -> None:
        """End the agent's leg of an offer that is none any more; whom it was joined with meanwhile waits on."""

    async def hang_up(self, call: Call) -> None:
        """End a caller's call."""

    async def to_flow(self, call: Call) -> None:
        """Send a caller into a flow from wherever they are; LineOpened follows."""

    async def to_waiting(self, call: Call, *, music: str, announce_every: timedelta) -> None:
        """Send a caller to wait with music, in the dialplan, out of our hands."""

    async def announce(self, call: Call, sounds: Sequence[Path]) -> None:
        """Answer an AnnouncementDue: the sounds that the caller hears now, before the music goes on."""

    async def picture(self) -> Picture:
        """Return every channel of ours and every bridge, as the switch sees them now."""
