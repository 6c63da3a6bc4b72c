"""Text messages from end to end: a provider with Twilio's interface, a flow, an agent, and things that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.fakes.smpp_peer import smpp_peer
from tests.fakes.twilio_peer import TwilioPeer, twilio_peer
from tests.system.house import House, Seat, seated
from tests.system.test_bad_input import rows
from tests.system.test_browser import get_ready, log_in, open_page
from tests.system.test_flows_page import log_in as log_in_as_admin
from trunkline.core.errors import Unavailable

FLOW = """
flow: texts
media: [sms]
entry: {channels: [text]}
start: main
steps:
  main:
    menu: Thanks for writing to Acme. How can we help?
    choices: [{label: Sales, go: sales}, {label: Nothing, go: bye}]
  sales: {queue: sales}
  bye: {end: Goodbye.}
"""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf5000000303"
    "0101aea44ee30000000049454e44ae426082"
)


@pytest.fixture
async def peer(house: House) -> AsyncIterator[TwilioPeer]:
    """The provider of the house's number, whose messages lead into a flow."""
    async with twilio_peer(house.provider_port) as opened, house.flow("texts", FLOW):
        yield opened


@asynccontextmanager
async def ready(house: House) -> AsyncIterator[Seat]:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(seated(house, "ana"))
        await ana.chooses("browser")
        await ana.desk.command("presence", presence="ready")
        yield ana
        await ana.desk.command("presence", presence="not_ready", reason="break")


async def texts(house: House, peer: TwilioPeer, text: str, from_: str, **more: str) -> None:
    assert await peer.texts_us(f"{house.url}/sms/text", text, from_=from_, **more) == 200


async def talking(house: House, peer: TwilioPeer, ana: Seat, from_: str) -> dict[str, Any]:
    """Have somebody write until they are with Ana."""
    await texts(house, peer, "Hi", from_)
    await peer.has_sent("How can we help?\n1 Sales")
    await texts(house, peer, "1", from_)
    offered = await ana.card("offered")
    await ana.desk.command("accept", offer=offered["offer"]["id"])
    card = await ana.card("talking")
    await ana.sees(lambda state: state["threads"][card["id"]][-1]["text"] == "1")
    return card


def thread(card: dict[str, Any], ana: Seat) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = ana.desk.state["threads"][card["id"]]
    return messages


async def over(ana: Seat) -> None:
    await ana.wrap_up()
    await ana.sees(lambda state: not state["interactions"])


async def test_somebody_texts_with_a_flow_and_then_with_an_agent(house: House, peer: TwilioPeer) -> None:
    number = "+447700900601"
    async with ready(house) as ana:
        card = await talking(house, peer, ana, number)
        assert card["medium"] == "sms"

        await ana.desk.command("say", interaction=card["id"], text="Good day! 😀", key="1")
        sent = await peer.has_sent("Good day! 😀")
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["delivery"] == "sent")
        assert await peer.tells(sent, "delivered") == 204
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["delivery"] == "delivered")

        # Who is refused is told of, and sent again.
        peer.orders.append(400)
        await ana.desk.command("say", interaction=card["id"], text="Are you there?", key="2")
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["delivery"] == "failed")
        failed = thread(card, ana)[-1]
        assert failed["why"] == "On order (21211)"
        await ana.desk.command("send_again", interaction=card["id"], message=failed["id"])
        await peer.has_sent("Are you there?")

        await texts(house, peer, "STOP", number)
        await peer.has_sent("You will hear no more.")
        await over(ana)
    for text in ("Hi", "2"):
        await texts(house, peer, text, number)
    await texts(house, peer, "START", number)
    await peer.has_sent("Welcome back.")
    # Flows have kept silent as well, and that is no fault of the provider's.
    assert peer.texts(number)[-2:] == ["You will hear no more.", "Welcome back."]
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/healthz") as answer:
        assert (await answer.json())["providers"]["text"]["ready"]


async def test_fifty_deliveries_of_one_message_are_one(house: House, peer: TwilioPeer) -> None:
    number = "+447700900602"
    await asyncio.gather(*(texts(house, peer, "Hi", number, sid="SM50") for _ in range(50)))
    await peer.has_sent("How can we help?")
    await texts(house, peer, "2", number)
    await peer.has_sent("Goodbye.")
    await texts(house, peer, "Hi", number, sid="SM50")

    assert peer.texts(number) == ["Thanks for writing to Acme. How can we help?\n1 Sales\n2 Nothing", "Goodbye."]


async def test_what_an_agent_wrote_outlives_a_dead_provider_and_a_dead_service(house: House, peer: TwilioPeer) -> None:
    number = "+447700900603"
    async with ready(house) as ana:
        card = await talking(house, peer, ana, number)
        before = len(peer.texts(number))
        # The first is taken, and the answer is lost; the second is not taken at all.
        peer.orders.extend(["silent", 503, 503, 503, 503])
        await ana.desk.command("say", interaction=card["id"], text="Taken without a word", key="1")
        await peer.has_sent("Taken without a word")
        await ana.desk.command("say", interaction=card["id"], text="Not yet taken", key="2")
        await ana.sees(lambda state: state["threads"][card["id"]][-2]["why"])
        killed = house.kill_the_service()
        await house.ready(other_than=killed)
        await peer.has_sent("Not yet taken", within=60)
        await ana.sees(lambda state: [each["delivery"] for each in state["threads"][card["id"]][-2:]] == ["sent"] * 2)

        assert peer.texts(number)[before:] == ["Taken without a word", "Not yet taken"]
        await texts(house, peer, "STOP", number)
        await over(ana)
    await texts(house, peer, "START", number)


async def test_a_stranger_who_knows_the_address_is_not_believed(house: House, peer: TwilioPeer) -> None:
    form = {"MessageSid": "SM1", "From": "+447700900604", "To": "+442079460000", "Body": "Hi"}
    assert await peer.posts(f"{house.url}/sms/text", form, token="guessed") == 403
    assert peer.texts("+447700900604") == []


async def test_a_desk_shows_what_was_not_delivered_and_sends_it_again(
    house: House, peer: TwilioPeer, tmp_path: Path
) -> None:
    number = "+447700900605"
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
    async with open_page(tmp_path) as desk:
        broken: list[str] = []
        desk.on("pageerror", lambda fault: broken.append(str(fault)))
        await log_in(desk, house, "ana")
        await get_ready(desk)
        await texts(house, peer, "Hi", number)
        await peer.has_sent("How can we help?")
        await texts(house, peer, "1", number)
        offer = desk.locator("[data-stage=offered]")
        await expect(offer).to_contain_text("Text message", timeout=15_000)
        await expect(offer).to_contain_text("07700 900605")
        await desk.screenshot(path=tmp_path / "offer.png")
        await desk.get_by_role("button", name="Accept").click()

        composer = desk.get_by_test_id("composer")
        await composer.fill("Good day! " + "We will look into it. " * 9)
        await expect(desk.get_by_text("2 text messages")).to_be_visible()
        await composer.press("Enter")
        sent = await peer.has_sent("Good day!")
        assert await peer.tells(sent, "delivered") == 204
        await expect(desk.get_by_text("Delivered", exact=True)).to_be_visible()

        peer.orders.append(400)
        await composer.fill("Is this your number?")
        await composer.press("Enter")
        await expect(desk.get_by_role("alert")).to_contain_text("Not delivered: On order (21211)")
        await desk.screenshot(path=tmp_path / "failed.png")
        await desk.get_by_role("button", name="Send again").click()
        await peer.has_sent("Is this your number?")
        await expect(desk.get_by_role("alert").filter(has_text="Not delivered")).to_have_count(0)

        await texts(house, peer, "Look at this", number, **peer.has_picture(PNG))
        await expect(desk.get_by_alt_text("file-1.png")).to_have_js_property("naturalWidth", 1)
        await desk.screenshot(path=tmp_path / "picture.png")

        # And one goes out; sent again, it has its picture still. By SMPP none can.
        for channel, why in (("text", ""), ("carrier", "text alone")):
            rule = await (await desk.request.get(f"{house.url}/api/files?channel={channel}")).json()
            assert why in rule["why_not"]
            assert bool(rule["types"]) is (channel == "text")
        peer.orders.append(400)
        await desk.get_by_test_id("files").set_input_files({"name": "map.png", "mimeType": "x/y", "buffer": PNG})
        await expect(desk.get_by_text("map.png")).to_be_visible()
        await composer.fill("Here we are")
        await composer.press("Enter")
        await expect(desk.get_by_role("alert")).to_contain_text("Not delivered: On order (21211)")
        await desk.get_by_role("button", name="Send again").click()
        sent = await peer.has_sent("Here we are")
        assert peer.fetched[sent["sid"]] == [("image/png", PNG)]
        await expect(desk.get_by_alt_text("map.png")).to_have_js_property("naturalWidth", 1)
        await desk.get_by_test_id("files").set_input_files({"name": "a.pdf", "mimeType": "x/y", "buffer": b"%PDF-1.4"})
        await expect(desk.get_by_role("alert")).to_contain_text("Not attached: a.pdf is of a kind")
        await desk.screenshot(path=tmp_path / "mms.png")

        await desk.get_by_role("button", name="End conversation").click()
        await desk.get_by_role("radio", name="Resolved").check()
        await desk.get_by_role("button", name="Save").click()
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)
        assert broken == []


async def test_an_admin_sees_the_channels_and_sends_again_what_did_not_come_there(
    house: House, peer: TwilioPeer, tmp_path: Path
) -> None:
    number = "+447700900606"
    peer.orders.append(400)
    await texts(house, peer, "Hi", number)
    async with open_page(tmp_path) as page:
        await log_in_as_admin(page, house, "dora", "/#channels")
        text = page.locator("[data-channel=text]")
        await expect(text).to_contain_text("Works", timeout=15_000)
        await expect(text).to_contain_text("not delivered", timeout=15_000)
        await text.get_by_text("What it promises").click()
        await expect(text).to_contain_text("X-Twilio-Signature")
        await expect(page.locator("[data-channel=web]")).to_contain_text("Web chat")
        row = page.get_by_role("row").filter(has_text=number)
        await expect(row).to_contain_text("On order (21211)")
        await page.screenshot(path=tmp_path / "channels.png")

        await row.get_by_role("button", name=f"Send the message to {number} again").click()

        await peer.has_sent("How can we help?")
        await expect(page.get_by_text("One message is sent again.")).to_be_visible()
        await expect(row).to_have_count(0)
    await texts(house, peer, "2", number)
    await peer.has_sent("Goodbye.")


async def test_the_channels_page_is_not_for_agents(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in_as_admin(page, house, "ana", "/#channels")
        await expect(page.get_by_role("button", name="Presence")).to_be_visible(timeout=15_000)
        await expect(page.get_by_role("link", name="Channels")).to_have_count(0)


async def test_a_carrier_brings_messages_and_takes_ours_through_a_killed_service(house: House) -> None:
    async with smpp_peer(house.smpp_port) as centre, ready(house) as ana:
        await centre.until(lambda: bool(centre.binds), within=30)
        # Without a flow for it, what is written goes to the fallback queue.
        long = [b"\x05\x00\x03\x07\x02\x01Where is my ", b"\x05\x00\x03\x07\x02\x02order?"]
        for part in long:
            assert await centre.delivers(part, source="447700900777", esm_class=0x40) == 0
        offered = await ana.card("offered")
        await ana.desk.command("accept", offer=offered["offer"]["id"])
        card = await ana.card("talking")
        assert (card["medium"], card["address"]["e164"]) == ("sms", "+447700900777")
        assert [each["text"] for each in ana.desk.state["threads"][card["id"]]] == ["Where is my order?"]

        await ana.desk.command("say", interaction=card["id"], text="It comes today 🚚", key="1")
        await centre.until(lambda: len(centre.submitted) == 1)
        assert centre.submitted[0].data.decode("utf-16-be") == "It comes today 🚚"
        receipt = b"id:m1 sub:001 dlvrd:001 submit date:2611271200 done date:2611271201 stat:DELIVRD err:000 text:It"
        while await centre.delivers(receipt, source="447700900777", esm_class=4):
            await asyncio.sleep(0.05)  # it was quicker than our writing, and is asked to come again
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["delivery"] == "delivered")

        assert await centre.delivers(b"Thanks", source="447700900777") == 0
        killed = house.kill_the_service()
        await house.ready(other_than=killed)
        await centre.until(lambda: len(centre.binds) == 2, within=30)
        # Our acknowledgement may never have come there: given again, it is the same message.
        assert await centre.delivers(b"Thanks", source="447700900777") == 0
        async with asyncio.timeout(20):
            while True:
                with suppress(Unavailable):  # the desk is not back yet
                    await ana.desk.command("say", interaction=card["id"], text="You are welcome", key="2")
                    break
                await asyncio.sleep(0.1)
        await centre.until(lambda: len(centre.submitted) == 2)
        said = [each["text"] for each in ana.desk.state["threads"][card["id"]] if each["side"] == "customer"]
        assert said == ["Where is my order?", "Thanks"]
        await ana.desk.command("hang_up", interaction=card["id"])
        await ana.wrap_up()


SURVEY = """
flow: survey
media: [sms]
start: score
steps:
  score: {rate: "How was it, from 1 to 5?", save: score, no_answer: {tries: 1}, next: over}
  over: {end: Thank you.}
"""


@asynccontextmanager
async def surveyed(house: House) -> AsyncIterator[None]:
    """The queue Sales asks its customers how it was, three seconds after."""
    centre = house.flows / "centre.yaml"
    before = centre.read_text(encoding="utf-8")
    asks = "follow_ups: [{flow: survey, after: 3s}]"
    async with house.flow("survey", SURVEY):
        centre.write_text(before.replace("{title: Sales,", f"{{title: Sales, {asks},"), encoding="utf-8")
        await in_force(house, asks)
        try:
            yield
        finally:
            centre.write_text(before, encoding="utf-8")
            await in_force(house, asks, there=False)


async def in_force(house: House, words: str, *, there: bool = True) -> None:
    """Wait until the service goes by the centre file as it is now: it calls the roll by it."""
    sql = """SELECT text, EXISTS (
        SELECT FROM journal WHERE kind = 'roll_called'
        AND seq > (SELECT max(seq) FROM journal WHERE kind = 'centre_changed')
    ) AS followed FROM centre_version ORDER BY number DESC LIMIT 1"""
    async with asyncio.timeout(20):
        while True:
            [latest] = await rows(house, sql)
            if latest["followed"] and (words in latest["text"]) is there:
                return
            await asyncio.sleep(0.1)  # the file is looked for once a second


async def test_a_survey_follows_once_through_a_kill_and_its_score_is_about_the_agent(
    house: House, peer: TwilioPeer
) -> None:
    number = "+447700900611"
    async with surveyed(house):
        async with ready(house) as ana:
            card = await talking(house, peer, ana, number)
            await ana.desk.command("hang_up", interaction=card["id"])
            await ana.desk.command("wrap_up", interaction=card["id"], disposition="resolved", note="")
        killed = house.kill_the_service()  # it is planned, and not due yet
        await house.ready(other_than=killed)
        await peer.has_sent("How was it, from 1 to 5?", within=30)
        await texts(house, peer, "4", number)
        await peer.has_sent("Thank you.")
        assert peer.texts(number).count("How was it, from 1 to 5?") == 1
        # Callers of other tests rate in a flow of this name too.
        sql = "SELECT facts FROM journal WHERE kind = 'rated' AND facts -> 'about' ->> 'interaction' = $1"
        [rated] = await rows(house, sql, card["id"])
        assert rated["facts"]["score"] == 4
        assert rated["facts"]["about"] == {"interaction": card["id"], "queue": "sales", "agent": "ana"}
