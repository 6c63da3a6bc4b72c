"""The supervisor's page of those who wait, in a real browser: a caller is given to an agent of another queue."""

from pathlib import Path

from playwright.async_api import expect

from tests.system.house import House, seated
from tests.system.test_browser import open_page
from tests.system.test_flows_page import log_in


async def test_a_waiting_caller_is_given_to_one_agent(house: House, tmp_path: Path) -> None:
    async with seated(house, "carla") as carla, open_page(tmp_path) as page:
        await house.phone("carla", tmp_path, hertz=800)
        await carla.ready_with_sip_phone()
        await log_in(page, house, "dora", "/#waiting")
        await expect(page.get_by_role("link", name="Waiting")).to_have_attribute("aria-current", "page")
        await expect(page.get_by_text("Nobody waits.")).to_be_visible()

        caller = await house.call_waits("1", from_="+447700900311")  # sales, and carla is in support alone

        row = page.locator("[data-waiting]").filter(has_text="07700 900311")
        await expect(row).to_contain_text("Sales", timeout=15_000)
        chosen = row.get_by_role("combobox")
        give = row.get_by_role("button", name="Give")
        await expect(give).to_be_disabled()
        await chosen.select_option(label="Carla Rossi (free)")
        await page.screenshot(path=tmp_path / "waiting.png")
        await give.click()

        offered = await carla.card("offered")
        assert offered["address"]["e164"] == "+447700900311"
        assert offered["routed"]["by"] == "kept"
        await expect(page.get_by_role("status").filter(has_text="Carla Rossi")).to_have_count(1)
        await expect(page.get_by_text("Nobody waits.")).to_be_visible(timeout=10_000)
        await caller.hang_up()


async def test_the_page_of_those_who_wait_is_not_for_agents(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in(page, house, "ana", "/#waiting")

        await expect(page.get_by_role("button", name="Presence")).to_be_visible(timeout=15_000)
        await expect(page.get_by_role("link", name="Waiting")).to_have_count(0)
        assert await page.evaluate("fetch('/api/waiting').then((answer) => answer.status)") == 403
