"""What agents have written and not sent: it outlives the service, goes on with a colleague, and does not come back."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.floor.conftest import Centre, open_floor
from tests.floor.test_hub import Screen
from tests.floor.test_letters import FLOW, mails, with_ana, writes
from trunkline.core.draft import MOST_AHEAD, WrongCount
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Stage, WrongStage
from trunkline.core.journal import Happened
from trunkline.core.message import LONGEST_MESSAGE
from trunkline.floor.agent import NotYours
from trunkline.floor.replies import values_of
from trunkline.floor.state import NoSuch
from trunkline.floor.text_desk import LONGEST_LETTER, LetterHead, NothingWritten, Writing
from trunkline.flows.centre import centre_of
from trunkline.ports.channel import ConversationId, Said
from trunkline.ports.files import AttachedFile

ANA, BEN = AgentId("ana"), AgentId("ben")


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "mails.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def at_desk(centre: Centre, agent: AgentId = ANA) -> Screen:
    screen = Screen()
    await centre.hub.open(agent, screen, epoch=None, seq=None)
    return screen


async def drafts(
    centre: Centre, talking: Interaction, version: int, text: str, *, by: AgentId = ANA, **more: Any
) -> None:
    await centre.text_desk.draft(by, talking.id, Writing(version, text, **more))
    await centre.settled()


async def passed_to_ben(centre: Centre, talking: Interaction) -> None:
    await centre.ready("ben")
    await centre.text_desk.pass_on(ANA, talking.id, None, to=BEN)
    await centre.settled()
    offer = centre.floor.interaction(talking.id).offer
    assert offer is not None
    await centre.desk.accept(BEN, offer.id)
    await centre.settled()


async def test_a_draft_is_shown_at_every_desk_of_whoever_has_the_conversation(centre: Centre) -> None:
    talking = await with_ana(centre)
    one, other, bens = await at_desk(centre), await at_desk(centre), await at_desk(centre, BEN)

    await drafts(centre, talking, 1, "It com", subject="Order", cc="boss@acme", bcc="x")

    shown = one.state["drafts"][talking.id]
    assert other.state["drafts"] == {talking.id: shown}
    assert bens.state["drafts"] == {}
    assert (shown["text"], shown["subject"], shown["cc"], shown["bcc"]) == ("It com", "Order", "boss@acme", "x")
    assert (shown["version"], shown["by"]) == (1, {"id": "ana", "name": "Ana Torres"})
    assert (await at_desk(centre)).state["drafts"] == {talking.id: shown}


async def test_the_higher_version_holds_whatever_comes_when(centre: Centre) -> None:
    talking = await with_ana(centre)
    screen = await at_desk(centre)
    await drafts(centre, talking, 3, "third")
    sent = len(screen.messages)
    await drafts(centre, talking, 2, "second")
    await drafts(centre, talking, 3, "another third")

    assert screen.state["drafts"][talking.id]["text"] == centre.store.drafts[talking.id].text == "third"
    assert len(screen.messages) == sent


async def test_what_was_sent_never_comes_back(centre: Centre) -> None:
    talking = await with_ana(centre)
    screen = await at_desk(centre)
    await drafts(centre, talking, 1, "It comes today.")

    await centre.text_desk.say(ANA, talking.id, "It comes today.", key="1", draft=2)
    await drafts(centre, talking, 2, "It comes today.")

    assert screen.state["drafts"][talking.id]["text"] == ""
    assert centre.store.drafts[talking.id].is_empty
    # In the same transaction: whoever sees the message sees no draft.
    [[change]] = [
        [each for each in save if each.messages] for save in centre.store.saves[-3:] if any(e.messages for e in save)
    ]
    assert [draft.text for draft in change.drafts] == [""]


async def test_it_does_not_come_back_after_a_restart_either(world: SimpleNamespace, centre: Centre) -> None:
    talking = await with_ana(centre)
    await drafts(centre, talking, 1, "It comes today.")
    await centre.text_desk.say(ANA, talking.id, "It comes today.", key="1", draft=2)

    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        await drafts(after, talking, 2, "It comes today.")
        assert after.floor.drafts[talking.id].is_empty
        await drafts(after, talking, 3, "And more")
        assert after.floor.drafts[talking.id].text == "And more"


async def test_a_message_that_is_repeated_leaves_alone_what_was_written_after_it(centre: Centre) -> None:
    talking = await with_ana(centre)
    await centre.text_desk.say(ANA, talking.id, "One", key="1", draft=1)
    await drafts(centre, talking, 2, "Two")
    await centre.text_desk.say(ANA, talking.id, "One", key="1", draft=1)
    # A first try that comes so late does neither.
    await centre.text_desk.say(ANA, talking.id, "Zero", key="0", draft=1)

    assert centre.floor.drafts[talking.id].text == "Two"


async def test_a_desk_that_keeps_no_drafts_takes_its_own_with_it_and_nobody_elses(centre: Centre) -> None:
    talking = await with_ana(centre)
    await centre.text_desk.say(ANA, talking.id, "None", key="0")
    assert talking.id not in centre.floor.drafts
    await drafts(centre, talking, 1, "Anas")
    await passed_to_ben(centre, talking)
    await centre.text_desk.say(BEN, talking.id, "Bens", key="1")

    assert centre.floor.drafts[talking.id].text == "Anas"


async def test_a_supervisor_who_helps_leaves_the_agents_draft_alone(centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.floor.agents[BEN] = replace(centre.floor.agents[BEN], role="supervisor")
    await centre.text_desk.say(BEN, talking.id, "Let me help", key="0", draft=5)
    await drafts(centre, talking, 1, "Anas")
    await centre.text_desk.say(BEN, talking.id, "Once more", key="1", draft=7)

    assert (centre.floor.drafts[talking.id].text, centre.floor.drafts[talking.id].agent) == ("Anas", ANA)


async def test_a_restarted_service_has_every_draft(world: SimpleNamespace, centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.mails.files["f1"] = AttachedFile("f1", "a.pdf", "application/pdf", b"%PDF", ANA)
    await drafts(centre, talking, 1, "Half a", files=("f1",))

    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        shown = (await at_desk(after)).state["drafts"][talking.id]
        assert (shown["text"], shown["version"]) == ("Half a", 1)
        assert shown["files"] == [{"id": "f1", "name": "a.pdf", "type": "application/pdf", "size": 4}]


async def test_a_draft_and_its_files_go_on_with_a_colleague(centre: Centre) -> None:
    talking = await with_ana(centre)
    bens = await at_desk(centre, BEN)
    centre.mails.files["f1"] = AttachedFile("f1", "a.pdf", "application/pdf", b"%PDF", ANA)
    await drafts(centre, talking, 1, "Half a", files=("f1",))
    await passed_to_ben(centre, talking)
    assert bens.state["drafts"][talking.id]["by"] == {"id": "ana", "name": "Ana Torres"}
    with pytest.raises(NotYours):
        await drafts(centre, talking, 2, "too late")

    await drafts(centre, talking, 2, "Half a sentence", by=BEN, files=("f1",))
    assert bens.state["drafts"][talking.id]["by"]["id"] == "ben"
    await centre.text_desk.say(BEN, talking.id, "Whole", key="1", letter=LetterHead(files=("f1",)), draft=3)

    assert centre.floor.threads[talking.id][-1].details["files"][0]["name"] == "a.pdf"


async def test_nobody_has_others_files_by_naming_them(centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.mails.files["bens"] = AttachedFile("bens", "a", "a/b", b"", BEN)
    await drafts(centre, talking, 1, "Look", files=("bens", "none"))

    assert centre.floor.drafts[talking.id].files == ()
    with pytest.raises(NoSuch):
        await centre.text_desk.say(ANA, talking.id, "Look", key="1", letter=LetterHead(files=("bens",)))


async def test_with_its_interaction_a_draft_is_over(world: SimpleNamespace, centre: Centre) -> None:
    talking = await with_ana(centre)
    screen = await at_desk(centre)
    await drafts(centre, talking, 1, "Never sent")
    await centre.desk.hang_up(ANA, talking.id)
    with pytest.raises(WrongStage):
        await drafts(centre, talking, 2, "More")
    assert centre.floor.drafts[talking.id].text == "Never sent"

    await centre.desk.wrap_up(ANA, talking.id, "resolved", "")
    await centre.settled()

    assert centre.store.drafts == centre.floor.drafts == screen.state["drafts"] == {}
    assert centre.store.saves[-1][-1].drafts[0].over
    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        assert after.floor.drafts == {}


async def test_what_is_too_long_or_counted_wrong_is_refused(centre: Centre) -> None:
    talking = await with_ana(centre)
    with pytest.raises(NothingWritten):
        await drafts(centre, talking, 1, "a" * (LONGEST_LETTER + 1))
    with pytest.raises(WrongCount):
        await drafts(centre, talking, MOST_AHEAD + 1, "far")
    with pytest.raises(WrongCount):
        await centre.text_desk.say(ANA, talking.id, "Hi", key="1", draft=2**53 - 1)
    assert centre.floor.drafts == {}
    await drafts(centre, talking, MOST_AHEAD, "near")
    await drafts(centre, talking, MOST_AHEAD + 1, "and on")


async def test_a_chat_takes_a_shorter_draft_than_a_mail(centre: Centre) -> None:
    flow = "flow: chat\nmedia: [chat]\nentry: {channels: [chat]}\nstart: people\nsteps:\n  people: {queue: sales}\n"
    (centre.library.folder / "chat.yaml").write_text(flow, encoding="utf-8")
    centre.load_flows()
    await centre.ready("ana")
    await centre.texts.told(Said(ConversationId("chat", "v"), "Hi", centre.clock.now(), "1"))
    await centre.settled()
    [chat] = centre.floor.interactions.values()
    assert chat.offer is not None
    await centre.desk.accept(ANA, chat.offer.id)
    with pytest.raises(NothingWritten):
        await drafts(centre, chat, 1, "a" * (LONGEST_MESSAGE + 1))
    await drafts(centre, chat, 1, "a" * LONGEST_MESSAGE)


async def test_a_desk_that_was_away_resumes_with_the_latest_draft_kept_once(centre: Centre) -> None:
    talking = await with_ana(centre)
    screen = await at_desk(centre)
    epoch, seq = screen.epoch, screen.seq
    for version in range(1, 400):
        await drafts(centre, talking, version, "a" * version)

    resumed = Screen()
    resumed.state, resumed.seq = {**screen.state, "drafts": {}}, seq
    await centre.hub.open(ANA, resumed, epoch=epoch, seq=seq)

    assert resumed.state == screen.state
    events = [message["event"] for message in resumed.messages if message["type"] == "event"]
    assert [event["kind"] for event in events] == [*["passed"] * 398, "draft"]


@pytest.mark.parametrize("seed", range(6))
async def test_snapshot_and_events_are_the_new_snapshot(centre: Centre, seed: int) -> None:
    dice, talking = random.Random(seed), await with_ana(centre)
    screen = await at_desk(centre)
    for turn in range(40):
        version = dice.randrange(1, turn + 3)
        holder = centre.floor.interaction(talking.id).agent or ANA
        match dice.randrange(5):
            case 0:
                await centre.text_desk.say(holder, talking.id, f"said {turn}", key=str(turn), draft=version)
            case 1 if holder == ANA and turn % 7 == 0:
                await passed_to_ben(centre, talking)
            case _:
                await drafts(centre, talking, version, f"written {turn}", by=holder)
        await centre.settled()
        if dice.random() < 0.2:
            assert (await at_desk(centre)).state == screen.state


# --- replies ---


def with_replies(centre: Centre) -> None:
    text = """
name: Acme
region: GB
queues: {sales: {title: Sales}, support: {title: Support}}
dispositions: [{code: resolved, title: Resolved}]
reasons: [{code: break, title: Break}]
replies:
  order:
    title: Order
    text: Dear {customer.name}, order {answers.order_no} of {centre} is with {queue}. {agent.name}
  bye: {title: Bye, text: Goodbye}
"""
    made, problems = centre_of(text.encode(), "centre.yaml")
    assert made is not None, problems
    centre.floor.centre = replace(centre.floor.centre, replies=made.replies, replies_revision=made.replies_revision)


async def test_which_reply_was_used_is_noted_and_whether_it_went_as_it_is(centre: Centre) -> None:
    with_replies(centre)
    talking = await with_ana(centre)
    as_it_is = "Dear Chris, order 1234 of Acme is with Sales. Ana Torres"

    await centre.text_desk.say(ANA, talking.id, as_it_is, key="1", replies=("order", "gone"))
    await centre.text_desk.say(ANA, talking.id, f"{as_it_is}!", key="2", replies=("order", "bye"))
    await centre.text_desk.say(ANA, talking.id, "By hand", key="3", replies=("gone",))
    await centre.text_desk.say(ANA, talking.id, as_it_is, key="1", replies=("order",))

    lines = [(line.agent, line.facts) for line in centre.store.happened(Happened.REPLY_USED)]
    assert lines == [
        (ANA, {"reply": "order", "as_it_is": True}), (ANA, {"reply": "order", "as_it_is": False}),
        (ANA, {"reply": "bye", "as_it_is": False}),
    ]  # fmt: skip
    used = [each.details.get("replies") for each in centre.floor.threads[talking.id][-3:]]
    assert used == [["order"], ["order", "bye"], None]


async def test_a_draft_remembers_the_replies_it_began_as(centre: Centre) -> None:
    with_replies(centre)
    talking = await with_ana(centre)
    await drafts(centre, talking, 1, "Dear", replies=("order", "gone"))

    assert centre.floor.drafts[talking.id].replies == ("order",)


async def test_values_are_what_is_known_of_the_conversation(centre: Centre) -> None:
    talking = await with_ana(centre)

    assert values_of(centre.floor, talking, ANA) == {
        "customer.name": "Chris", "agent.name": "Ana Torres", "queue": "Sales", "centre": "Acme",
        "answers.order_no": "1234",
    }  # fmt: skip
    assert mails(centre)["t1"].stage is Stage.TALKING
    await writes(centre, "more")
