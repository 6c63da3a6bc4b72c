"""A switch that is full: nobody is blamed, nobody loses their place, and it is asked no more often than it has room."""

import logging

import pytest

from tests.floor.conftest import CENTRE, Centre
from tests.floor.test_trouble import follow
from trunkline.core.agent import Presence
from trunkline.core.call import Call
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened


@pytest.fixture
async def full(centre: Centre) -> Call:
    """Ana and Ben are free, and the switch had no room for Ana's leg; two callers wait, and this is the first."""
    await centre.ready("ana", "ben")
    centre.switch.has_room = False
    first = await centre.call_waits()
    await centre.call_waits("+447700900456")
    await centre.settled()
    return first


async def test_nobody_is_blamed_and_the_caller_keeps_the_place(centre: Centre, full: Call) -> None:
    assert centre.agent("ana").presence is centre.agent("ben").presence is Presence.READY
    assert centre.agent("ana").is_free
    assert centre.stage(full) is Stage.WAITING
    assert centre.in_line()[0] == full.id.uniqueid
    withdrawn = centre.store.happened(Happened.OFFER_WITHDRAWN)
    assert {(line.agent, line.facts["why"]) for line in withdrawn} == {("ana", "no_room")}


async def test_a_full_switch_is_asked_once_a_second_and_no_more(centre: Centre, full: Call) -> None:
    asked = len(centre.switch.rung)

    await centre.forward(0.5)
    assert len(centre.switch.rung) == asked
    for _ in range(5):
        await centre.forward(1)

    assert len(centre.switch.rung) == asked + 5


async def test_an_offer_is_made_as_soon_as_a_leg_ends(centre: Centre, full: Call) -> None:
    centre.switch.has_room = True

    centre.switch.caller_hangs_up(full)
    await centre.settled()

    assert [ring.caller for ring in centre.switch.rung][-1] == "+447700900456"


async def test_the_next_one_follows_as_soon_as_the_first_rings(centre: Centre, full: Call) -> None:
    centre.switch.has_room = True

    await centre.forward(1)

    assert centre.stage(full) is Stage.OFFERED
    assert {ring.endpoint for ring in centre.switch.rung[-2:]} == {"ana-web", "ben-web"}


async def test_a_full_switch_is_told_of_once_until_it_has_had_room_for_a_while(
    centre: Centre, full: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="trunkline.floor.room")
    for _ in range(3):
        await centre.forward(1)
    health = centre.room.health(up=True, where="127.0.0.1:5038")
    assert health.ready
    assert health.detail.startswith("full since 12:")
    assert "widen rtp_ports" in health.detail

    centre.switch.has_room = True
    for _ in range(12):
        await centre.forward(1)

    assert centre.room.health(up=True, where="").detail == ""
    assert [record.message for record in caplog.records] == ["the switch has room again"]


async def test_no_offer_is_made_to_a_switch_that_is_lost_while_it_is_full(centre: Centre, full: Call) -> None:
    asked = len(centre.store.happened(Happened.OFFERED))

    centre.switch.lost()
    await centre.settled()
    await centre.forward(5)

    assert centre.stage(full) is Stage.WAITING
    assert len(centre.store.happened(Happened.OFFERED)) == asked


async def test_a_full_switch_is_asked_for_one_leg_where_several_would_ring(centre: Centre, full: Call) -> None:
    sales = b"sales: {title: Sales, "
    await follow(centre, CENTRE.replace(sales, sales + b"strategy: ring_all, ring_at_once: 2, "))
    asked = len(centre.switch.rung)

    await centre.forward(1)

    assert len(centre.switch.rung) == asked + 1
