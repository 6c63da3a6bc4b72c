"""Mails between a customer and an agent: threads, machines, copies and files, and ten seconds to take one back."""

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, MessageId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.floor.attaching import LARGEST_FILES
from trunkline.floor.messenger import ChannelMessenger
from trunkline.floor.outbox import TooLate
from trunkline.floor.state import NoSuch
from trunkline.floor.text_desk import UNDO_WITHIN, LetterHead, NothingWritten
from trunkline.flows.talk import Send, SendFailed, Sent
from trunkline.ports.channel import ConversationId, Said
from trunkline.ports.files import AttachedFile

ANA, BEN = AgentId("ana"), AgentId("ben")
CHRIS = "chris@home.example"
FLOW = """
flow: mails
media: [email]
entry: {channels: [post]}
start: order
steps:
  order: {ask: Which order?, as: digits, length: 4, save: order_no, next: people, no_answer: {go: people}}
  people: {queue: sales}
"""


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "mails.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def writes(centre: Centre, text: str, *, thread: str = "t1", **more: Any) -> None:
    where = ConversationId("post", CHRIS, thread)
    await centre.texts.told(Said(where, text, centre.clock.now(), f"{thread}/{text}", name="Chris", **more))
    await centre.settled()


def mails(centre: Centre) -> Mapping[str, Interaction]:
    return {each.thread: each for each in centre.floor.interactions.values()}


async def with_ana(centre: Centre, thread: str = "t1") -> Interaction:
    """Have a mail in Ana's hands."""
    await centre.ready("ana")
    await writes(centre, "Hello", thread=thread)
    await writes(centre, "1234", thread=thread)
    offer = mails(centre)[thread].offer
    assert offer is not None
    await centre.desk.accept(ANA, offer.id)
    await centre.settled()
    return mails(centre)[thread]


def of_ana(centre: Centre) -> list[Outgoing]:
    return [each for each in centre.store.outbox.values() if each.details.get("by") == "ana"]


async def test_two_threads_of_one_person_are_two_conversations(centre: Centre) -> None:
    await writes(centre, "Hello", thread="t1")
    await writes(centre, "Hello", thread="t2")
    assert set(mails(centre)) == {"t1", "t2"}
    assert [each.details["thread"] for each in centre.post.given] == ["t1", "t2"]


async def test_what_a_machine_writes_answers_no_question_and_reopens_nothing(centre: Centre) -> None:
    await writes(centre, "Hello")
    await writes(centre, "1234 (I am away)", automatic=True, begins=False)
    assert mails(centre)["t1"].stage is Stage.IN_FLOW
    talking = await with_ana(centre, "t2")
    await centre.desk.hang_up(ANA, talking.id)
    await writes(centre, "I am away", thread="t2", automatic=True)
    assert mails(centre)["t2"].stage is Stage.WRAP_UP
    assert centre.floor.threads[talking.id][-1].text == "I am away"
    await writes(centre, "One more thing", thread="t2")
    assert mails(centre)["t2"].stage is Stage.TALKING


async def test_a_notice_that_somebody_is_away_begins_no_conversation(centre: Centre) -> None:
    await writes(centre, "I am away", automatic=True, begins=False)
    assert mails(centre) == {}


async def test_a_mail_goes_out_once_it_cannot_be_taken_back_any_more(centre: Centre) -> None:
    talking = await with_ana(centre)
    given = len(centre.post.given)
    await centre.text_desk.say(ANA, talking.id, "It comes.", key="1")
    await centre.settled()
    assert len(centre.post.given) == given
    centre.clock.forward(UNDO_WITHIN.total_seconds())
    await centre.settled()
    assert [each.text for each in centre.post.given[given:]] == ["It comes."]
    assert centre.post.given[-1].details == {"by": "ana", "thread": "t1"}


async def test_a_mail_that_is_taken_back_never_goes_out(centre: Centre) -> None:
    talking = await with_ana(centre)
    await centre.text_desk.say(ANA, talking.id, "A mistake", key="1")
    await centre.settled()
    [out] = of_ana(centre)
    await centre.text_desk.take_back(ANA, talking.id, out.id)
    centre.clock.forward(3600)
    await centre.settled()
    assert centre.store.outbox[out.id].state is Delivery.TAKEN_BACK
    assert "A mistake" not in centre.post.texts()
    with pytest.raises(TooLate):
        await centre.text_desk.take_back(ANA, talking.id, out.id)


async def test_a_mail_that_is_on_its_way_is_not_taken_back(centre: Centre) -> None:
    talking = await with_ana(centre)
    await centre.text_desk.say(ANA, talking.id, "It comes.", key="1")
    centre.clock.forward(UNDO_WITHIN.total_seconds())
    await centre.settled()
    with pytest.raises(TooLate):
        await centre.text_desk.take_back(ANA, talking.id, of_ana(centre)[0].id)
    with pytest.raises(TooLate):
        await centre.text_desk.take_back(ANA, talking.id, MessageId("no such message"))


async def test_a_mail_waits_its_time_through_a_restart_and_can_be_taken_back_after_it(world: SimpleNamespace) -> None:
    (world.folder / "flows" / "mails.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as before:
        talking = await with_ana(before)
        for key in ("1", "2"):
            await before.text_desk.say(ANA, talking.id, f"Mail {key}", key=key)
        await before.settled()
    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        first, second = of_ana(after)
        await after.text_desk.take_back(ANA, talking.id, first.id)
        after.clock.forward(UNDO_WITHIN.total_seconds())
        await after.settled()
        assert after.store.outbox[first.id].state is Delivery.TAKEN_BACK
        assert [each.id for each in after.post.given] == [second.id]


async def test_copies_a_subject_and_files_go_with_a_mail_and_stand_at_it(centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.mails.files["f1"] = AttachedFile("f1", "a.pdf", "application/pdf", b"%PDF", ANA)
    head = LetterHead("Your order", ("boss@acme.example",), (), ("f1",))
    await centre.text_desk.say(ANA, talking.id, "It comes.", key="1", letter=head)
    [out] = of_ana(centre)
    assert out.details == {
        "by": "ana", "thread": "t1", "subject": "Your order", "cc": ["boss@acme.example"], "files": ["f1"]
    }  # fmt: skip
    shown = centre.floor.threads[talking.id][-1].details
    assert shown["files"] == [{"id": "f1", "name": "a.pdf", "type": "application/pdf", "size": 4}]


async def test_files_of_others_too_large_ones_and_those_on_other_media_are_refused(centre: Centre) -> None:
    talking = await with_ana(centre)
    centre.mails.files |= {
        "bens": AttachedFile("bens", "a", "a/b", b"", BEN),
        "large": AttachedFile("large", "a", "a/b", bytes(LARGEST_FILES + 1), ANA),
    }
    for files, fault in ((("bens",), NoSuch), (("none",), NoSuch), (("large",), Rejected)):
        with pytest.raises(fault):
            await centre.text_desk.say(ANA, talking.id, "Hi", key="1", letter=LetterHead(files=files))
    with pytest.raises(NothingWritten):
        await centre.text_desk.say(ANA, talking.id, " ", key="1", letter=LetterHead("A subject alone"))
    assert of_ana(centre) == []


async def test_a_long_mail_is_one_mail(centre: Centre) -> None:
    talking = await with_ana(centre)
    await centre.text_desk.say(ANA, talking.id, "word " * 9000, key="1")
    assert len(of_ana(centre)) == 1


async def test_a_flow_sends_a_mail_to_an_address(centre: Centre) -> None:
    messenger = ChannelMessenger(centre.floor, {"post": centre.post}, centre.outbox)
    assert await messenger.send(Send("email", " Chris@Home.example ", "Hi", "Order 7", "en"), key="1") == Sent()
    await centre.settled()
    assert [(each.address, each.details) for each in centre.post.given] == [(CHRIS, {"subject": "Order 7"})]
    assert await messenger.send(Send("email", "+447700900123", "Hi", None, "en"), key="2") == SendFailed("no address")
