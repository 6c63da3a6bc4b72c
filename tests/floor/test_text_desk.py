"""Agents write with customers: by capacity, beside calls, and through everything that comes in between."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from tests.floor.test_hub import Screen
from trunkline.core.agent import Presence
from trunkline.core.ids import AgentId, OfferId, QueueId
from trunkline.core.interaction import Interaction, Outcome, Stage, WrongStage
from trunkline.core.journal import Happened
from trunkline.floor.agent import NotYours, UnknownChoice
from trunkline.floor.state import NoSuch
from trunkline.floor.supervision import NotAtWork
from trunkline.floor.text_desk import KEPT_FOR, NothingWritten
from trunkline.ports.channel import ConversationId, Gone, Said

ANA, BEN = AgentId("ana"), AgentId("ben")


@pytest.fixture(autouse=True)
def nobody_asks(world: SimpleNamespace) -> None:
    """A flow that leads a visitor to people at once."""
    flow = "flow: chat\nmedia: [chat]\nentry: {channels: [chat]}\nstart: hello\nsteps:\n"
    flow += "  hello: {say: Welcome to Acme., next: people}\n  people: {queue: sales}\n"
    (world.folder / "flows" / "chat.yaml").write_text(flow, encoding="utf-8")


@pytest.fixture
def no_phone_is_stopped(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stopped: list[OfferId] = []

    async def stop_ringing(offer: OfferId) -> None:
        stopped.append(offer)

    monkeypatch.setattr(centre.switch, "stop_ringing", stop_ringing)
    yield
    assert stopped == []


async def says(centre: Centre, text: str, *, of: str = "visitor-1", key: str | None = None) -> None:
    name = key or f"{of}: {text}"
    await centre.texts.told(Said(ConversationId("chat", of), text, centre.clock.now(), name))
    await centre.settled()


def chat(centre: Centre, of: str = "visitor-1") -> Interaction:
    [found] = [each for each in centre.floor.interactions.values() if each.address.raw == of]
    return found


async def accepts(centre: Centre, agent: AgentId = ANA, of: str = "visitor-1") -> Interaction:
    offer = chat(centre, of).offer
    assert offer is not None
    await centre.desk.accept(agent, offer.id)
    await centre.settled()
    return chat(centre, of)


def thread(screen: Screen, of: Interaction) -> list[tuple[str, str]]:
    return [(each["side"], each["text"]) for each in screen.state["threads"][of.id]]


async def at_desk(centre: Centre, agent: AgentId = ANA) -> Screen:
    screen = Screen()
    await centre.hub.open(agent, screen, epoch=None, seq=None)
    return screen


async def test_a_visitor_writes_with_an_agent_to_the_end(centre: Centre) -> None:
    await centre.ready("ana")
    screen = await at_desk(centre)
    await says(centre, "Hi")
    talking = await accepts(centre)
    await centre.text_desk.say(ANA, talking.id, " How can I help? ", key="1")
    await says(centre, "My order is late")
    await centre.settled()

    assert thread(screen, talking) == [
        ("customer", "Hi"), ("flow", "Welcome to Acme."), ("agent", "How can I help?"), ("customer", "My order is late")
    ]  # fmt: skip
    assert centre.chat.texts("visitor-1") == ["Welcome to Acme.", "How can I help?"]
    assert centre.chat.authors[-1] == centre.agent("ana").name
    assert centre.chat.ended == []

    await centre.desk.wrap_up(ANA, talking.id, "resolved", "Order 12")
    await centre.settled()
    ended = centre.store.interactions[talking.id]
    assert (ended.outcome, ended.disposition, ended.note) == (Outcome.HANDLED, "resolved", "Order 12")
    assert len(centre.store.happened(Happened.TALK_ENDED)) == 1
    assert centre.chat.ended == ["visitor-1"]
    assert screen.state["threads"] == screen.state["interactions"] == {}
    assert await centre.store.thread("chat", "visitor-1", at_most=1) == [list(centre.store.messages.values())[-1]]


async def test_three_chats_fill_an_agent_as_one_call_does(centre: Centre) -> None:
    await centre.ready("ana")
    for number in range(4):
        await says(centre, "Hi", of=f"visitor-{number}")
    call = await centre.call_waits()

    stages = [chat(centre, f"visitor-{number}").stage for number in range(4)]
    assert stages == [Stage.OFFERED] * 3 + [Stage.WAITING]
    assert centre.stage(call) is Stage.WAITING


async def test_who_is_in_a_call_is_offered_no_chat(centre: Centre) -> None:
    await centre.ready("ana")
    await centre.call_talks()
    await says(centre, "Hi")
    assert chat(centre).stage is Stage.WAITING


async def test_no_phone_is_needed_to_write(centre: Centre) -> None:
    await centre.ready("ana")
    centre.switch.phone("ana-web", reachable=False)
    await centre.settled()
    await says(centre, "Hi")
    call = await centre.call_waits()

    assert (chat(centre).stage, centre.stage(call)) == (Stage.OFFERED, Stage.WAITING)


async def test_a_chat_that_nobody_takes_keeps_its_place(centre: Centre, no_phone_is_stopped: None) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    since = chat(centre).entry
    await centre.forward(20)

    assert (chat(centre).stage, chat(centre).entry) == (Stage.WAITING, since)
    assert centre.agent("ana").presence is Presence.NOT_READY


async def test_a_visitor_who_leaves_while_it_is_offered_frees_the_agent(
    centre: Centre, no_phone_is_stopped: None
) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    id_ = chat(centre).id
    await centre.texts.told(Gone(ConversationId("chat", "visitor-1"), centre.clock.now()))
    await centre.settled()

    assert centre.store.interactions[id_].outcome is Outcome.ABANDONED
    assert centre.agent("ana").is_free


async def test_a_visitor_who_leaves_ends_the_talk_and_who_writes_again_has_the_same_agent(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    await centre.texts.told(Gone(ConversationId("chat", "visitor-1"), centre.clock.now()))
    await centre.settled()
    assert chat(centre).stage is Stage.WRAP_UP
    with pytest.raises(WrongStage):
        await centre.text_desk.say(ANA, talking.id, "Still there?", key="1")

    await says(centre, "One more thing")

    assert (chat(centre).id, chat(centre).stage, chat(centre).agent) == (talking.id, Stage.TALKING, ANA)
    await centre.forward(120)
    assert chat(centre).stage is Stage.TALKING


async def test_a_chat_that_is_passed_on_waits_with_its_thread_for_somebody_else(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    await says(centre, "Hi")
    talking = await accepts(centre)
    await centre.text_desk.say(ANA, talking.id, "One moment", key="1")
    await centre.forward(30)
    await centre.text_desk.pass_on(ANA, talking.id, QueueId("support"))
    await centre.settled()

    passed = chat(centre)
    assert (passed.id, passed.stage, passed.agent) == (talking.id, Stage.OFFERED, None)
    assert passed.entry is not None
    assert (passed.entry.queue, passed.entry.since) == ("support", centre.clock.now())
    assert centre.agent("ana").is_free
    screen = await at_desk(centre, BEN)
    await accepts(centre, BEN)
    assert thread(screen, talking)[-1] == ("agent", "One moment")
    assert centre.chat.ended == []
    with pytest.raises(NotYours):
        await centre.text_desk.say(ANA, talking.id, "Hello", key="2")
    [line] = centre.store.happened(Happened.PASSED_ON)
    assert (line.agent, line.facts) == (ANA, {"from": "sales", "to": "support", "talk_s": 30.0})


async def test_a_chat_that_is_passed_to_a_colleague_is_kept_for_them_a_while(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    await says(centre, "Hi")
    talking = await accepts(centre)
    await centre.desk.show(BEN, Presence.NOT_READY, "break")
    await centre.text_desk.pass_on(ANA, talking.id, None, to=BEN)
    await centre.settled()
    assert chat(centre).stage is Stage.WAITING, "Ana is free, and it is not for her"
    await centre.desk.show(BEN, Presence.READY, None)
    await centre.settled()
    passed = chat(centre)
    assert passed.offer is not None
    assert (passed.offer.agent, passed.entry and passed.entry.queue) == (BEN, "sales")
    [line] = centre.store.happened(Happened.PASSED_ON)
    assert line.facts["agent"] == BEN


async def test_a_colleague_who_does_not_come_is_not_waited_for_for_ever(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    await says(centre, "Hi")
    talking = await accepts(centre)
    await centre.desk.show(BEN, Presence.NOT_READY, "break")
    await centre.text_desk.pass_on(ANA, talking.id, None, to=BEN)
    await centre.forward(KEPT_FOR.total_seconds() + 1)
    offer = chat(centre).offer
    assert offer is not None
    assert offer.agent == ANA


async def test_nothing_is_passed_to_oneself_or_to_somebody_who_is_not_there(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    for to in (ANA, BEN):
        with pytest.raises(NotAtWork):
            await centre.text_desk.pass_on(ANA, talking.id, None, to=to)
    with pytest.raises(NoSuch):
        await centre.text_desk.pass_on(ANA, talking.id, None, to=AgentId("nobody"))


async def test_nothing_is_passed_to_a_queue_that_is_none(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    with pytest.raises(UnknownChoice):
        await centre.text_desk.pass_on(ANA, talking.id, QueueId("nowhere"))
    assert chat(centre).stage is Stage.TALKING


async def test_what_the_desk_sends_twice_is_one_message(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    await asyncio.gather(*(centre.text_desk.say(ANA, talking.id, "Hello", key="1") for _ in range(5)))
    await centre.settled()

    assert centre.chat.texts("visitor-1")[1:] == ["Hello"]
    assert [each.text for each in centre.store.messages.values()][2:] == ["Hello"]


async def test_what_a_channel_tells_fifty_times_is_one_message(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    screen = await at_desk(centre)
    told = Said(ConversationId("chat", "visitor-1"), "Twice?", centre.clock.now(), "m-1")
    await asyncio.gather(*(centre.texts.told(told) for _ in range(50)))
    await centre.settled()

    assert thread(screen, talking)[2:] == [("customer", "Twice?")]
    assert [each.text for each in centre.store.messages.values()][2:] == ["Twice?"]


async def test_only_who_has_it_writes_and_only_words(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    await says(centre, "Hi")
    talking = await accepts(centre)
    with pytest.raises(NotYours):
        await centre.text_desk.say(BEN, talking.id, "Hello", key="1")
    for nothing in ("", " \n", "x" * 4001):
        with pytest.raises(NothingWritten):
            await centre.text_desk.say(ANA, talking.id, nothing, key="1")
    call, _ = await centre.call_talks()
    in_call = centre.of(call)
    assert in_call is not None
    with pytest.raises(WrongStage):
        await centre.text_desk.say(BEN, in_call.id, "Hello", key="1")


async def test_a_restart_in_the_middle_loses_nothing(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.ready("ana")
        await says(centre, "Hi")
        talking = await accepts(centre)
        await centre.text_desk.say(ANA, talking.id, "Hello", key="1")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        screen = await at_desk(centre)
        await says(centre, "There?")

        assert thread(screen, talking)[1:] == [("flow", "Welcome to Acme."), ("agent", "Hello"), ("customer", "There?")]
        assert chat(centre).stage is Stage.TALKING


async def test_a_thread_does_not_keep_a_secret(world: SimpleNamespace) -> None:
    flow = "flow: chat\nmedia: [chat]\nentry: {channels: [chat]}\nstart: card\nsteps:\n"
    flow += "  card: {ask: Your card?, as: card, save: card, next: people}\n  people: {queue: sales}\n"
    (world.folder / "flows" / "chat.yaml").write_text(flow, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.ready("ana")
        screen = await at_desk(centre)
        await says(centre, "Hi")
        await says(centre, "4111111111111111")

        held = chat(centre)
        assert screen.state["threads"][held.id][2] | {"id": "", "at": ""} == {
            "id": "", "at": "", "side": "customer", "text": "", "by": None, "choices": [], "hidden": True,
            "delivery": None, "why": None, "due": None, "details": {}, "read": False,
        }  # fmt: skip
        assert "4111111111111111" not in repr((world.store.messages, screen.state["threads"]))
