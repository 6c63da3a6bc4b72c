"""Callbacks: planned in a flow or by a key while waiting, offered like every entry, and never two for one person."""

import logging
from datetime import datetime
from functools import partial

from trunkline.core import agent as agents
from trunkline.core import callback
from trunkline.core.errors import Misconfigured, Rejected
from trunkline.core.ids import AgentId, InteractionId, OfferId, callback_id_of, new_id
from trunkline.core.interaction import Entry, Interaction, Stage, Work, leave_queue
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.phone import e164
from trunkline.core.record import changed
from trunkline.core.roll_call import entry_facts
from trunkline.floor.intake import Intake
from trunkline.floor.runs import Runs, run_of, steps_taken, stored
from trunkline.floor.state import Floor, Moved
from trunkline.flows.run import Moved as RunMoved
from trunkline.flows.talk import Answer, AskCallback, CallbackPlanned, CallbackRefused, CallbackWanted
from trunkline.ports.call_control import AgentAnswered, AgentLegEnded, CallControl, KeyPressed, NotReached

log = logging.getLogger(__name__)


class Callbacks:
    """Plans callbacks, brings each to its place when its time has come, and tries again where nobody took it."""

    def __init__(self, floor: Floor, switch: CallControl, intake: Intake, runs: Runs) -> None:
        self._floor = floor
        self._switch = switch
        self._intake = intake
        self._runs = runs
        self._open: dict[str, InteractionId] = {}
        self._hearing_the_tone: dict[OfferId, tuple[AgentId, InteractionId]] = {}
        floor.watchers.append(self._watch)

    def know_all(self) -> None:
        """Take note of those that are planned already: after a start."""
        for interaction in self._floor.interactions.values():
            self._know(interaction)

    def _watch(self, moved: Moved) -> None:
        for _, interaction in moved.interactions:
            if interaction.callback is not None:
                self._know(interaction)

    def _know(self, interaction: Interaction) -> None:
        if interaction.callback is None or interaction.callback.phone is not None:
            return
        number = interaction.callback.number
        # Once the customer is on the line the promise is kept: a next one may be planned in that very talk.
        if interaction.stage in (Stage.SCHEDULED, Stage.WAITING, Stage.OFFERED):
            self._open[number] = interaction.id
        elif self._open.get(number) == interaction.id:
            del self._open[number]

    # --- planning ---

    def plan(self, interaction: Interaction, want: AskCallback) -> CallbackPlanned | CallbackRefused:
        """Plan what a flow asks for. The number must be one that a trunk may call: nothing is promised in vain.

        Take the answer into the flow without waiting: then both are of one transaction, no restart finds one without
        the other, and what the flow says of it is said once both are durable.
        """
        number = e164(want.number or interaction.address.e164 or "", self._floor.centre.region)
        if number is None:
            return CallbackRefused("it is no number that can be called")
        if not self._switch.may_call(number):
            return CallbackRefused("no trunk may call it")
        if number in self._open:
            return CallbackPlanned(existing=True)
        at, place = self._floor.clock.now(), interaction.place if want.keep_place else None
        kept = place if place is not None and place.queue == want.queue else None
        entry = kept or Entry(want.queue, since=at)
        id_ = callback_id_of(interaction.id)
        if id_ in self._floor.interactions:
            id_ = InteractionId(new_id())  # its first one is being talked through
        planned = callback.plan(id_, interaction, number, entry, due_at=want.at, at=at)
        due = planned.callback.due_at if planned.callback is not None else None
        facts = {
            "of": interaction.id, **entry_facts(entry, planned.medium), "since": entry.since.isoformat(),
            "due_at": due.isoformat() if due else None,
        }  # fmt: skip
        self._floor.commit(
            interactions=[planned], journal=[JournalEntry(Happened.CALLBACK_PLANNED, at, planned.id, facts=facts)]
        )
        self._intake.identify(planned.id)
        return CallbackPlanned()

    def can_call(self, interaction: Interaction) -> bool:
        """Whether somebody has a number that may be called."""
        number = interaction.address.e164
        return number is not None and self._switch.may_call(number)

    def key_pressed(self, event: KeyPressed) -> None:
        """A waiting caller asks to be called back: that is planned at once, and the flow tells them so."""
        interaction = self._floor.of_call(event.call)
        if interaction is None or interaction.stage is not Stage.WAITING or interaction.entry is None:
            return
        if interaction.entry.callback_key != event.key or interaction.call is None:
            return
        try:
            moved = self._asked(interaction)
        except (Misconfigured, Rejected) as fault:
            log.error("a waiting caller cannot ask for a callback", extra={"id": interaction.id, "why": str(fault)})
            return
        if moved is None:
            return
        back = leave_queue(self._floor.interaction(interaction.id), at=event.at, keep_place=True)
        facts = {"queue": interaction.entry.queue}
        self._floor.commit(
            interactions=[changed(back, run=stored(moved.run))],
            journal=[
                JournalEntry(Happened.CALLBACK_WANTED, event.at, interaction.id, facts=facts),
                *steps_taken(interaction.id, run_of(interaction), moved.run),
            ],
            then=partial(self._switch.to_flow, interaction.call),
        )

    def _asked(self, interaction: Interaction) -> RunMoved | None:
        """Return where the flow goes on; None where nothing can be promised, and the caller waits on."""
        moved = self._advance(interaction, CallbackWanted())
        if moved is None or not isinstance(moved.action, AskCallback):
            return moved
        answer = self.plan(replace_place(interaction), moved.action)
        if isinstance(answer, CallbackRefused):
            log.warning("a callback was refused", extra={"id": interaction.id, "why": answer.why})
            return None
        return self._advance(changed(interaction, run=stored(moved.run)), answer)

    def _advance(self, interaction: Interaction, answer: Answer) -> RunMoved | None:
        return self._runs.advance(interaction, answer)

    # --- its time, and what becomes of it ---

    def due(self, id_: InteractionId) -> None:
        """The time of a callback has come: it takes its place in the queue."""
        at = self._floor.clock.now()
        interaction = callback.come_due(self._floor.interaction(id_), at=at)
        self._floor.commit(
            interactions=[interaction], journal=[JournalEntry(Happened.CALLBACK_DUE, at, interaction.id)]
        )

    def agent_answered(self, event: AgentAnswered) -> None:
        """The agent is on the phone; the customer's rings now."""
        interaction = self._floor.of_offer(event.offer)
        if interaction is not None and interaction.work is Work.CALLBACK and interaction.stage is Stage.OFFERED:
            self.on_phone(interaction, at=event.at)

    def on_phone(self, interaction: Interaction, *, at: datetime) -> None:
        """Make true that the agent has answered."""
        assert interaction.offer is not None  # noqa: S101 - an OFFERED interaction has its offer, by construction
        if interaction.offer.answered_at is None:
            entry = JournalEntry(Happened.CALLBACK_ANSWERED, at, interaction.id, interaction.offer.agent)
            self._floor.commit(interactions=[callback.agent_answered(interaction, at=at)], journal=[entry])

    def not_reached(self, event: NotReached) -> None:
        """The customer did not take it: later again, or no more. The agent is free once off the phone."""
        interaction = self._floor.of_offer(event.offer)
        if interaction is None or interaction.work is not Work.CALLBACK or interaction.stage is not Stage.OFFERED:
            return
        offer = interaction.offer
        assert offer is not None  # noqa: S101 - an OFFERED interaction has its offer, by construction
        later = callback.not_reached(interaction, at=event.at)
        facts = {"why": event.why, "again_at": _again_at(later)}
        # Their phone still plays the busy tone: it would turn down whatever it was offered.
        self._hearing_the_tone[offer.id] = offer.agent, later.id
        self._floor.commit(
            interactions=[later],
            journal=[JournalEntry(Happened.CALLBACK_NOT_REACHED, event.at, later.id, offer.agent, facts)],
        )

    def agent_leg_ended(self, event: AgentLegEnded) -> None:
        """The agent of a callback that nobody took is off the phone."""
        hearing = self._hearing_the_tone.pop(event.offer, None)
        if hearing is not None:
            agent, heard_of = hearing
            free = agents.release(self._floor.agent(agent), heard_of, at=event.at, served=False)
            off = JournalEntry(Happened.RELEASED, event.at, heard_of, agent, {"why": "off_phone"})
            self._floor.commit(agents=[free], journal=[off])


def replace_place(interaction: Interaction) -> Interaction:
    """Return a waiting interaction as one that keeps its place for a callback."""
    return changed(interaction, place=interaction.entry)


def _again_at(interaction: Interaction) -> str | None:
    due = interaction.callback.due_at if interaction.callback is not None else None
    return due.isoformat() if due is not None and interaction.is_live else None
