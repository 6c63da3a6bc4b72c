"""One floor for calls and texts: the same flow, each led on and called back as its medium has it."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.interaction import Stage, Work
from trunkline.core.journal import Happened
from trunkline.ports.channel import ConversationId, Said

CHRIS = "+447700900123"
FLOW = """
flow: main
media: [voice, sms]
entry: {numbers: ["100"], channels: [text]}
start: menu
steps:
  menu:
    menu: What is it about?
    choices: [{key: "1", label: Sales, go: sales}, {key: "2", label: Call me, go: call_me}]
    no_answer: {go: sales}
  sales: {queue: sales, overflow: {after: 5m, go: sorry}}
  sorry: {say: Nobody is free., next: menu}
  call_me: {callback: sales, no_number: bye, existing: twice, next: bye}
  twice: {say: You have one already., next: bye}
  bye: {end: Goodbye.}
"""


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def texts(centre: Centre, *said: str) -> None:
    for number, text in enumerate(said):
        await centre.texts.told(Said(ConversationId("text", CHRIS), text, centre.clock.now(), f"m-{number}"))


async def test_call_and_text_that_waited_too_long_are_each_led_on(centre: Centre) -> None:
    call = await centre.call_waits()
    await texts(centre, "Hi", "Sales")
    said = centre.lines[call.id.uniqueid].said
    assert "Nobody is free." not in [*said, *centre.text.texts(CHRIS)]

    await centre.forward(300)

    assert "Nobody is free." in centre.lines[call.id.uniqueid].said
    assert centre.text.texts(CHRIS)[1:] == ["Nobody is free.", "What is it about?\n1 Sales\n2 Call me"]
    assert [each.facts for each in centre.store.happened(Happened.OVERFLOWED)] == [
        {"queue": "sales", "to": "sorry"}
    ] * 2


async def test_who_has_asked_by_text_is_not_promised_a_second_callback_on_the_telephone(centre: Centre) -> None:
    await texts(centre, "Hi", "Call me")
    centre.keys.append("2")
    call = centre.switch.calls_in(CHRIS)
    await centre.settled()

    assert "You have one already." in centre.lines[call.id.uniqueid].said
    assert centre.text.texts(CHRIS)[-1] == "Goodbye."
    [callback] = centre.floor.interactions.values()
    assert (callback.work, callback.stage) == (Work.CALLBACK, Stage.WAITING)
