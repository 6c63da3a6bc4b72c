"""Say in the centre's words what Asterisk's events mean: the one place where AMI headers become ours. Pure."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trunkline.core.call import Call, OfferFailure, Picture
from trunkline.core.ids import AsteriskId, CallId, OfferId
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    CallTransferred,
    HoldChanged,
    KeyPressed,
    LineOpened,
    NotReached,
    PhoneChanged,
    TransferEnded,
)
from trunkline.telephony.encode import clean
from trunkline.telephony.header import (
    LONGEST_TEXT,
    endpoint_of,
    has_phone,
    offer_of,
    originated,
    stranger_name,
    stranger_text,
    variable,
)

ANNOUNCEMENT = "TrunklineAnnounce"
NOT_REACHED = "TrunklineNotReached"
TRANSFERRED = "TrunklineTransferred"
TRANSFER_ENDED = "TrunklineTransferEnded"
TAKEN = "TrunklineTaken"

WANTED = frozenset(
    {
        "AsyncAGIEnd",
        "AsyncAGIExec",
        "AsyncAGIStart",
        "BridgeDestroy",
        "BridgeEnter",
        "BridgeLeave",
        "DTMFEnd",
        "DeviceStateChange",
        "Hangup",
        "Hold",
        "NewCallerid",
        "Newstate",
        "OriginateResponse",
        "Unhold",
        "UserEvent",
    }
)
"""The events that concern us; manager.conf should let through no others."""
_REMEMBERED = 10_000
_KEYS = frozenset("0123456789*#")

# Q.850 cause codes, as Asterisk's chan_pjsip gives them for SIP answers: 17 = 486 and 600, 21 = 401, 403 and 603.
_DECLINED = frozenset({17, 21})
_NO_ANSWER = frozenset({16, 18, 19})
_RANG = frozenset({"Ringing", "Up"})
"""The states of a leg whose phone has answered an INVITE with more than that it tries."""
_NOT_BY_A_PHONE = 0
"""Before it rang no answer leads to it: Asterisk had no port for the INVITE. Who answered may leave with it too."""
ANSWERED_ELSEWHERE = 26
"""The cause with which the dialplan and we end the legs of those who are too late; no SIP answer leads to it."""


def failure_by_cause(cause: int, *, rang: bool) -> OfferFailure:
    """Return why an agent's leg ended that was never joined.

    A phone that never rang and gives no answer is not a phone that somebody left ringing.
    """
    if cause == ANSWERED_ELSEWHERE:
        return OfferFailure.TAKEN
    if cause in _DECLINED:
        return OfferFailure.DECLINED
    if cause in _NO_ANSWER and rang:
        return OfferFailure.NO_ANSWER
    return OfferFailure.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Taken:
    """An agent's leg has the caller for itself: they are about to be joined, and nobody else is."""

    offer: OfferId


@dataclass(slots=True)
class _Leg:
    """What is known of an agent's leg while it lives."""

    channel: str = ""
    """Its channel's name, by which alone Asterisk finds it at once among thousands."""
    rang: bool = False
    taken: bool = False
    """Whether it has the caller for itself."""
    joined: bool = False
    told: bool = False
    """Whether AgentJoined has been told; a picture may have shown it first."""


@dataclass(slots=True)
class _Bridge:
    """Who is in a bridge, in the order of coming."""

    callers: dict[str, Call] = field(default_factory=dict)
    offers: dict[OfferId, None] = field(default_factory=dict)


class Translator:
    """One switch's events in, what they mean out.

    It remembers who is in which bridge, and which offers' legs have ended: events that come twice, late or in an odd
    order do no harm, and each offer's leg ends once.
    """

    def __init__(self, asterisk: AsteriskId) -> None:
        self._asterisk = asterisk
        self._legs: dict[OfferId, _Leg] = {}
        self._ended: OrderedDict[OfferId, None] = OrderedDict()
        self._bridges: dict[str, _Bridge] = {}
        self._phones: dict[str, bool] = {}
        self.meanings: Mapping[str, Callable[[Mapping[str, str], datetime], CallEvent | Taken | None]] = {
            "AsyncAGIStart": self._line_opened,
            "BridgeDestroy": self._bridge_destroyed,
            "BridgeEnter": self._bridge_entered,
            "BridgeLeave": self._bridge_left,
            "DTMFEnd": self._key_pressed,
            "DeviceStateChange": self._device_changed,
            "Hangup": self._hung_up,
            "Hold": self._held,
            "Newstate": self._state_changed,
            "OriginateResponse": self._originated,
            "Unhold": self._held,
            "UserEvent": self._user_event,
            "NewCallerid": self._created,
        }
        """How each event that concerns us is translated; one that changes nothing for us gives None."""

    def learn(self, picture: Picture) -> None:
        """Take over what a picture shows of agents' legs and phones, after events were missed."""
        for seen in picture.agent_legs:
            if seen.offer not in self._ended:
                leg = self._legs.setdefault(seen.offer, _Leg())
                leg.channel, leg.joined = seen.channel, leg.joined or seen.joined
        for endpoint in picture.reachable:
            self._phones[endpoint] = True

    def forget(self) -> None:
        """Forget bridges and phones: events are being missed."""
        self._bridges.clear()
        self._phones.clear()

    def _line_opened(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        call = self._call(message)
        if call is None:
            return None
        return LineOpened(
            call,
            caller=stranger_text(message.get("CallerIDNum")),
            caller_name=stranger_name(message.get("CallerIDName")),
            dialled=variable(message, "TL_DIALLED"),
            trunk=variable(message, "TL_TRUNK"),
            at=at,
        )

    def channel_of(self, offer: OfferId) -> str | None:
        """Return the name of an offer's leg, None while there is none that we heard of."""
        leg = self._legs.get(offer)
        return leg.channel or None if leg is not None else None

    def has_ended(self, offer: OfferId) -> bool:
        """Whether an offer's leg is known to have ended."""
        return offer in self._ended

    def _created(self, message: Mapping[str, str], at: datetime) -> None:
        """Asterisk has made a leg: its caller's number is set after its variables, and before its phone is called."""
        if (offer := offer_of(message)) is not None:
            self._leg(offer, message.get("Channel", ""))

    def _state_changed(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        offer = offer_of(message)
        if offer is None or (leg := self._leg(offer, message.get("Channel", ""))) is None:
            return None
        state = message.get("ChannelStateDesc")
        first, leg.rang = not leg.rang, leg.rang or state in _RANG
        if state == "Up" and not leg.joined:
            return AgentAnswered(offer, at)
        return AgentRinging(offer, at) if first and state == "Ringing" else None

    def _bridge_entered(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        uniqueid, bridge = message.get("Uniqueid"), message.get("BridgeUniqueid")
        if not uniqueid or not bridge:
            return None
        if (inside := self._bridges.get(bridge)) is None:
            inside = self._bridges[bridge] = _Bridge()
        offer = offer_of(message)
        if offer is None:
            inside.callers[uniqueid] = Call(CallId(self._asterisk, uniqueid), message.get("Channel", ""))
        else:
            inside.offers[offer] = None
        return self._joined(inside, at) if inside.callers else None

    def _joined(self, inside: "_Bridge", at: datetime) -> AgentJoined | None:
        for offer in inside.offers:
            if offer in self._ended:
                continue
            leg = self._legs.setdefault(offer, _Leg())
            if not leg.told:
                leg.joined = leg.told = True
                return AgentJoined(offer, next(iter(inside.callers.values())), at)
        return None

    def _bridge_left(self, message: Mapping[str, str], at: datetime) -> None:
        bridge, uniqueid = message.get("BridgeUniqueid", ""), message.get("Uniqueid", "")
        inside = self._bridges.get(bridge)
        if inside is None:
            return
        inside.callers.pop(uniqueid, None)
        if (offer := offer_of(message)) is not None:
            inside.offers.pop(offer, None)
        if not inside.callers and not inside.offers:
            del self._bridges[bridge]

    def _bridge_destroyed(self, message: Mapping[str, str], at: datetime) -> None:
        self._bridges.pop(message.get("BridgeUniqueid", ""), None)

    def _hung_up(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        uniqueid, cause = message.get("Uniqueid", ""), _number(message.get("Cause", ""))
        offer = offer_of(message)
        if offer is None:
            return CallEnded(CallId(self._asterisk, uniqueid), cause, at) if uniqueid else None
        leg = self._legs.get(offer, _Leg())
        if leg.joined:
            return self._end(offer, None, at)
        if leg.taken and cause != ANSWERED_ELSEWHERE:
            # Whoever hangs up while they hear whom the call is for does not want it.
            return self._end(offer, OfferFailure.DECLINED, at)
        rang = leg.rang or message.get("ChannelStateDesc") in _RANG
        if cause == _NOT_BY_A_PHONE and not rang:
            return self._end(offer, OfferFailure.NO_ROOM, at)
        return self._end(offer, failure_by_cause(cause, rang=rang), at)

    def _originated(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        """An Originate that failed before it had a channel: no Hangup will come."""
        offer = originated(message)
        if message.get("Response") != "Failure" or offer is None or offer in self._legs:
            return None
        return self._end(offer, OfferFailure.UNREACHABLE, at)

    def _held(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        offer = offer_of(message)
        if offer is None or offer in self._ended:
            return None
        return HoldChanged(offer, held=message.get("Event") == "Hold", at=at)

    def _user_event(self, message: Mapping[str, str], at: datetime) -> CallEvent | Taken | None:
        """The dialplan tells something. Only words of its own are in these, never a caller's."""
        kind, status = message.get("UserEvent"), clean(message.get("Status", ""), at_most=LONGEST_TEXT)
        if kind == TAKEN:
            return self._taken(offer_of(message))
        if kind == NOT_REACHED:
            offer = offer_of(message)
            return NotReached(offer, status, at) if offer is not None and offer not in self._ended else None
        if kind == TRANSFERRED:
            # It comes from the leg of whoever took the call.
            caller = message.get("Caller", "")
            return CallTransferred(CallId(self._asterisk, caller), at) if caller else None
        call = self._call(message)
        if call is None:
            return None
        if kind == TRANSFER_ENDED:
            return TransferEnded(call.id, status, at)
        return AnnouncementDue(call, at) if kind == ANNOUNCEMENT else None

    def _taken(self, offer: OfferId | None) -> Taken | None:
        if offer is None or offer in self._ended:
            return None
        self._legs.setdefault(offer, _Leg()).taken = True
        return Taken(offer)

    def _key_pressed(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        call, key = self._call(message), message.get("Digit", "")
        if call is None or key not in _KEYS or message.get("Direction") == "Sent":
            return None
        return KeyPressed(call.id, key, at)

    def _device_changed(self, message: Mapping[str, str], at: datetime) -> CallEvent | None:
        endpoint, state = endpoint_of(message), message.get("State")
        if endpoint is None or self._phones.get(endpoint) is (reachable := has_phone(state)):
            return None
        self._phones[endpoint] = reachable
        return PhoneChanged(endpoint, reachable, at)

    def _end(self, offer: OfferId, failure: OfferFailure | None, at: datetime) -> AgentLegEnded | None:
        if offer in self._ended:
            return None
        self._legs.pop(offer, None)
        self._ended[offer] = None
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)
        return AgentLegEnded(offer, failure, at)

    def _leg(self, offer: OfferId, channel: str) -> _Leg | None:
        """Return an offer's leg, new where it was not known; None once it has ended."""
        if offer in self._ended:
            return None
        leg = self._legs.setdefault(offer, _Leg())
        leg.channel = leg.channel or channel
        return leg

    def _call(self, message: Mapping[str, str]) -> Call | None:
        uniqueid, channel = message.get("Uniqueid", ""), message.get("Channel", "")
        if not uniqueid or not channel or offer_of(message) is not None:
            return None
        return Call(CallId(self._asterisk, uniqueid), channel)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
