"""Visitors' pages at the door of the web chat: written with, cut off, foreign, hostile and too fast."""

import asyncio
import json
import time
from pathlib import Path

import jwt
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from tests.builders import later
from tests.web.conftest import SITES_SECRET, Web, hears, is_closed
from trunkline.channels.webchat import webchat
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, written_id_of
from trunkline.core.interaction import BrowserPhone, Interaction, Stage
from trunkline.ports.channel import CallStage, ConversationId, VisitorCall, WhyNoCall

ANA = AgentId("ana")


@pytest.fixture
async def browser(doors: Web) -> ClientSession:
    return await doors.browser()


async def says(socket: ClientWebSocketResponse, text: str, id_: str = "1") -> None:
    await socket.send_json({"type": "say", "id": id_, "text": text})
    taken = await hears(socket, "taken")
    assert (taken["id"], taken["message"]) == (id_, written_id_of("web", id_))


def chat(doors: Web) -> Interaction:
    [found] = [each for each in doors.centre.floor.interactions.values() if each.medium == "chat"]
    return found


async def talking(doors: Web) -> Interaction:
    offer = chat(doors).offer
    assert offer is not None
    await doors.centre.desk.accept(ANA, offer.id)
    return chat(doors)


async def test_a_visitor_and_an_agent_write_with_each_other(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, welcome = await doors.chat(browser)
    assert (welcome["title"], welcome["messages"]) == ("Chat with Acme", [])
    await says(socket, "Hi")
    with_ana = await talking(doors)
    await doors.centre.text_desk.say(ANA, with_ana.id, "How can I help?", key="1")

    heard = (await hears(socket, "message"))["message"]
    assert (heard["side"], heard["text"], heard["by"]) == ("agent", "How can I help?", doors.centre.agent("ana").name)
    again, welcome = await doors.chat(browser, welcome["visitor"])
    assert [each["text"] for each in welcome["messages"]] == ["Hi", "How can I help?"]
    assert welcome["messages"][1]["id"] == heard["id"]

    await doors.centre.desk.hang_up(ANA, with_ana.id)
    await hears(socket, "over")
    await hears(again, "over")


async def test_each_side_sees_that_the_other_is_writing(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, _ = await doors.chat(browser)
    await socket.send_json({"type": "writing"})  # to nobody yet
    await says(socket, "Hi")
    with_ana = await talking(doors)
    desk = await doors.desk(await doors.logged_in())
    await hears(desk, "snapshot")

    await socket.send_json({"type": "writing"})
    assert (await hears(desk, "writing"))["id"] == with_ana.id
    await desk.send_json({"type": "command", "id": "1", "name": "write", "args": {"interaction": with_ana.id}})
    assert (await hears(socket, "writing"))["by"] == doors.centre.agent("ana").name


async def test_pages_go_when_the_service_ends(doors: Web, browser: ClientSession) -> None:
    socket, _ = await doors.chat(browser)
    await doors.server.close()
    assert await is_closed(socket) == 1006


async def test_another_page_of_the_visitor_shows_what_they_wrote(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    other, _ = await doors.chat(browser, welcome["visitor"])
    await says(socket, "Hi")
    assert (await hears(other, "message"))["message"]["text"] == "Hi"


async def test_nobody_reads_what_another_visitor_wrote(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    await says(socket, "My secret")
    for token in (None, "x" * 43, welcome["visitor"][:-1], chat(doors).address.raw):
        other, hello = await doors.chat(browser, token)
        assert hello["messages"] == []
        assert hello["visitor"] not in (token if token != "x" * 43 else None, welcome["visitor"])
        await other.close()


async def test_what_is_said_again_is_one_message(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    await says(socket, "Hi")
    others = [(await doors.chat(browser, welcome["visitor"]))[0] for _ in range(5)]
    await asyncio.gather(*(says(each, "Hi") for each in (socket, *others)))

    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert [each["text"] for each in welcome["messages"]] == ["Hi"]


async def test_a_visitor_who_leaves_frees_the_agent(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, _ = await doors.chat(browser)
    await says(socket, "Hi")
    assert chat(doors).stage is Stage.OFFERED
    await socket.send_json({"type": "leave"})
    await hears(socket, "over")
    assert doors.centre.agent("ana").is_free


async def test_a_page_that_goes_leaves_the_chat_as_it_is(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, _ = await doors.chat(browser)
    await says(socket, "Hi")
    await socket.close()
    assert chat(doors).stage is Stage.OFFERED


async def test_only_sites_that_are_named_have_the_chat(doors: Web, browser: ClientSession) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", None):
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.ws_connect("/chat/web/ws", headers={"Origin": origin} if origin else {})
        assert refused.value.status == 403
    socket = await browser.ws_connect("/chat/web/ws", headers={"Origin": "https://shop.example"})
    await socket.send_json({"type": "hello"})
    await hears(socket, "welcome")
    await socket.close()


@pytest.mark.parametrize("first", ["{", "[]", '{"type": "say", "id": "1", "text": "x"}', "[" * 20_000])
async def test_who_does_not_say_hello_is_sent_away(doors: Web, browser: ClientSession, first: str) -> None:
    socket = await browser.ws_connect("/chat/web/ws", headers={"Origin": doors.origin})
    await socket.send_str(first)
    assert await is_closed(socket) == 1008


async def test_who_writes_too_fast_is_told_and_not_taken(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    for number in range(webchat.AT_ONCE + 5):
        await socket.send_json({"type": "say", "id": str(number), "text": f"{number}"})
    refused = await hears(socket, "refused")
    assert (refused["id"], refused["why"]) == (str(webchat.AT_ONCE), "too_fast")

    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert len(welcome["messages"]) == webchat.AT_ONCE


async def test_while_the_database_is_away_nothing_is_taken_and_pages_come_again(
    doors: Web, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webchat, "TAKEN_WITHIN_S", 0.2)
    socket, welcome = await doors.chat(browser)
    doors.centre.store.away = True
    await socket.send_json({"type": "say", "id": "1", "text": "Hi"})
    refused = await hears(socket, "refused")
    other = await browser.ws_connect("/chat/web/ws", headers={"Origin": doors.origin})
    await other.send_json({"type": "hello", "visitor": welcome["visitor"]})
    assert (refused["why"], await is_closed(other)) == ("later", 1013)

    doors.centre.store.away = False
    await says(socket, "Hi")
    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert [each["text"] for each in welcome["messages"]] == ["Hi"]


async def test_a_visitor_has_so_many_pages_and_no_more(doors: Web, browser: ClientSession) -> None:
    _, welcome = await doors.chat(browser)
    for _ in range(webchat.PAGES_OF_ONE - 1):
        await doors.chat(browser, welcome["visitor"])
    one_more = await browser.ws_connect("/chat/web/ws", headers={"Origin": doors.origin})
    await one_more.send_json({"type": "hello", "visitor": welcome["visitor"]})
    assert await is_closed(one_more) == 1008


async def test_markup_is_words(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    hostile = "<script>alert(1)</script>\0\u202e"
    await says(socket, hostile)
    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert json.dumps(welcome["messages"][0]["text"]) == json.dumps(hostile)


async def test_the_page_to_try_it_shows_the_line_for_a_site(doors: Web, browser: ClientSession) -> None:
    async with browser.get("/chat/web") as answer:
        assert answer.status == 200
        assert 'data-channel="web"' in await answer.text()
    async with browser.get("/chat/%3Cscript%3E") as answer:
        assert answer.status == 404
    async with browser.get("/chat/widget.js") as answer:
        assert (answer.status, await answer.text()) == (503, "The chat is not built yet: run `make desktop`.")


async def test_any_site_may_load_the_two_scripts(doors: Web, browser: ClientSession, tmp_path: Path) -> None:
    for name in ("widget.js", "phone.js"):
        (tmp_path / name).write_text("export {};", encoding="utf-8")
        async with browser.get(f"/chat/{name}", headers={"Origin": "https://elsewhere.example"}) as answer:
            assert (answer.status, await answer.text()) == (200, "export {};")
            # The telephone is a module: a browser asks whether it may.
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


class FakeCalls:
    """Visitors' calls in a test: what was asked for, and how it stands."""

    def __init__(self, why_not: WhyNoCall | None = None) -> None:
        self.asked: list[str] = []
        self.why_not, self.away = why_not, False
        self.stands: VisitorCall | None = None

    def ask(self, conversation: ConversationId) -> WhyNoCall | None:
        if self.away:
            raise Unavailable("nobody serves")
        self.asked.append(conversation.address)
        return self.why_not

    def hang_up(self, conversation: ConversationId) -> None:
        self.asked.remove(conversation.address)

    def of(self, _conversation: ConversationId) -> VisitorCall | None:
        return self.stands


PHONE = BrowserPhone("visitor-1", "a digest")


def calling(doors: Web, calls: FakeCalls) -> None:
    doors.chat_channel.calls = calls
    doors.chat_channel.account_of = lambda phone: {"user": phone.endpoint, "ha1": phone.ha1}


async def test_a_visitor_asks_to_talk_and_is_told_how_it_stands(doors: Web, browser: ClientSession) -> None:
    calls = FakeCalls()
    calling(doors, calls)
    socket, welcome = await doors.chat(browser)
    assert (welcome["calls"], welcome["call"]) == (True, None)
    calls.stands = VisitorCall(CallStage.ASKED)
    await socket.send_json({"type": "call"})
    assert (await hears(socket, "call"))["call"] == {"stage": "asked", "account": None}
    [address] = calls.asked
    where = ConversationId("web", address)
    doors.chat_channel.call_moved(where, VisitorCall(CallStage.WAITS, PHONE))
    waits = {"stage": "waits", "account": {"user": "visitor-1", "ha1": "a digest"}}
    assert (await hears(socket, "call"))["call"] == waits
    # After a reload it stands in the welcome; another visitor hears nothing of it.
    calls.stands = VisitorCall(CallStage.WAITS, PHONE)
    _, again = await doors.chat(browser, welcome["visitor"])
    assert again["call"] == waits
    await socket.send_json({"type": "hang_up"})
    await says(socket, "Hi")
    assert calls.asked == []


async def test_why_a_visitor_cannot_talk_is_told(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    assert not welcome["calls"]
    await socket.send_json({"type": "call"})
    assert (await hears(socket, "call"))["call"]["stage"] == "not_here"
    calls = FakeCalls(WhyNoCall.WRITE_FIRST)
    calling(doors, calls)
    await socket.send_json({"type": "call"})
    assert (await hears(socket, "call"))["call"] == {"stage": "write_first", "account": None}
    calls.away = True
    await socket.send_json({"type": "call"})
    assert (await hears(socket, "call"))["call"]["stage"] == "later"
    calls.away = False
    for _ in range(webchat.AT_ONCE):
        await socket.send_json({"type": "call"})
    stages = [(await hears(socket, "call"))["call"]["stage"] for _ in range(webchat.AT_ONCE)]
    assert stages[-1] == "later", "who asks without end is one of many"


def signed(subject: str, **claims: object) -> str:
    return jwt.encode({"sub": subject, "exp": time.time() + 60, "name": "Chris Wren", **claims}, SITES_SECRET, "HS256")


async def test_who_is_logged_in_at_the_site_has_one_conversation_on_every_device(doors: Web) -> None:
    await doors.centre.ready("ana")
    phone, laptop = await doors.browser(), await doors.browser()
    socket, welcome = await doors.chat(phone, identity=signed("7"))
    assert welcome["known"]
    await says(socket, "Hi")
    assert (chat(doors).caller_name, chat(doors).address.raw[:5]) == ("Chris Wren", "user-")

    other, welcome = await doors.chat(laptop, identity=signed("7"))
    assert [each["text"] for each in welcome["messages"]] == ["Hi"]
    await says(other, "From my laptop", "2")
    assert (await hears(socket, "message"))["message"]["text"] == "From my laptop"


async def test_a_token_that_proves_nothing_makes_a_guest(doors: Web, browser: ClientSession) -> None:
    socket, _ = await doors.chat(browser, identity=signed("7"))
    await says(socket, "My secret")
    for identity in (signed("7", exp=time.time() - 999), signed("7") + "x", "x", None):
        guest, welcome = await doors.chat(browser, identity=identity)
        assert (welcome["known"], welcome["messages"]) == (False, [])
        await guest.close()
    _, welcome = await doors.chat(browser, identity=signed("8"))
    assert (welcome["known"], welcome["messages"]) == (True, [])


async def test_a_visitor_whose_number_is_proven_is_the_customer_who_calls_from_it(
    doors: Web, browser: ClientSession
) -> None:
    await doors.centre.ready("ana")
    caller = await doors.centre.store.customer_at("+447700900777", medium="voice", name="Chris Wren", at=later(0))
    socket, _ = await doors.chat(browser, identity=signed("7", phone_number="07700 900777"))
    await says(socket, "Hi")
    await doors.centre.settled()

    assert (chat(doors).address.e164, chat(doors).customer) == ("+447700900777", caller.id)
    other, _ = await doors.chat(await doors.browser(), identity=signed("8", phone_number="no number"))
    await says(other, "Hi", "2")
    await doors.centre.settled()
    assert {each.address.e164 for each in doors.centre.floor.interactions.values()} == {"+447700900777", None}
