"""STOP and its like: what somebody wants of a channel, and of no conversation."""

from trunkline.core.ids import written_id_of
from trunkline.core.interaction import Interaction
from trunkline.core.opt_out import OptOut
from trunkline.floor.state import Floor
from trunkline.floor.text_state import message_of
from trunkline.ports.channel import Said, Wished


async def note_wish(floor: Floor, medium: str, interaction: Interaction | None, wished: Wished) -> None:
    """Keep what somebody wants, and what they wrote where they are in a conversation; returns once it is durable."""
    where, at = wished.conversation, floor.clock.now()
    opt_outs = [] if wished.wants_more is None else [OptOut(medium, where.address, at, ended=wished.wants_more)]
    said = Said(where, wished.text, wished.at, wished.message)
    written = []
    if interaction is not None and not floor.has_message(interaction.id, written_id_of(where.channel, wished.message)):
        written = [message_of(interaction, said, hidden=False)]
    await floor.commit(opt_outs=opt_outs, messages=written)
