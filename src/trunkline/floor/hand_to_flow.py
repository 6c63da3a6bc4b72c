"""An agent hands a conversation back to a flow: to have something asked, or because people are done with it."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from trunkline.core import agent as agents
from trunkline.core.errors import Misconfigured, Rejected
from trunkline.core.ids import AgentId, InteractionId, OfferId
from trunkline.core.interaction import Handed, hand_to_flow
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.agent import NotYours
from trunkline.floor.runs import Runs, run_of, steps_taken, stored, tell_faults
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.text_state import Standing, standing_of, stored_with
from trunkline.ports.call_control import AgentLegEnded, CallControl


@dataclass(frozen=True, slots=True)
class HandToFlow:
    """The command of agents who hand over what they talk in. It returns once that is durable."""

    floor: Floor
    runs: Runs
    switch: CallControl
    _leaving: dict[OfferId, tuple[AgentId, InteractionId, datetime]] = field(default_factory=dict)
    """Who has handed a call over, and is still on the phone with it."""

    async def hand(self, agent: AgentId, interaction_id: InteractionId, flow: str, *, back: bool) -> None:
        """Let a flow go on from here, with all that was learned so far.

        `back`: it waits for this agent again when the flow is over, and for others after a while; else it is handled.
        Raises NoSuch for a flow that is not for agents, or not for this medium.
        """
        floor, interaction, at = self.floor, self.floor.interaction(interaction_id), self.floor.clock.now()
        if interaction.agent != agent:
            raise NotYours(interaction_id)
        try:
            moved = self.runs.begin_for_agent(interaction, flow)
        except Misconfigured as fault:
            raise Rejected(str(fault)) from fault
        if moved is None:
            raise NoSuch(f"no flow called {flow[:100]!r} is for agents, on this medium")
        place = interaction.entry if back else None
        run = stored(moved.run)
        if interaction.is_written:
            run = stored_with(moved.run, Standing(standing_of(interaction).turn + 1))
        handed = hand_to_flow(interaction, Handed(agent, place), run, at=at)
        tell_faults(interaction_id, moved)
        free = [agents.release(floor.agent(agent), interaction_id, at=at, served=True)]
        if interaction.rings and interaction.offer is not None:
            # At a phone that is not yet off this call the next one would find it busy.
            free, self._leaving[interaction.offer.id] = [], (agent, interaction_id, at)
        facts = {"flow": flow, "back": back, "talk_s": (at - interaction.stage_since).total_seconds()}
        call = interaction.call
        await floor.commit(
            interactions=[handed],
            agents=free,
            journal=[
                JournalEntry(Happened.HANDED_TO_FLOW, at, interaction_id, agent, facts),
                *steps_taken(interaction_id, run_of(interaction), moved.run),
            ],
            then=partial(self.switch.to_flow, call) if call is not None else None,
        )

    def agent_leg_ended(self, event: AgentLegEnded) -> None:
        """The agent who handed a call over is off the phone, and can have the next."""
        left = self._leaving.pop(event.offer, None)
        if left is None or left[0] not in self.floor.agents:
            return
        agent, interaction_id, at = left
        again = self.floor.interactions.get(interaction_id)
        if again is not None and any(offer.agent == agent for offer in again.offers):
            return  # freed meanwhile, by what the switch showed, and the caller is theirs once more
        self.floor.commit(agents=[agents.release(self.floor.agent(agent), interaction_id, at=at, served=True)])
