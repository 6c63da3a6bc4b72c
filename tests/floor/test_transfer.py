"""A flow hands callers to a number outside, and goes on where nobody takes them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.call import Where
from trunkline.core.interaction import Outcome, Stage
from trunkline.core.journal import Happened

FLOW = """
flow: main
media: [voice]
entry: {numbers: ["100"]}
start: outside
steps:
  outside: {transfer: "+442071234567", timeout: 25s, failed: sorry}
  sorry: {say: Nobody is there., next: abroad}
  abroad: {transfer: "+19005550100", failed: bye}
  bye: {end: Goodbye.}
"""


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def test_who_is_taken_outside_is_out_of_our_hands(centre: Centre) -> None:
    call = centre.switch.calls_in()
    await centre.settled()
    assert centre.switch.transferred == [(call, "+442071234567", timedelta(seconds=25))]

    centre.switch.somebody_outside_answers(call)
    await centre.settled()

    assert centre.of(call) is None
    assert [each.outcome for each in centre.store.interactions.values()] == [Outcome.TRANSFERRED]
    centre.switch.caller_hangs_up(call)
    await centre.settled()
    assert len(centre.store.interactions) == 1


async def test_the_flow_goes_on_where_nobody_takes_the_caller_or_may_be_called(centre: Centre) -> None:
    call = centre.switch.calls_in()
    await centre.settled()

    centre.switch.nobody_outside_answers(call, "BUSY")
    await centre.settled()

    assert centre.lines[call.id.uniqueid].said == ["Nobody is there.", "Goodbye."]
    assert len(centre.switch.transferred) == 1, "the second number may not be called"
    assert [e.facts["why"] for e in centre.store.happened(Happened.TRANSFER_FAILED)] == ["BUSY"]


@pytest.mark.parametrize("meanwhile", ["rings", "taken", "nobody"])
async def test_a_transfer_outlives_the_service(world: SimpleNamespace, meanwhile: str) -> None:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        call = world.switch.calls_in()
        await centre.settled()
        world.switch.lost()
    if meanwhile == "taken":
        world.switch.somebody_outside_answers(call)
    if meanwhile == "nobody":
        world.switch.nobody_outside_answers(call)

    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        if meanwhile == "taken":
            assert centre.of(call) is None
            assert world.switch.where(call) is Where.OUTSIDE
        else:
            assert centre.stage(call) is Stage.IN_FLOW
            assert world.switch.where(call) is Where.TRANSFER
