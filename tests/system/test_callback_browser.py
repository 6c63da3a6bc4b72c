"""Calling back from a real browser: who did not want to wait is rung by a trunk, and the agent sees all of it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.system.carrier import Carrier
from tests.system.house import House, Seat, seated, start_house, stop_house
from tests.system.phone import Phone
from tests.system.switch import free_ports, open_folder
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears

SHOWN = "+442071234567"
# Another customer for each test: who is to be called back already is not called back twice.
_LAST_THREE = itertools.count(211)
# No call comes in by it: `match` is somewhere else.
TRUNKS = """\
trunks:
  - name: carrier
    hosts: ["127.0.0.1:{port}"]
    match: [192.0.2.1]
    codecs: [ulaw]
    calls_out: {{to: ["+44"], as: "{shown}"}}
"""
OFFER = '    offer_callback: {after: 10s, key: "1", say: "Press 1, and we call you back."}\n'


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    with Carrier(free_ports(10)[0]) as carrier:
        yield carrier


@pytest.fixture(scope="module")
def house_that_calls(carrier: Carrier) -> Iterator[House]:
    """A centre that may call out, and offers those who wait in its sales queue to do so."""
    with open_folder() as folder:
        trunks = folder / "trunks.yaml"
        trunks.write_text(TRUNKS.format(port=carrier.port, shown=SHOWN))
        house = start_house(folder, trunks_file=trunks)
        asyncio.run(offer_callbacks(house))
        yield house
        stop_house(house)


async def offer_callbacks(house: House) -> None:
    """Change the flow as an admin does, and wait until it serves."""
    main = house.flows / "main.yaml"
    before = main.read_text()
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        served = await version_of_main(session, house)
        main.write_text(before.replace("    queue: sales\n", "    queue: sales\n" + OFFER))
        while await version_of_main(session, house) == served:
            await asyncio.sleep(0.1)  # it tells nobody who has no desk


async def version_of_main(session: aiohttp.ClientSession, house: House) -> str:
    async with session.get(f"{house.url}/healthz") as answer:
        serving: list[dict[str, Any]] = (await answer.json())["flows"]["serving"]
    return next(str(flow["version"]) for flow in serving if flow["name"] == "main")


@pytest.fixture
async def house(house_that_calls: House) -> AsyncIterator[House]:
    yield house_that_calls
    await house_that_calls.unplug()


@pytest.fixture
def number() -> str:
    return f"+447700900{next(_LAST_THREE)}"


@pytest.fixture
async def customer(house: House, carrier: Carrier, number: str, tmp_path: Path) -> Phone:
    """The customer's phone, to which the trunk leads."""
    phone = Phone(tmp_path / "customer", carrier.phone_port)
    await phone.start(f"<sip:{number}@127.0.0.1:{carrier.phone_port}>;regint=0;answermode=manual", CALLER_HERTZ)
    house.phones.append(phone)
    return phone


@asynccontextmanager
async def ana_at_the_browser(house: House, tmp_path: Path) -> AsyncIterator[tuple[Page, Seat]]:
    async with open_page(tmp_path) as page, seated(house, "ana") as ana:
        await ana.chooses("browser")
        await log_in(page, house)
        try:
            yield page, ana
        finally:
            await ana.desk.command("presence", presence="not_ready", reason="break")


async def asks_to_be_called_back(house: House, ana: Seat, number: str) -> None:
    """The customer waits for sales, presses the key of the offer, and is gone."""
    caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_=number)
    await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
    await caller.press("1")
    await caller.over(15)
    assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1), "the place is kept"


async def test_a_customer_is_called_back(house: House, customer: Phone, number: str, tmp_path: Path) -> None:
    async with ana_at_the_browser(house, tmp_path) as (page, ana):
        await asks_to_be_called_back(house, ana, number)
        await get_ready(page)

        # Who, which number, why, and since when, before it is taken.
        await expect(page.get_by_role("button", name="Call back")).to_be_enabled(timeout=20_000)
        await expect(page.get_by_test_id("call-state").first).to_have_text("Callback")
        await expect(page.get_by_test_id("caller").first).to_contain_text(f"07700 {number[-6:]}")
        await expect(page.get_by_test_id("path")).to_contain_text("Main menu")
        await expect(page.get_by_test_id("path")).to_contain_text("Sales")
        await expect(page.locator("[data-stage=offered]")).to_contain_text("ago")
        await page.screenshot(path=tmp_path / "offered.png")
        await expect(page.get_by_role("button", name="Call back")).to_be_focused()
        await page.keyboard.press("Enter")

        # The customer's phone rings, and shows our number; the desk shows that it does.
        ringing = await customer.event("CALL_INCOMING", 20)
        assert SHOWN in str(ringing)
        await expect(page.locator("[data-stage=dialling]")).to_be_visible()
        await expect(page.get_by_test_id("call-state").first).to_have_text("Calling…")
        await expect(page.get_by_role("button", name="Mute")).to_have_count(0)
        await ana.sees(lambda state: next(iter(state["interactions"].values()))["callback"]["dialling"])
        await page.screenshot(path=tmp_path / "dialling.png")
        await page.keyboard.press("m")  # there is nobody yet to be mute for
        customer.do("accept")

        # Both hear each other, and the talk is like every other.
        await until_page_hears(page, CALLER_HERTZ)
        await expect(page.locator("[data-stage=talking]")).to_be_visible()
        await page.get_by_role("button", name="Hold").click()
        await ana.sees(lambda state: next(iter(state["interactions"].values()))["held_since"])
        await page.get_by_role("button", name="Resume").click()
        await until_page_hears(page, CALLER_HERTZ)
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="5", exact=True).click()
        await page.get_by_role("button", name="Hang up").click()
        await customer.event("CALL_CLOSED")
        assert customer.heard(AGENT_HERTZ) > 0.1

        await page.get_by_role("radio", name="Resolved").check()
        await page.get_by_role("button", name="Save and finish").click()
        await ana.sees(lambda state: not state["interactions"] and state["today"]["talk_s"] > 0)


async def test_an_agent_is_free_for_the_next_call_when_nobody_is_reached(
    house: House, customer: Phone, number: str, tmp_path: Path
) -> None:
    async with ana_at_the_browser(house, tmp_path) as (page, ana):
        await asks_to_be_called_back(house, ana, number)
        await get_ready(page)
        await page.get_by_role("button", name="Call back").click(timeout=20_000)
        await customer.event("CALL_INCOMING", 20)
        customer.do("hangup")

        # Told calmly, in writing and to screen readers; the line is free at once.
        await expect(page.get_by_test_id("not-reached")).to_contain_text("not reached, we try again at")
        await expect(page.get_by_test_id("said-not-reached")).to_contain_text("not reached, we try again at")
        await expect(page.locator("[data-stage=idle]")).to_be_visible()
        await expect(page.get_by_role("button", name="Presence: Ready")).to_be_visible()
        await page.screenshot(path=tmp_path / "not_reached.png")

        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900298")
        await expect(page.get_by_role("button", name="Answer")).to_be_enabled(timeout=20_000)
        await expect(page.get_by_test_id("not-reached")).to_have_count(0)
        await caller.hang_up()
        await ana.sees(lambda state: not state["interactions"])


async def test_who_waits_meanwhile_rings_at_once_and_nobody_is_blamed(
    house: House, customer: Phone, number: str, tmp_path: Path
) -> None:
    async with ana_at_the_browser(house, tmp_path) as (page, ana):
        await asks_to_be_called_back(house, ana, number)
        await get_ready(page)
        await page.get_by_role("button", name="Call back").click(timeout=20_000)
        await customer.event("CALL_INCOMING", 20)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900299")
        await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
        customer.do("hangup")

        # The switch still plays the busy tone to the line that is over; the browser has left it.
        await page.get_by_role("button", name="Answer").click(timeout=20_000)
        await caller.hears_tone(AGENT_HERTZ, 15)
        await page.get_by_role("button", name="Hang up").click()
        await caller.over()
        await ana.wrap_up()
        await ana.sees(lambda state: not state["interactions"] and state["me"]["presence"] == "ready")


async def test_an_agent_may_give_up_while_it_rings(house: House, customer: Phone, number: str, tmp_path: Path) -> None:
    async with ana_at_the_browser(house, tmp_path) as (page, ana):
        await asks_to_be_called_back(house, ana, number)
        await get_ready(page)
        await page.get_by_role("button", name="Call back").click(timeout=20_000)
        await customer.event("CALL_INCOMING", 20)
        await expect(page.locator("[data-stage=dialling]")).to_be_visible()
        await page.keyboard.press("Escape")  # declines what is offered, and that is over
        await expect(page.locator("[data-stage=dialling]")).to_be_visible()
        await page.keyboard.press("x")

        await customer.event("CALL_CLOSED")
        await ana.sees(lambda state: state["me"]["reason"] == "declined" and not state["interactions"])
        await expect(page.get_by_test_id("not-reached")).to_have_count(0)
        assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1), "the place is kept"
