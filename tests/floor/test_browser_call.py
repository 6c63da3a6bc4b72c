"""Who writes talks by the browser instead: at their place, with their agent, and never for nobody."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.agent import Presence
from trunkline.core.capacity import Capacity
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Outcome, Stage, end
from trunkline.core.journal import Happened
from trunkline.core.record import changed
from trunkline.ports.channel import CallStage, ConversationId, Gone, Said, WhyNoCall
from trunkline.ports.store import Change

FLOW = """flow: chat
media: [chat]
entry: {channels: [chat]}
start: topic
steps:
  topic: {ask: What is it about?, as: text, save: topic, no_answer: {go: people}, no_match: {go: people}, next: people}
  people:
    queue: sales
    priority: 3
    offer_callback: {after: 60s, key: "1", go: number}
    overflow: {after: 20m, go: bye}
  number: {ask: Your number?, as: phone, save: number, no_answer: {go: people}, no_match: {go: people}, next: back}
  back: {callback: sales, number: "{number}", no_number: people, next: bye}
  bye: {end: Good bye.}
"""
VISITOR = ConversationId("chat", "visitor-1")


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "chat.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def says(centre: Centre, text: str, key: str) -> None:
    await centre.texts.told(Said(VISITOR, text, centre.clock.now(), key))
    await centre.settled()


async def waits(centre: Centre) -> Interaction:
    await says(centre, "Hi", "1")
    await says(centre, "A late parcel", "2")
    chat = the_chat(centre)
    assert chat.stage is Stage.WAITING
    await centre.forward(10)
    return chat


async def asks(centre: Centre) -> Interaction:
    assert centre.browser_calls.ask(VISITOR) is None
    await centre.settled()
    return the_call(centre)


def the_chat(centre: Centre) -> Interaction:
    return next(each for each in centre.floor.interactions.values() if each.is_written)


def calls(centre: Centre) -> list[Interaction]:
    return [each for each in centre.floor.interactions.values() if each.callback is not None]


def the_call(centre: Centre) -> Interaction:
    [call] = calls(centre)
    return call


def endpoint(call: Interaction) -> str:
    assert call.callback is not None
    assert call.callback.phone is not None
    return call.callback.phone.endpoint


async def registers(centre: Centre, call: Interaction) -> None:
    centre.switch.phone(endpoint(call))
    await centre.settled()


async def takes(centre: Centre) -> None:
    """The agent answers, and their visitor's browser does."""
    offer = centre.switch.called_back[-1].offer
    centre.switch.agent_answers_callback(offer)
    await centre.settled()
    centre.switch.customer_answers(offer)
    await centre.settled()


async def test_a_visitor_who_waits_talks_at_their_place_and_the_agent_has_the_chat_too(centre: Centre) -> None:
    chat = await waits(centre)
    call = await asks(centre)
    assert call.entry is not None
    assert chat.entry is not None
    assert (call.entry.since, call.entry.priority, call.entry.queue) == (chat.entry.since, 3, "sales")
    assert (call.run or {})["values"]["topic"] == "A late parcel"
    assert the_chat(centre).stage is Stage.IN_FLOW
    # Nobody is offered a browser that is not there yet.
    await centre.ready("ana")
    assert (call.stage, centre.switch.called_back) == (Stage.SCHEDULED, [])
    assert centre.calls_told[-1][1].stage is CallStage.WAITS
    assert centre.calls_told[-1][1].phone == call.callback.phone  # type: ignore[union-attr]

    await registers(centre, call)
    [back] = centre.switch.called_back
    assert (back.number, back.browser, back.endpoint) == ("", endpoint(call), "ana-web")
    # Nothing of the flow's, and not lost; even the key of its own offer.
    await says(centre, "1", "3")
    await says(centre, "Are you there?", "4")
    assert the_chat(centre).stage is Stage.IN_FLOW
    await takes(centre)
    assert (the_call(centre).stage, the_call(centre).agent) == (Stage.TALKING, "ana")
    assert (the_chat(centre).stage, the_chat(centre).agent) == (Stage.TALKING, "ana")
    assert {call.id, chat.id} == set(centre.agent("ana").hands)
    assert centre.calls_told[-1][1].stage is CallStage.TALKS
    assert [each.text for each in centre.floor.threads[chat.id]][-1] == "Are you there?"


async def test_a_talk_that_is_over_leaves_the_chat_with_the_agent(centre: Centre) -> None:
    await waits(centre)
    call = await asks(centre)
    await registers(centre, call)
    await centre.ready("ana")
    await takes(centre)
    centre.switch.agent_hangs_up(centre.switch.called_back[-1].offer)
    await centre.settled()
    assert (the_call(centre).stage, the_chat(centre).stage) == (Stage.WRAP_UP, Stage.TALKING)
    assert centre.calls_told[-1][1].stage is CallStage.OVER
    assert centre.browser_calls.of(VISITOR) is None
    assert centre.browser_calls.ask(VISITOR) is None
    await centre.settled()
    assert len(calls(centre)) == 2, "they may talk once more, while the first talk is written down"


@pytest.mark.parametrize("how", ["gives up", "never came", "went"])
async def test_without_the_call_the_chat_waits_at_its_place_again(centre: Centre, how: str) -> None:
    chat = await waits(centre)
    call = await asks(centre)
    if how == "gives up":
        await registers(centre, call)
        centre.browser_calls.hang_up(VISITOR)
    elif how == "never came":
        await centre.forward(31)
    else:
        await registers(centre, call)
        centre.switch.phone(endpoint(call), reachable=False)
        await centre.settled()
        await centre.forward(20)
        assert the_call(centre).stage is Stage.WAITING, "they may be back in a moment"
        await centre.forward(11)
    await centre.settled()
    assert calls(centre) == []
    assert centre.store.interactions[call.id].outcome is Outcome.ABANDONED
    again = the_chat(centre)
    assert again.entry is not None
    assert chat.entry is not None
    assert (again.stage, again.entry.since, again.place) == (Stage.WAITING, chat.entry.since, None)
    assert centre.calls_told[-1][1].stage is CallStage.OVER
    # The database takes what says the same to the microsecond for one save: each line has its own time.
    queued = [each for each in centre.store.journal if (each.kind, each.interaction) == (Happened.QUEUED, chat.id)]
    assert [each.at > chat.entry.since for each in queued] == [False, True]
    assert queued[1].facts["since"] == chat.entry.since.isoformat()
    # They may want it again, and are offered to agents like before.
    assert (await asks(centre)).id != call.id


async def test_a_browser_that_comes_back_in_time_keeps_the_call(centre: Centre) -> None:
    await waits(centre)
    call = await asks(centre)
    await registers(centre, call)
    centre.switch.phone(endpoint(call), reachable=False)
    await centre.settled()
    await centre.forward(20)
    await registers(centre, call)
    told = len(centre.chat.sent)
    await centre.forward(60)
    assert the_call(centre).stage is Stage.WAITING
    # What the flow had in mind for who waits in writing is not for who waits to talk.
    assert (the_chat(centre).stage, len(centre.chat.sent)) == (Stage.IN_FLOW, told)


async def test_a_browser_that_is_not_reached_is_not_tried_again(centre: Centre) -> None:
    await waits(centre)
    call = await asks(centre)
    await registers(centre, call)
    await centre.ready("ana")
    offer = centre.switch.called_back[-1].offer
    centre.switch.agent_answers_callback(offer)
    await centre.settled()
    centre.switch.customer_is_not_reached(offer)
    await centre.settled()
    assert centre.store.interactions[call.id].outcome is Outcome.NOT_REACHED
    assert centre.calls_told[-1][1].stage is CallStage.NOT_REACHED
    assert the_chat(centre).stage is not Stage.IN_FLOW


async def test_who_is_asked_something_talks_once_they_are_in_line(centre: Centre) -> None:
    await centre.ready("ana")  # who is offered the call, and not the chat before it
    await says(centre, "Hi", "1")
    assert centre.browser_calls.ask(VISITOR) is None
    await centre.settled()
    assert calls(centre) == []
    assert centre.browser_calls.of(VISITOR).stage is CallStage.ASKED  # type: ignore[union-attr]
    await says(centre, "A late parcel", "2")
    assert (the_call(centre).stage, the_chat(centre).stage) == (Stage.SCHEDULED, Stage.IN_FLOW)
    await registers(centre, the_call(centre))
    await takes(centre)
    assert (the_call(centre).agent, the_chat(centre).agent) == ("ana", "ana")
    assert Happened.OFFERED not in [
        each.kind for each in centre.store.journal if each.interaction == the_chat(centre).id
    ]


async def test_who_writes_with_an_agent_talks_to_that_agent(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi", "1")
    await says(centre, "A late parcel", "2")
    chat = the_chat(centre)
    assert chat.offer is not None
    # While it rings for the chat, nothing is taken away.
    assert centre.browser_calls.ask(VISITOR) is None
    await centre.settled()
    assert (the_chat(centre).stage, calls(centre)) == (Stage.OFFERED, [])
    await centre.desk.accept(AgentId("ana"), chat.offer.id)
    await centre.settled()
    call = the_call(centre)
    assert call.entry is not None
    assert call.entry.wanted is not None
    assert call.entry.wanted.agent == "ana"
    # With a chat in hand an agent has no room for a call: this one is the same matter.
    assert the_chat(centre).stage is Stage.IN_FLOW
    await registers(centre, call)
    await takes(centre)
    assert {chat.id, call.id} == set(centre.agent("ana").hands)
    assert the_chat(centre).agent == "ana"


async def test_an_agent_who_has_room_for_both_keeps_the_chat_in_hand(centre: Centre) -> None:
    both = Capacity({"voice": 1, "chat": 2}, {"voice": frozenset({"chat"})})
    centre.floor.commit(agents=[changed(centre.agent("ana"), capacity=both)])
    await centre.ready("ana")
    await says(centre, "Hi", "1")
    await says(centre, "A late parcel", "2")
    offer = the_chat(centre).offer
    assert offer is not None
    await centre.desk.accept(AgentId("ana"), offer.id)
    call = await asks(centre)
    assert the_chat(centre).stage is Stage.TALKING
    await registers(centre, call)
    await takes(centre)
    assert (the_call(centre).agent, the_chat(centre).stage) == ("ana", Stage.TALKING)


async def test_an_agent_who_is_not_ready_keeps_the_chat_and_others_may_talk(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi", "1")
    await says(centre, "A late parcel", "2")
    offer = the_chat(centre).offer
    assert offer is not None
    await centre.desk.accept(AgentId("ana"), offer.id)
    await centre.desk.show(AgentId("ana"), Presence.NOT_READY, "break")
    call = await asks(centre)
    await registers(centre, call)
    assert (the_chat(centre).stage, the_chat(centre).agent) == (Stage.TALKING, "ana")
    await centre.ready("ben")
    assert centre.switch.called_back == []
    await centre.forward(121)
    await takes(centre)
    assert (the_call(centre).agent, the_chat(centre).agent) == ("ben", "ana")


async def test_there_is_one_call_of_a_conversation_and_none_without_one(centre: Centre) -> None:
    assert centre.browser_calls.ask(VISITOR) is WhyNoCall.WRITE_FIRST
    await waits(centre)
    await asks(centre)
    await asks(centre)
    await centre.forward(31)
    assert calls(centre) == [], "asked for twice, it was one wish"


async def test_a_chat_whose_call_ended_with_the_service_waits_again_at_the_start(world: SimpleNamespace) -> None:
    (world.folder / "flows" / "chat.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        await waits(first)
        call = await asks(first)
    # Killed between the two steps.
    over = end(world.store.interactions[call.id], Outcome.ABANDONED, at=world.clock.now())
    await world.store.save([Change(interactions=(over,))])
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.settled()
        assert the_chat(second).stage is Stage.WAITING


async def test_who_leaves_for_good_is_not_called(centre: Centre) -> None:
    await waits(centre)
    call = await asks(centre)
    await registers(centre, call)
    await centre.texts.told(Gone(VISITOR, centre.clock.now()))
    await centre.settled()
    assert calls(centre) == []
    assert centre.store.interactions[call.id].outcome is Outcome.ABANDONED


@pytest.mark.parametrize("there", [True, False])
async def test_a_call_outlives_the_service_while_its_browser_is_there(world: SimpleNamespace, there: bool) -> None:
    (world.folder / "flows" / "chat.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        chat = await waits(first)
        call = await asks(first)
        await registers(first, call)
    if not there:
        world.switch.phone(endpoint(call), reachable=False)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.settled()
        await second.forward(31)
        if there:
            assert second.browser_calls.of(VISITOR).phone == call.callback.phone  # type: ignore[union-attr]
            await second.ready("ana")
            await takes(second)
            assert the_chat(second).agent == "ana"
        else:
            assert calls(second) == []
            again = the_chat(second)
            assert again.entry is not None
            assert chat.entry is not None
            assert (again.stage, again.entry.since) == (Stage.WAITING, chat.entry.since)


async def test_the_journal_tells_of_both(centre: Centre) -> None:
    chat = await waits(centre)
    call = await asks(centre)
    await registers(centre, call)
    await centre.ready("ana")
    await takes(centre)
    told = [each.kind for each in centre.store.journal if each.interaction in (chat.id, call.id)]
    for kind in (Happened.CALLBACK_WANTED, Happened.CALLBACK_PLANNED, Happened.CALLBACK_DUE, Happened.ACCEPTED):
        assert told.count(kind) == 1
    assert told[-2:] == [Happened.QUEUED, Happened.TAKEN_OVER]
