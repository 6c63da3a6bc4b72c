"""The desk's picture: a snapshot and the events after it are the same as a new snapshot, whatever happens."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Stage
from trunkline.floor.hub import KEPT_EVENTS, QUEUES_EVERY_S
from trunkline.floor.view import apply

ANA = AgentId("ana")


class Screen:
    """A desk in a test: it keeps what it was sent, and applies it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.seq: int | None = None
        self.epoch: str | None = None

    def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        match message["type"]:
            case "snapshot":
                self.state, self.seq, self.epoch = message["state"], message["seq"], message["epoch"]
            case "event":
                assert self.seq is not None
                assert message["seq"] == self.seq + 1
                self.state, self.seq = apply(self.state, message["event"]), message["seq"]


async def a_random_thing_happens(centre: Centre, dice: random.Random) -> None:
    """One of everything that callers, agents, phones and time can do."""
    live = list(centre.floor.interactions.values())
    agent = AgentId(dice.choice(["ana", "ben"]))
    busy = centre.floor.in_hand_of(agent)
    switch = centre.switch
    ringing = [offer for offer, leg in switch.legs.items() if not leg.joined]
    talking = [offer for offer, leg in switch.legs.items() if leg.joined]
    match dice.randrange(12):
        case 0 | 1 | 2:
            await centre.call_waits(f"+4477009001{dice.randrange(10, 99)}")
        case 3 if ringing:
            switch.answers(dice.choice(ringing))
        case 4 if ringing:
            switch.fails(dice.choice(ringing), dice.choice(list(OfferFailure)))
        case 5 if talking:
            switch.agent_hangs_up(dice.choice(talking))
        case 6 if live and (call := dice.choice(live).call) is not None:
            switch.caller_hangs_up(call)
        case 7:
            await centre.desk.show(agent, Presence.READY, None)
        case 8 if busy is not None and busy.stage is Stage.WRAP_UP:
            await centre.desk.wrap_up(agent, busy.id, "resolved", "Done.")
        case 9:
            centre.clock.forward(dice.choice([1, 10, 70]))
        case 10:
            switch.phone(f"{agent}-web", reachable=dice.random() < 0.8)
        case 11 if talking:
            switch.holds(dice.choice(talking), held=dice.random() < 0.5)
    await centre.settled()


def the_floor_is_sound(centre: Centre) -> None:
    """What must be true at every moment."""
    in_hand = [each for each in centre.floor.interactions.values() if each.stage not in (Stage.IN_FLOW, Stage.WAITING)]
    holders = [each.offer.agent for each in in_hand if each.offer is not None]
    assert len(holders) == len(set(holders)), "an agent has two interactions in hand"
    for each in in_hand:
        assert each.offer is not None
        assert centre.floor.agents[each.offer.agent].busy == each.id
    for agent in centre.floor.agents.values():
        assert agent.busy is None or agent.busy in centre.floor.interactions
    free = [
        agent for agent in centre.floor.agents.values() if agent.is_free and agent.endpoint in centre.switch.reachable
    ]
    for each in centre.floor.interactions.values():
        if each.stage is Stage.WAITING and each.entry is not None:
            idle = [agent.id for agent in free if each.entry.queue in agent.queues]
            assert idle == [], "an able agent is idle while somebody waits"


@pytest.mark.parametrize("seed", range(12))
async def test_snapshot_and_events_are_the_new_snapshot(centre: Centre, seed: int) -> None:
    dice = random.Random(seed)
    await centre.ready("ana", "ben")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)

    for _ in range(60):
        await a_random_thing_happens(centre, dice)
        the_floor_is_sound(centre)
    await asyncio.sleep(QUEUES_EVERY_S * 1.2)  # the queue figures are sent at most so often
    await centre.settled()

    fresh = Screen()
    centre.hub._streams.clear()
    await centre.hub.open(ANA, fresh, epoch=None, seq=None)
    assert screen.state == fresh.state
    assert centre.store.agents == centre.floor.agents


async def test_a_desk_resumes_with_exactly_what_it_missed(centre: Centre) -> None:
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    await centre.call_rings()
    seen = screen.seq
    centre.hub.close(ANA, screen)
    centre.switch.answers(centre.switch.rung[-1].offer)
    await centre.settled()

    again = Screen()
    again.state, again.seq, again.epoch = screen.state, screen.seq, screen.epoch
    await centre.hub.open(ANA, again, epoch=screen.epoch, seq=seen)

    assert again.messages[0]["type"] == "resumed"
    assert {message["type"] for message in again.messages[1:]} == {"event"}
    [card] = again.state["interactions"].values()
    assert card["stage"] == "talking"


async def test_a_desk_that_missed_too_much_gets_a_snapshot(centre: Centre) -> None:
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    centre.hub.close(ANA, screen)
    for number in range(KEPT_EVENTS + 3):
        presence = (Presence.NOT_READY, "break") if number % 2 else (Presence.READY, None)
        await centre.desk.show(ANA, *presence)
    await centre.settled()

    again = Screen()
    await centre.hub.open(ANA, again, epoch=screen.epoch, seq=screen.seq)

    assert again.messages[0]["type"] == "snapshot"


async def test_another_services_numbers_mean_nothing(world: SimpleNamespace) -> None:
    screen = Screen()
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.hub.open(ANA, screen, epoch=None, seq=None)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        again = Screen()
        await centre.hub.open(ANA, again, epoch=screen.epoch, seq=screen.seq)

    assert again.messages[0]["type"] == "snapshot"


async def test_an_unknown_event_is_no_event() -> None:
    with pytest.raises(ValueError, match="no event"):
        apply({}, {"kind": "party"})
