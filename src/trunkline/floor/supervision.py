"""What supervisors do about the work of others."""

from dataclasses import replace

from trunkline.core.demand import Wanted
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.interaction import Stage, WrongStage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.permission import Deed, demand
from trunkline.core.record import changed
from trunkline.floor.state import Floor


class NotAtWork(Rejected):
    """An agent who is not there to take anything."""

    def __init__(self, agent: AgentId) -> None:
        super().__init__(f"{agent} is not logged in: choose somebody who is")


class Supervision:
    """The commands of supervisors. Each returns once what it decided is durable."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def assign(self, by: AgentId, interaction_id: InteractionId, to: AgentId | None) -> None:
        """Keep an entry that waits for one agent, whatever their queues and skills; None: for everybody again.

        The agent is offered it as soon as they have room, through the same routing as all else. Raises Rejected for
        who may not, for what does not wait, and for an agent who is not logged in.
        """
        demand(self._floor.agent(by), Deed.ASSIGN)
        interaction, at = self._floor.interaction(interaction_id), self._floor.clock.now()
        if interaction.stage is not Stage.WAITING or interaction.entry is None:
            raise WrongStage(interaction, "waiting")
        if to is not None and not self._floor.agent(to).is_at_work:
            raise NotAtWork(to)
        entry = replace(interaction.entry, wanted=Wanted(to) if to is not None else None)
        await self._floor.commit(
            interactions=[changed(interaction, entry=entry)],
            journal=[JournalEntry(Happened.ASSIGNED, at, interaction.id, to, {"by": by})],
        )
