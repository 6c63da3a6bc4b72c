"""CallControl over one Asterisk."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from trunkline.core.call import Call, Picture
from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.ids import AsteriskId, OfferId
from trunkline.core.outbound import Route, route_to
from trunkline.ports.call_control import AgentJoined, AgentLegEnded, CallBack, CallEvent, Ring, SwitchFound, SwitchLost
from trunkline.telephony.ami import Ami, Meaning, Refused
from trunkline.telephony.encode import Action, clean
from trunkline.telephony.header import OFFER, ORIGINATE_ID, offer_of, originated
from trunkline.telephony.legs import Legs
from trunkline.telephony.link import LinkDown, LinkUp
from trunkline.telephony.picture import DEVICES, STATUS, picture_of
from trunkline.telephony.translate import ANSWERED_ELSEWHERE, Taken, Translator
from trunkline.telephony.wire import Message

log = logging.getLogger(__name__)

_LONGEST_NAME = 60
_UNWANTED_KEPT = 1000
_AT_ONCE = timedelta(seconds=1)
_NORMAL = 16
"""Q.850: normal clearing."""
_LEG_EVENTS = ("NewCallerid", "Newstate", "Hangup", "OriginateResponse")
_MADE = frozenset({"NewCallerid", "Newstate"})
"""What tells first that there is a leg."""
_CHANNEL = re.compile(r"[A-Za-z0-9_./@:;+-]{1,120}")
_NUMBER = re.compile(r"\+[0-9]{7,15}")
_SOUND = re.compile(r"[^&,;|${}()\"\\\x00-\x1f]{1,200}")
_SOUNDS_AT_ONCE = 4
_TO_VISITORS = "trunkline"
"""Who calls, as a visitor's browser is told: it calls nobody by it."""
_ENDPOINT = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MUSIC = re.compile(r"[A-Za-z0-9_.-]{1,70}")
"""Part of an extension, of which Asterisk takes 79 characters."""


_ANSWER_BY_ITSELF = (
    "PJSIP_HEADER(add,Call-Info)=<sip:127.0.0.1>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)=<http://127.0.0.1>;info=alert-autoanswer;delay=0",
)
"""What makes a SIP phone answer: each maker's phones know one of the two. Asterisk sets variables before it rings."""


class OddName(Rejected):
    """A channel's, endpoint's or music's name that no dialplan of ours makes."""


class NotAllowed(Rejected):
    """A number that no trunk may call."""

    def __init__(self, number: str) -> None:
        super().__init__("no trunk may call this number; allow it under `calls_out` in the trunks file")
        self.number = number


@dataclass(frozen=True, slots=True)
class _UnwantedLeg:
    """An agent's leg that Asterisk has just made, for an offer that is none any more; it is ended with this cause."""

    channel: str
    cause: int


class Calls:
    """CallControl: one Asterisk's callers and agents' legs. `events` has one consumer, and must be consumed.

    Make it before `ami` runs: what came earlier was not understood.
    """

    def __init__(
        self,
        ami: Ami,
        asterisk: AsteriskId,
        *,
        inside: Callable[[Path], str] = str,
        routes: Sequence[Route] = (),
    ) -> None:
        """`inside` says how Asterisk names a file of ours; `routes` are the numbers that may be called."""
        self._ami, self._asterisk, self._inside, self._routes = ami, asterisk, inside, routes
        self._translator = Translator(asterisk)
        self._legs = Legs()
        self._unwanted: OrderedDict[OfferId, int] = OrderedDict()
        # What an offer's leg does comes as one of three; only these may be about a leg that is not wanted.
        legs = {name: self._if_wanted(self._translator.meanings[name]) for name in _LEG_EVENTS}
        ami.understand_by({**self._translator.meanings, **legs})
        ami.tap_loss(self._translator.forget)

    async def events(self) -> AsyncIterator[CallEvent]:
        """Yield what happens on the switch, in order, for as long as the process lives."""
        async for understood in self._ami.messages():
            match understood:
                case _UnwantedLeg(channel, cause):
                    await self._end_if_reached(self._hang_up_leg(channel, cause))
                case Taken(offer):
                    await self._end_others(offer)
                case AgentJoined(offer):
                    # Their legs have been ended already, unless we did not hear that the caller was taken.
                    await self._end_others(offer)
                    yield understood
                case AgentLegEnded(offer):
                    self._legs.ended(offer)
                    yield understood
                case LinkUp(at):
                    yield SwitchFound(self._asterisk, at)
                case LinkDown(at):
                    yield SwitchLost(self._asterisk, at)
                case _:
                    yield understood

    def _if_wanted(self, meaning: Meaning) -> Meaning:
        """Return the meaning of an event for a leg that is still wanted."""

        def of(message: Message, at: datetime) -> "CallEvent | Taken | _UnwantedLeg | None":
            told: CallEvent | Taken | None = meaning(message, at)
            return (self._unwanted_leg(message) if self._unwanted else None) or told

        return of

    def _unwanted_leg(self, message: Message) -> "_UnwantedLeg | None":
        """Return the leg of an offer that was withdrawn before Asterisk had made it."""
        offer = offer_of(message) or originated(message)
        cause = self._unwanted.pop(offer, None) if offer is not None else None
        channel = message.get("Channel", "")
        return _UnwantedLeg(channel, cause) if cause is not None and message.get("Event") in _MADE else None

    async def ring(self, ring: Ring) -> None:
        """Ring an agent's phone; on answer the dialplan joins it with the caller, whether we live or not."""
        action = originate(ring, self._whisper(ring.whisper))
        self._legs.rung(ring.offer, ring.interaction, ring.call)
        try:
            await self._ami.act(action)
        except Refused as refused:
            self._ring_failed(ring.offer, refused)

    def _whisper(self, sound: Path | None) -> str | None:
        """Return how Asterisk names a sound; None where there is none, which is no reason not to ring."""
        name = self._inside(sound.with_suffix("")) if sound is not None and sound.exists() else None
        if name is not None and not _SOUND.fullmatch(name):
            log.warning("a whisper was left out")
            return None
        return name

    def may_call(self, number: str) -> bool:
        """Say whether a trunk may call a number in E.164."""
        return route_to(number, self._routes) is not None

    async def call_back(self, back: CallBack) -> None:
        """Ring an agent's phone; on answer Asterisk itself calls the customer, whether we live or not."""
        if back.browser is not None:
            action = originate_back(back, f"PJSIP/{_checked(back.browser, _ENDPOINT)}", shown_as=_TO_VISITORS)
        else:
            route = self._route(back.number)
            action = originate_back(back, destination(back.number, route), shown_as=route.caller_id)
        try:
            await self._ami.act(action)
        except Refused as refused:
            self._ring_failed(back.offer, refused)

    async def transfer(self, call: Call, number: str, *, ring_for: timedelta) -> None:
        """Call a number for a caller, who hears it ring."""
        route = self._route(number)
        await self._set(call, "TL_TO", destination(number, route))
        await self._set(call, "TL_AS", route.caller_id)
        await self._redirect(call, "transfer", str(max(1, round(ring_for.total_seconds()))))

    def _route(self, number: str) -> Route:
        route = route_to(number, self._routes)
        if route is None:
            raise NotAllowed(number)
        return route

    def _ring_failed(self, offer: OfferId, refused: Refused) -> None:
        log.warning("ringing refused", extra={"offer_id": offer, "reason": refused.reason})
        # In the words in which Asterisk tells of an Originate that fails later: the floor hears of both alike.
        self._ami.repeat({"Event": "OriginateResponse", "Response": "Failure", "ActionID": ORIGINATE_ID + offer})

    async def stop_ringing(self, offer: OfferId) -> None:
        """End the agent's leg; one that Asterisk has not made yet ends as soon as it is there."""
        if (caller := self._legs.caller_of(offer)) is not None:
            # Should the agent answer in this very moment, the dialplan lets the caller wait on afterwards.
            await self._set(caller, "SHARED(TL_WITHDRAWN)", offer)
        await self._end_leg(offer, _NORMAL)

    async def hang_up(self, call: Call) -> None:
        """End a caller's call."""
        await self._on_channel({"Action": "Hangup", "Channel": call.channel, "Cause": str(_NORMAL)})

    async def to_flow(self, call: Call) -> None:
        """Send a caller into a flow: LineOpened follows."""
        await self._redirect(call, "flow", "s")

    async def to_waiting(self, call: Call, *, music: str, announce_every: timedelta) -> None:
        """Send a caller to wait with music of that class, with an AnnouncementDue every `announce_every`."""
        # One action, on the wire before anything else runs: an agent who is rung for them afterwards finds them there.
        every = max(1, round(announce_every.total_seconds()))
        await self._redirect(call, "waiting", f"{every}-{_checked(music, _MUSIC)}")

    async def announce(self, call: Call, sounds: Sequence[Path]) -> None:
        """Have the dialplan play these sounds, which must be there, to a caller it has just asked for."""
        names = [self._inside(sound.with_suffix("")) for sound in sounds if sound.exists()]
        # What ends a name for Playback cannot be in one; a header of an action has 1000 bytes.
        playable = [name for name in names if _SOUND.fullmatch(name)][:_SOUNDS_AT_ONCE]
        if len(playable) < len(names):
            log.warning("an announcement was left out", extra={"sounds": len(names) - len(playable)})
        if playable:
            await self._set(call, "TL_SAY", "&".join(playable))

    async def picture(self) -> Picture:
        """Return every channel of ours, as the switch sees them now."""
        channels, devices = await self._ami.ask(STATUS), await self._ami.ask(DEVICES)
        picture = picture_of(self._asterisk, channels, devices, self._ami.now())
        self._translator.learn(picture)
        self._legs.learn(picture)
        for leg in picture.agent_legs:
            # Withdrawn while nothing was heard of it.
            if (cause := self._unwanted.pop(leg.offer, None)) is not None:
                await self._end_if_reached(self._hang_up_leg(leg.channel, cause))
        return picture

    async def heartbeat(self) -> None:
        """Tell the dialplan that we are ready now; without it for a minute, callers are led to the fallback."""
        await self._ami.act(
            {"Action": "Setvar", "Variable": "TL_ALIVE", "Value": str(int(self._ami.now().timestamp()))}
        )

    async def name_interaction(self, call: Call, interaction: str) -> None:
        """Write the interaction's id on the caller's channel."""
        await self._set(call, "TL_INTERACTION", interaction)

    async def _end_others(self, offer: OfferId) -> None:
        """End the legs that ring, or were answered too late, for the caller whom this one has."""
        # Nearly always there are none.
        if others := self._legs.others(offer):
            ends = (self._end_leg(other, ANSWERED_ELSEWHERE) for other in others)
            await asyncio.gather(*map(self._end_if_reached, ends))

    async def _end_leg(self, offer: OfferId, cause: int) -> None:
        if (channel := self._translator.channel_of(offer)) is not None:
            await self._hang_up_leg(channel, cause)
        elif not self._translator.has_ended(offer):
            # Asterisk has not made it yet: it ends as soon as it is there.
            self._unwanted[offer] = cause
            if len(self._unwanted) > _UNWANTED_KEPT:
                self._unwanted.popitem(last=False)

    async def _hang_up_leg(self, channel: str, cause: int) -> None:
        await self._on_channel({"Action": "Hangup", "Channel": _checked(channel, _CHANNEL), "Cause": str(cause)})

    async def _end_if_reached(self, ending: Awaitable[object]) -> None:
        # Where it is answered all the same, the dialplan ends it.
        try:
            await ending
        except Unavailable as fault:
            log.warning("leg left ringing", extra={"fault": str(fault)})

    async def _redirect(self, call: Call, context: str, exten: str) -> None:
        channel = _checked(call.channel, _CHANNEL)
        await self._on_channel(
            {"Action": "Redirect", "Channel": channel, "Context": context, "Exten": exten, "Priority": "1"}
        )

    async def _set(self, call: Call, variable: str, value: str) -> None:
        channel = _checked(call.channel, _CHANNEL)
        await self._on_channel({"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value})

    async def _on_channel(self, action: Action, *, within: timedelta | None = None) -> bool:
        """Act on a channel; False when it is gone."""
        try:
            await self._ami.act(action, within=within)
        except Refused as refused:
            if is_gone(refused.reason):
                return False
            raise Unavailable(str(refused), retry=False) from refused
        return True


def originate(ring: Ring, whisper: str | None = None) -> Action:
    """Return the action that rings an agent, `whisper` being Asterisk's name of a sound.

    What the caller chose of it can be no more than a name and a number.
    """
    channel, endpoint = _checked(ring.call.channel, _CHANNEL), _checked(ring.endpoint, _ENDPOINT)
    return {
        "Action": "Originate",
        "ActionID": ORIGINATE_ID + ring.offer,
        "Channel": f"PJSIP/{endpoint}",
        "Context": "ring",
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(max(1000, int(ring.ring_for.total_seconds() * 1000))),
        "CallerID": caller_id(ring.caller_name, ring.caller),
        "Variable": [
            f"{OFFER}={ring.offer}",
            f"TL_INTERACTION={ring.interaction}",
            f"TL_CALLER={channel}",
            *([f"TL_WHISPER={whisper}"] if whisper is not None else []),
            *(_ANSWER_BY_ITSELF if ring.auto_answer else []),
        ],
        "Async": "true",
    }


def originate_back(back: CallBack, to: str, *, shown_as: str) -> Action:
    """Return the action that rings an agent for a callback; the dialplan calls the customer once they answer.

    `to` is the customer as Dial has them, `shown_as` the number that they are shown.
    """
    return {
        "Action": "Originate",
        "ActionID": ORIGINATE_ID + back.offer,
        "Channel": f"PJSIP/{_checked(back.endpoint, _ENDPOINT)}",
        "Context": "callback",
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(max(1000, int(back.ring_for.total_seconds() * 1000))),
        "CallerID": caller_id(back.name, back.number),
        "Variable": [
            f"{OFFER}={back.offer}",
            f"TL_INTERACTION={back.interaction}",
            f"TL_TO={to}",
            f"TL_AS={shown_as}",
        ],
        "Async": "true",
    }


def destination(number: str, route: Route) -> str:
    """Return a number on a trunk as Dial has it."""
    return f"PJSIP/{_checked(number, _NUMBER)}@trunk-{_checked(route.trunk, _ENDPOINT)}"


def caller_id(name: str, number: str) -> str:
    """Return `"name" <number>` for a phone's display: no quotes, brackets or backslashes of the caller's own."""
    shown = re.sub(r'["\\<>]', "", clean(name, at_most=_LONGEST_NAME)).strip()
    dialable = re.sub(r"[^0-9+*#]", "", number)[:40]
    return f'"{shown or dialable or "anonymous"}" <{dialable or "anonymous"}>'


def is_gone(reason: str) -> bool:
    """Whether Asterisk refused because there is no such channel any more."""
    return any(words in reason.lower() for words in ("no such channel", "does not exist", "not exist", "not found"))


def _checked(name: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(name):
        raise OddName(f"not a name that our dialplan knows: {name[:80]!r}")
    return name
