"""Who works here, as the centre file says now: agents come, go, and change their queues while calls go on."""

from trunkline.core.agent import Agent, Presence
from trunkline.core.centre import Centre, at_post
from trunkline.floor.agent import Desk
from trunkline.floor.state import Floor


async def follow(floor: Floor, desk: Desk, centre: Centre) -> None:
    """Make another centre file true on the floor; who has left it goes offline, and finishes what is in hand."""
    for id_ in floor.agents.keys() - centre.agents.keys():
        if floor.agents[id_].presence is not Presence.OFFLINE:
            await desk.log_out(id_)
    floor.adopt(centre)
    ids = sorted(floor.agents.keys() | centre.agents.keys())
    posted = [at_post(floor.agents.get(id_) or Agent(id_, id_, {}), centre) for id_ in ids]
    await floor.commit(agents=posted, journal=[floor.roll_call(posted)])
