"""The desk's websocket under bad treatment: foreign pages, garbage, absurd numbers, many desks, slow desks."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from tests.web.conftest import Web, hears, is_closed
from trunkline.core.agent import Presence
from trunkline.core.ids import AgentId
from trunkline.ports.channel import ConversationId, Said
from trunkline.web import desk_rounds, desk_socket


async def asks(socket: ClientWebSocketResponse, name: Any, args: Any, id_: Any = "1") -> dict[str, Any]:
    await socket.send_json({"type": "command", "id": id_, "name": name, "args": args})
    return await hears(socket, "reply")


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"])
async def test_a_page_of_another_site_is_refused(doors: Web, origin: str | None) -> None:
    browser = await doors.logged_in()
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws", headers={"Origin": origin} if origin else {})

    assert refused.value.status == 403


async def test_without_a_session_there_is_no_desk(doors: Web) -> None:
    browser = await doors.browser()
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws", headers={"Origin": doors.origin})

    assert refused.value.status == 401


async def test_no_desk_keeps_a_window_to_compress(doors: Web) -> None:
    browser = await doors.logged_in()
    socket = await browser.ws_connect("/ws", headers={"Origin": doors.origin}, compress=15)

    assert socket.compress == 0


@pytest.mark.parametrize("first", ['"hello"', "[]", "{", "[" * 20_000, '{"type": "command"}', "9" * 6000])
async def test_who_does_not_say_hello_is_sent_away(doors: Web, first: str) -> None:
    browser = await doors.logged_in()
    socket = await browser.ws_connect("/ws", headers={"Origin": doors.origin})
    await socket.send_str(first)

    assert await is_closed(socket) == 1002


@pytest.mark.parametrize("garbage", ["{", "[" * 20_000, "\0", "9" * 6000])
async def test_garbage_closes_the_desk_that_sent_it(doors: Web, garbage: str) -> None:
    browser = await doors.logged_in()
    socket, other = await doors.desk(browser), await doors.desk(browser)
    await hears(socket, "snapshot")
    await hears(other, "snapshot")

    await socket.send_str(garbage)

    assert await is_closed(socket) == 1007
    assert (await asks(other, "presence", {"presence": "ready"}))["ok"]


async def test_a_huge_message_closes_the_desk_and_a_binary_one_is_not_heard(doors: Web) -> None:
    browser = await doors.logged_in()
    socket = await doors.desk(browser)
    await socket.send_bytes(b"\x00" * 1000)
    assert (await asks(socket, "presence", {"presence": "ready"}))["ok"]

    await socket.send_str(json.dumps({"type": "command", "text": "x" * 400_000}))

    assert await is_closed(socket) == 1009


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("fly", {}, "bad_command"),
        (None, {}, "bad_command"),
        (["presence"], {}, "bad_command"),
        ("presence", [], "bad_command"),
        ("presence", {"presence": "asleep"}, "bad_command"),
        ("presence", {"presence": "not_ready", "reason": {"a": 1}}, "bad_command"),
        ("presence", {"presence": "not_ready", "reason": ["break"]}, "bad_command"),
        ("presence", {"presence": "offline"}, "unknown_choice"),
        ("phone", {"kind": "../sip"}, "bad_command"),
        ("hang_up", {"interaction": 1}, "bad_command"),
        ("hang_up", {"interaction": "../../x"}, "no_such"),
        ("wrap_up", {"interaction": "x", "disposition": "resolved"}, "bad_command"),
        ("accept", {"offer": "x"}, "offer_gone"),
        ("draft", {}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "a"}, "no_such"),
        ("draft", {"interaction": "x", "version": 0, "text": "a"}, "bad_command"),
        ("draft", {"interaction": "x", "version": True, "text": "a"}, "bad_command"),
        ("draft", {"interaction": "x", "version": 2**53, "text": "a"}, "bad_command"),
        ("draft", {"interaction": "x", "version": "1", "text": "a"}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1.5, "text": "a"}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": ["a"]}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "subject": 5}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "subject": "a" * 201}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "cc": ["a"]}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "bcc": "a" * 4001}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "files": {}}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "files": ["../x"]}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "files": [5]}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "files": [str(UUID(int=0))] * 21}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "replies": "order"}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "replies": [{"a": 1}]}, "bad_command"),
        ("draft", {"interaction": "x", "version": 1, "text": "", "replies": ["a"] * 21}, "bad_command"),
        ("say", {"interaction": "x", "text": "a", "key": "1", "draft": -1}, "bad_command"),
        ("say", {"interaction": "x", "text": "a", "key": "1", "draft": "2"}, "bad_command"),
        ("say", {"interaction": "x", "text": "a", "key": "1", "replies": [None]}, "bad_command"),
    ],
)
async def test_what_is_no_command_is_refused_in_words(doors: Web, name: Any, args: Any, code: str) -> None:
    browser = await doors.logged_in()
    socket = await doors.desk(browser)

    reply = await asks(socket, name, args)

    assert not reply["ok"]
    assert reply["error"]["code"] == code
    assert reply["error"]["message"]


async def test_nobody_commands_what_is_in_anothers_hands(doors: Web) -> None:
    await doors.centre.ready("ana")
    socket = await doors.desk(await doors.logged_in("ben"))
    call, offer = await doors.centre.call_rings()
    interaction = doors.centre.of(call)
    assert interaction is not None
    assert (await asks(socket, "decline", {"offer": offer}))["ok"]
    assert doors.centre.stage(call) == "offered"
    doors.centre.switch.answers(offer)
    await doors.centre.settled()

    for name in ("hang_up", "extend_wrap_up", "note", "wrap_up"):
        args = {"interaction": interaction.id, "text": "", "disposition": "resolved", "note": ""}
        assert (await asks(socket, name, args))["error"]["code"] == "not_yours"
    assert (await asks(socket, "accept", {"offer": offer}))["error"]["code"] == "offer_gone"
    assert (await asks(socket, "decline", {"offer": offer}))["ok"]  # is over for him: nothing to complain about
    assert doors.centre.stage(call) == "talking"


async def test_a_draft_of_the_longest_mail_in_any_script_is_taken_and_told_of(doors: Web) -> None:
    await doors.centre.ready("ana")
    socket = await doors.desk(await doors.logged_in("ana"))
    mail = await in_hand_of_ana(doors, "post")
    args = {"interaction": mail, "version": 1, "text": "😀" * 50_000, "subject": "Ü", "cc": "a@b", "replies": ["none"]}
    await socket.send_str(json.dumps({"type": "command", "id": "1", "name": "draft", "args": args}, ensure_ascii=False))

    event = await hears(socket, "event")
    while event["event"]["kind"] != "draft":
        event = await hears(socket, "event")
    assert (await hears(socket, "reply"))["ok"]
    draft = event["event"]["draft"]
    assert (draft["text"], draft["cc"], draft["replies"]) == ("😀" * 50_000, "a@b", [])
    assert draft["by"] == {"id": "ana", "name": "Ana Torres"}
    too_long = {**args, "version": 2, "text": "a" * 50_001}
    assert (await asks(socket, "draft", too_long))["error"]["code"] == "nothing_written"
    assert (await asks(socket, "draft", {**args, "version": 20_000, "text": ""}))["error"]["code"] == "wrong_count"


async def test_nobody_writes_at_what_is_in_anothers_hands(doors: Web) -> None:
    await doors.centre.ready("ana")
    mail = await in_hand_of_ana(doors, "post")
    socket = await doors.desk(await doors.logged_in("ben"))

    refused = await asks(socket, "draft", {"interaction": mail, "version": 1, "text": "a"})

    assert refused["error"]["code"] == "not_yours"
    assert doors.centre.floor.drafts == {}


async def in_hand_of_ana(doors: Web, channel: str) -> str:
    """Have somebody's message in Ana's hands, and return its interaction."""
    centre = doors.centre
    await centre.texts.told(Said(ConversationId(channel, "chris@home.example", "t"), "Hi", centre.clock.now(), "1"))
    await centre.settled()
    [interaction] = centre.floor.interactions.values()
    assert interaction.offer is not None
    await centre.desk.accept(AgentId("ana"), interaction.offer.id)
    await centre.settled()
    return interaction.id


@pytest.mark.parametrize("seq", [-1, 10**30, True, 1.5, "1", None, [1], {"a": 1}])
async def test_who_cannot_resume_gets_a_snapshot(doors: Web, seq: Any) -> None:
    browser = await doors.logged_in()
    epoch = (await hears(await doors.desk(browser), "snapshot"))["epoch"]

    message = await (await doors.desk(browser, epoch=epoch, seq=seq)).receive_json(timeout=5)

    assert message["type"] == "snapshot"
    assert message["state"]["me"]["id"] == "ana"


async def test_who_missed_events_resumes(doors: Web) -> None:
    browser = await doors.logged_in()
    snapshot = await hears(await doors.desk(browser), "snapshot")
    await doors.centre.desk.show(AgentId("ana"), Presence.READY, None)

    socket = await doors.desk(browser, epoch=snapshot["epoch"], seq=snapshot["seq"])

    assert (await socket.receive_json(timeout=5))["type"] == "resumed"
    assert (await hears(socket, "event"))["seq"] == snapshot["seq"] + 1


async def test_fifty_desks_of_one_agent_show_the_same(doors: Web) -> None:
    browser = await doors.logged_in()
    desks = [await doors.desk(browser) for _ in range(50)]
    for desk in desks:
        await hears(desk, "snapshot")

    assert (await asks(desks[0], "presence", {"presence": "ready"}))["ok"]

    for desk in desks[1:]:
        assert (await hears(desk, "event"))["event"]["me"]["presence"] == "ready"


async def test_a_desk_that_does_not_read_is_closed_and_hurts_nobody(
    doors: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_socket, "MOST_UNSENT", 20)
    monkeypatch.setattr(desk_socket, "FAREWELL_S", 0.2)
    browser = await doors.logged_in()
    slow, good = await doors.desk(browser), await doors.desk(browser)
    await hears(slow, "snapshot")
    await hears(good, "snapshot")
    slow._reader._protocol.pause_reading()  # type: ignore[attr-defined] # what a browser asleep does

    # Each note is an event on both desks, as long as the longest note: the slow one's buffers fill.
    await doors.centre.ready("ana")
    call, _ = await doors.centre.call_talks()
    interaction = doors.centre.of(call)
    assert interaction is not None
    streams = doors.centre.hub._streams
    async with asyncio.timeout(20):
        number = 0
        while len(streams[AgentId("ana")].desks) == 2:
            number += 1
            text = f"{number} " * 1500
            assert (await asks(good, "note", {"interaction": interaction.id, "text": text}))["ok"]
    assert (await asks(good, "note", {"interaction": interaction.id, "text": "still here"}))["ok"]
    slow._reader._protocol.resume_reading()  # type: ignore[attr-defined]
    assert await is_closed(slow) in {4002, 1006}


async def test_logging_out_in_one_tab_closes_the_other(doors: Web) -> None:
    browser, elsewhere = await doors.logged_in(), await doors.logged_in()
    tab, other_tab, at_home = await doors.desk(browser), await doors.desk(browser), await doors.desk(elsewhere)
    for desk in (tab, other_tab, at_home):
        await hears(desk, "snapshot")

    async with browser.post("/api/logout") as answer:
        assert answer.status == 204

    assert await is_closed(tab) == await is_closed(other_tab) == 4001
    assert (await hears(at_home, "event"))["event"]["me"]["presence"] == "offline"


async def test_a_session_that_is_over_closes_its_desk(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_rounds, "PING_EVERY_S", 0.01)
    socket = await doors.desk(await doors.logged_in())
    await hears(socket, "ping")
    doors.centre.clock.forward(15 * 3600)

    assert await is_closed(socket) == 4001


async def test_a_database_that_is_away_throws_nobody_out(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_rounds, "PING_EVERY_S", 0.01)
    socket = await doors.desk(await doors.logged_in())
    doors.centre.store.away = True

    for _ in range(5):
        await hears(socket, "ping")


async def test_many_desks_are_asked_about_together(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_rounds, "PING_EVERY_S", 0.2)
    browser = await doors.logged_in()
    desks = [await doors.desk(browser) for _ in range(50)]
    for desk in desks:
        await hears(desk, "snapshot")

    for desk in desks:
        await hears(desk, "ping")
        await hears(desk, "ping")

    assert doors.centre.store.times_asked_for_sessions < len(desks)


async def test_a_desk_that_speaks_stays_open(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_rounds, "PING_EVERY_S", 0.02)
    monkeypatch.setattr(desk_rounds, "SILENCE_S", 1.5)
    browser = await doors.logged_in()
    awake, asleep = await doors.desk(browser), await doors.desk(browser)

    closed = asyncio.ensure_future(is_closed(asleep))
    while not closed.done():
        await hears(awake, "ping")
        await awake.send_json({"type": "pong"})

    assert await closed == 1001
    assert (await asks(awake, "presence", {"presence": "ready"}))["ok"]


async def test_silence_closes_a_desk(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_rounds, "PING_EVERY_S", 0.01)
    monkeypatch.setattr(desk_rounds, "SILENCE_S", 0.1)
    socket = await doors.desk(await doors.logged_in())

    assert await is_closed(socket) == 1001


async def test_a_reply_names_the_command_it_answers(doors: Web) -> None:
    socket = await doors.desk(await doors.logged_in())

    assert (await asks(socket, "presence", {"presence": "ready"}, id_="\ud83d\ude00"))["id"] == "\U0001f600"
    await socket.send_str('{"type": "command", "id": NaN, "name": "fly", "args": {}}')
    message = await socket.receive(timeout=5)
    while message.type is WSMsgType.TEXT and '"reply"' not in message.data:
        message = await socket.receive(timeout=5)
    assert "NaN" not in message.data


def test_an_event_for_many_desks_says_the_same_to_each_under_its_own_number() -> None:
    words = desk_socket._Words()
    events: list[dict[str, Any]] = [{"kind": "queue", "queue": {"title": 'Sales "A"'}}, {"kind": "me", "me": None}]
    messages = [{"type": "event", "seq": seq, "event": events[seq % 2]} for seq in (2, 4, 5, 6)]

    for message in [{"type": "ping"}, *messages, {"type": "reply", "id": "1", "ok": True}]:
        assert json.loads(words.of(message)) == message
