"""Supervisors in the conversations of others: they look on, tell the agent something, or take it over."""

from dataclasses import dataclass

from trunkline.core import agent as agents
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId, OfferId, new_id, written_id_of
from trunkline.core.interaction import Interaction, Offer, Stage, WrongStage, take_over
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import LONGEST_MESSAGE, Message, Side
from trunkline.core.permission import Deed, demand
from trunkline.floor.hub import Hub
from trunkline.floor.state import Floor
from trunkline.floor.text_desk import NothingWritten
from trunkline.floor.text_service import TextService


class YoursAlready(Rejected):
    """What one has in hand needs no taking over."""

    def __init__(self) -> None:
        super().__init__("this conversation is in your hands already")


@dataclass(frozen=True, slots=True)
class Helping:
    """The commands of supervisors in written conversations. Each returns once what it decided is durable."""

    floor: Floor
    hub: Hub
    texts: TextService

    async def watch(self, by: AgentId, interaction_id: InteractionId | None) -> None:
        """Look into a conversation until it is over, or another one, or none (None): its desk shows it live."""
        demand(self.floor.agent(by), Deed.HELP)
        if interaction_id is not None:
            interaction = self._written(interaction_id)
            watched = JournalEntry(Happened.WATCHED, self.floor.clock.now(), interaction.id, by)
            # Nobody looks unseen: where that cannot be noted, nothing is shown.
            await self.floor.commit(journal=[watched])
        self.hub.watch(by, interaction_id)

    async def whisper(self, by: AgentId, interaction_id: InteractionId, text: str, *, key: str) -> None:
        """Write to the agent alone. `key` is the desk's own name of the message: what comes twice is one message."""
        demand(self.floor.agent(by), Deed.HELP)
        interaction, text = self._written(interaction_id), text.strip()
        if not 0 < len(text) <= LONGEST_MESSAGE:
            raise NothingWritten
        if interaction.stage is not Stage.TALKING:
            raise WrongStage(interaction, "being written in: nobody would read it")
        id_ = written_id_of(interaction.dialled, f"{interaction_id}/{by}/{key}")
        if not self.floor.has_message(interaction_id, id_):
            message = Message(id_, interaction_id, self.floor.clock.now(), Side.COLLEAGUE, text, by)
            await self.floor.commit(messages=[message])

    async def take_over(self, by: AgentId, interaction_id: InteractionId) -> None:
        """Have a conversation from now on: from its agent, out of the line, or out of its flow."""
        demand(self.floor.agent(by), Deed.HELP)
        interaction = self._written(interaction_id)
        if interaction.agent == by:
            raise YoursAlready
        if interaction.stage is Stage.IN_FLOW:
            await self.texts.to_people(interaction_id, wanted=by)
            interaction = self._written(interaction_id)
        at, left = self.floor.clock.now(), interaction.agent
        rang = interaction.offers if interaction.stage is Stage.OFFERED else ()
        taken = take_over(interaction, Offer(OfferId(new_id()), by, at, at), at=at)
        holders = [offer.agent for offer in rang] if left is None else [left]
        freed = {
            id_: agents.release(self.floor.agent(id_), interaction_id, at=at, served=left is not None)
            for id_ in holders
        }
        mine = agents.take(freed.pop(by, self.floor.agent(by)), interaction_id, interaction.medium, at=at)
        await self.floor.commit(
            interactions=[taken],
            agents=[*freed.values(), mine],
            journal=[
                *(
                    JournalEntry(Happened.OFFER_WITHDRAWN, at, interaction_id, offer.agent, {"offer": offer.id})
                    for offer in rang
                ),
                JournalEntry(Happened.TAKEN_OVER, at, interaction_id, by, {"from": left}),
            ],
        )
        self.hub.watch(by, None)
        if left is not None:
            self.hub.tell(left, {"type": "taken_over", "id": interaction_id, "by": self.floor.agent(by).name})

    def _written(self, id_: InteractionId) -> Interaction:
        interaction = self.floor.interaction(id_)
        if not interaction.is_written:
            raise WrongStage(interaction, "a conversation in writing")
        return interaction
