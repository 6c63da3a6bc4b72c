"""Text messages from end to end: a provider with Twilio's interface, a flow, an agent, and things that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.fakes.twilio_peer import TwilioPeer, twilio_peer
from tests.system.house import House, Seat, seated

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


@pytest.fixture
async def peer(house: House) -> AsyncIterator[TwilioPeer]:
    """The provider of the house's number, whose messages lead into a flow."""
    file = house.flows / "texts.yaml"
    file.write_text(FLOW, encoding="utf-8")
    async with twilio_peer(house.provider_port) as opened:
        await serves(house, "texts", there=True)
        yield opened
        file.unlink()
        await serves(house, "texts", there=False)


async def serves(house: House, flow: str, *, there: bool) -> None:
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{house.url}/healthz") as answer:
                if (flow in str((await answer.json())["flows"])) is there:
                    return
            await asyncio.sleep(0.1)  # it is looked for once a second


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
