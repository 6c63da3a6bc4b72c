"""The web chat on a foreign site, and the agent's desk beside it, each in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.system.house import House, seated
from tests.system.test_browser import get_ready, log_in, open_page

SITE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<style>* {{ color: red !important; font-size: 40px; }} button {{ display: none; }}</style></head>
<body><h1>A shop</h1><script src="{base}/chat/widget.js" data-channel="web" {more} async></script></body></html>"""


@asynccontextmanager
async def a_site(house: House, attributes: str = "") -> AsyncIterator[str]:
    """Serve a page of somebody else's site, whose styles are rude, and whose scripts come from us alone.

    `attributes` are further ones of the script.
    """

    async def page(_: web.Request) -> web.Response:
        policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {house.url}; connect-src {house.url} ws:"
        policy += f"; img-src {house.url} blob:"
        headers = {"Content-Security-Policy": policy}
        return web.Response(
            text=SITE.format(base=house.url, more=attributes), content_type="text/html", headers=headers
        )

    application = web.Application()
    application.add_routes([web.get("/", page)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", house.site_port).start()
        yield f"http://localhost:{house.site_port}/"
    finally:
        await runner.cleanup()


async def visits(context: BrowserContext, site: str) -> Page:
    page = await context.new_page()
    await page.goto(site)
    await page.get_by_role("button", name="Open chat").click()
    return page


def said(page: Page) -> Locator:
    return page.get_by_role("log").locator("p")


async def writes(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Write a message").fill(text)
    await page.keyboard.press("Enter")


async def test_a_visitor_of_a_foreign_site_writes_with_an_agent(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
    async with a_site(house) as site, open_page(tmp_path) as desk:
        broken: list[str] = []
        desk.on("pageerror", lambda fault: broken.append(str(fault)))
        await log_in(desk, house, "ana")
        await get_ready(desk)
        visitor = await visits(await desk.context.browser.new_context(viewport={"width": 1100, "height": 760}), site)
        await writes(visitor, "Hello")
        await expect(said(visitor)).to_have_text(["Hello", "Welcome to Acme.", "How can we help you today?"])
        await visitor.screenshot(path=tmp_path / "visitor-menu.png")
        await visitor.get_by_role("button", name="An order").click()
        await writes(visitor, "123456")

        # The offer says who it is and what they wrote; the phone has no part in it.
        offer = desk.locator("[data-stage=offered]")
        await expect(offer).to_contain_text("Chat", timeout=15_000)
        await expect(offer).to_contain_text("123456")
        await desk.screenshot(path=tmp_path / "desk-offer.png")
        await desk.bring_to_front()
        await desk.get_by_role("button", name="Accept").click()
        composer = desk.get_by_test_id("composer")
        await expect(composer).to_be_focused()
        await desk.keyboard.type("Your order is on its way.")
        await desk.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("Your order is on its way.")
        await expect(visitor.get_by_text("Ana Torres")).to_be_visible()

        # Hostile words are words, on both sides.
        hostile = "<img src=x onerror=\"document.title='taken'\">"
        await writes(visitor, hostile)
        await expect(desk.get_by_test_id("thread").locator("p").last).to_have_text(hostile)
        await desk.screenshot(path=tmp_path / "desk-chat.png")
        assert await visitor.title() == "A shop"

        # A reload of either loses nothing.
        await visitor.reload()
        await visitor.get_by_role("button", name="Open chat").click()
        await expect(said(visitor)).to_have_count(9)
        await desk.get_by_test_id("composer").fill("Half a sent")
        await desk.reload()
        await expect(desk.get_by_test_id("composer")).to_have_value("Half a sent", timeout=15_000)
        await expect(desk.get_by_test_id("thread").locator("p")).to_have_count(9)

        await desk.get_by_role("button", name="End chat").click()
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()
        # Who writes once more has the same agent, at once.
        await writes(visitor, "One more thing")
        await expect(desk.get_by_test_id("thread").locator("p").last).to_have_text("One more thing", timeout=15_000)
        await desk.get_by_role("button", name="End chat").click()
        await desk.get_by_role("radio", name="Resolved").check()
        await desk.get_by_role("button", name="Save").click()
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)
        await visitor.screenshot(path=tmp_path / "visitor-over.png")
        assert broken == []


async def test_what_a_visitor_writes_while_the_service_is_dead_arrives_once(house: House, tmp_path: Path) -> None:
    async with a_site(house) as site, open_page(tmp_path) as page:
        visitor = await visits(page.context, site)
        await writes(visitor, "Hello")
        await expect(said(visitor)).to_have_count(3)
        killed = house.kill_the_service()
        await writes(visitor, "Sales")
        await expect(visitor.get_by_text("No connection.")).to_be_visible()
        await house.ready(other_than=killed)
        await expect(visitor.get_by_role("status").filter(has_text="Sending")).to_have_count(0, timeout=30_000)

        await visitor.reload()
        await visitor.get_by_role("button", name="Open chat").click()
        await expect(said(visitor)).to_have_text(
            ["Hello", "Welcome to Acme.", "How can we help you today?", "Sales"], timeout=15_000
        )
        await visitor.get_by_role("button", name="End this conversation").click()
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()


async def test_a_site_that_is_not_named_has_no_chat(house: House, tmp_path: Path) -> None:
    async with a_site(house) as site, open_page(tmp_path) as page:
        refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        page.on("console", lambda told: refused.done() or ("403" in told.text and refused.set_result(told.text)))
        await page.goto(site.replace("localhost", "127.0.0.1"))
        await page.get_by_role("button", name="Open chat").click()
        assert "/chat/web/ws" in await asyncio.wait_for(refused, 15)
