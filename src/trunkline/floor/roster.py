"""Who works here, as the centre file says now: agents come, go, and change their queues while calls go on."""

from dataclasses import replace

from trunkline.core.agent import Agent, Presence
from trunkline.core.centre import Centre
from trunkline.core.ids import AgentId
from trunkline.floor.agent import Desk
from trunkline.floor.state import Floor


async def follow(floor: Floor, desk: Desk, centre: Centre) -> None:
    """Make another centre file true on the floor; who has left it goes offline, and finishes what is in hand."""
    for id_ in floor.agents.keys() - centre.agents.keys():
        if floor.agents[id_].presence is not Presence.OFFLINE:
            await desk.log_out(id_)
    floor.centre = centre
    await floor.commit(
        agents=[_placed(floor, id_, centre) for id_ in sorted(floor.agents.keys() | centre.agents.keys())]
    )


def _placed(floor: Floor, id_: AgentId, centre: Centre) -> Agent:
    known = floor.agents.get(id_) or Agent(id_, id_, frozenset())
    config = centre.agents.get(id_)
    if config is None:
        return replace(known, queues=frozenset())
    return replace(known, name=config.name, role=config.role.value, queues=config.queues)
