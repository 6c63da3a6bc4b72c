"""The channels, for admins: what they promise, how they do, and what is sent again."""

import pytest
from aiohttp import ClientSession

from tests.floor.conftest import CENTRE
from tests.floor.test_trouble import follow
from tests.web.conftest import Web
from trunkline.core.outgoing import Delivery
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId, Refused


@pytest.fixture
async def admin(doors: Web) -> ClientSession:
    await follow(doors.centre, CENTRE.replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: admin,"))
    return await doors.logged_in("ben")


async def failed(doors: Web, text: str) -> str:
    """Have a message fail, and return its id."""
    centre = doors.centre
    centre.line.faults.append(Refused("no such number (21211)"))
    letters = centre.outbox.letters(ConversationId("line", "+447700900123"), Shown((text,), "en"), key=text)
    await centre.outbox.send_once(letters)
    await centre.settled()
    assert centre.store.outbox[letters[0].id].state is Delivery.FAILED
    return letters[0].id


async def test_the_channels_are_for_admins(doors: Web) -> None:
    async with (await doors.browser()).get("/api/channels") as answer:
        assert answer.status == 401
    async with (await doors.logged_in("ana")).get("/api/channels") as answer:
        assert answer.status == 403
    async with (await doors.logged_in("ana")).post("/api/channels/send_again", json={"channel": "line"}) as answer:
        assert answer.status == 403


async def test_each_channel_says_what_it_promises_and_how_it_does(doors: Web, admin: ClientSession) -> None:
    id_ = await failed(doors, "Hello")
    async with admin.get("/api/channels") as answer:
        told = await answer.json()

    web, line = told["channels"]
    assert (web["name"], web["provider"], web["failed"]) == ("web", None, 0)
    assert (line["quality"], line["provider"]["ready"]) == ({"signature": "HMAC."}, True)
    assert (line["waiting"], line["failed"], line["reached_at"]) == (0, 1, "http://127.0.0.1/sms/line")
    [letter] = told["failed"]
    assert (letter["id"], letter["why"], letter["address"]) == (id_, "no such number (21211)", "+447700900123")
    assert "Hello" not in str(told), "what is written is for agents"


async def test_what_failed_is_sent_again(doors: Web, admin: ClientSession) -> None:
    one, other = await failed(doors, "One"), await failed(doors, "Two")
    async with admin.post("/api/channels/send_again", json={"ids": [one]}) as answer:
        assert (answer.status, await answer.json()) == (200, {"sent_again": 1})
    await doors.centre.settled()
    assert doors.centre.line.texts() == ["One"]

    async with admin.post("/api/channels/send_again", json={"channel": "line"}) as answer:
        assert await answer.json() == {"sent_again": 1}
    await doors.centre.settled()
    assert doors.centre.line.texts() == ["One", "Two"]
    assert doors.centre.store.outbox[other].state is Delivery.SENT  # type: ignore[index]


@pytest.mark.parametrize("body", [{}, {"ids": "x"}, {"ids": ["x"]}, {"ids": [7]}, {"channel": 7}, [], {"ids": []}])
async def test_what_is_to_be_sent_again_is_said(admin: ClientSession, body: object) -> None:
    async with admin.post("/api/channels/send_again", json=body) as answer:
        assert answer.status in (400, 409)


async def test_another_sites_page_sends_nothing_again(doors: Web, admin: ClientSession) -> None:
    await failed(doors, "Hello")
    foreign = {"Origin": "https://elsewhere.example"}
    async with admin.post("/api/channels/send_again", json={"channel": "line"}, headers=foreign) as answer:
        assert answer.status == 403
