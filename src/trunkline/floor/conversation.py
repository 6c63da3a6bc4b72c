"""From the offer to the end of the talk: what the switch tells about calls, made true on the floor."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from trunkline.core import agent as agents
from trunkline.core.agent import Agent, Presence
from trunkline.core.call import Call, OfferFailure
from trunkline.core.callback import agent_answered
from trunkline.core.ids import InteractionId, OfferId
from trunkline.core.interaction import (
    Interaction,
    Offer,
    Outcome,
    Stage,
    Work,
    end,
    hold,
    join,
    reopen,
    start_wrap_up,
    without_offer,
)
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.record import changed
from trunkline.floor.room import Room
from trunkline.floor.state import Floor
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    CallControl,
    CallEnded,
    HoldChanged,
)

_REASONS = {
    OfferFailure.DECLINED: (Happened.DECLINED, agents.DECLINED),
    OfferFailure.NO_ANSWER: (Happened.RANG_OUT, agents.NO_ANSWER),
    OfferFailure.UNREACHABLE: (Happened.PHONE_UNREACHABLE, agents.PHONE_UNREACHABLE),
}

_NOBODYS_FAULT = frozenset({OfferFailure.TAKEN, OfferFailure.NO_ROOM})


class LeftFlow(Protocol):
    """What is done about a caller who hangs up in the middle of a flow."""

    def __call__(self, interaction: Interaction, *, at: datetime) -> None:
        """Make it true on the floor."""


class Conversation:
    """Each event is taken for what it says about the state; one that comes twice, or too late, changes nothing."""

    def __init__(self, floor: Floor, switch: CallControl, left_flow: LeftFlow, room: Room) -> None:
        self._floor = floor
        self._switch = switch
        self._room = room
        self._left_flow = left_flow

    def ringing(self, event: AgentRinging) -> None:
        """The agent's phone rings: worth a line in the journal. One that rings for no offer (any more) is stopped."""
        interaction = self._floor.of_offer(event.offer)
        if interaction is None:
            # By a process that was stopped in the middle of its act, and was taken over before it woke up.
            self._floor.commit(then=partial(self._switch.stop_ringing, event.offer))
        elif interaction.stage is Stage.OFFERED:
            agent = next(offer.agent for offer in interaction.offers if offer.id == event.offer)
            entry = JournalEntry(Happened.RINGING, event.at, interaction.id, agent)
            self._floor.commit(journal=[entry])
        self._room.found()

    def answered(self, event: AgentAnswered) -> None:
        """The agent hears whom the call is for, before the caller is there: no ringing any more, and no talk yet."""
        self._room.found()
        interaction = self._floor.of_offer(event.offer)
        if interaction is None or interaction.stage is not Stage.OFFERED or interaction.work is not Work.CALL:
            return
        if interaction.entry is not None and self._floor.centre.queue(interaction.entry.queue).whisper is not None:
            self._floor.commit(interactions=[agent_answered(interaction, at=event.at, by=event.offer)])

    def joined(self, event: AgentJoined) -> None:
        """Agent and caller hear each other."""
        interaction = self._floor.of_offer(event.offer)
        if interaction is not None and interaction.stage is Stage.OFFERED:
            self.accept(interaction, at=event.at, call=event.call, offer=event.offer)

    def accept(
        self, interaction: Interaction, *, at: datetime, call: Call | None = None, offer: OfferId | None = None
    ) -> None:
        """Put an offered interaction into an agent's hands; `call` is whom they talk to, where there is a call.

        `offer` says whose hands, where it rang at several: the others are free again, and nobody is blamed.
        """
        if interaction.beside:
            taken = offer or interaction.offers[0].id
            self.withdraw(interaction, at=at, offers=[each.id for each in interaction.offers if each.id != taken])
            interaction = self._floor.interaction(interaction.id)
        talking = join(interaction, at=at, call=call, offer=offer)
        facts = {
            "offer": talking.offer.id if talking.offer else None,
            "queue": talking.entry.queue if talking.entry else None,
            "waited_s": _waited_s(interaction, at),
            **self._floor.foretold(interaction.id),
        }
        self._floor.commit(
            interactions=[talking], journal=[JournalEntry(Happened.ACCEPTED, at, talking.id, talking.agent, facts)]
        )

    def held(self, event: HoldChanged) -> None:
        """The agent put the caller on hold, or took them back."""
        interaction = self._floor.of_offer(event.offer)
        if interaction is None or interaction.stage is not Stage.TALKING:
            return
        now = hold(interaction, held=event.held, at=event.at)
        if now is not interaction:
            kind = Happened.HELD if event.held else Happened.RESUMED
            self._floor.commit(interactions=[now], journal=[JournalEntry(kind, event.at, now.id, now.agent)])

    def agent_leg_ended(self, event: AgentLegEnded) -> None:
        """The agent's phone is off the call: the talk is over, or the offer came to nothing."""
        # First, so that nothing else is offered because of this one.
        if event.failure is OfferFailure.NO_ROOM:
            self._room.refused()
        interaction = self._floor.of_offer(event.offer)
        if interaction is not None:
            self._after_the_leg(interaction, event)
        if event.failure is not OfferFailure.NO_ROOM:
            self._room.found()

    def _after_the_leg(self, interaction: Interaction, event: AgentLegEnded) -> None:
        if interaction.stage is Stage.TALKING and interaction.rings:
            self.talk_over(interaction, at=event.at)
        elif interaction.stage is Stage.OFFERED and event.failure is None:
            self.accept(interaction, at=event.at, offer=event.offer)
            self.talk_over(self._floor.interaction(interaction.id), at=event.at)
        elif interaction.stage is Stage.OFFERED and event.failure in _NOBODYS_FAULT:
            self.withdraw(interaction, at=event.at, offers=[event.offer], why=event.failure)
        elif interaction.stage is Stage.OFFERED and event.failure is not None:
            offer = next(each for each in interaction.offers if each.id == event.offer)
            self.offer_failed(interaction, offer, _failure(offer, event.failure), at=event.at)

    def offer_failed(self, interaction: Interaction, offer: Offer, failure: OfferFailure, *, at: datetime) -> None:
        """The agent did not take it: the caller keeps the place, the agent is not ready, and sees why."""
        kind, reason = _REASONS[failure]
        agent = agents.release(self._floor.agent(offer.agent), interaction.id, at=at, served=False)
        if agent.presence is Presence.READY and failure is OfferFailure.NO_ANSWER:
            entry = interaction.entry
            back_off = self._floor.centre.queue(entry.queue).back_off if entry is not None else None
            agent = agents.let_ring(agent, at=at, back_off=back_off)
        elif agent.presence is Presence.READY:
            agent = agents.show(agent, Presence.NOT_READY, reason, at=at)
        self._floor.commit(
            interactions=[without_offer(interaction, offer.id, at=at)],
            agents=[agent],
            journal=[
                JournalEntry(kind, at, interaction.id, agent.id, {"offer": offer.id}),
                JournalEntry(Happened.PRESENCE_CHANGED, at, agent=agent.id, facts=presence_facts(agent)),
            ],
            then=partial(self._switch.stop_ringing, offer.id) if interaction.rings else None,
        )

    def rang_out(self, id_: InteractionId) -> None:
        """An offer's time is over and nothing was heard of it."""
        interaction, at = self._floor.interaction(id_), self._floor.clock.now()
        for offer in interaction.offers:
            present = self._floor.interaction(id_)
            if offer.answered_at is not None:
                self.withdraw(present, at=at, offers=[offer.id])  # the agent did their part
            else:
                self.offer_failed(present, offer, OfferFailure.NO_ANSWER, at=at)

    def withdraw(
        self,
        interaction: Interaction,
        *,
        at: datetime,
        offers: Collection[OfferId] | None = None,
        why: OfferFailure | None = None,
    ) -> None:
        """Take offers back without blame, all if none are named; after the last the entry returns to its place.

        `why` is for a leg that has ended by itself.
        """
        facts = {"why": why.value} if why is not None else {}
        taken_back = [offer for offer in interaction.offers if offers is None or offer.id in offers]
        left = interaction
        for offer in taken_back:
            left = without_offer(left, offer.id, at=at)
        self._floor.commit(
            interactions=[left],
            agents=[self._free(offer, interaction.id, at=at) for offer in taken_back],
            journal=[
                JournalEntry(Happened.OFFER_WITHDRAWN, at, interaction.id, offer.agent, {"offer": offer.id, **facts})
                for offer in taken_back
            ],
            then=partial(self._stop_ringing, taken_back) if interaction.rings else None,
        )

    def _free(self, offer: Offer, interaction: InteractionId, *, at: datetime) -> Agent:
        return agents.release(self._floor.agent(offer.agent), interaction, at=at, served=False)

    async def _stop_ringing(self, offers: Sequence[Offer]) -> None:
        for offer in offers:
            await self._switch.stop_ringing(offer.id)

    def caller_left(self, event: CallEnded) -> None:
        """The caller hung up, at whatever stage."""
        interaction = self._floor.of_call(event.call)
        if interaction is not None:
            self.caller_gone(interaction, at=event.at)
        self._room.found()

    def caller_gone(self, interaction: Interaction, *, at: datetime) -> None:
        """Make true that the caller is off the line."""
        match interaction.stage:
            case Stage.TALKING:
                self.talk_over(interaction, at=at)
            case Stage.WAITING:
                self._close(interaction, Outcome.ABANDONED, Happened.ABANDONED, at)
            case Stage.OFFERED:
                self._abandoned_while_ringing(interaction, at)
            case Stage.IN_FLOW:
                self._left_flow(interaction, at=at)
            case _:
                self._floor.commit(interactions=[changed(interaction, call=None)])

    def talk_over(self, interaction: Interaction, *, at: datetime) -> None:
        """The talk is over: wrap-up begins, under its time limit."""
        entry = interaction.entry
        assert entry is not None  # noqa: S101 - what an agent holds came out of a queue
        queue = self._floor.centre.queue(entry.queue)
        over = start_wrap_up(interaction, for_=queue.wrap_up, at=at)
        facts = {"talk_s": (at - interaction.stage_since).total_seconds(), "queue": entry.queue}
        self._floor.commit(
            interactions=[over], journal=[JournalEntry(Happened.TALK_ENDED, at, over.id, over.agent, facts)]
        )

    def reopened(self, interaction: Interaction, *, at: datetime) -> None:
        """The customer wrote once more during the wrap-up: the talk goes on."""
        again = JournalEntry(Happened.REOPENED, at, interaction.id, interaction.agent)
        self._floor.commit(interactions=[reopen(interaction, at=at)], journal=[again])

    def served_by_fallback(self, interaction: Interaction, *, at: datetime) -> None:
        """The switch's static fallback took the caller while we were away."""
        if interaction.stage is Stage.OFFERED:
            self.withdraw(interaction, at=at)
            interaction = self._floor.interaction(interaction.id)
        self._close(interaction, Outcome.FALLBACK, Happened.SERVED_BY_FALLBACK, at)

    def _abandoned_while_ringing(self, interaction: Interaction, at: datetime) -> None:
        offers = interaction.offers
        facts = {"offer": offers[0].id, "waited_s": _waited_s(interaction, at)}
        self._floor.commit(
            interactions=[end(interaction, Outcome.ABANDONED, at=at)],
            agents=[self._free(offer, interaction.id, at=at) for offer in offers],
            journal=[JournalEntry(Happened.ABANDONED, at, interaction.id, offers[0].agent, facts)],
            then=partial(self._stop_ringing, offers) if interaction.rings else None,
        )

    def _close(self, interaction: Interaction, outcome: Outcome, kind: Happened, at: datetime) -> None:
        facts = {"waited_s": _waited_s(interaction, at)} if interaction.entry is not None else {}
        self._floor.commit(
            interactions=[end(interaction, outcome, at=at)],
            journal=[JournalEntry(kind, at, interaction.id, facts={"outcome": outcome.value, **facts})],
        )


def _failure(offer: Offer, told: OfferFailure) -> OfferFailure:
    """Return why an offer failed: who hangs up between their answer and the talk has turned it down."""
    return OfferFailure.DECLINED if offer.answered_at is not None else told


def presence_facts(agent: Agent) -> dict[str, str | None]:
    """Return what the journal keeps of a presence."""
    return {"presence": agent.presence.value, "reason": agent.reason}


def _waited_s(interaction: Interaction, at: datetime) -> float | None:
    return (at - interaction.entry.since).total_seconds() if interaction.entry is not None else None
