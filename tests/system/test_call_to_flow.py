"""A call that its agent hands to a flow on a real Asterisk: the caller types a number there, and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.system.house import House, Seat, seated
from tests.system.phone import Phone
from tests.system.test_browser import AGENT_HERTZ as BROWSER_HERTZ
from tests.system.test_browser import get_ready, log_in, open_page
from trunkline.simulate.caller import Caller

AGENT_HERTZ, CALLER_HERTZ = 600, 440
FLOW = """
flow: card-number
title: Ask for the card number
media: [voice]
language: en-GB
for_agents: true
start: card
steps:
  card:
    ask: Please type the six digits of your customer card.
    as: digits
    length: 6
    save: card_no
    no_answer: {after: 20s, tries: 1, go: done}
    no_match: {tries: 2, go: done}
    next: thanks
  thanks: {say: Thank you. My colleague is with you again in a moment., next: done}
  done: {end: }
"""


@asynccontextmanager
async def flow_for_agents(house: House, ana: Seat) -> AsyncIterator[None]:
    """Serve the flow of the test, until it is over."""
    file = house.flows / "card-number.yaml"
    file.write_text(FLOW, encoding="utf-8")
    try:
        await ana.sees(lambda state: "card-number" in state["for_agents"], 20)
        yield
    finally:
        file.unlink()
        await ana.sees(lambda state: "card-number" not in state["for_agents"], 20)


async def talk(house: House, ana: Seat, phone: Phone) -> tuple[Caller, str]:
    """Return a caller who talks with Ana, and their interaction."""
    caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900120")
    await phone.event("CALL_INCOMING", 20)
    phone.do("accept")
    card = await ana.card("talking")
    await caller.hears_tone(AGENT_HERTZ, 10)
    return caller, card["id"]


async def hand(ana: Seat, phone: Phone, interaction: str, *, back: bool) -> None:
    await ana.desk.command("hand_to_flow", interaction=interaction, flow="card-number", back=back)
    await phone.event("CALL_CLOSED", 5)
    await ana.sees(lambda state: interaction not in state["interactions"])


async def comes_back(ana: Seat, phone: Phone, caller: Caller, interaction: str) -> None:
    """Let Ana take the caller whom the flow has sent back to her, with the number that they typed."""
    await phone.event("CALL_INCOMING", 30)
    phone.do("accept")
    card = await ana.card("talking", 20)
    assert card["id"] == interaction
    assert card["answers"]["card_no"] == "471147"
    await caller.hears_tone(AGENT_HERTZ, 10)


async def hangs_up(ana: Seat, caller: Caller) -> None:
    await caller.hang_up()
    await ana.wrap_up()
    await ana.sees(lambda state: not state["interactions"])


async def test_a_caller_types_a_number_and_comes_back(house: House, tmp_path: Path) -> None:
    phone = await house.phone("ana", tmp_path, hertz=AGENT_HERTZ)
    async with seated(house, "ana") as ana, flow_for_agents(house, ana):
        await ana.ready_with_sip_phone()
        caller, interaction = await talk(house, ana, phone)
        await hand(ana, phone, interaction, back=True)
        await caller.press("471147")
        await comes_back(ana, phone, caller, interaction)

        # Once more, and the service is killed while the flow asks.
        await hand(ana, phone, interaction, back=True)
        await house.ready(other_than=house.kill_the_service())
        await caller.press("471147")
        await comes_back(ana, phone, caller, interaction)
        await hangs_up(ana, caller)


async def test_a_caller_on_hold_is_handed_over_and_not_back(house: House, tmp_path: Path) -> None:
    phone = await house.phone("ana", tmp_path, hertz=AGENT_HERTZ)
    async with seated(house, "ana") as ana, flow_for_agents(house, ana):
        await ana.ready_with_sip_phone()
        caller, interaction = await talk(house, ana, phone)
        phone.do("hold")
        await ana.sees(lambda state: state["interactions"][interaction]["held_since"])
        await hand(ana, phone, interaction, back=False)
        await caller.press("471147")
        await caller.over(30)
        assert not ana.desk.state["interactions"]


async def test_who_waits_is_for_the_agent_who_handed_theirs_over(house: House, tmp_path: Path) -> None:
    """The next call rings at a phone that has just been hung up by us."""
    phone = await house.phone("ana", tmp_path, hertz=AGENT_HERTZ)
    async with seated(house, "ana") as ana, flow_for_agents(house, ana):
        await ana.ready_with_sip_phone()
        first, interaction = await talk(house, ana, phone)
        second = await house.call_waits("1", hertz=800, from_="+447700900121")
        await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
        await hand(ana, phone, interaction, back=True)
        await phone.event("CALL_INCOMING", 10)
        phone.do("accept")
        card = await ana.card("talking")
        assert card["id"] != interaction
        await second.hears_tone(AGENT_HERTZ, 10)
        await first.press("471147")
        await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1, 20)
        await hangs_up_and_takes(ana, phone, second)
        await comes_back(ana, phone, first, interaction)
        await hangs_up(ana, first)


async def hangs_up_and_takes(ana: Seat, phone: Phone, caller: Caller) -> None:
    await caller.hang_up()
    await phone.event("CALL_CLOSED", 10)
    await asyncio.shield(ana.wrap_up())


async def test_at_the_browser_by_the_menu_of_the_call(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana, flow_for_agents(house, ana), open_page(tmp_path) as desk:
        await ana.chooses("browser")
        await log_in(desk, house)
        await get_ready(desk)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900120")
        second = None
        for round_ in range(3):
            await desk.get_by_role("button", name="Answer").click(timeout=20_000)
            await caller.hears_tone(BROWSER_HERTZ, 10)
            second = second or await house.call_waits("1", hertz=800, from_="+447700900121")
            await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
            await desk.get_by_role("button", name="To a flow").click()
            await desk.screenshot(path=tmp_path / f"to-flow-{round_}.png")
            await desk.get_by_role("menuitem", name="Ask for the card number then back to me").click()
            # The other's call comes at once, to a page whose phone must be off the first by then.
            caller, second = second, caller
            await second.press("471147")
        await desk.get_by_role("button", name="Answer").click(timeout=20_000)
        await caller.hears_tone(BROWSER_HERTZ, 10)
        await desk.screenshot(path=tmp_path / "back.png")
        await caller.hang_up()
        await ana.wrap_up()
        await second.hang_up()
        await ana.sees(lambda state: not any(each["waiting"] for each in state["queues"].values()))
