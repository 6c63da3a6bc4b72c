"""Agents hand what they talk in to a flow, and have it back or are done with it."""

from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from tests.floor.test_text_desk import ANA, BEN, accepts, at_desk, chat, says, thread
from trunkline.core.call import Call
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Outcome, Stage, WrongStage
from trunkline.core.journal import Happened
from trunkline.floor.agent import NotYours
from trunkline.floor.flow_ends import KEPT_FOR
from trunkline.floor.runs import run_of
from trunkline.floor.state import NoSuch
from trunkline.ports.call_control import AgentLegEnded
from trunkline.ports.channel import ConversationId, Gone

FLOWS = {
    "chat": """flow: chat
media: [chat]
entry: {channels: [chat]}
start: name
steps:
  name: {ask: Your name?, as: text, save: name, no_answer: {go: people}, no_match: {go: people}, next: people}
  people: {queue: sales}
""",
    "order": """flow: order
title: Ask for the order number
media: [chat]
for_agents: true
start: number
steps:
  number:
    ask: Which order?
    as: digits
    length: 6
    save: order_no
    no_answer: {after: 5m, tries: 1, go: sorry}
    next: thanks
  thanks: {say: "Order {order_no}, thank you.", next: bye}
  sorry: {end: Another time then.}
  bye: {end: }
""",
    "secret": "flow: secret\nmedia: [chat]\nstart: a\nsteps: {a: {end: No agent may hand to me.}}\n",
    "spoken": "flow: spoken\nmedia: [voice]\nfor_agents: true\nstart: a\nsteps: {a: {end: Good-bye.}}\n",
}


@pytest.fixture(autouse=True)
def flows(world: SimpleNamespace) -> None:
    for name, text in FLOWS.items():
        (world.folder / "flows" / f"{name}.yaml").write_text(text, encoding="utf-8")


async def talking(centre: Centre) -> Interaction:
    """A visitor who has told their name, and writes with Ana."""
    await centre.ready("ana")
    await says(centre, "Hi")
    await says(centre, "Margaret")
    return await accepts(centre)


async def test_a_flow_asks_and_gives_the_customer_back(centre: Centre) -> None:
    at_first = await talking(centre)
    screen = await at_desk(centre)
    await centre.to_flow.hand(ANA, at_first.id, "order", back=True)
    await centre.settled()
    assert (chat(centre).stage, chat(centre).agent) == (Stage.IN_FLOW, None)
    assert centre.floor.agent(ANA).hands == {}
    assert at_first.id not in screen.state["interactions"]
    assert centre.chat.texts("visitor-1")[-1] == "Which order?"
    await says(centre, "123456")
    back = chat(centre)
    assert (back.stage, back.offer and back.offer.agent) == (Stage.OFFERED, ANA)
    card = screen.state["interactions"][at_first.id]
    assert card["answers"] == {"name": "Margaret", "order_no": "123456"}
    assert [(each["flow"], each["answer"]) for each in card["path"]][:3] == [
        ("chat", "Margaret"),
        ("chat", None),
        ("order", "123456"),
    ]
    assert ("flow", "Order 123456, thank you.") in thread(screen, at_first)
    await accepts(centre)
    await centre.desk.wrap_up(ANA, at_first.id, "resolved", "")
    await centre.settled()
    assert centre.store.interactions[at_first.id].outcome is Outcome.HANDLED
    [handed] = [each for each in centre.store.journal if each.kind is Happened.HANDED_TO_FLOW]
    assert (handed.agent, handed.facts["flow"], handed.facts["back"]) == (ANA, "order", True)


async def test_one_who_does_not_come_back_for_them_is_served_by_others_after_a_while(centre: Centre) -> None:
    at_first = await talking(centre)
    await centre.to_flow.hand(ANA, at_first.id, "order", back=True)
    await centre.desk.log_out(ANA)
    await centre.ready("ben")
    await says(centre, "123456")
    assert chat(centre).stage is Stage.WAITING
    await centre.forward(KEPT_FOR.total_seconds() + 1)
    offer = chat(centre).offer
    assert offer is not None
    assert offer.agent == BEN


async def test_one_that_does_not_come_back_was_handled_by_who_handed_it_over(centre: Centre) -> None:
    at_first = await talking(centre)
    await centre.to_flow.hand(ANA, at_first.id, "order", back=False)
    await says(centre, "123456")
    ended = centre.store.interactions[at_first.id]
    assert (ended.stage, ended.outcome, ended.agent) == (Stage.ENDED, Outcome.HANDLED, ANA)


async def test_a_customer_who_goes_in_the_middle_of_it_is_gone(centre: Centre) -> None:
    at_first = await talking(centre)
    await centre.to_flow.hand(ANA, at_first.id, "order", back=True)
    await centre.settled()
    await centre.texts.told(Gone(ConversationId("chat", "visitor-1"), centre.clock.now()))
    await centre.settled()
    assert centre.store.interactions[at_first.id].stage is Stage.ENDED


async def test_who_answers_nothing_comes_back_too(centre: Centre) -> None:
    at_first = await talking(centre)
    await centre.to_flow.hand(ANA, at_first.id, "order", back=True)
    await centre.settled()
    await centre.forward(301)
    assert chat(centre).stage is Stage.OFFERED


async def test_only_what_is_for_agents_and_for_the_medium_can_be_asked_for(centre: Centre) -> None:
    at_first = await talking(centre)
    screen = await at_desk(centre)
    assert screen.state["for_agents"] == {
        "order": {"title": "Ask for the order number", "media": ["chat"]},
        "spoken": {"title": "spoken", "media": ["voice"]},
    }
    for name in ("secret", "spoken", "nothing", "chat"):
        with pytest.raises(NoSuch):
            await centre.to_flow.hand(ANA, at_first.id, name, back=False)
    with pytest.raises(NotYours):
        await centre.to_flow.hand(BEN, at_first.id, "order", back=False)
    with pytest.raises(NoSuch):
        await centre.to_flow.hand(ANA, InteractionId("gone"), "order", back=False)
    assert chat(centre).stage is Stage.TALKING
    await centre.desk.hang_up(ANA, at_first.id)
    with pytest.raises(WrongStage):
        await centre.to_flow.hand(ANA, at_first.id, "order", back=False)


async def test_desks_learn_of_a_flow_that_is_for_agents_now(centre: Centre, world: SimpleNamespace) -> None:
    await centre.ready("ana")
    screen = await at_desk(centre)
    (world.folder / "flows" / "order.yaml").unlink()
    centre.load_flows()
    assert list(screen.state["for_agents"]) == ["spoken"]


async def test_a_service_killed_after_the_hand_over_lets_the_flow_begin(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        at_first = await talking(first)
        handing = first.to_flow.hand(ANA, at_first.id, "order", back=True)
        await handing  # durable, and not yet begun
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.settled()
        asked = [each.text for each in world.store.messages.values() if each.text == "Which order?"]
        assert len(asked) == 1
        await second.ready("ana")
        await says(second, "123456")
        found = chat(second)
        run = run_of(found)
        assert run is not None
        assert run.values["order_no"] == "123456"
        assert (found.stage, found.offer and found.offer.agent) == (Stage.OFFERED, ANA)


async def handed_call(centre: Centre, *, back: bool) -> tuple[Call, InteractionId]:
    """Let Ana hand her caller to a flow; her phone is not off the call yet."""
    call, _ = await centre.call_talks()
    talking = centre.of(call)
    assert talking is not None
    await centre.to_flow.hand(ANA, talking.id, "spoken", back=back)
    return call, talking.id


async def test_the_next_call_rings_once_the_phone_is_off_the_one_that_was_handed_over(centre: Centre) -> None:
    await centre.ready("ana")
    call, first = await handed_call(centre, back=True)
    await centre.call_waits("+447700900124")
    await centre.settled()
    assert list(centre.agent("ana").hands) == [first]
    rung = len(centre.switch.rung)
    centre.switch.gone_from_talk()
    await centre.settled()
    assert len(centre.switch.rung) == rung + 1
    assert first not in centre.agent("ana").hands or centre.stage(call) is Stage.OFFERED


async def test_an_agent_whose_phone_went_unheard_is_free_when_the_switch_is_there_again(centre: Centre) -> None:
    await centre.ready("ana")
    _, first = await handed_call(centre, back=False)
    centre.switch.left_alone.clear()
    centre.switch.lost()
    centre.switch.found()
    await centre.settled()
    assert first not in centre.agent("ana").hands


async def test_a_leg_that_ends_late_does_not_free_the_agent_of_a_caller_who_is_theirs_again(centre: Centre) -> None:
    await centre.ready("ana")
    call, first = await handed_call(centre, back=True)
    [left] = centre.switch.left_alone
    centre.switch.left_alone.clear()
    centre.switch.lost()
    centre.switch.found()
    await centre.settled()
    # What the switch showed has freed her, and the flow has given the caller back.
    assert centre.stage(call) is Stage.OFFERED
    assert first in centre.agent("ana").hands
    centre.switch.again(AgentLegEnded(left, None, centre.clock.now()))
    await centre.settled()
    assert centre.stage(call) is Stage.OFFERED
    assert first in centre.agent("ana").hands
