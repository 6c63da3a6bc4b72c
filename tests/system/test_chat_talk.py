"""A visitor of a foreign site talks by the browser instead of writing: two real browsers hear each other."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.system.house import House, seated
from tests.system.phone import Phone
from tests.system.switch import free_ports
from tests.system.test_bad_input import rows
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears
from tests.system.test_chat_browser import a_site, said, writes
from tests.system.test_chat_whole import flow_of
from trunkline import secrets
from trunkline.core.sip_account import sip_password

FLOW = """
flow: rated
media: [chat]
entry: {channels: [web]}
start: order
steps:
  order: {ask: Which order is it about?, as: text, save: order_no, next: people}
  people: {queue: sales, priority: 3}
"""
TALK, BAR = "Talk to us by this browser", "You are talking"
WAITS = "We call you here when it is your turn."


async def ana_comes(house: House) -> None:
    """Ana is at work by the browser, and takes nothing yet."""
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
        await ana.desk.command("presence", presence="not_ready", reason="break")


async def comes_to(visitor: Page, site: str) -> Page:
    await visitor.goto(site)
    await visitor.get_by_role("button", name="Open chat").click()
    return visitor


async def live(house: House, medium: str) -> list[dict[str, Any]]:
    """Return what is under way of a medium."""
    sql = "SELECT * FROM interaction WHERE medium = $1 AND ended_at IS NULL ORDER BY arrived_at"
    return await rows(house, sql, medium)


async def becomes(house: House, medium: str, **wanted: Any) -> dict[str, Any]:
    """Wait until the one thing under way of a medium is so."""
    found: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(45):
            while not (len(found := await live(house, medium)) == 1 and wanted.items() <= found[0].items()):
                await asyncio.sleep(0.1)  # it cannot tell us
    except TimeoutError:
        raise AssertionError(f"{medium}: not {wanted}, but {found}") from None
    return found[0]


async def wraps_up(desk: Page) -> None:
    await desk.get_by_role("radio", name="Resolved").check(timeout=15_000)
    await desk.get_by_role("button", name="Save").click()


async def test_a_visitor_talks_by_the_browser_at_their_place(house: House, tmp_path: Path) -> None:
    await ana_comes(house)
    async with (
        flow_of(house, FLOW),
        open_page(tmp_path) as desk,
        open_page(tmp_path, hertz=CALLER_HERTZ) as visitor,
        a_site(house) as site,
    ):
        broken: list[str] = []
        visitor.on("pageerror", lambda fault: broken.append(str(fault)))
        await log_in(desk, house, "ana")
        await comes_to(visitor, site)
        await expect(visitor.get_by_role("button", name=TALK)).to_be_hidden()
        await writes(visitor, "Hello")
        await expect(said(visitor).last).to_have_text("Which order is it about?")
        # They want to talk while they are still asked something.
        await visitor.get_by_role("button", name=TALK).click()
        await expect(visitor.get_by_text("as soon as you are in line")).to_be_visible()
        await writes(visitor, "The blue lamp")
        await expect(visitor.get_by_text(WAITS)).to_be_visible()
        await visitor.screenshot(path=tmp_path / "visitor-waits.png")
        chat, call = await becomes(house, "chat"), await becomes(house, "voice", stage="waiting")
        assert (call["queue"], call["entry"]["priority"]) == ("sales", 3)
        assert chat["stage"] == "in_flow"
        assert call["callback"]["asked_in"] == str(chat["id"])

        # The service is killed, and they reload the page: both are there again, at the place.
        await house.ready(other_than=house.kill_the_service())
        await visitor.reload()
        await visitor.get_by_role("button", name="Open chat").click()
        await expect(visitor.get_by_text(WAITS)).to_be_visible(timeout=30_000)
        assert (await becomes(house, "voice", stage="waiting"))["queued_at"] == call["queued_at"]

        await get_ready(desk)
        await expect(desk.get_by_role("button", name="Answer")).to_be_enabled(timeout=20_000)
        await expect(desk.get_by_test_id("call-state").first).to_have_text("Call from a chat")
        await expect(desk.get_by_test_id("written-before")).to_contain_text("The blue lamp")
        await desk.screenshot(path=tmp_path / "desk-offered.png")
        await desk.get_by_role("button", name="Answer").click()
        await until_page_hears(desk, CALLER_HERTZ)
        await until_page_hears(visitor, AGENT_HERTZ)
        await expect(visitor.get_by_text(BAR)).to_be_visible()
        await desk.screenshot(path=tmp_path / "desk-talking.png")
        await visitor.screenshot(path=tmp_path / "visitor-talks.png")

        # The chat is the agent's too, and goes on while they talk.
        await becomes(house, "chat", stage="talking", agent_id="ana")
        await writes(visitor, "This is the number on the box: 4711")
        await expect(desk.get_by_role("button", name="Mute")).to_be_visible()
        await desk.get_by_role("navigation", name="My work").get_by_test_id("unread").click()
        await expect(desk.get_by_test_id("thread")).to_contain_text("4711")
        await desk.get_by_test_id("composer").fill("I see it.")
        await desk.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("I see it.")
        await desk.screenshot(path=tmp_path / "desk-both.png")

        # They are muted for as long as they like; a service that dies interrupts no talk.
        await visitor.get_by_role("button", name="Mute").click()
        await expect(visitor.get_by_role("button", name="Unmute")).to_have_attribute("aria-pressed", "true")
        await house.ready(other_than=house.kill_the_service())
        await visitor.get_by_role("button", name="Unmute").click()
        await until_page_hears(visitor, AGENT_HERTZ)
        await until_page_hears(desk, CALLER_HERTZ)

        await visitor.get_by_role("button", name="Hang up").click()
        await becomes(house, "voice", stage="wrap_up")
        await expect(visitor.get_by_text(BAR)).to_be_hidden()
        await becomes(house, "chat", stage="talking", agent_id="ana")
        await writes(visitor, "Thank you, bye")
        await desk.reload()
        await (
            desk.get_by_role("navigation", name="My work")
            .get_by_role("button")
            .filter(has_text="Wrap-up")
            .click(timeout=30_000)
        )
        await wraps_up(desk)
        # Their page may have been on its way back to the service yet.
        await expect(desk.get_by_test_id("thread")).to_contain_text("Thank you, bye", timeout=30_000)
        await desk.get_by_role("button", name="End chat").click()
        await wraps_up(desk)
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)
        assert broken == []


async def test_who_writes_with_an_agent_talks_to_that_agent(house: House, tmp_path: Path) -> None:
    await ana_comes(house)
    async with (
        flow_of(house, FLOW),
        open_page(tmp_path) as desk,
        open_page(tmp_path, hertz=CALLER_HERTZ) as visitor,
        a_site(house) as site,
    ):
        await log_in(desk, house, "ana")
        await get_ready(desk)
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await writes(visitor, "The white lamp")
        await desk.get_by_role("button", name="Accept").click(timeout=15_000)
        await expect(desk.get_by_test_id("thread")).to_contain_text("The white lamp")
        await desk.get_by_test_id("composer").fill("Shall we talk about it?")
        await desk.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("Shall we talk about it?")
        await visitor.get_by_role("button", name=TALK).click()
        await desk.get_by_role("button", name="Answer").click(timeout=20_000)
        await until_page_hears(desk, CALLER_HERTZ)
        await until_page_hears(visitor, AGENT_HERTZ)
        await becomes(house, "chat", stage="talking", agent_id="ana")
        await desk.get_by_role("button", name="Hang up").click()
        await expect(visitor.get_by_text(BAR)).to_be_hidden()
        await visitor.screenshot(path=tmp_path / "visitor-after.png")
        # What was written before and while they talked is one thread.
        await desk.get_by_role("navigation", name="My work").get_by_role("button").filter(has_text="In touch").click()
        await expect(desk.get_by_test_id("thread")).to_contain_text("The white lamp")
        await desk.get_by_role("button", name="End chat").click()
        for _ in range(2):
            await wraps_up(desk)
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)


async def test_a_page_that_nobody_touched_since_its_reload_asks_before_it_talks(house: House, tmp_path: Path) -> None:
    await ana_comes(house)
    async with (
        flow_of(house, FLOW),
        open_page(tmp_path) as desk,
        open_page(tmp_path, hertz=CALLER_HERTZ) as visitor,
        a_site(house) as site,
    ):
        await log_in(desk, house, "ana")
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await writes(visitor, "The grey lamp")
        await visitor.get_by_role("button", name=TALK).click()
        await becomes(house, "voice", stage="waiting")
        # As browsers that forget at a reload that a page was clicked.
        await visitor.add_init_script(
            "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });"
        )
        await visitor.reload()
        await get_ready(desk)
        await desk.get_by_role("button", name="Answer").click(timeout=20_000)
        # The window opens by itself: the browser would let nobody be heard before a click.
        answer = visitor.get_by_role("button", name="Answer")
        await expect(answer).to_be_visible(timeout=15_000)
        await visitor.screenshot(path=tmp_path / "visitor-rings.png")
        await answer.click()
        await until_page_hears(desk, CALLER_HERTZ)
        await until_page_hears(visitor, AGENT_HERTZ)
        await desk.get_by_role("button", name="Hang up").click()
        await wraps_up(desk)
        await desk.get_by_role("button", name="End chat").click(timeout=15_000)
        await wraps_up(desk)
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)


async def test_a_visitors_account_can_call_nobody(house: House, tmp_path: Path) -> None:
    async with (
        flow_of(house, FLOW), open_page(tmp_path, hertz=CALLER_HERTZ) as visitor, a_site(house) as site,
    ):  # fmt: skip
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await writes(visitor, "The black lamp")
        await visitor.get_by_role("button", name=TALK).click()
        call = await becomes(house, "voice", stage="waiting")
        endpoint = call["callback"]["endpoint"]
        thief = Phone(tmp_path / "thief", free_ports(8)[0])
        host, port = house.sip
        password = sip_password(secrets.agent_secret(house.settings), endpoint)
        account = f"<sip:{endpoint}@{host}:{port}>;auth_user={endpoint};auth_pass={password};regint=0"
        await thief.start(account, CALLER_HERTZ)
        house.phones.append(thief)
        for number in ("100", "*43", "ana", "s", "+447700900123"):
            thief.do("dial", f"sip:{number}@{host}:{port}")
            closed = await thief.event("CALL_CLOSED")
            assert "404" in str(closed["param"]), closed
        await visitor.get_by_role("button", name="Do not call me").click()
        await becomes(house, "chat", stage="waiting")
        # With the call the account is gone; Asterisk may remember it for a minute, the database does not.
        assert await rows(house, "SELECT id FROM ps_endpoints WHERE id = $1", endpoint) == []
        await visitor.get_by_role("button", name="End this conversation").click()
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()


async def test_a_page_that_is_closed_leaves_no_call_to_nobody(house: House, tmp_path: Path) -> None:
    async with (
        flow_of(house, FLOW), open_page(tmp_path, hertz=CALLER_HERTZ) as visitor, a_site(house) as site,
    ):  # fmt: skip
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await writes(visitor, "The red lamp")
        waited = await becomes(house, "chat", stage="waiting")
        await visitor.get_by_role("button", name=TALK).click()
        call = await becomes(house, "voice", stage="waiting")
        assert (await becomes(house, "chat", stage="in_flow"))["id"] == waited["id"]
        await visitor.close()
        again = await becomes(house, "chat", stage="waiting")
        assert (again["id"], again["queued_at"]) == (waited["id"], waited["queued_at"])
        [over] = await rows(house, "SELECT outcome FROM interaction WHERE id = $1", call["id"])
        assert over["outcome"] == "abandoned"

        # Who comes back reads on, and is called by nobody.
        back = await comes_to(await visitor.context.new_page(), site)
        await expect(said(back).last).to_have_text("The red lamp")
        await expect(back.get_by_text(WAITS)).to_be_hidden()
        await back.get_by_role("button", name="End this conversation").click()
        await expect(back.get_by_text("This conversation has ended.")).to_be_visible()


async def test_who_does_not_allow_the_microphone_writes_on(house: House, tmp_path: Path) -> None:
    async with flow_of(house, FLOW), open_page(tmp_path, hertz=CALLER_HERTZ) as some, a_site(house) as site:
        context = await some.context.browser.new_context(viewport={"width": 420, "height": 760})
        visitor = await context.new_page()
        await visitor.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };"
        )
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await visitor.get_by_role("button", name=TALK).click()
        await expect(visitor.get_by_text("Your browser does not let this page use the microphone")).to_be_visible()
        await visitor.screenshot(path=tmp_path / "visitor-denied.png")
        await writes(visitor, "The green lamp")
        await becomes(house, "chat", stage="waiting")
        assert await live(house, "voice") == []
        await visitor.get_by_role("button", name="End this conversation").click()
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()
