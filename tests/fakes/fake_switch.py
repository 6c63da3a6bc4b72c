"""A telephone switch made of people: direct its callers and agents, and look at what it was asked to do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tests.builders import a_call
from tests.fakes.fake_clock import FakeClock
from trunkline.core.call import AgentLegSeen, Call, CallerSeen, OfferFailure, Picture, Where
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AsteriskId, CallId, OfferId
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallBack,
    CallEnded,
    CallEvent,
    CallTransferred,
    HoldChanged,
    KeyPressed,
    LineOpened,
    NotReached,
    PhoneChanged,
    Ring,
    SwitchFound,
    SwitchLost,
    TransferEnded,
)

ASTERISK = AsteriskId("trunkline")


@dataclass
class FakeSwitch:
    """CallControl, and the people on the phones. `away` makes it unreachable; `deaf` keeps its events to itself."""

    clock: FakeClock
    callers: dict[CallId, CallerSeen] = field(default_factory=dict)
    legs: dict[OfferId, AgentLegSeen] = field(default_factory=dict)
    rung: list[Ring] = field(default_factory=list)
    left_alone: list[OfferId] = field(default_factory=list)
    """The legs whose caller was sent into a flow: still there."""
    reachable: set[str] = field(default_factory=set)
    told: list[tuple[Call, list[str]]] = field(default_factory=list)
    """What waiting callers were told: the words of each sound."""
    called_back: list[CallBack] = field(default_factory=list)
    transferred: list[tuple[Call, str, timedelta]] = field(default_factory=list)
    may_be_called: str = "+44"
    """The beginning of the numbers that a trunk may call."""
    has_room: bool = True
    """Whether it can make another leg."""
    away: bool = False
    deaf: bool = False
    _events: asyncio.Queue[CallEvent] = field(default_factory=asyncio.Queue)

    # --- what the floor asks ---

    async def ring(self, ring: Ring) -> None:
        self._reach()
        self.rung.append(ring)
        if not self.has_room:
            self._tell(AgentLegEnded(ring.offer, OfferFailure.NO_ROOM, self.clock.now()))
            return
        self.legs[ring.offer] = AgentLegSeen(ring.offer, ring.interaction, answered=False, joined=False)
        self._tell(AgentRinging(ring.offer, self.clock.now()))

    async def stop_ringing(self, offer: OfferId) -> None:
        self._reach()
        leg = self.legs.pop(offer, None)
        if leg is not None:
            self._tell(AgentLegEnded(offer, None if leg.joined else OfferFailure.NO_ANSWER, self.clock.now()))
            for seen in list(self.callers.values()):
                if seen.with_offer == offer:
                    self._move(seen.call, Where.WAITING)

    async def hang_up(self, call: Call) -> None:
        self._reach()
        self.caller_hangs_up(call)

    async def to_flow(self, call: Call) -> None:
        self._reach()
        if (seen := self.callers.get(call.id)) is not None:
            self._move(call, Where.FLOW)
            if seen.with_offer is not None and self.legs.pop(seen.with_offer, None) is not None:
                self.left_alone.append(seen.with_offer)
            self._tell(LineOpened(call, seen.caller, seen.caller_name, seen.dialled, seen.trunk, self.clock.now()))

    async def to_waiting(self, call: Call, *, music: str, announce_every: timedelta) -> None:
        self._reach()
        self._move(call, Where.WAITING)

    async def announce(self, call: Call, sounds: Sequence[Path]) -> None:
        self._reach()
        self.told.append((call, [sound.name for sound in sounds]))

    def may_call(self, number: str) -> bool:
        return number.startswith(self.may_be_called)

    async def call_back(self, back: CallBack) -> None:
        self._reach()
        self.called_back.append(back)
        self.legs[back.offer] = AgentLegSeen(back.offer, back.interaction, answered=False, joined=False)
        self._tell(AgentRinging(back.offer, self.clock.now()))

    async def transfer(self, call: Call, number: str, *, ring_for: timedelta) -> None:
        self._reach()
        self.transferred.append((call, number, ring_for))
        self._move(call, Where.TRANSFER)

    async def picture(self) -> Picture:
        self._reach()
        return Picture(
            ASTERISK, self.clock.now(), list(self.callers.values()), list(self.legs.values()), frozenset(self.reachable)
        )

    async def events(self) -> AsyncIterator[CallEvent]:
        while True:
            yield await self._events.get()

    # --- what people do ---

    def found(self) -> None:
        self.away = self.deaf = False
        self._tell(SwitchFound(ASTERISK, self.clock.now()))

    def lost(self) -> None:
        self._tell(SwitchLost(ASTERISK, self.clock.now()))
        self.away = self.deaf = True

    def calls_in(self, caller: str = "+447700900123", *, dialled: str = "100", name: str = "Chris") -> Call:
        call = a_call()
        self.callers[call.id] = CallerSeen(call, Where.FLOW, caller, name, dialled, "demo", None)
        self._tell(LineOpened(call, caller, name, dialled, "demo", self.clock.now()))
        return call

    def caller_hangs_up(self, call: Call) -> None:
        seen = self.callers.pop(call.id, None)
        if seen is not None:
            self._tell(CallEnded(call.id, 16, self.clock.now()))
            if seen.with_offer is not None:
                self.agent_hangs_up(seen.with_offer)

    def phone(self, endpoint: str, *, reachable: bool = True) -> None:
        (self.reachable.add if reachable else self.reachable.discard)(endpoint)
        self._tell(PhoneChanged(endpoint, reachable, self.clock.now()))

    def answers(self, offer: OfferId) -> None:
        """The agent answers: the first has the caller, whoever else is rung for them does not."""
        call = next(ring.call for ring in self.rung if ring.offer == offer)
        if self.callers[call.id].with_offer is not None:
            self.fails(offer, OfferFailure.TAKEN)
            return
        self.legs[offer] = replace(self.legs[offer], answered=True, joined=True)
        self.callers[call.id] = replace(self.callers[call.id], where=Where.TALKING, with_offer=offer)
        self._tell(AgentJoined(offer, call, self.clock.now()))
        for late in [ring.offer for ring in self.rung if ring.call == call and ring.offer != offer]:
            if late in self.legs:
                self.fails(late, OfferFailure.TAKEN)

    def agent_answers_callback(self, offer: OfferId) -> None:
        """The agent is on the phone; the customer's rings."""
        self.legs[offer] = replace(self.legs[offer], answered=True)
        self._tell(AgentAnswered(offer, self.clock.now()))

    def customer_answers(self, offer: OfferId) -> Call:
        """The customer takes the call: the two are joined."""
        call, number = a_call(), next(back.number for back in self.called_back if back.offer == offer)
        self.legs[offer] = replace(self.legs[offer], joined=True)
        self.callers[call.id] = CallerSeen(call, Where.TALKING, number, "", "", "", offer)
        self._tell(AgentJoined(offer, call, self.clock.now()))
        return call

    def customer_is_not_reached(self, offer: OfferId, why: str = "NOANSWER") -> None:
        """Nobody takes the callback: the agent hears so, and the dialplan ends their leg."""
        self._tell(NotReached(offer, why, self.clock.now()))
        self.fails(offer, OfferFailure.NO_ANSWER)

    def presses(self, call: Call, key: str) -> None:
        self._tell(KeyPressed(call.id, key, self.clock.now()))

    def somebody_outside_answers(self, call: Call) -> None:
        self._move(call, Where.OUTSIDE)
        self._tell(CallTransferred(call.id, self.clock.now()))

    def nobody_outside_answers(self, call: Call, why: str = "NOANSWER") -> None:
        """The dialplan tells, and sends the caller back into the flow."""
        self._tell(TransferEnded(call.id, why, self.clock.now()))
        seen = self.callers[call.id]
        self._move(call, Where.FLOW)
        self._tell(LineOpened(call, seen.caller, seen.caller_name, seen.dialled, seen.trunk, self.clock.now()))

    def gone_from_talk(self) -> None:
        """The legs of those whose caller was sent into a flow end a moment later."""
        while self.left_alone:
            self._tell(AgentLegEnded(self.left_alone.pop(), None, self.clock.now()))

    def fails(self, offer: OfferId, failure: OfferFailure) -> None:
        del self.legs[offer]
        self._tell(AgentLegEnded(offer, failure, self.clock.now()))

    def agent_hangs_up(self, offer: OfferId) -> None:
        leg = self.legs.pop(offer, None)
        if leg is None:
            return
        self._tell(AgentLegEnded(offer, None if leg.joined else OfferFailure.NO_ANSWER, self.clock.now()))
        for seen in list(self.callers.values()):
            if seen.with_offer == offer:
                self._move(seen.call, Where.AFTER)
                self.caller_hangs_up(seen.call)

    def holds(self, offer: OfferId, *, held: bool) -> None:
        self._tell(HoldChanged(offer, held, self.clock.now()))

    def announcement_due(self, call: Call) -> None:
        self._tell(AnnouncementDue(call, self.clock.now()))

    def again(self, event: CallEvent) -> None:
        """Tell an event that has been told before, or comes from nowhere."""
        self._tell(event)

    def where(self, call: Call) -> Where | None:
        seen = self.callers.get(call.id)
        return seen.where if seen is not None else None

    def _move(self, call: Call, where: Where) -> None:
        if call.id in self.callers:
            self.callers[call.id] = replace(self.callers[call.id], where=where, with_offer=None)

    def _tell(self, event: CallEvent) -> None:
        if not self.deaf:
            self._events.put_nowait(event)

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("the switch does not answer", retry=False)
