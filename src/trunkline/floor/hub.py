"""Every desk's live picture: one snapshot, then numbered events that a desk can resume after a cut."""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Any, Protocol

from trunkline.core import callback
from trunkline.core.agent import Agent, Presence
from trunkline.core.customer import DayFigures
from trunkline.core.ids import AgentId, InteractionId, MessageId, QueueId
from trunkline.core.interaction import Interaction
from trunkline.core.journal import Happened
from trunkline.core.message import Message, Side
from trunkline.core.outgoing import Outgoing
from trunkline.core.permission import Deed, may
from trunkline.floor import view
from trunkline.floor.at_steps import AtSteps
from trunkline.floor.desk_figures import DeskFigures
from trunkline.floor.desk_stream import DeskStream, Send
from trunkline.floor.dispatcher import queues_of
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.state import Floor, Moved, Profile
from trunkline.floor.view import Json
from trunkline.floor.watching import Watching
from trunkline.ports.store import Change, Health, Store

log = logging.getLogger(__name__)

_TODAY_CHANGES = frozenset({Happened.WRAPPED_UP, Happened.WRAP_UP_TIMED_OUT, Happened.RANG_OUT, Happened.DECLINED})


class FlowsTold(Protocol):
    """What is told of the flows."""

    revision: str

    def for_agents(self) -> Json:
        """Return those to which agents may hand a conversation, by name."""


class Hub:
    """Publishes what has become durable to the desks that it concerns."""

    def __init__(
        self,
        floor: Floor,
        store: Store,
        *,
        sip_account: Callable[[Agent], Mapping[str, Any]],
        parts: Callable[[], Mapping[str, Health]],
        zone: tzinfo,
        at_steps: AtSteps,
        flows: FlowsTold,
        levels: ServiceLevels,
    ) -> None:
        self._floor = floor
        self._store = store
        self._sip_account = sip_account
        self._parts = parts
        self._at_steps = at_steps
        self._flows = flows
        self._levels = levels
        self._streams: dict[AgentId, DeskStream] = {}
        self._shown_to: dict[InteractionId, set[AgentId]] = {}
        self._shown_as: dict[InteractionId, tuple[Interaction, Profile | None]] = {}
        self._not_reached: dict[AgentId, Json] = {}
        self._figures = DeskFigures(
            floor,
            store,
            at_steps,
            zone=zone,
            emit=self._emit,
            tell=self.tell,
            strip=self._strip,
            open_to=self._open_to,
        )
        self._watching = Watching()
        self._alike: dict[tuple[str, bool], Json] = {}
        self.desk_count_changed: Callable[[AgentId, int], None] = lambda _agent, _count: None
        self.centre_version = 0
        """Told to whoever may change the centre."""
        floor.watchers.append(self._watch)

    # --- desks ---

    async def open(self, agent: AgentId, send: Send, *, epoch: str | None, seq: int | None) -> None:
        """Begin a desk: with the events it missed if it can resume, else with a snapshot. Then events follow."""
        stream = self._streams.get(agent)
        if stream is None:
            figures = (await self._figures.of([agent])).get(agent, DayFigures())
            stream = self._streams.setdefault(agent, DeskStream(self._snapshot(agent, figures)))
        missed = stream.missed(epoch, seq)
        if missed is None:
            send(self._whole(stream))
        else:
            now = self._floor.clock.now().isoformat()
            send({"type": "resumed", "epoch": stream.epoch, "seq": stream.seq, "now": now})
            for number, event in missed:
                send({"type": "event", "seq": number, "event": event})
        stream.desks.add(send)
        self.desk_count_changed(agent, len(stream.desks))

    def close(self, agent: AgentId, send: Send) -> None:
        """End a desk."""
        stream = self._streams.get(agent)
        if stream is not None and send in stream.desks:
            stream.desks.discard(send)
            self.desk_count_changed(agent, len(stream.desks))
            if not stream.desks and self._watching.of(agent) is not None:
                self.watch(agent, None)
            self._forget_who_left(agent)

    def customer_writes(self, agent: AgentId, interaction: InteractionId) -> None:
        """Say so at the agent's desks."""
        self.tell(agent, {"type": "writing", "id": interaction})

    def tell(self, agent: AgentId, message: Json) -> None:
        """Say something at an agent's desks, without a number: it is nothing to catch up on."""
        stream = self._streams.get(agent)
        for send in list(stream.desks) if stream is not None else ():
            send(message)

    def watch(self, agent: AgentId, interaction: InteractionId | None) -> None:
        """Show an agent a conversation that others have, live; None: none any more."""
        self._watching.look(agent, interaction)
        present = self._floor.interactions.get(interaction) if interaction is not None else None
        if present is not None:
            self._emit(agent, {"kind": "thread", "id": present.id, "messages": self._thread(present.id)})
        self._emit(agent, {"kind": "watched", "watched": self._watched(present)})

    def centre_changed(self, zone: tzinfo) -> None:
        """Another centre is in force: every desk begins anew with a snapshot."""
        self._figures.zone = zone
        for agent, stream in self._streams.items():
            begun = DeskStream(
                {**self._snapshot(agent, DayFigures()), "today": stream.state["today"]}, desks=stream.desks
            )
            self._streams[agent] = begun
            for send in list(begun.desks):
                send(self._whole(begun))

    # --- what becomes known ---

    def published(self, change: Change) -> None:
        """A change is durable: show it to whom it concerns."""
        for entry in change.journal:
            if entry.kind is Happened.PRESENCE_CHANGED and entry.agent is not None:
                self._next_thing(entry.agent)
        for agent in change.agents:
            self._show_me(agent.id)
            self._forget_who_left(agent.id)
        for interaction in change.interactions:
            self._show_card(interaction)
        self._show_written(change)
        if change.messages or any(each.is_written for each in change.interactions):
            self._figures.conversations_changed()
        for entry in change.journal:
            if entry.agent is not None and entry.kind in _TODAY_CHANGES and entry.agent in self._streams:
                self._figures.today_changed(entry.agent)

    def parts_changed(self) -> None:
        """A part of the service became ready, or is no more."""
        parts = self._parts_json()
        for agent in list(self._streams):
            self._emit(agent, {"kind": "parts", "parts": parts})

    def flows_changed(self) -> None:
        """A flow file or its tests changed: whoever looks at the flows fetches them again."""
        for agent in self._open_to(Deed.SEE_FLOWS):
            self._emit(agent, {"kind": "flows", "flows": {"revision": self._flows.revision}})
        for_agents = self._shared("for agents", self._flows.for_agents())
        for agent in list(self._streams):
            self._emit(agent, {"kind": "for_agents", "for_agents": for_agents})

    async def run(self) -> None:
        """Send the figures that are gathered rather than pushed, until cancelled."""
        await self._figures.run()

    def _watch(self, moved: Moved) -> None:
        touched = queues_of(moved)
        if touched:
            self._figures.queues_changed({QueueId(queue) for queue in touched})
        for old, new in moved.agents:
            if old is new:  # only the reachability of the phone changed: nothing to store, but to show
                self._show_me(new.id)

    def _open_to(self, deed: Deed | None = None) -> list[AgentId]:
        """Return whose picture is kept, of those who may do this."""
        return [agent for agent in self._streams if deed is None or may(self._floor.agents[agent], deed)]

    # --- one agent's stream ---

    def _whole(self, stream: DeskStream) -> Json:
        now = self._floor.clock.now().isoformat()
        return {"type": "snapshot", "epoch": stream.epoch, "seq": stream.seq, "now": now, "state": stream.state}

    def _forget_who_left(self, agent: AgentId) -> None:
        """Keep no picture for an agent who is offline and has no desk."""
        stream = self._streams.get(agent)
        if stream is not None and not stream.desks and self._floor.agents[agent].presence is Presence.OFFLINE:
            del self._streams[agent]
            self._not_reached.pop(agent, None)

    def _emit(self, agent: AgentId, event: Json) -> None:
        stream = self._streams.get(agent)
        if stream is None:
            return
        state = view.apply(stream.state, event)
        if state == stream.state:
            return
        stream.state = state
        stream.record(event)
        for send in list(stream.desks):
            send({"type": "event", "seq": stream.seq, "event": event})

    def _show_me(self, agent: AgentId) -> None:
        if agent in self._streams:
            self._emit(agent, {"kind": "me", "me": self._me(self._floor.agents[agent])})

    def _show_card(self, changed: Interaction) -> None:
        present = self._floor.interactions.get(changed.id, changed)
        # Of several changes that became durable together, the first has shown what came of all of them.
        shown, profile = self._shown_as.get(present.id), self._floor.profiles.get(present.id)
        if shown is not None and shown[0] is present and shown[1] is profile:
            return
        if present.is_live:
            self._shown_as[present.id] = present, profile
        else:
            self._shown_as.pop(present.id, None)
        for agent in self._watching.who(present.id):
            self._emit(agent, {"kind": "watched", "watched": self._watched(present)})
            if not present.is_live:
                self._watching.look(agent, None)
        holders = {offer.agent for offer in present.offers if view.is_on_desk_of(present, offer.agent)}
        before = self._shown_to.get(changed.id, set())
        for agent in before - holders:
            # While the card is still there: a desk is to know which line is over.
            self._tell_not_reached(agent, present)
            self._emit(agent, {"kind": "interaction_gone", "id": changed.id})
        if holders:
            self._shown_to[changed.id] = holders
        else:
            self._shown_to.pop(changed.id, None)
        for agent in sorted(holders):
            self._next_thing(agent)
            if agent in self._streams:
                self._emit(agent, {"kind": "interaction", "interaction": self._card(present, agent)})
                if present.is_written and agent not in before:
                    self._show_what_is_written(agent, present.id)

    def _show_what_is_written(self, agent: AgentId, interaction: InteractionId) -> None:
        self._emit(agent, {"kind": "thread", "id": interaction, "messages": self._thread(interaction)})
        if (draft := self._draft(interaction)) is not None:
            self._emit(agent, {"kind": "draft", "id": interaction, "draft": draft})

    def _tell_not_reached(self, agent: AgentId, left: Interaction) -> None:
        stream = self._streams.get(agent)
        shown = stream.state["interactions"].get(left.id) if stream is not None else None
        if shown is not None and callback.was_not_reached(left):
            told = self._not_reached[agent] = view.not_reached(left, shown)
            self._emit(agent, {"kind": "not_reached", "not_reached": told})

    def _next_thing(self, agent: AgentId) -> None:
        """What was told of a callback that is over gives way to what comes next."""
        if self._not_reached.pop(agent, None) is not None:
            self._emit(agent, {"kind": "not_reached", "not_reached": None})

    def _snapshot(self, agent_id: AgentId, figures: DayFigures) -> Json:
        floor, agent = self._floor, self._floor.agents[agent_id]
        cards: dict[InteractionId, Json] = {
            id_: self._card(held, agent_id)
            for id_ in agent.hands
            if (held := floor.interactions.get(id_)) is not None and view.is_on_desk_of(held, agent_id)
        }
        for id_ in cards:
            self._shown_to.setdefault(id_, set()).add(agent_id)
        threads = {id_: self._thread(id_) for id_ in cards if floor.interactions[id_].is_written}
        picture = {
            "me": self._me(agent),
            "interactions": cards,
            "threads": threads,
            "drafts": {id_: draft for id_ in cards if (draft := self._draft(id_)) is not None},
            "queues": {queue: self._strip(queue, mine=queue in agent.queues) for queue in floor.centre.queues},
            "today": view.today(figures),
            "not_reached": self._not_reached.get(agent_id),
            "for_agents": self._shared("for agents", self._flows.for_agents()),
            "parts": self._parts_json(),
            "centre": self._shared("centre", view.centre_words(floor.centre)),
        }
        if may(agent, Deed.SEE_FLOWS):
            picture |= {"at_steps": self._at_steps.all(), "flows": {"revision": self._flows.revision}}
        if may(agent, Deed.ASSIGN):
            picture |= {"assigns": True}
        if may(agent, Deed.HELP):
            watched = self._floor.interactions.get(self._watching.of(agent_id) or InteractionId(""))
            picture |= {"watched": self._watched(watched)}
            if watched is not None:
                threads[watched.id] = self._thread(watched.id)
        if may(agent, Deed.EDIT_CENTRE):
            picture |= {"centre_version": {"number": self.centre_version}}
        return picture

    def _card(self, interaction: Interaction, agent: AgentId) -> Json:
        floor, offer = self._floor, interaction.offer_at(agent)
        why = floor.whys.get(offer.id) if offer is not None else None
        card = view.card(interaction, floor.profiles.get(interaction.id), floor.centre, agent, why)
        target = self._levels.target(interaction.dialled) if interaction.is_written else None
        return card | {"answer_within_s": target.total_seconds() if target is not None else None}

    def _thread(self, interaction: InteractionId) -> list[Json]:
        return [self._message(each) for each in self._floor.threads.get(interaction, ())]

    def _draft(self, interaction: InteractionId) -> Json | None:
        draft = self._floor.drafts.get(interaction)
        return view.draft(draft, self._floor.centre) if draft is not None else None

    def _message(self, message: Message) -> Json:
        read = self._floor.reads.get(message.interaction, {}).get(Side.CUSTOMER) == message.id
        return view.message(message, self._floor.centre, self._parts_of(message.interaction, message.id), read=read)

    def _parts_of(self, interaction: InteractionId, message: MessageId) -> Collection[Outgoing]:
        return self._floor.deliveries.get(interaction, {}).get(message, {}).values()

    def _show_written(self, change: Change) -> None:
        for message in change.messages:
            event = {"kind": "message", "id": message.interaction, "message": self._message(message)}
            for reader in self._readers(message.interaction):
                self._emit(reader, event)
        for out in change.outgoing:
            if out.message is not None and out.interaction is not None:
                told = view.delivery(self._parts_of(out.interaction, out.message))
                for reader in self._readers(out.interaction):
                    self._emit(reader, {"kind": "delivery", "id": out.interaction, "message": out.message, **told})
        self._show_marks(change)

    def _show_marks(self, change: Change) -> None:
        """Show what stands at a conversation: what is being written, and what was read."""
        for draft in change.drafts:
            event = {"kind": "draft", "id": draft.interaction, "draft": view.draft(draft, self._floor.centre)}
            for holder in sorted(self._shown_to.get(draft.interaction, ())) if not draft.over else ():
                self._emit(holder, event)
        for mark in change.reads:
            if mark.side is Side.CUSTOMER:
                for reader in self._readers(mark.interaction):
                    self._emit(reader, {"kind": "read", "id": mark.interaction, "message": mark.message})

    def _readers(self, interaction: InteractionId) -> list[AgentId]:
        """Return whose desks show what is written in an interaction."""
        return sorted({*self._shown_to.get(interaction, ()), *self._watching.who(interaction)})

    def _watched(self, interaction: Interaction | None) -> Json | None:
        if interaction is None:
            return None
        return view.watched(interaction, self._floor.profiles.get(interaction.id), self._floor.centre)

    def _me(self, agent: Agent) -> Json:
        return view.me(agent, reachable=agent.endpoint in self._floor.reachable, sip=self._sip_account(agent))

    def _strip(self, queue: QueueId, *, mine: bool) -> Json:
        strip = view.queue_strip(queue, self._floor.routing, self._floor.centre, mine=mine)
        return self._shared(f"queue {queue}", strip, mine=mine)

    def _parts_json(self) -> Json:
        parts = {name: {"ready": part.ready, "detail": part.detail} for name, part in self._parts().items()}
        return self._shared("parts", parts)

    def _shared(self, what: str, value: Json, *, mine: bool = True) -> Json:
        """Return the value that others who see the same show already, if it is still true: a thousand keep one."""
        known = self._alike.get((what, mine))
        if known == value:
            return known
        self._alike[what, mine] = value
        return value
