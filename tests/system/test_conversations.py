"""Conversations at more than one agent: a supervisor helps and takes over, a flow asks something for the agent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.system.house import House, seated
from tests.system.test_browser import get_ready, log_in, open_page
from tests.system.test_chat_browser import a_site, said, visits, writes
from tests.system.test_flows_page import log_in as opens

LOOKED_AT = {"width": 1280, "height": 720}


async def at_work(browser: Browser, house: House, who: str, place: str = "/") -> Page:
    """A browser of their own, logged in."""
    page = await (await browser.new_context(viewport=LOOKED_AT)).new_page()
    await opens(page, house, who, place)
    return page


@asynccontextmanager
async def a_chat_with_ana(house: House, tmp_path: Path) -> AsyncIterator[tuple[Browser, Page, Page]]:
    """A visitor of a foreign site who writes with Ana: the browser, her desk and the visitor's page."""
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
    async with a_site(house) as site, open_page(tmp_path) as desk:
        browser = desk.context.browser
        assert browser is not None
        await log_in(desk, house, "ana")
        await get_ready(desk)
        visitor = await visits(await browser.new_context(viewport={"width": 1100, "height": 760}), site)
        await writes(visitor, "Hello")
        await visitor.get_by_role("button", name="Something else").click()
        await desk.bring_to_front()
        await desk.get_by_role("button", name="Accept").click(timeout=15_000)
        await expect(desk.get_by_test_id("composer")).to_be_focused()
        yield browser, desk, visitor


async def test_a_supervisor_looks_on_helps_and_takes_over(house: House, tmp_path: Path) -> None:
    async with a_chat_with_ana(house, tmp_path) as (browser, desk, visitor):
        boss = await at_work(browser, house, "dora", "/#conversations")
        row = boss.locator("[data-conversation]")
        await expect(row).to_contain_text("With Ana Torres")
        await expect(row).to_contain_text("Unanswered")
        await boss.screenshot(path=tmp_path / "conversations.png")
        await row.click()
        await expect(boss.get_by_test_id("thread").locator("p").first).to_have_text("Hello")

        await writes(visitor, "I want a refund")
        await expect(boss.get_by_test_id("thread").locator("p").last).to_have_text("I want a refund")
        await boss.get_by_test_id("help").fill("Give it to them.")
        await boss.keyboard.press("Enter")
        told = desk.get_by_test_id("thread").locator("li.colleague")
        await expect(told).to_contain_text("Give it to them.")
        await expect(told).to_contain_text("to you alone")
        await desk.screenshot(path=tmp_path / "desk-whisper.png")
        await boss.get_by_role("radio", name="To the customer").check()
        await boss.get_by_test_id("help").fill("I am sorry about that.")
        await boss.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("I am sorry about that.")
        await boss.screenshot(path=tmp_path / "watched.png")
        await boss.emulate_media(color_scheme="dark")
        await boss.screenshot(path=tmp_path / "watched-dark.png")

        await boss.get_by_role("button", name="Take over").click()
        await expect(boss.get_by_test_id("composer")).to_be_focused(timeout=15_000)
        await expect(desk.get_by_text("has taken over a conversation of yours")).to_be_visible()
        await expect(desk.get_by_test_id("composer")).to_have_count(0)
        await boss.keyboard.type("Your money is on its way.")
        await boss.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("Your money is on its way.")
        await boss.screenshot(path=tmp_path / "taken-over.png")

        # What was said beside the customer is nowhere in what they see, also after a reload.
        await visitor.reload()
        await visitor.get_by_role("button", name="Open chat").click()
        await expect(said(visitor).last).to_have_text("Your money is on its way.")
        assert "Give it to them." not in await visitor.content()
        assert "Give it to them." not in "".join(await said(visitor).all_text_contents())

        await boss.get_by_role("button", name="End chat").click()
        await boss.get_by_role("radio", name="Resolved").check()
        await boss.get_by_role("button", name="Save").click()
        await expect(boss.get_by_test_id("composer")).to_have_count(0)


async def test_a_flow_asks_something_for_the_agent(house: House, tmp_path: Path) -> None:
    async with a_chat_with_ana(house, tmp_path) as (_, desk, visitor):
        await desk.get_by_role("button", name="Pass on").click()
        await expect(desk.get_by_role("menu")).to_be_visible()
        await desk.screenshot(path=tmp_path / "pass-on.png")
        await desk.get_by_role("menuitem", name="Ask for the order number then back to me").click()
        await expect(said(visitor).last).to_contain_text("six digit order number")
        await expect(desk.get_by_test_id("composer")).to_have_count(0)
        killed = house.kill_the_service()
        await house.ready(other_than=killed)
        await writes(visitor, "123456")
        await expect(said(visitor).last).to_contain_text("My colleague is with you again", timeout=30_000)

        await desk.get_by_role("button", name="Accept").click(timeout=15_000)
        await expect(desk.locator("[data-stage=talking]")).to_be_visible()
        await expect(desk.get_by_text("123456").first).to_be_visible()
        await desk.screenshot(path=tmp_path / "back-again.png")
        await desk.get_by_role("button", name="End chat").click()
        await desk.get_by_role("radio", name="Resolved").check()
        await desk.get_by_role("button", name="Save").click()
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)


async def test_the_page_of_conversations_is_not_for_agents(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await opens(page, house, "ana", "/#conversations")

        await expect(page.get_by_role("button", name="Presence")).to_be_visible(timeout=15_000)
        await expect(page.get_by_role("link", name="Conversations")).to_have_count(0)
        assert await page.evaluate("fetch('/api/conversations').then((answer) => answer.status)") == 403
