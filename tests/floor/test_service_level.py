"""How soon customers who write are answered, against what their channel promises."""

from datetime import timedelta
from types import SimpleNamespace

from tests.floor.conftest import ANSWER_WITHIN, Centre, open_floor
from tests.floor.test_text_desk import ANA, accepts, at_desk, chat, nobody_asks, says
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.conversation_board import ConversationBoard

__all__ = ["nobody_asks"]

WITHIN_S = ANSWER_WITHIN.total_seconds()


def answers(centre: Centre) -> list[JournalEntry]:
    return [each for each in centre.store.journal if each.kind is Happened.ANSWERED]


async def answered_after(centre: Centre, seconds: float, key: str) -> None:
    centre.clock.forward(seconds)
    await centre.text_desk.say(ANA, chat(centre).id, "Let me see.", key=key)
    await centre.settled()


async def test_each_wait_for_an_answer_is_measured_once(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "My order is late")
    await accepts(centre)
    await says(centre, "Hello?")
    await answered_after(centre, 20, "1")
    await answered_after(centre, 5, "2")  # nobody waited for this one
    await says(centre, "Thank you. And the other one?")
    await answered_after(centre, WITHIN_S + 1, "3")

    assert [(each.agent, each.facts) for each in answers(centre)] == [
        (ANA, {"channel": "chat", "waited_s": 20, "in_time": True}),
        (ANA, {"channel": "chat", "waited_s": WITHIN_S + 1, "in_time": False}),
    ]
    assert centre.levels.shown("chat") == {"answer_within_s": WITHIN_S, "answered_today": 2, "in_time_today": 1}
    assert centre.levels.shown("text") == {"answer_within_s": None, "answered_today": 0, "in_time_today": 0}


async def test_a_wait_begins_when_they_come_to_people(centre: Centre, world: SimpleNamespace) -> None:
    asks = "flow: chat\nmedia: [chat]\nentry: {channels: [chat]}\nstart: name\nsteps:\n"
    asks += "  name: {ask: Your name?, as: text, save: name, no_answer: {go: people}, next: people}\n"
    (world.folder / "flows" / "chat.yaml").write_text(asks + "  people: {queue: sales}\n", encoding="utf-8")
    centre.load_flows()
    await says(centre, "Hi")
    centre.clock.forward(90)
    assert centre.levels.waits_since(chat(centre)) is None
    await centre.ready("ana")
    await says(centre, "Margaret")
    assert centre.levels.waits_since(chat(centre)) == centre.clock.now()
    await accepts(centre)
    await answered_after(centre, 15, "1")
    assert [each.facts["waited_s"] for each in answers(centre)] == [15]


async def test_the_desk_and_the_board_know_by_when_to_answer(centre: Centre) -> None:
    await centre.ready("ana")
    screen = await at_desk(centre)
    await says(centre, "My order is late")
    await accepts(centre)
    assert screen.state["interactions"][chat(centre).id]["answer_within_s"] == WITHIN_S
    board = ConversationBoard(centre.floor, centre.levels, centre.channels).shown()
    [row] = board["conversations"]
    assert row["answer_by"] == (chat(centre).arrived_at + ANSWER_WITHIN).isoformat()
    assert {each["name"]: each["answer_within_s"] for each in board["channels"]}["chat"] == WITHIN_S


async def test_what_was_answered_today_outlives_the_service_and_ends_with_the_day(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        await first.ready("ana")
        await says(first, "My order is late")
        await accepts(first)
        await answered_after(first, 1, "1")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.levels.begin()
        assert second.levels.shown("chat")["answered_today"] == 1
        assert chat(second).stage is Stage.TALKING
        second.clock.forward(timedelta(days=1).total_seconds())
        assert second.levels.shown("chat")["answered_today"] == 0
