"""Two services on one database and one switch: what the one does that was taken over, and what the next one finds."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.ids import OfferId, new_id
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened
from trunkline.ports.store import Fenced


async def is_taken_over(world: SimpleNamespace) -> None:
    """Let another process take the lease; afterwards the world is as that one sees it."""
    other = world.store.beside()
    assert await other.take_lease(await other.lease(), "another", lasts=timedelta(hours=1), holder_died=True)
    world.store = other


def opened(world: SimpleNamespace) -> "open_floor":
    return open_floor(world.folder, world.store, world.clock, world.switch)


async def test_a_service_that_was_taken_over_offers_nothing_and_ends(world: SimpleNamespace) -> None:
    with pytest.RaisesGroup(Fenced, flatten_subgroups=True):
        async with opened(world) as before:
            call = await before.call_waits()
            await is_taken_over(world)
            await before.ready("ana")
            pytest.fail("it should have ended")

    assert world.switch.rung == []
    assert world.store.happened(Happened.OFFERED) == []
    async with opened(world) as after:
        assert after.stage(call) is Stage.WAITING


async def test_who_waits_keeps_the_place_and_is_offered_once_by_the_next_service(world: SimpleNamespace) -> None:
    with pytest.RaisesGroup(Fenced, flatten_subgroups=True):
        async with opened(world) as before:
            first, second = await before.call_waits("+447700900101"), await before.call_waits("+447700900102")
            since = [_since(before, call) for call in (first, second)]
            await is_taken_over(world)
            await before.ready("ana")

    async with opened(world) as after:
        assert [_since(after, call) for call in (first, second)] == since
        await after.ready("ana")

        assert [ring.call for ring in world.switch.rung] == [first]
        assert len(world.store.happened(Happened.OFFERED)) == 1


async def test_an_offer_that_was_written_but_never_rung_is_withdrawn_and_made_anew(world: SimpleNamespace) -> None:
    """The one before was stopped between the commit and the act."""
    async with opened(world) as before:
        await before.ready("ana")

        async def stopped(_ring: object) -> None:
            return

        ring, world.switch.ring = world.switch.ring, stopped
        call = await before.call_waits()
        assert before.stage(call) is Stage.OFFERED
        world.switch.ring = ring
    await is_taken_over(world)

    async with opened(world) as after:
        await after.settled()

        assert len(world.switch.rung) == 1
        assert after.stage(call) is Stage.OFFERED
        assert after.floor.of_offer(world.switch.rung[0].offer) is not None


async def test_a_phone_that_the_one_before_rings_too_late_is_stopped(world: SimpleNamespace) -> None:
    """It was stopped after it had looked whether it may act, and before the action was sent."""
    async with opened(world) as before:
        await before.ready("ana", "ben")
        await before.call_rings()
        too_late = replace(world.switch.rung[-1], offer=OfferId(new_id()), endpoint="ben-web")
    await is_taken_over(world)

    async with opened(world) as after:
        await world.switch.ring(too_late)
        await after.settled()

        assert list(world.switch.legs) == [world.switch.rung[0].offer]


def _since(centre: Centre, call: object) -> object:
    interaction = centre.of(call)  # type: ignore[arg-type]
    assert interaction is not None
    assert interaction.entry is not None
    return interaction.entry.since
