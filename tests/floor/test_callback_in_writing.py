"""Who waits in writing is offered to be called back, and keeps the place."""

from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.ids import callback_id_of
from trunkline.core.interaction import Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened
from trunkline.ports.channel import ConversationId, Said

FLOW = """flow: chat
media: [chat, sms]
entry: {channels: [chat, text]}
start: topic
steps:
  topic: {ask: What is it about?, as: text, save: topic, no_answer: {go: people}, no_match: {go: people}, next: people}
  people:
    queue: sales
    offer_callback: {after: 60s, key: "1"GO}
  number: {ask: Your number?, as: phone, save: number, no_answer: {go: people}, no_match: {go: people}, next: back}
  back: {callback: sales, number: "{number}", no_number: people, next: bye, existing: bye}
  bye: {end: We will call you.}
"""
MARGARET = "+447700900123"


def write_flow(world: SimpleNamespace, go: str = "") -> None:
    text = FLOW.replace("GO", go)
    if not go:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(("  number", "  back", "  bye")))
    (world.folder / "flows" / "chat.yaml").write_text(text, encoding="utf-8")


async def says(centre: Centre, text: str, key: str, channel: str = "chat", of: str = "visitor-1") -> None:
    await centre.texts.told(Said(ConversationId(channel, of), text, centre.clock.now(), key))
    await centre.settled()


def waiting(centre: Centre) -> Interaction:
    return next(each for each in centre.floor.interactions.values() if each.is_written)


async def test_a_visitor_who_waits_is_called_back_at_their_place(world: SimpleNamespace) -> None:
    write_flow(world, go=", go: number")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await says(centre, "Hi", "1")
        await says(centre, "A late parcel", "2")
        chat = waiting(centre)
        assert chat.entry is not None
        since = chat.entry.since
        offered = "Would you like us to call you back instead? You keep your place."
        assert offered not in centre.chat.texts("visitor-1")
        await centre.forward(61)
        await centre.settled()
        assert centre.chat.texts("visitor-1")[-1] == offered
        assert [button.label for button in centre.chat.sent[-1][1].buttons] == ["Call me back"]
        await says(centre, "Call me back", "3")
        assert centre.chat.texts("visitor-1")[-1] == "Your number?"
        await says(centre, MARGARET, "4")
        assert centre.chat.texts("visitor-1")[-1] == "We will call you."
        back = centre.floor.interactions[callback_id_of(chat.id)]
        assert back.entry is not None
        assert (back.work, back.stage, back.entry.since) == (Work.CALLBACK, Stage.WAITING, since)
        assert back.callback is not None
        assert back.callback.number == MARGARET
        assert (back.run or {})["values"]["topic"] == "A late parcel"
        assert centre.store.interactions[chat.id].outcome is Outcome.CALLBACK_PLANNED
        assert len(centre.store.happened(Happened.CALLBACK_WANTED)) == 1


async def test_who_texts_is_called_at_the_number_they_text_from(world: SimpleNamespace) -> None:
    write_flow(world)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await says(centre, "Hi", "1", "text", MARGARET)
        await says(centre, "A late parcel", "2", "text", MARGARET)
        await centre.forward(61)
        await centre.settled()
        assert centre.text.texts(MARGARET)[-1].endswith("Answer 1.")
        text = waiting(centre)
        await says(centre, " 1. ", "3", "text", MARGARET)
        back = centre.floor.interactions[callback_id_of(text.id)]
        assert back.callback is not None
        assert back.callback.number == MARGARET


async def test_who_has_no_number_is_offered_nothing_where_the_flow_does_not_ask(world: SimpleNamespace) -> None:
    write_flow(world)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await says(centre, "Hi", "1")
        await says(centre, "A late parcel", "2")
        await centre.forward(120)
        await centre.settled()
        assert not any("call you back" in text for text in centre.chat.texts("visitor-1"))
        await says(centre, "1", "3")
        assert waiting(centre).stage is Stage.WAITING


async def test_who_gives_no_number_waits_on_at_the_place_they_had(world: SimpleNamespace) -> None:
    write_flow(world, go=", go: number")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await says(centre, "Hi", "1")
        await says(centre, "A late parcel", "2")
        entry = waiting(centre).entry
        assert entry is not None
        await centre.forward(61)
        await says(centre, "1", "3")
        for answer in range(4):
            await says(centre, "none of your business", f"no {answer}")
        back = waiting(centre)
        assert back.entry is not None
        assert (back.stage, back.entry.since) == (Stage.WAITING, entry.since)


@pytest.mark.parametrize("late", [False, True])
async def test_the_offer_outlives_the_service_and_is_made_once(world: SimpleNamespace, late: bool) -> None:
    write_flow(world, go=", go: number")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        await says(first, "Hi", "1")
        await says(first, "A late parcel", "2")
        if not late:
            await first.forward(61)
            await first.settled()
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.forward(61)
        await second.settled()
        offers = [each for each in second.store.messages.values() if "call you back" in each.text]
        assert len(offers) == 1
