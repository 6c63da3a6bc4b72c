"""What an agent can do at their desk, each as one function."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from trunkline.core import agent as agents
from trunkline.core.agent import Agent, PhoneKind, Presence
from trunkline.core.call import OfferFailure
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId, OfferId
from trunkline.core.interaction import (
    Interaction,
    Offer,
    Outcome,
    Stage,
    Work,
    WrongStage,
    end,
    extend_wrap_up,
    start_wrap_up,
)
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import agent_facts
from trunkline.floor.conversation import Conversation, presence_facts
from trunkline.floor.follow_up import Planned
from trunkline.floor.ledger import Written
from trunkline.floor.state import Floor
from trunkline.ports.call_control import CallControl
from trunkline.ports.clock import Timer

MORE_WRAP_UP = timedelta(seconds=60)
LONGEST_NOTE = 10_000
CONNECTION_LOST = "connection_lost"
DESK_GRACE = timedelta(seconds=60)
"""How long an agent stays ready without a desk: a reload, a nap of the network, a restart of ours."""


class NotYours(Rejected):
    """Another agent has it, or nobody."""

    def __init__(self, interaction: InteractionId) -> None:
        super().__init__(f"interaction {interaction} is not in your hands")


class UnknownChoice(Rejected):
    """A code that the centre file does not name."""


class OfferGone(Rejected):
    """The offer ended before it could be taken."""

    def __init__(self) -> None:
        super().__init__("that offer is over: the caller hung up, or it went to somebody else")


class Desk:
    """The commands of agents. Each returns once what it decided is durable."""

    def __init__(self, floor: Floor, switch: CallControl, conversation: Conversation) -> None:
        self._floor = floor
        self._switch = switch
        self._conversation = conversation
        self._empty_chairs: dict[AgentId, Timer] = {}
        self.follow_ups: Callable[[Interaction, str | None], Planned] = lambda _done, _disposition: ([], [])

    async def log_in(self, id_: AgentId) -> None:
        """Begin a shift; an agent who has one already (a second tab) keeps their presence."""
        agent = self._floor.agent(id_)
        at = self._floor.clock.now()
        shown = agent
        if agent.presence is Presence.OFFLINE:
            shown = agents.show(agent, Presence.NOT_READY, agents.LOGGED_IN, at=at)
        entry = JournalEntry(Happened.LOGGED_IN, at, agent=id_, facts=agent_facts(shown))
        await self._floor.commit(agents=[shown], journal=[entry])

    async def log_out(self, id_: AgentId) -> None:
        """End the shift. A call in hand goes on; an offer goes back to its place."""
        at = self._floor.clock.now()
        for offered in self._floor.offered_to(id_):
            offer = offered.offer_at(id_)
            if offer is not None:
                self._conversation.offer_failed(offered, offer, OfferFailure.DECLINED, at=at)
        agent = agents.show(self._floor.agent(id_), Presence.OFFLINE, None, at=at)
        await self._floor.commit(agents=[agent], journal=[JournalEntry(Happened.LOGGED_OUT, at, agent=id_)])

    async def show(self, id_: AgentId, presence: Presence, reason: str | None) -> None:
        """Set an agent's presence; not-ready needs a reason of the centre file."""
        reasons = {each.code for each in self._floor.centre.reasons}
        if presence is Presence.NOT_READY and reason not in reasons:
            raise UnknownChoice(f"{reason!r} is no reason of this centre; choose one of {', '.join(sorted(reasons))}")
        if presence is Presence.OFFLINE:
            raise UnknownChoice("log out to go offline")
        at = self._floor.clock.now()
        shown = agents.show(self._floor.agent(id_), presence, reason if presence is Presence.NOT_READY else None, at=at)
        await self._floor.commit(agents=[shown], journal=[_presence_changed(shown)])

    async def choose_phone(self, id_: AgentId, kind: PhoneKind) -> None:
        """Choose which phone rings; not in the middle of something."""
        agent = self._floor.agent(id_)
        if agent.busy is not None and agent.phone is not kind:
            raise Rejected("finish what you have in hand before you change phones")
        entry = JournalEntry(Happened.PHONE_CHOSEN, self._floor.clock.now(), agent=id_, facts={"phone": kind.value})
        await self._floor.commit(agents=[replace(agent, phone=kind)], journal=[entry])

    async def accept(self, id_: AgentId, offer: OfferId) -> None:
        """Take an offered work item; a call is taken by answering the phone."""
        interaction, _ = self._offered(id_, offer)
        if interaction.rings:
            raise Rejected("a call is taken by answering the phone")
        self._conversation.accept(interaction, at=self._floor.clock.now(), offer=offer)
        await self._floor.commit()

    async def decline(self, id_: AgentId, offer: OfferId) -> None:
        """Turn an offer down; one that is over already is nothing to complain about."""
        try:
            interaction, made = self._offered(id_, offer)
        except OfferGone:
            return
        self._conversation.offer_failed(interaction, made, OfferFailure.DECLINED, at=self._floor.clock.now())
        await self._floor.commit()

    async def hang_up(self, id_: AgentId, interaction_id: InteractionId) -> None:
        """End the talk, from the agent's side."""
        interaction = self._mine(id_, interaction_id)
        if interaction.stage is not Stage.TALKING:
            raise WrongStage(interaction, "talking")
        if interaction.call is not None:
            await self._floor.commit(then=partial(self._switch.hang_up, interaction.call))
        else:
            self._conversation.talk_over(interaction, at=self._floor.clock.now())
            await self._floor.commit()

    async def wrap_up(self, id_: AgentId, interaction_id: InteractionId, disposition: str, note: str) -> None:
        """Finish an interaction with its outcome; only a call has to end before."""
        interaction = self._mine(id_, interaction_id)
        codes = {each.code for each in self._floor.centre.dispositions}
        if disposition not in codes:
            raise UnknownChoice(
                f"{disposition!r} is no disposition of this centre; choose one of {', '.join(sorted(codes))}"
            )
        at = self._floor.clock.now()
        if interaction.stage is Stage.TALKING and interaction.is_written:
            self._conversation.talk_over(interaction, at=at)
            interaction = self._floor.interaction(interaction.id)
        if interaction.stage is Stage.TALKING and interaction.work is Work.VOICEMAIL:
            interaction = start_wrap_up(interaction, for_=timedelta(), at=at)
        if interaction.stage is not Stage.WRAP_UP:
            raise WrongStage(interaction, "in wrap-up")
        await self._finish(replace(interaction, note=note[:LONGEST_NOTE]), disposition)

    async def extend_wrap_up(self, id_: AgentId, interaction_id: InteractionId) -> None:
        """Give the wrap-up another minute."""
        interaction, at = self._mine(id_, interaction_id), self._floor.clock.now()
        by = self._floor.centre.queue(interaction.entry.queue).more_wrap_up if interaction.entry else MORE_WRAP_UP
        extended = extend_wrap_up(interaction, by=by)
        facts = {"by_s": by.total_seconds()}
        await self._floor.commit(
            interactions=[extended], journal=[JournalEntry(Happened.WRAP_UP_EXTENDED, at, extended.id, id_, facts)]
        )

    async def note(self, id_: AgentId, interaction_id: InteractionId, text: str) -> None:
        """Keep the draft of a note, so that a reload loses nothing."""
        interaction = self._mine(id_, interaction_id)
        await self._floor.commit(interactions=[replace(interaction, note=text[:LONGEST_NOTE])])

    def wrap_up_over(self, interaction_id: InteractionId) -> None:
        """The time for wrap-up is over: the interaction ends without a disposition, with the draft as its note."""
        self._finish(self._floor.interaction(interaction_id), None)

    def desks(self, id_: AgentId, count: int) -> None:
        """An agent has this many desks open; without any, they are not ready after DESK_GRACE."""
        waiting = self._empty_chairs.pop(id_, None)
        if waiting is not None:
            waiting.cancel()
        if count == 0:
            when = self._floor.clock.now() + DESK_GRACE
            self._empty_chairs[id_] = self._floor.clock.at(when, partial(self._desk_gone, id_))

    def _desk_gone(self, id_: AgentId) -> None:
        """Nothing may be offered to an empty chair."""
        self._empty_chairs.pop(id_, None)
        agent = self._floor.agents.get(id_)
        if agent is not None and agent.presence is Presence.READY:
            shown = agents.show(agent, Presence.NOT_READY, CONNECTION_LOST, at=self._floor.clock.now())
            self._floor.commit(agents=[shown], journal=[_presence_changed(shown)])

    def _finish(self, interaction: Interaction, disposition: str | None) -> Written:
        at = self._floor.clock.now()
        assert interaction.agent is not None  # noqa: S101 - what is in wrap-up was talked through by somebody
        agent = agents.release(self._floor.agent(interaction.agent), interaction.id, at=at, served=True)
        facts = {
            "disposition": disposition,
            "queue": interaction.entry.queue if interaction.entry else None,
            "talk_s": _seconds(interaction.answered_at, interaction.talk_ended_at),
            "wrap_s": (at - interaction.stage_since).total_seconds(),
        }
        kind = Happened.WRAPPED_UP if disposition is not None else Happened.WRAP_UP_TIMED_OUT
        following, told = self.follow_ups(interaction, disposition)
        return self._floor.commit(
            interactions=[end(interaction, Outcome.HANDLED, at=at, disposition=disposition), *following],
            agents=[agent],
            journal=[JournalEntry(kind, at, interaction.id, agent.id, facts), *told],
        )

    def _mine(self, id_: AgentId, interaction_id: InteractionId) -> Interaction:
        interaction = self._floor.interaction(interaction_id)
        if interaction.agent != id_:
            raise NotYours(interaction_id)
        return interaction

    def _offered(self, id_: AgentId, offer: OfferId) -> tuple[Interaction, Offer]:
        interaction = self._floor.of_offer(offer)
        made = interaction.offer_at(id_) if interaction is not None else None
        if interaction is None or interaction.stage is not Stage.OFFERED or made is None or made.id != offer:
            raise OfferGone
        return interaction, made


def _presence_changed(agent: Agent) -> JournalEntry:
    assert agent.since is not None  # noqa: S101 - a presence that was shown has its time
    return JournalEntry(Happened.PRESENCE_CHANGED, agent.since, agent=agent.id, facts=presence_facts(agent))


def _seconds(start: datetime | None, until: datetime | None) -> float | None:
    return (until - start).total_seconds() if start is not None and until is not None else None
