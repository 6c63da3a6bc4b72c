"""Supervisors look into conversations, tell agents something that no customer sees, and take over."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre
from tests.floor.test_hindsight import assert_as_it_was
from tests.floor.test_hub import Screen
from tests.floor.test_text_desk import ANA, BEN, accepts, at_desk, chat, nobody_asks, says, thread
from trunkline.core.hindsight import Hindsight
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Outcome, Stage, WrongStage
from trunkline.core.journal import Happened
from trunkline.core.permission import NotAllowed
from trunkline.floor.agent import NotYours
from trunkline.floor.conversation_board import ConversationBoard
from trunkline.floor.helping import YoursAlready
from trunkline.floor.state import NoSuch
from trunkline.floor.text_desk import NothingWritten

__all__ = ["nobody_asks"]


async def the_boss(centre: Centre) -> Screen:
    """Ben is a supervisor, at a desk of his own, and takes nothing."""
    centre.floor.commit(agents=[replace(centre.floor.agent(BEN), role="supervisor")])
    await centre.desk.log_in(BEN)
    return await at_desk(centre, BEN)


async def with_ana(centre: Centre) -> Interaction:
    await centre.ready("ana")
    await says(centre, "My order is late")
    return await accepts(centre)


def assert_hindsight_agrees(centre: Centre) -> None:
    rebuilt = Hindsight()
    for line in centre.store.journal:
        rebuilt.see(line)
    assert_as_it_was(rebuilt, centre.floor)


async def test_a_supervisor_sees_what_is_written_as_it_is(centre: Centre) -> None:
    talking, screen = await with_ana(centre), await the_boss(centre)
    await centre.helping.watch(BEN, talking.id)
    assert screen.state["watched"]["id"] == talking.id
    assert screen.state["watched"]["agent"] == {"id": "ana", "name": "Ana Torres"}
    assert screen.state["interactions"] == {}
    await says(centre, "Hello?")
    await centre.text_desk.say(ANA, talking.id, "Let me see.", key="1")
    await centre.settled()
    written = [("customer", "My order is late"), ("flow", "Welcome to Acme."), ("customer", "Hello?")]
    assert thread(screen, talking) == [*written, ("agent", "Let me see.")]
    [noted] = [each for each in centre.store.journal if each.kind is Happened.WATCHED]
    assert (noted.interaction, noted.agent) == (talking.id, BEN)
    await centre.desk.hang_up(ANA, talking.id)
    assert screen.state["watched"]["stage"] == "wrap_up"
    await centre.desk.wrap_up(ANA, talking.id, "resolved", "")
    await centre.settled()
    assert screen.state["watched"]["stage"] == "ended"
    await centre.helping.watch(BEN, None)
    assert (screen.state["watched"], screen.state["threads"]) == (None, {})


async def test_one_looks_into_one_conversation_at_a_time_and_into_none_without_a_desk(centre: Centre) -> None:
    talking, screen = await with_ana(centre), await the_boss(centre)
    await says(centre, "Anybody?", of="visitor-2")
    await centre.helping.watch(BEN, talking.id)
    await centre.helping.watch(BEN, chat(centre, "visitor-2").id)
    assert list(screen.state["threads"]) == [chat(centre, "visitor-2").id]
    await says(centre, "Still there?")
    assert list(screen.state["threads"]) == [chat(centre, "visitor-2").id]
    centre.hub.close(BEN, screen)
    again = await at_desk(centre, BEN)
    assert (again.state["watched"], again.state["threads"]) == (None, {})


async def test_what_a_supervisor_tells_the_agent_the_customer_never_sees(centre: Centre) -> None:
    talking, boss = await with_ana(centre), await the_boss(centre)
    ana = await at_desk(centre)
    await centre.helping.watch(BEN, talking.id)
    for _ in range(2):  # a desk says again what it does not know to be taken
        await centre.helping.whisper(BEN, talking.id, " Offer her ten per cent. ", key="1")
    await centre.settled()
    said = ("colleague", "Offer her ten per cent.")
    assert thread(ana, talking)[-1] == said
    assert thread(boss, talking).count(said) == 1
    assert "Offer her ten per cent." not in centre.chat.texts("visitor-1")
    seen = await centre.store.thread("chat", "visitor-1", at_most=100)
    assert [each.text for each in seen] == ["My order is late", "Welcome to Acme."]


async def test_a_supervisor_writes_to_the_customer_under_their_own_name(centre: Centre) -> None:
    talking = await with_ana(centre)
    await the_boss(centre)
    ana = await at_desk(centre)
    await centre.text_desk.say(BEN, talking.id, "I am sorry about that.", key="1")
    await centre.settled()
    assert (centre.chat.texts("visitor-1")[-1], centre.chat.authors[-1]) == ("I am sorry about that.", "Ben Okafor")
    assert ana.state["threads"][talking.id][-1]["by"] == "Ben Okafor"
    assert chat(centre).agent == ANA


async def test_a_supervisor_takes_over(centre: Centre) -> None:
    talking, boss = await with_ana(centre), await the_boss(centre)
    ana = await at_desk(centre)
    await centre.helping.watch(BEN, talking.id)
    await centre.helping.take_over(BEN, talking.id)
    await centre.settled()
    assert (chat(centre).stage, chat(centre).agent) == (Stage.TALKING, BEN)
    assert (list(centre.floor.agent(ANA).hands), list(centre.floor.agent(BEN).hands)) == ([], [talking.id])
    assert talking.id not in ana.state["interactions"]
    assert ana.messages[-1] == {"type": "taken_over", "id": talking.id, "by": "Ben Okafor"}
    assert (list(boss.state["interactions"]), boss.state["watched"]) == ([talking.id], None)
    assert ("customer", "My order is late") in thread(boss, talking)
    assert_hindsight_agrees(centre)
    with pytest.raises(NotYours):
        await centre.desk.hang_up(ANA, talking.id)
    with pytest.raises(YoursAlready):
        await centre.helping.take_over(BEN, talking.id)
    await centre.desk.wrap_up(BEN, talking.id, "resolved", "")
    await centre.settled()
    assert centre.store.interactions[talking.id].outcome is Outcome.HANDLED
    assert_hindsight_agrees(centre)


async def test_what_waits_and_what_rings_is_taken_over_too(centre: Centre) -> None:
    await the_boss(centre)
    await says(centre, "Hi")
    await centre.helping.take_over(BEN, chat(centre).id)
    assert (chat(centre).stage, chat(centre).agent) == (Stage.TALKING, BEN)
    await centre.ready("ana")
    await says(centre, "Hello", of="visitor-2")
    rings = chat(centre, "visitor-2")
    assert (rings.stage, rings.offer and rings.offer.agent) == (Stage.OFFERED, ANA)
    await centre.helping.take_over(BEN, rings.id)
    assert chat(centre, "visitor-2").agent == BEN
    assert centre.floor.agent(ANA).hands == {}
    assert_hindsight_agrees(centre)


async def test_one_who_is_in_a_flow_is_taken_out_of_it(centre: Centre, world: SimpleNamespace) -> None:
    asks = "flow: chat\nmedia: [chat]\nentry: {channels: [chat]}\nstart: name\nsteps:\n"
    asks += "  name: {ask: Your name?, as: text, save: name, no_answer: {go: people}, next: people}\n"
    (world.folder / "flows" / "chat.yaml").write_text(asks + "  people: {queue: sales}\n", encoding="utf-8")
    centre.load_flows()
    await the_boss(centre)
    await centre.ready("ana")
    await says(centre, "Hi")
    assert chat(centre).stage is Stage.IN_FLOW
    await centre.helping.take_over(BEN, chat(centre).id)
    assert (chat(centre).stage, chat(centre).agent) == (Stage.TALKING, BEN)
    assert centre.floor.agent(ANA).hands == {}
    assert_hindsight_agrees(centre)


async def test_only_supervisors_may(centre: Centre) -> None:
    talking = await with_ana(centre)
    for deed in (
        centre.helping.watch(BEN, talking.id),
        centre.helping.whisper(BEN, talking.id, "Hi", key="1"),
        centre.helping.take_over(BEN, talking.id),
    ):
        with pytest.raises(NotAllowed):
            await deed
    with pytest.raises(NotYours):
        await centre.text_desk.say(BEN, talking.id, "Hi", key="1")


async def test_what_makes_no_sense_is_refused(centre: Centre) -> None:
    talking = await with_ana(centre)
    await the_boss(centre)
    with pytest.raises(NoSuch):
        await centre.helping.watch(BEN, InteractionId("gone"))
    for text in ("", "   ", "x" * 4001):
        with pytest.raises(NothingWritten):
            await centre.helping.whisper(BEN, talking.id, text, key="1")
    await says(centre, "Hi", of="visitor-2")
    await centre.desk.hang_up(ANA, talking.id)
    with pytest.raises(WrongStage):
        await centre.helping.whisper(BEN, talking.id, "Too late", key="1")
    with pytest.raises(WrongStage):
        await centre.helping.take_over(BEN, talking.id)


async def test_the_board_shows_who_waits_longest_for_an_answer_first(centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.clock.forward(5)
    await says(centre, "Anybody?", of="visitor-2")
    board = ConversationBoard(centre.floor, centre.levels, centre.channels)
    first, second = board.shown()["conversations"]
    assert (first["id"], first["agent"], first["last"]["text"]) == (
        talking.id,
        {"id": "ana", "name": "Ana Torres"},
        "My order is late",
    )
    assert (second["stage"], second["queue"]) == ("offered", {"id": "sales", "title": "Sales"})
    await centre.text_desk.say(ANA, talking.id, "Let me see.", key="1")
    await the_boss(centre)
    await centre.helping.whisper(BEN, talking.id, "Well done.", key="1")
    first, second = board.shown()["conversations"]
    assert (first["last"]["text"], second["last"]["text"]) == ("Anybody?", "Let me see.")
    assert (first["unanswered_since"] is None, second["unanswered_since"]) == (False, None)
    assert board.shown()["in_all"] == 2
