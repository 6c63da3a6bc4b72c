"""Several phones ring for one caller: one agent has them, and the others are as they were."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.floor.conftest import CENTRE, Centre, open_floor
from tests.floor.test_trouble import follow
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Outcome, Stage
from trunkline.core.journal import Happened

ANA, BEN, CARLA = AgentId("ana"), AgentId("ben"), AgentId("carla")
SALES = b"  sales: {title: Sales, "
ALL = CENTRE.replace(SALES, SALES + b"strategy: ring_all, ring_at_once: 2, ").replace(
    b"agents:\n", b"agents:\n  carla: {name: Carla Rossi, queues: [sales]}\n"
)


@pytest.fixture
async def three(centre: Centre) -> Centre:
    await follow(centre, ALL)
    await centre.ready("ana", "ben", "carla")
    return centre


def rung(centre: Centre) -> list[str]:
    """Return the agents whose phones ring now."""
    return sorted(ring.endpoint.removesuffix("-web") for ring in centre.switch.rung if ring.offer in centre.switch.legs)


async def offered(centre: Centre) -> Interaction:
    """Let a caller wait, and return what rings for them."""
    interaction = centre.of(await centre.call_waits())
    assert interaction is not None
    return interaction


async def test_as_many_ring_as_the_queue_says_and_the_first_to_answer_has_the_caller(three: Centre) -> None:
    interaction = await offered(three)
    assert rung(three) == ["ana", "ben"]
    second = interaction.offers[1]
    assert second.agent == BEN

    three.switch.answers(second.id)
    await three.settled()

    talking = three.floor.interaction(interaction.id)
    assert (talking.stage, talking.agent, talking.offers) == (Stage.TALKING, BEN, (second,))
    assert three.agent("ana").is_free
    assert three.agent("ana").presence is Presence.READY
    assert list(three.agent("ben").hands) == [interaction.id]
    assert [line.agent for line in three.store.happened(Happened.OFFER_WITHDRAWN)] == [ANA]
    assert [line.agent for line in three.store.happened(Happened.ACCEPTED)] == [BEN]


async def test_one_who_declines_leaves_the_others_ringing(three: Centre) -> None:
    interaction = await offered(three)
    first = interaction.offers[0]

    await three.desk.decline(ANA, first.id)
    await three.settled()

    still = three.floor.interaction(interaction.id)
    assert (still.stage, [offer.agent for offer in still.offers]) == (Stage.OFFERED, [BEN])
    assert three.agent("ana").reason == "declined"
    three.switch.fails(still.offers[0].id, OfferFailure.NO_ANSWER)
    await three.settled()
    assert [offer.agent for offer in three.floor.interaction(interaction.id).offers] == [CARLA]
    assert three.agent("ben").reason == "no_answer"


async def test_nobody_answers_and_the_caller_goes_to_the_next_with_their_place(three: Centre) -> None:
    interaction = await offered(three)

    await three.forward(24)

    again = three.floor.interaction(interaction.id)
    assert (again.stage, [offer.agent for offer in again.offers]) == (Stage.OFFERED, [CARLA])
    assert again.entry is not None
    assert interaction.entry is not None
    assert again.entry.since == interaction.entry.since
    assert {three.agent("ana").reason, three.agent("ben").reason} == {"no_answer"}


async def test_the_caller_hangs_up_and_all_phones_are_still(three: Centre) -> None:
    call = await three.call_waits()
    interaction = three.of(call)
    assert interaction is not None

    three.switch.caller_hangs_up(call)
    await three.settled()

    assert rung(three) == []
    assert three.store.interactions[interaction.id].outcome is Outcome.ABANDONED
    assert three.agent("ana").is_free
    assert three.agent("ben").is_free
    assert len(three.store.happened(Happened.ABANDONED)) == 1


async def test_an_agent_who_logs_out_takes_only_their_own_offer_along(three: Centre) -> None:
    interaction = await offered(three)

    await three.desk.log_out(ANA)
    await three.settled()

    assert [offer.agent for offer in three.floor.interaction(interaction.id).offers] == [BEN]
    assert rung(three) == ["ben"]


async def test_each_desk_shows_its_own_offer_and_loses_it_when_somebody_else_answers(three: Centre) -> None:
    screens: dict[AgentId, list[dict[str, Any]]] = {ANA: [], BEN: []}
    for agent, screen in screens.items():
        await three.hub.open(agent, screen.append, epoch=None, seq=None)
    interaction = await offered(three)
    shown = {agent: _cards(screen)[-1] for agent, screen in screens.items()}
    assert {agent: card["offer"]["id"] for agent, card in shown.items()} == {
        offer.agent: offer.id for offer in interaction.offers
    }

    three.switch.answers(interaction.offers[0].id)
    await three.settled()

    assert screens[BEN][-1]["event"]["kind"] in {"me", "interaction_gone", "queue"}
    gone = [each["event"] for each in screens[BEN] if each["type"] == "event"]
    assert {"kind": "interaction_gone", "id": interaction.id} in gone
    assert _cards(screens[ANA])[-1]["stage"] == "talking"


def _cards(screen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events = [each["event"] for each in screen if each["type"] == "event"]
    return [event["interaction"] for event in events if event["kind"] == "interaction"]


async def test_a_service_that_was_away_finds_who_answered_and_who_still_rings(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as before:
        await follow(before, ALL)
        await before.ready("ana", "ben", "carla")
        interaction = await offered(before)
    lost, kept = interaction.offers
    del world.switch.legs[lost.id]

    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        still = after.floor.interaction(interaction.id)
        assert (still.stage, [offer.id for offer in still.offers]) == (Stage.OFFERED, [kept.id])
        assert list(after.agent("ben").hands) == [interaction.id]
        assert after.agent("ana").hands == {}

        world.switch.answers(kept.id)
        await after.settled()
        assert after.floor.interaction(interaction.id).agent == BEN


async def test_a_call_for_one_agent_rings_at_nobody_else(three: Centre) -> None:
    await follow(three, ALL.replace(b"ring_at_once: 2, ", b"ring_at_once: 2, sticky: {wait: 30s}, "))
    call, offer = await three.call_talks()
    interaction = three.of(call)
    assert interaction is not None
    three.switch.agent_hangs_up(offer)
    await three.settled()
    assert interaction.agent is not None
    await three.desk.wrap_up(interaction.agent, interaction.id, "resolved", "")
    await three.settled()

    again = await offered(three)

    assert [each.agent for each in again.offers] == [interaction.agent]
