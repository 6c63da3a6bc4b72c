"""The floor: every live interaction and every agent, in memory, with the indexes that decisions need."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.core.agent import Agent, Held, Presence, endpoint_owner, room_with
from trunkline.core.call import Call
from trunkline.core.centre import Centre, at_post
from trunkline.core.consent import Consent
from trunkline.core.customer import Customer, PastInteraction
from trunkline.core.draft import Draft
from trunkline.core.draft import ended as draft_ended
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, CallId, InteractionId, MessageId, OfferId, QueueId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import Message, Side
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Outgoing
from trunkline.core.read_mark import ReadMark
from trunkline.core.record import record
from trunkline.core.roll_call import Hours, hours_facts, roll_call, rules_of
from trunkline.core.routing import Routing
from trunkline.floor.ledger import Act, Ledger, Written
from trunkline.ports.clock import Clock
from trunkline.ports.store import MOST_IN_THREAD, Change, Situation

Watcher = Callable[["Moved"], None]

_IN_HAND = (Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP)
_NO_ROOM: frozenset[str] = frozenset()


@record
class Moved:
    """What one commit changed in memory: each interaction and agent as it was and as it is."""

    interactions: Sequence[tuple[Interaction | None, Interaction]] = ()
    agents: Sequence[tuple[Agent | None, Agent]] = ()


@dataclass(slots=True)
class Profile:
    """Who the customer of a live interaction is, and what they did before: looked up once, shown at the offer."""

    customer: Customer | None = None
    timeline: Sequence[PastInteraction] = field(default_factory=tuple)


class NoSuch(Rejected):
    """What was asked about is not here (any more)."""


class Floor:
    """The truth while the process lives. It changes only by `commit`, at once and without waiting."""

    def __init__(self, ledger: Ledger, clock: Clock, centre: Centre) -> None:
        self.ledger = ledger
        self.clock = clock
        self.centre = centre
        self.interactions: dict[InteractionId, Interaction] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.profiles: dict[InteractionId, Profile] = {}
        self.whys: dict[OfferId, Mapping[str, Any]] = {}
        """Why agents were offered what they have before them: the facts of each offer."""
        self.threads: dict[InteractionId, list[Message]] = {}
        """What was written in each live interaction, the latest MOST_IN_THREAD of it."""
        self._in_thread: dict[InteractionId, set[MessageId]] = {}
        self.deliveries: dict[InteractionId, dict[MessageId, dict[MessageId, Outgoing]]] = {}
        """What goes out of each live interaction, by its message: all its parts."""
        self.reads: dict[InteractionId, dict[Side, MessageId]] = {}
        """Up to which message each side of a live interaction has read."""
        self.drafts: dict[InteractionId, Draft] = {}
        """What agents have written and not sent, by interaction."""
        self.opted_out: set[tuple[str, str]] = set()
        """Who wants nothing more, by medium and address."""
        self.routing = routing_of(centre)
        self.reachable: set[str] = set()
        self._closed: frozenset[QueueId] = frozenset()
        self._away: frozenset[AgentId] = frozenset()
        self.settled = False
        """Whether the last reconciliation is done: offers are made only while it is."""
        self.watchers: list[Watcher] = []
        self.phone_watchers: list[Callable[[str, bool], None]] = []
        """Told of each endpoint whose phone comes (True) or goes."""
        self.foretold: Callable[[InteractionId], Mapping[str, float]] = lambda _id: {}
        """What was expected of a wait when it began."""
        self._by_call: dict[CallId, InteractionId] = {}
        self._by_offer: dict[OfferId, InteractionId] = {}

    # --- changing it ---

    def commit(
        self,
        *,
        interactions: Sequence[Interaction] = (),
        agents: Sequence[Agent] = (),
        journal: Sequence[JournalEntry] = (),
        messages: Sequence[Message] = (),
        outgoing: Sequence[Outgoing] = (),
        opt_outs: Sequence[OptOut] = (),
        consents: Sequence[Consent] = (),
        reads: Sequence[ReadMark] = (),
        drafts: Sequence[Draft] = (),
        wishes_done: Sequence[int] = (),
        then: Act | None = None,
    ) -> Written:
        """Make a decision true in memory, queue it for the ledger, and let the watchers decide what follows from it.

        `then` acts on the world once the change is durable; await what comes back to go on when it is.
        """
        over = [
            draft_ended(self.drafts[each.id]) for each in interactions if not each.is_live and each.id in self.drafts
        ]
        change = Change(
            tuple(interactions), tuple(agents), tuple(journal), tuple(messages), tuple(outgoing), tuple(opt_outs),
            tuple(consents), tuple(reads), (*drafts, *over), tuple(wishes_done),
        )  # fmt: skip
        self._note_writing(change)
        if not (interactions or agents):
            return self.ledger.write(change, then)
        moved = Moved(
            [(self.interactions.get(new.id), new) for new in interactions],
            [(self.agents.get(new.id), new) for new in agents] if agents else (),
        )
        for agent in agents:
            self.agents[agent.id] = agent
        for old, new in moved.interactions:
            self._put(old, new)
        if agents:
            self._index_agents([agent.id for agent in agents])
        durable = self.ledger.write(change, then)
        for watcher in self.watchers:
            watcher(moved)
        return durable

    def load(self, situation: Situation) -> None:
        """Take over what was stored. What agents are busy with is read off the interactions, the one truth of it."""
        hands: dict[AgentId, dict[InteractionId, Held]] = {}
        for interaction in situation.interactions:
            for offer in interaction.offers if interaction.stage in _IN_HAND else ():
                hands.setdefault(offer.agent, {})[interaction.id] = Held(interaction.medium, offer.since)
        self.whys.update(situation.whys)
        for agent in situation.agents:
            self.agents[agent.id] = at_post(replace(agent, hands=hands.get(agent.id, {})), self.centre)
        for id_ in hands.keys() - self.agents.keys():
            # Left the centre file with something in hand: that still comes to its end.
            self.agents[id_] = Agent(id_, id_, {}, hands=hands[id_])
        for interaction in situation.interactions:
            self._put(None, interaction)
        self._note_writing(situation)
        self._index_agents(self.agents)

    def adopt(self, centre: Centre) -> None:
        """Take over another centre file: everybody who waits or is at work is ordered anew by its rules."""
        self.centre = centre
        self.routing = routing_of(centre)
        for queue in self._closed:
            self.routing.agents.set_open(queue, is_open=False)
        for interaction in self.interactions.values():
            if interaction.stage is Stage.WAITING:
                self._put(None, interaction)
        self._index_agents(self.agents)

    def keep_hours(self, closed: frozenset[QueueId], away: frozenset[AgentId]) -> None:
        """Take note of the queues that are closed now, and of the agents whose working hours are not now."""
        opened = self._closed - closed
        for queue in self._closed ^ closed:
            self.routing.agents.set_open(queue, is_open=queue in opened)
        if (closed, away) != (self._closed, self._away):
            line = JournalEntry(Happened.HOURS_CHANGED, self.clock.now(), facts=hours_facts(Hours(closed, away)))
            self.ledger.write(Change(journal=(line,)))
        came_or_went = (self._away ^ away) & self.agents.keys()
        self._closed, self._away = closed, away
        self._index_agents(came_or_went)
        has_more = {agent.id for agent in self.agents.values() if agent.queues.keys() & opened}
        moved = Moved(agents=[(self.agents[id_], self.agents[id_]) for id_ in sorted(came_or_went | has_more)])
        for watcher in self.watchers if moved.agents else ():
            watcher(moved)

    def phone_changed(self, endpoint: str, *, reachable: bool) -> None:
        """Note that a phone came or went; the watchers see its agent as moved."""
        if reachable == (endpoint in self.reachable):
            return
        (self.reachable.add if reachable else self.reachable.discard)(endpoint)
        for told in self.phone_watchers:
            told(endpoint, reachable)
        owner, phone = endpoint_owner(endpoint)
        agent = self.agents.get(owner)
        if agent is not None:
            kind = Happened.PHONE_CAME if reachable else Happened.PHONE_GONE
            line = JournalEntry(kind, self.clock.now(), agent=owner, facts={"phone": phone.value})
            self.ledger.write(Change(journal=(line,)))
            self._index_agents([agent.id])
            for watcher in self.watchers:
                watcher(Moved(agents=((agent, agent),)))

    def roll_call(self, agents: Iterable[Agent] | None = None) -> JournalEntry:
        """Return the line that names everybody at work and all that waits; `agents` where they are about to change."""
        facts = roll_call(
            self.agents.values() if agents is None else agents, self.interactions.values(), self.reachable,
            Hours(self._closed, self._away), rules_of(self.centre),
        )  # fmt: skip
        return JournalEntry(Happened.ROLL_CALLED, self.clock.now(), facts=facts)

    def _note_writing(self, of: Change | Situation) -> None:
        for message in of.messages:
            self._write_down(message)
        for out in of.outgoing:
            self._note_delivery(out)
        for opt_out in of.opt_outs:
            self._opt_out(opt_out)
        for mark in of.reads:
            self._note_read(mark)
        for draft in of.drafts:
            self.drafts[draft.interaction] = draft

    def _write_down(self, message: Message) -> None:
        thread = self.threads.setdefault(message.interaction, [])
        thread.append(message)
        self._in_thread.setdefault(message.interaction, set()).add(message.id)
        if len(thread) >= 2 * MOST_IN_THREAD:
            del thread[:-MOST_IN_THREAD]

    def _note_delivery(self, out: Outgoing) -> None:
        if out.interaction in self.interactions and out.message is not None:
            self.deliveries.setdefault(out.interaction, {}).setdefault(out.message, {})[out.id] = out

    def _note_read(self, mark: ReadMark) -> None:
        if mark.interaction in self.interactions:
            self.reads.setdefault(mark.interaction, {})[mark.side] = mark.message

    def _opt_out(self, opt_out: OptOut) -> None:
        (self.opted_out.discard if opt_out.ended else self.opted_out.add)((opt_out.medium, opt_out.address))

    def _put(self, old: Interaction | None, new: Interaction) -> None:
        if old is not None:
            # Most moves leave both as they are: the same objects.
            if old.call is not None and old.call is not new.call and old.call != new.call:
                self._by_call.pop(old.call.id, None)
            if old.offer is not None and (old.offer is not new.offer or old.beside is not new.beside):
                kept = {offer.id for offer in new.offers}
                for offer in old.offers:
                    self._by_offer.pop(offer.id, None)
                    if offer.id not in kept:
                        self.whys.pop(offer.id, None)
        if new.stage is Stage.ENDED:
            self._forget(new)
            return
        self.interactions[new.id] = new
        if new.call is not None:
            self._by_call[new.call.id] = new.id
        for offer in new.offers:
            self._by_offer[offer.id] = new.id
        self._route(old, new)

    def _forget(self, ended: Interaction) -> None:
        self.interactions.pop(ended.id, None)
        self.profiles.pop(ended.id, None)
        self.threads.pop(ended.id, None)
        self._in_thread.pop(ended.id, None)
        self.deliveries.pop(ended.id, None)
        self.reads.pop(ended.id, None)
        self.drafts.pop(ended.id, None)
        self.routing.forget(ended.id)
        for offer in ended.offers:
            self._by_offer.pop(offer.id, None)
            self.whys.pop(offer.id, None)

    def _route(self, old: Interaction | None, new: Interaction) -> None:
        if new.stage is Stage.WAITING and new.entry is not None:
            if old is None or old.stage is not Stage.WAITING or old.entry is not new.entry:
                # Most changes of who waits are of other things: a note, who it is.
                self.routing.wait(new.id, new.entry, now=self.clock.now().timestamp(), medium=new.medium)
        elif new.stage is Stage.OFFERED and new.offer is not None:
            self.routing.take(new.id, new.offer.agent)
        else:
            self.routing.leave(new.id)

    def _index_agents(self, agents: Iterable[AgentId]) -> None:
        for id_ in agents:
            agent = self.agents[id_]
            if agent.presence is Presence.OFFLINE:
                self.routing.agents.unseat(id_)
            else:
                room = room_with(agent, phone=agent.endpoint in self.reachable) if id_ not in self._away else _NO_ROOM
                self.routing.agents.seat(id_, agent.post, room, agent.order)

    # --- looking at it ---

    def agent(self, id_: AgentId) -> Agent:
        """Return an agent; raises NoSuch."""
        try:
            return self.agents[id_]
        except KeyError:
            raise NoSuch(f"no agent is called {id_}") from None

    def interaction(self, id_: InteractionId) -> Interaction:
        """Return a live interaction; raises NoSuch."""
        try:
            return self.interactions[id_]
        except KeyError:
            raise NoSuch("that interaction is over") from None

    def of_call(self, call: CallId) -> Interaction | None:
        """Return the live interaction that a caller's channel belongs to."""
        id_ = self._by_call.get(call)
        return self.interactions.get(id_) if id_ is not None else None

    def of_offer(self, offer: OfferId) -> Interaction | None:
        """Return the live interaction whose present (or answered) offer this is."""
        id_ = self._by_offer.get(offer)
        return self.interactions.get(id_) if id_ is not None else None

    def in_hand_of(self, agent: AgentId) -> Interaction | None:
        """Return what an agent was given first of what they hold."""
        busy = self.agents[agent].busy
        return self.interactions.get(busy) if busy is not None else None

    def offered_to(self, agent: AgentId) -> list[Interaction]:
        """Return what rings at an agent."""
        held = (self.interactions.get(id_) for id_ in self.agents[agent].hands)
        return [each for each in held if each is not None and each.stage is Stage.OFFERED]

    def has_message(self, interaction: InteractionId, message: MessageId) -> bool:
        """Whether a message stands in the thread of a live interaction."""
        return message in self._in_thread.get(interaction, ())

    def calls(self) -> list[tuple[Interaction, Call]]:
        """Return every live interaction that has a caller on the line."""
        return [
            (interaction, interaction.call)
            for interaction in self.interactions.values()
            if interaction.call is not None and interaction.rings
        ]


def routing_of(centre: Centre) -> Routing:
    """Return the routing that a centre file asks for, with nobody in it yet."""
    return Routing(
        lambda queue: centre.queue(queue).strategy, point=centre.point, overtaken_at_most=centre.overtaken_at_most
    )
