"""A queue whose calls are answered by themselves, after a word of what they are: from the file to the headset."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.system.house import House, seated, start_house, stop_house
from tests.system.switch import open_folder
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears
from trunkline.simulate.sound import heard
from trunkline.telephony.shared import shared_folders

HEARS_ANYTHING = "() => window.loudest?.().decibel > -60"


@pytest.fixture(scope="module")
def house_that_whispers() -> Iterator[House]:
    """A centre whose sales queue is changed while it runs."""
    with open_folder() as folder:
        house = start_house(folder)
        asyncio.run(change_sales(house))
        yield house
        stop_house(house)


@pytest.fixture
async def house(house_that_whispers: House) -> AsyncIterator[House]:
    yield house_that_whispers
    await house_that_whispers.unplug()


async def change_sales(house: House) -> None:
    """Write into the centre file what an admin writes, and wait for the one sound that is made for it."""
    sounds, centre = shared_folders(house.settings.data_dir).sounds, house.flows / "centre.yaml"
    before = len(list(sounds.glob("*.wav")))
    text = centre.read_text()
    changed = text.replace(
        "{title: Sales, ", '{title: Sales, whisper: "Sales call, somebody who wants to buy", auto_answer: true, '
    )
    assert changed != text
    centre.write_text(changed)
    async with asyncio.timeout(20):
        while len(list(sounds.glob("*.wav"))) == before:
            await asyncio.sleep(0.1)  # it tells nobody when a sound is there


async def test_the_desktop_answers_by_itself_and_the_agent_hears_what_it_is_before_the_caller(
    house: House, tmp_path: Path
) -> None:
    async with seated(house, "ana") as ana, open_page(tmp_path) as page:
        await ana.chooses("browser")
        await log_in(page, house)
        await get_ready(page)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900801")

        offered = await ana.card("offered")
        assert offered["offer"]["auto_answer"]
        await expect(page.get_by_test_id("by-itself")).to_have_text("It answers by itself.")
        await page.wait_for_function(HEARS_ANYTHING, timeout=15_000)
        assert (await ana.card("offered"))["id"] == offered["id"], "the talk has not begun"
        assert not heard(AGENT_HERTZ, caller.audio(), seconds=0.3)

        await caller.hears_tone(AGENT_HERTZ, 15)
        await until_page_hears(page, CALLER_HERTZ)
        talking = await ana.card("talking")
        assert talking["id"] == offered["id"]
        await caller.hang_up()
        await ana.wrap_up()


async def test_a_queue_that_does_not_say_so_rings_until_somebody_answers(house: House, tmp_path: Path) -> None:
    async with seated(house, "carla") as carla, open_page(tmp_path) as page:
        await carla.chooses("browser")
        await log_in(page, house, "carla")
        await get_ready(page)
        caller = await house.call_waits("0", hertz=CALLER_HERTZ, from_="+447700900802")

        assert not (await carla.card("offered"))["offer"]["auto_answer"]
        answer = page.get_by_role("button", name="Answer")
        await expect(answer).to_be_enabled(timeout=20_000)
        await expect(page.get_by_test_id("by-itself")).to_have_count(0)
        await answer.click()

        await caller.hears_tone(AGENT_HERTZ, 15)
        await caller.hang_up()
        await carla.wrap_up()
