"""Customers who do not answer are reminded once, and their conversation is closed; nobody who waits for us is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Side
from trunkline.floor.resting import Rest, Resting
from trunkline.ports.channel import ConversationId, Said

ANA = AgentId("ana")
HOUR = timedelta(hours=1).total_seconds()
CHRIS = "+447700900123"
FLOW = """
flow: all
media: [chat, sms]
entry: {channels: [chat, line]}
start: people
steps:
  people: {queue: sales}
"""
RESTS = {
    "line": Rest(timedelta(hours=2), "Are you still there?", timedelta(hours=24)),
    "chat": Rest(close_after=timedelta(hours=1)),
}


@asynccontextmanager
async def opened(world: SimpleNamespace) -> AsyncIterator[Centre]:
    """One life of a centre whose conversations rest by rules."""
    (world.folder / "flows" / "all.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        resting = Resting(centre.floor, centre.channels, centre.outbox, centre.conversation, RESTS)
        centre.ledger.listeners.append(resting.published)
        resting.begin()
        yield centre


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    async with opened(world) as alive:
        yield alive


async def writes(centre: Centre, text: str, channel: str = "line") -> None:
    await centre.texts.told(Said(ConversationId(channel, CHRIS), text, centre.clock.now(), text))
    await centre.settled()


def held(centre: Centre) -> Interaction:
    [interaction] = centre.floor.interactions.values()
    return interaction


async def answered(centre: Centre, channel: str = "line") -> Interaction:
    """Have somebody write, and Ana answer."""
    await centre.ready("ana")
    await writes(centre, "Hello", channel)
    offer = held(centre).offer
    assert offer is not None
    await centre.desk.accept(ANA, offer.id)
    await centre.text_desk.say(ANA, held(centre).id, "Hello Chris", key="1")
    await centre.settled()
    return held(centre)


async def after(centre: Centre, seconds: float) -> None:
    centre.clock.forward(seconds)
    await centre.settled()


async def test_who_does_not_answer_is_reminded_once_and_then_closed(centre: Centre) -> None:
    talking = await answered(centre)
    await after(centre, 2 * HOUR - 1)
    assert centre.line.texts() == ["Hello Chris"]
    await after(centre, 1)
    assert centre.line.texts() == ["Hello Chris", "Are you still there?"]
    assert centre.floor.threads[talking.id][-1].side is Side.FLOW
    await after(centre, 21 * HOUR)
    assert (held(centre).stage, len(centre.line.texts())) == (Stage.TALKING, 2)
    await after(centre, HOUR)
    assert held(centre).stage is Stage.WRAP_UP


async def test_who_answers_is_left_alone_until_it_is_their_turn_again(centre: Centre) -> None:
    talking = await answered(centre)
    await after(centre, HOUR)
    await writes(centre, "One moment")
    await after(centre, 48 * HOUR)
    assert (held(centre).stage, centre.line.texts()) == (Stage.TALKING, ["Hello Chris"])
    await centre.text_desk.say(ANA, talking.id, "Take your time", key="2")
    await after(centre, 2 * HOUR)
    assert centre.line.texts()[-1] == "Are you still there?"


async def test_a_channel_without_a_reminder_only_closes(centre: Centre) -> None:
    await answered(centre, "chat")
    await after(centre, HOUR)
    assert held(centre).stage is Stage.WRAP_UP


async def test_what_rested_through_a_restart_is_reminded_once(world: SimpleNamespace) -> None:
    async with opened(world) as before:
        await answered(before)
    world.clock.forward(2 * HOUR)
    async with opened(world) as after_it:
        await after(after_it, 1)
        assert after_it.line.texts()[-1:] == ["Are you still there?"]
    async with opened(world) as again:
        await after(again, HOUR)
        assert "Are you still there?" not in again.line.texts()
        await after(again, 21 * HOUR)
        assert held(again).stage is Stage.WRAP_UP
