"""What was written before a callback: for the agent who has it before them, and nobody else."""

from dataclasses import replace
from uuid import uuid4

from tests.builders import NOON, an_interaction
from tests.web.conftest import Web
from trunkline.core.ids import AgentId, InteractionId, MessageId, OfferId, QueueId
from trunkline.core.interaction import Callback, Entry, Offer, Stage, Work
from trunkline.core.message import Message, Side


async def test_it_is_read_by_whom_the_callback_is_offered_to(doors: Web) -> None:
    floor, now = doors.centre.floor, doors.centre.clock.now()
    chat_id, call_id = InteractionId(str(uuid4())), InteractionId(str(uuid4()))
    chat = replace(
        an_interaction(id=chat_id), medium="chat", dialled="web", call=None, work=Work.CALL, stage=Stage.IN_FLOW
    )
    words = Message(MessageId(str(uuid4())), chat_id, now, Side.CUSTOMER, "It is about order 17")
    secret = Message(MessageId(str(uuid4())), chat_id, now, Side.COLLEAGUE, "be kind", AgentId("ben"))
    offer = Offer(OfferId(str(uuid4())), AgentId("ana"), now, now)
    callback = replace(
        an_interaction(id=call_id), work=Work.CALLBACK, call=None, stage=Stage.OFFERED, offer=offer,
        entry=Entry(QueueId("sales"), NOON), callback=Callback("+447700900777", asked_in=chat_id),
    )  # fmt: skip
    await floor.commit(interactions=[chat], messages=[words, secret])
    await floor.commit(interactions=[callback])

    ana, ben = await doors.logged_in("ana"), await doors.logged_in("ben")
    async with ana.get(f"/api/interactions/{call_id}/written") as answer:
        told = await answer.json()
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert (told["medium"], [each["text"] for each in told["messages"]]) == ("chat", ["It is about order 17"])
    for browser, id_, status in ((ben, call_id, 404), (ana, chat_id, 404), (ana, "x", 404)):
        async with browser.get(f"/api/interactions/{id_}/written") as answer:
            assert answer.status == status
    async with (await doors.browser()).get(f"/api/interactions/{call_id}/written") as answer:
        assert answer.status == 401
