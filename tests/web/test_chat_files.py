"""Files at the door of the web chat: brought, fetched, and everything that is not let in."""

import asyncio
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from tests.web.conftest import Web, hears
from tests.web.test_chat import ANA, chat, says, signed, talking
from trunkline.channels.webchat import files
from trunkline.core.ids import new_id, written_id_of
from trunkline.core.message import Side
from trunkline.ports.files import AttachedFile

PNG = b"\x89PNG\r\n\x1a\nthe picture"
PDF = b"%PDF-1.7 the invoice"
SHOP = "https://shop.example"


@pytest.fixture
async def browser(doors: Web) -> ClientSession:
    return await doors.browser()


async def brings(
    browser: ClientSession, token: str | None, data: Any = PNG, *, id_: str = "f1", name: str = "a.png",
    origin: str | None = SHOP, **headers: str,
) -> tuple[int, Any, Any]:  # fmt: skip
    """Bring a file; return the status, what is told, and the headers."""
    asked = {"Authorization": f"Bearer {token}", **({"Origin": origin} if origin else {}), **headers}
    body = BytesIO(data) if isinstance(data, bytes) else data
    async with browser.post("/chat/web/files", params={"id": id_, "name": name}, data=body, headers=asked) as answer:
        told = await answer.json() if answer.content_type == "application/json" else await answer.text()
        return answer.status, told, answer.headers


async def says_files(socket: ClientWebSocketResponse, *ids: str, key: str = "1", text: str = "") -> None:
    await socket.send_json({"type": "say", "id": key, "text": text, "files": list(ids)})


async def test_a_picture_reaches_the_agent_and_an_answer_comes_back(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, welcome = await doors.chat(browser)
    status, told, headers = await brings(browser, welcome["visitor"], name="me.html")
    assert (status, told["name"], told["type"], told["size"]) == (201, "me.html.png", "image/png", len(PNG))
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (SHOP, "Origin")
    await says_files(socket, told["id"])
    await hears(socket, "taken")

    with_ana = await talking(doors)
    [message] = [each for each in doors.centre.store.messages.values() if each.side is Side.CUSTOMER]
    assert (message.text, doors.centre.store.attached[told["id"]]) == ("", message.id)
    file = await doors.centre.text_desk.files.attach(ANA, "invoice", "text/html", PDF, channel="web")
    desk = await doors.desk(await doors.logged_in())
    args = {"interaction": with_ana.id, "text": "", "key": "1", "letter": {"files": [file.id]}}
    await desk.send_json({"type": "command", "id": "1", "name": "say", "args": args})
    heard = (await hears(socket, "message"))["message"]
    [shown] = heard["files"]
    assert (heard["text"], heard["by"], shown["name"], shown["type"]) == (
        "", doors.centre.agent("ana").name, "invoice.pdf", "application/pdf"
    )  # fmt: skip
    async with browser.get(shown["url"]) as answer:
        assert (await answer.read(), answer.content_type) == (PDF, "application/octet-stream")
        assert answer.headers["Content-Disposition"].startswith("attachment;")
    _, welcome = await doors.chat(browser, welcome["visitor"])
    async with browser.get(welcome["messages"][0]["files"][0]["url"]) as answer:
        assert (await answer.read(), answer.content_type) == (PNG, "image/png")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_same_file_twice_is_one(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    first, again, other = [await brings(browser, welcome["visitor"], data) for data in (PNG, PNG, PDF)]
    assert [first[0], again[0], other[0]] == [201, 200, 200]
    assert first[1]["id"] == again[1]["id"] == other[1]["id"]
    for _ in range(2):
        await says_files(socket, first[1]["id"])
        await hears(socket, "taken")
    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert [len(each["files"]) for each in welcome["messages"]] == [1]
    assert len(doors.centre.store.files) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"MZ\x90\0program", 415), (b"", 415), (bytes(files.LARGEST_FILE + 1), 413)],
    ids=["a program", "nothing", "too large"],
)
async def test_what_is_not_taken_is_told_to_the_page(
    doors: Web, browser: ClientSession, data: bytes, status: int
) -> None:
    _, welcome = await doors.chat(browser)
    got, _, headers = await brings(browser, welcome["visitor"], data, **{"Content-Type": "image/png"})
    assert (got, headers["Access-Control-Allow-Origin"]) == (status, SHOP)
    assert doors.centre.store.files == {}


async def test_a_file_whose_size_is_not_said_is_counted_as_it_comes(
    doors: Web, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 1000)
    _, welcome = await doors.chat(browser)

    async def pieces() -> Any:
        for _ in range(11):
            yield PNG * 10

    status, _, headers = await brings(browser, welcome["visitor"], pieces())
    assert (status, headers["Access-Control-Allow-Origin"]) == (413, SHOP)
    status, told, _ = await brings(browser, welcome["visitor"], BytesIO(PNG))
    assert (status, told["size"]) == (201, len(PNG))


async def test_only_pages_of_sites_that_are_named_bring_files(doors: Web, browser: ClientSession) -> None:
    _, welcome = await doors.chat(browser)
    for origin in ("https://evil.example", "null", None):
        status, _, headers = await brings(browser, welcome["visitor"], origin=origin)
        assert (status, "Access-Control-Allow-Origin" in headers) == (403, False)
    for origin, status in ((SHOP, 204), ("https://evil.example", 403)):
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with browser.options("/chat/web/files", headers=asks) as answer:
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert (answer.status, allowed) == (status, SHOP if status == 204 else None)


async def test_who_has_no_token_of_an_open_chat_brings_nothing(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    for token in (None, "x" * 43, welcome["visitor"][:-1], ""):
        assert (await brings(browser, token))[0] == 401
    assert (await brings(browser, welcome["visitor"], id_="../x"))[0] == 400
    await socket.close()
    await doors.centre.until(lambda: not doors.chat_channel._pages)
    assert (await brings(browser, welcome["visitor"]))[0] == 401


async def test_who_is_logged_in_at_the_site_brings_files_as_themselves(doors: Web, browser: ClientSession) -> None:
    _, welcome = await doors.chat(browser, identity=signed("7"))
    status, told, _ = await brings(browser, welcome["visitor"], **{"X-Identity": signed("7")})
    assert status == 201
    assert doors.centre.store.files[told["id"]].address.startswith("user-")
    # As a guest they have no chat open.
    assert (await brings(browser, welcome["visitor"], id_="f2"))[0] == 401


async def test_nobody_sends_or_fetches_what_is_another_visitors(doors: Web, browser: ClientSession) -> None:
    _, mine = await doors.chat(browser)
    other, theirs = await doors.chat(browser)
    assert theirs["visitor"] != mine["visitor"]
    _, told, _ = await brings(browser, mine["visitor"])
    for id_ in (told["id"], new_id()):
        await says_files(other, id_)
        assert (await hears(other, "refused"))["why"] == "no_file"
    await doors.centre.settled()
    assert doors.centre.store.messages == {}
    bare, _, query = told["url"].partition("?")
    for url in (bare, f"{bare}?{query}x", f"/chat/web/files/{new_id()}?{query}"):
        async with browser.get(url) as answer:
            assert answer.status == 403
    async with browser.get(f"/chat/web/files/x?{query}") as answer:
        assert answer.status == 404


async def test_an_address_is_good_for_two_days_at_most(doors: Web, browser: ClientSession) -> None:
    _, welcome = await doors.chat(browser)
    _, told, _ = await brings(browser, welcome["visitor"])
    doors.centre.clock.forward(2 * 86_400 + 1)
    async with browser.get(told["url"]) as answer:
        assert answer.status == 403


async def test_so_many_files_an_hour_and_no_more(doors: Web, browser: ClientSession) -> None:
    _, welcome = await doors.chat(browser)
    for number in range(files.MOST_AN_HOUR):
        assert (await brings(browser, welcome["visitor"], id_=f"{number}"))[0] == 201
    status, _, headers = await brings(browser, welcome["visitor"], id_="more")
    assert (status, headers["Access-Control-Allow-Origin"]) == (429, SHOP)
    assert (await brings(browser, welcome["visitor"], id_="0"))[0] == 200  # it is here already
    doors.centre.clock.forward(3601)
    assert (await brings(browser, welcome["visitor"], id_="more"))[0] == 201


async def test_all_visitors_together_bring_so_much(
    doors: Web, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BYTES_OF_ALL", len(PNG))
    for status in (201, 429):
        _, welcome = await doors.chat(browser)
        assert (await brings(browser, welcome["visitor"]))[0] == status


async def test_a_file_that_is_cut_in_the_middle_is_none(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    under_way = doors.chat_channel._files._under_way
    _, writer = await asyncio.open_connection("127.0.0.1", doors.server.port)
    head = (
        f"POST /chat/web/files?id=f1&name=a.png HTTP/1.1\r\nHost: 127.0.0.1:{doors.server.port}\r\nOrigin: {SHOP}\r\n"
        f"Authorization: Bearer {welcome['visitor']}\r\nContent-Length: 1000\r\n\r\n"
    )
    writer.write(head.encode() + PNG)
    await writer.drain()
    await doors.centre.until(lambda: under_way.total() == 1)
    writer.close()
    await doors.centre.until(lambda: under_way.total() == 0)
    assert doors.centre.store.files == {}
    assert (await brings(browser, welcome["visitor"]))[0] == 201
    await says(socket, "Hi")


async def test_so_many_at_once_and_no_more(doors: Web, browser: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 0)
    _, welcome = await doors.chat(browser)
    status, _, headers = await brings(browser, welcome["visitor"])
    assert (status, headers["Retry-After"]) == (503, "2")


async def test_while_the_database_is_away_nothing_is_taken(doors: Web, browser: ClientSession) -> None:
    socket, welcome = await doors.chat(browser)
    doors.centre.store.away = True
    status, _, headers = await brings(browser, welcome["visitor"])
    assert (status, headers["Access-Control-Allow-Origin"]) == (503, SHOP)
    await says_files(socket, new_id())
    assert (await hears(socket, "refused"))["why"] == "later"


async def test_what_an_agent_attaches_is_looked_at_by_what_the_chat_takes(doors: Web) -> None:
    ana = await doors.logged_in("ana")
    async with ana.get("/api/files?channel=web") as answer:
        told = await answer.json()
    assert (told["most"], told["largest"], told["why_not"]) == (5, 10 * 2**20, "")
    async with ana.get("/api/files?channel=nowhere") as answer:
        assert answer.status == 404
    headers = {"Origin": doors.origin, "Content-Type": "image/png"}
    async with ana.post("/api/files?name=a.png&channel=web", data=b"MZ\0", headers=headers) as answer:
        assert (answer.status, "a.png is of a kind" in (await answer.json())["error"]["message"]) == (409, True)
    async with ana.post("/api/files?name=x.html&channel=web", data=b"<script>", headers=headers) as answer:
        told = await answer.json()
        assert (told["name"], told["type"]) == ("x.html.txt", "text/plain")
    async with ana.post("/api/files?name=a", data=BytesIO(bytes(11 * 2**20)), headers=headers) as answer:
        assert answer.status == 201  # for a mail


async def test_what_came_by_another_door_says_nothing_by_its_type(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, _ = await doors.chat(browser)
    await says(socket, "Hi")
    with_ana = await talking(doors)
    forged = AttachedFile(new_id(), "a.png", "image/png", b"MZ\0", ANA)
    store = doors.centre.store
    for file in (forged, replace(forged, id=new_id(), agent=None, channel="web", data=PNG)):
        await store.keep_file(file, at=doors.centre.clock.now())
        desk = await doors.desk(await doors.logged_in())
        args = {"interaction": with_ana.id, "text": "", "key": "1", "letter": {"files": [file.id]}}
        await desk.send_json({"type": "command", "id": "1", "name": "say", "args": args})
        reply = await hears(desk, "reply")
        assert not reply["ok"]
    assert [each.side for each in store.messages.values()] == [Side.CUSTOMER]
    assert chat(doors).agent == ANA


async def test_read_marks_go_both_ways_and_outlive_a_page(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, welcome = await doors.chat(browser)
    assert welcome["read"] is None
    await says(socket, "Hi")
    with_ana = await talking(doors)
    desk = await doors.desk(await doors.logged_in())
    await hears(desk, "snapshot")
    mine = written_id_of("web", "1")
    args = {"interaction": with_ana.id, "message": mine}
    await desk.send_json({"type": "command", "id": "1", "name": "read", "args": args})
    assert (await hears(desk, "reply"))["ok"]
    await doors.centre.forward(1)
    assert (await hears(socket, "read"))["message"] == mine
    _, welcome = await doors.chat(browser, welcome["visitor"])
    assert welcome["read"] == mine

    await doors.centre.text_desk.say(ANA, with_ana.id, "Hello", key="1")
    theirs = (await hears(socket, "message"))["message"]["id"]
    await socket.send_json({"type": "read", "message": theirs})
    await doors.centre.until(lambda: bool(doors.centre.reading._gathered))
    await doors.centre.forward(1)
    told = await hears(desk, "event")
    while told["event"]["kind"] != "read":
        told = await hears(desk, "event")
    assert told["event"] == {"kind": "read", "id": with_ana.id, "message": theirs}


async def test_a_visitor_has_their_conversation_by_mail(doors: Web, browser: ClientSession) -> None:
    await doors.centre.ready("ana")
    socket, welcome = await doors.chat(browser, identity=signed("7", email="chris@home.example"))
    assert (welcome["transcript"], welcome["email"]) == (True, "chris@home.example")
    await says(socket, "Hi")
    await socket.send_json({"type": "transcript", "id": "t1", "to": "chris@home.example"})
    assert (await hears(socket, "transcript"))["why_not"] == "nothing"
    with_ana = await talking(doors)
    await doors.centre.text_desk.say(ANA, with_ana.id, "Hello", key="1")
    for _ in range(2):
        await socket.send_json({"type": "transcript", "id": "t2", "to": "Chris@home.example", "language": "es-MX"})
        assert (await hears(socket, "transcript")) == {"type": "transcript", "id": "t2", "why_not": None}
    await doors.centre.settled()
    [out] = doors.centre.post.given
    assert (out.address, out.details["subject"]) == ("chris@home.example", "Su conversación con Acme")
    doors.chat_channel.send_transcript = None
    await socket.send_json({"type": "transcript", "id": "t3", "to": "chris@home.example"})
    assert (await hears(socket, "transcript"))["why_not"] == "not_here"
