"""The ACD: who waits meets who is free, the moment that either comes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from trunkline.core import agent as agents
from trunkline.core.agent import PhoneKind
from trunkline.core.call import Call
from trunkline.core.decision import Criterion, offered_facts
from trunkline.core.ids import AgentId, InteractionId, OfferId, new_id
from trunkline.core.interaction import Entry, Interaction, Offer, Stage, Work, offer_to
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.room import Room
from trunkline.floor.state import Floor, Moved
from trunkline.flows.prompts import whisper_of
from trunkline.flows.talk import Prompt
from trunkline.ports.call_control import CallBack, CallControl, Ring
from trunkline.ports.clock import Timer


class Dispatcher:
    """Watches the floor and makes offers. It decides at once; the phone rings when the offer is durable."""

    def __init__(
        self, floor: Floor, switch: CallControl, room: Room, *, sound_for: Callable[[Prompt], Path | None]
    ) -> None:
        """`sound_for` gives the sound of a whisper, None where there is none yet: no phone rings later for one."""
        self._floor = floor
        self._switch = switch
        self._room = room
        room.again = self._room_again
        self._due: float | None = None
        self._timer: Timer | None = None
        self._sound_for = sound_for
        floor.watchers.append(self.match)

    def match(self, moved: Moved) -> None:
        """Offer what can be offered because of a change."""
        if not self._floor.settled:
            return
        for _, interaction in moved.interactions:
            if interaction.stage is Stage.WAITING:
                self._serve(interaction.id)
        for _, agent in moved.agents:
            self._feed(agent.id)
        self._look_again()

    def match_all(self) -> None:
        """Offer everything that can be offered: after a reconciliation, when changes went by unmatched."""
        free = sorted(
            (agent for agent in self._floor.agents.values() if agent.room and agent.idle_since is not None),
            key=lambda agent: (agent.idle_since, agent.id),
        )
        for agent in free:
            if not self._feed(agent.id):
                break
        self._look_again()

    def _serve(self, interaction: InteractionId) -> None:
        # Whoever comes first may be due to somebody else: then the next agent is asked.
        while (agent := self._floor.routing.agent_for(interaction, now=self._now())) is not None:
            if not self._feed(agent):
                return

    def _feed(self, agent: AgentId) -> bool:
        """Offer an agent what they have room for; False where the switch has none."""
        # Once more for each further thing that they have room for.
        while (interaction := self._floor.routing.entry_for(agent, now=self._now())) is not None:
            if self._floor.interactions[interaction].rings and not self._room.takes_one():
                return False
            self._offer(interaction, agent)
        return True

    def _room_again(self) -> None:
        if self._floor.settled:
            self.match_all()

    def _look_again(self) -> None:
        """Look again when something changes by time alone: fewer skills asked, agents in reserve, a place kept."""
        due = self._floor.routing.next_due()
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, None
        if due is not None:
            # Never before it: a datetime is rounded to the microsecond.
            when = datetime.fromtimestamp(due, UTC) + timedelta(microseconds=1)
            self._timer = self._floor.clock.at(when, self._time_has_come)

    def _time_has_come(self) -> None:
        self._due, self._timer = None, None
        for interaction in self._floor.routing.due(self._now()):
            if self._floor.settled:
                self._serve(interaction)
        self._look_again()

    def _now(self) -> float:
        return self._floor.clock.now().timestamp()

    def _offer(self, id_: InteractionId, agent_id: AgentId) -> None:
        floor = self._floor
        at = floor.clock.now()
        waiting = floor.interactions[id_]
        assert waiting.entry is not None  # noqa: S101 - a WAITING interaction has its entry, by construction
        expires_at = at + floor.centre.queue(waiting.entry.queue).ring_for
        # A full switch has room for one leg, and perhaps for none.
        beside = [] if self._room.is_full else self._beside(waiting, waiting.entry, agent_id)
        asked = [agent_id, *beside]
        offers = [Offer(OfferId(new_id()), agent, since=at, expires_at=expires_at) for agent in asked]
        floor.commit(
            interactions=[offer_to(waiting, *offers)],
            agents=[agents.take(floor.agents[agent], id_, waiting.medium, at=at) for agent in asked],
            journal=[self._offered(waiting, offer, agent_id) for offer in offers],
            then=partial(self._ring_all, offers) if waiting.rings else None,
        )

    def _beside(self, waiting: Interaction, entry: Entry, agent: AgentId) -> list[AgentId]:
        """Return the other agents at whom a call rings, where its queue rings several."""
        at_once = self._floor.centre.queue(entry.queue).ring_at_once
        if at_once == 1 or waiting.work is not Work.CALL or entry.wanted is not None:
            return []
        able = self._floor.routing.agents_for(waiting.id, at_once, now=self._now())
        return [other for other in able if other != agent][: at_once - 1]

    def _offered(self, waiting: Interaction, offer: Offer, first: AgentId) -> JournalEntry:
        floor = self._floor
        decision = floor.routing.decision(waiting.id, offer.agent, now=offer.since.timestamp())
        facts = offered_facts(waiting, floor.agents[offer.agent], offer, decision)
        if offer.agent != first:
            facts |= {"by": Criterion.BESIDE.value, "beside": first}
        floor.whys[offer.id] = facts
        return JournalEntry(Happened.OFFERED, offer.since, waiting.id, offer.agent, facts)

    async def _ring_all(self, offers: Sequence[Offer]) -> None:
        for offer in offers:
            await self._ring(offer.id)

    async def _ring(self, offer_id: OfferId) -> None:
        interaction = self._floor.of_offer(offer_id)
        if interaction is None or interaction.stage is not Stage.OFFERED:
            return  # the caller hung up, or the agent left, while the offer was being written
        offer = next(each for each in interaction.offers if each.id == offer_id)
        if interaction.callback is not None:
            await self._switch.call_back(
                CallBack(
                    offer=offer.id,
                    interaction=interaction.id,
                    endpoint=self._floor.agents[offer.agent].endpoint,
                    number=interaction.callback.number,
                    browser=phone.endpoint if (phone := interaction.callback.phone) is not None else None,
                    ring_for=offer.expires_at - offer.since,
                    name=self._name_of(interaction.id) or interaction.caller_name,
                )
            )
        elif interaction.call is not None:
            await self._ring_for(interaction, interaction.call, offer)

    async def _ring_for(self, interaction: Interaction, call: Call, offer: Offer) -> None:
        assert interaction.entry is not None  # noqa: S101 - what is offered has its place
        queue, agent = interaction.entry.queue, self._floor.agents[offer.agent]
        whisper = whisper_of(queue, self._floor.centre)
        await self._switch.ring(
            Ring(
                offer=offer.id,
                interaction=interaction.id,
                call=call,
                endpoint=agent.endpoint,
                ring_for=offer.expires_at - offer.since,
                caller=interaction.address.e164 or interaction.address.raw,
                caller_name=self._name_of(interaction.id) or interaction.caller_name,
                whisper=self._sound_for(whisper) if whisper is not None else None,
                # A browser is told on its card, and needs nothing of the switch.
                auto_answer=self._floor.centre.queue(queue).auto_answer and agent.phone is PhoneKind.SIP,
            )
        )

    def _name_of(self, id_: InteractionId) -> str | None:
        profile = self._floor.profiles.get(id_)
        return profile.customer.name if profile is not None and profile.customer is not None else None


def queues_of(moved: Moved) -> set[str]:
    """Return the queues whose figures a change may have changed."""
    touched = chain.from_iterable(moved.interactions)
    entries = {each.entry.queue for each in touched if each is not None and each.entry is not None}
    return entries | {queue for _, agent in moved.agents for queue in agent.queues}
