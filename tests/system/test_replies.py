"""What agents write with, in a real browser: replies, drafts that outlive everything, and mails with looks."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fakes.twilio_peer import TwilioPeer, twilio_peer
from tests.system.house import House, Seat, seated
from tests.system.mail_server import MailServer
from tests.system.test_browser import get_ready, log_in, open_page
from tests.system.test_chat_browser import a_site, said, visits, writes
from tests.system.test_flows_page import log_in as log_in_as_admin
from tests.system.test_mails import FLOW, NEW, a_mail, closes, in_hand, is_read
from tests.system.test_mails import writes as mails
from tests.system.test_texts import FLOW as TEXTS
from tests.system.test_texts import talking
from trunkline.channels.email.mail import read_mail

SHOWN_IN = os.environ.get("TRUNKLINE_SCREENSHOTS")
"""A folder for what the screens look like, at two sizes and in both lights."""


@pytest.fixture
async def post(house: House, mailbox: MailServer) -> AsyncIterator[MailServer]:
    """The mail server, while the mailbox leads into a flow."""
    async with house.flow("mails", FLOW):
        await is_read(house)
        yield mailbox


@pytest.fixture
async def peer(house: House) -> AsyncIterator[TwilioPeer]:
    """The provider of the house's number, whose messages lead into a flow."""
    async with twilio_peer(house.provider_port) as opened, house.flow("texts", TEXTS):
        yield opened


async def looks(page: Page, name: str) -> None:
    """Keep what the screen shows, where somebody wants to look at it."""
    if SHOWN_IN is None:
        return
    before = page.viewport_size
    for light in ("light", "dark"):
        await page.emulate_media(color_scheme=light)
        for width, height in ((1280, 720), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            await page.screenshot(path=Path(SHOWN_IN) / f"{name}-{width}-{light}.png")
    await page.emulate_media(color_scheme="light")
    if before is not None:
        await page.set_viewport_size(before)


async def another(browser: Browser, house: House, agent: str) -> Page:
    """Open a browser that knows nothing of the one before it."""
    page = await (
        await browser.new_context(viewport={"width": 1280, "height": 720}, permissions=["microphone"])
    ).new_page()
    await log_in(page, house, agent)
    return page


async def test_a_reply_is_found_filled_in_and_never_sent_with_a_gap_unseen(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana, a_site(house) as site, open_page(tmp_path) as desk:
        await ana.chooses("browser")
        await log_in(desk, house, "ana")
        await get_ready(desk)
        visitor = await visits(await desk.context.browser.new_context(), site)
        await writes(visitor, "Hello")
        await visitor.get_by_role("button", name="An order").click()
        await writes(visitor, "123456")
        await desk.bring_to_front()
        await desk.get_by_role("button", name="Accept").click(timeout=15_000)
        composer, replies = desk.get_by_test_id("composer"), desk.get_by_test_id("replies")
        await expect(desk.get_by_role("button", name="Choose a reply")).to_be_visible()

        await desk.keyboard.type("/")
        await expect(replies.get_by_role("option")).to_have_count(5)
        await looks(desk, "chat-list")
        await desk.keyboard.type("ord")
        await expect(replies.get_by_role("option").first).to_contain_text("Order is on its way")
        await expect(desk.get_by_test_id("reply-preview")).to_contain_text("your order 123456 is on its way")
        await desk.keyboard.press("ArrowDown")
        await expect(desk.get_by_test_id("reply-preview")).to_contain_text("is late")
        await desk.keyboard.press("Enter")
        await expect(composer).to_have_value(re.compile("^I am sorry that your order 123456 is late. .* today.$"))
        await desk.keyboard.press("Control+Z")
        await expect(composer).to_have_value("/ord")
        # Esc leaves what was typed, and a word that is no reply's is not sent for want of one.
        await composer.fill("")
        await desk.keyboard.type("/nosuch")
        await expect(replies).to_contain_text("No reply here has “nosuch” in it.")
        await desk.keyboard.press("Enter")
        await expect(composer).to_have_value("/nosuch")
        await desk.keyboard.press("Escape")
        await expect(replies).to_have_count(0)
        await composer.fill("")

        # What is not known is marked, and asked about once.
        await desk.keyboard.type("Well, /greet")
        await desk.keyboard.press("Tab")
        await expect(composer).to_have_value("Well, Hello and welcome, this is Ana Torres. How can I help?")
        await composer.fill("Call ‹phone?› or us")
        await desk.keyboard.press("Enter")
        await expect(desk.get_by_role("alert")).to_contain_text("“phone” is not known")
        await looks(desk, "chat-gap")
        await desk.keyboard.type("0800 1")
        await desk.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("Call 0800 1 or us")
        await desk.get_by_role("button", name="End chat").click()
        await desk.get_by_role("radio", name="Resolved").check()
        await desk.get_by_role("button", name="Save").click()
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)


async def test_a_reply_is_counted_in_text_messages_before_it_goes(
    house: House, peer: TwilioPeer, tmp_path: Path
) -> None:
    number = "+447700900655"
    async with seated(house, "ana") as ana, open_page(tmp_path) as desk:
        await ana.chooses("browser")
        await log_in(desk, house, "ana")
        await get_ready(desk)
        card = await talking(house, peer, ana, number)
        await expect(desk.get_by_test_id("composer")).to_be_focused()
        await desk.get_by_role("button", name="Choose a reply").click()
        await looks(desk, "sms-list")
        await desk.keyboard.press("Escape")
        await expect(desk.get_by_test_id("composer")).to_have_value("")
        await desk.keyboard.type("/late")
        await expect(desk.get_by_test_id("reply-preview")).to_contain_text("is late")
        await desk.keyboard.press("Enter")
        await expect(desk.get_by_test_id("composer")).to_have_value(re.compile("your order ‹order_no.› is late"))
        await desk.keyboard.type("1234")
        await expect(desk.get_by_test_id("composer")).to_have_value(re.compile("your order 1234 is late"))
        await desk.keyboard.press("Control+End")
        await desk.keyboard.type(" If you have any question, write to us at any time, day and night.")
        await expect(desk.get_by_text("2 text messages")).to_be_visible()
        await looks(desk, "sms-filled")
        await desk.keyboard.press("Enter")
        await peer.has_sent("I am sorry that your order 1234 is late.")
        await uses_are_noted(ana, card["id"], "order_late")
        await closes(ana, card)


async def test_a_draft_outlives_a_killed_service_and_the_browser_and_goes_on_with_a_colleague(
    house: House, tmp_path: Path
) -> None:
    async with (
        seated(house, "ana") as ana,
        seated(house, "ben") as ben,
        a_site(house) as site,
        open_page(tmp_path) as desk,
    ):
        await ana.chooses("browser")
        await ben.chooses("browser")
        await log_in(desk, house, "ana")
        await get_ready(desk)
        visitor = await visits(await desk.context.browser.new_context(), site)
        await writes(visitor, "Hello")
        await visitor.get_by_role("button", name="Sales").click()
        await desk.bring_to_front()
        await desk.get_by_role("button", name="Accept").click(timeout=15_000)
        card = await ana.card("talking")
        await desk.get_by_test_id("composer").press_sequentially("Half a sentence that")
        await ana.sees(lambda state: state["drafts"][card["id"]]["text"] == "Half a sentence that")

        killed = house.kill_the_service()
        await desk.get_by_test_id("composer").press_sequentially(" goes on")
        await house.ready(other_than=killed)
        await ana.sees(lambda state: state["drafts"][card["id"]]["text"] == "Half a sentence that goes on")
        browser = desk.context.browser
        assert browser is not None
        await desk.context.close()
        again = await another(browser, house, "ana")
        await expect(again.get_by_test_id("composer")).to_have_value("Half a sentence that goes on", timeout=15_000)

        # Passed on, it goes with the conversation, and says whose it was.
        await ben.desk.command("presence", presence="ready")
        await again.get_by_role("button", name="Pass on").click()
        await expect(again.get_by_role("menuitem", name="Ben Okafor")).to_be_visible()
        await looks(again, "pass-on")
        await again.get_by_role("menuitem", name="Ben Okafor").click()
        colleague = await another(browser, house, "ben")
        await colleague.get_by_role("button", name="Accept").click(timeout=15_000)
        await expect(colleague.get_by_test_id("composer")).to_have_value("Half a sentence that goes on")
        await expect(colleague.get_by_text("Ana Torres wrote this and did not send it")).to_be_visible()
        await looks(colleague, "colleagues-draft")
        await colleague.get_by_test_id("composer").press("End")
        await colleague.keyboard.type(" to its end.")
        await expect(colleague.get_by_text("Ana Torres wrote this")).to_have_count(0)
        await colleague.keyboard.press("Enter")
        await expect(said(visitor).last).to_have_text("Half a sentence that goes on to its end.")
        await ben.sees(lambda state: state["drafts"][card["id"]]["text"] == "")
        await colleague.reload()
        await expect(said(colleague).last).to_have_text("Half a sentence that goes on to its end.", timeout=15_000)
        await expect(colleague.get_by_test_id("composer")).to_have_value("")
        await ben.desk.command("presence", presence="not_ready", reason="break")
        await closes(ben, card)


async def test_a_mail_with_looks_arrives_in_both_parts(house: House, post: MailServer, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana, open_page(tmp_path) as desk:
        await ana.chooses("browser")
        await log_in(desk, house, "ana")
        await get_ready(desk)
        await mails(post, a_mail(f"Nora <nora{NEW}@home.example>", "Looks", "Where is my order? <b>not bold</b>"))
        card = await in_hand(ana)
        composer = desk.get_by_test_id("composer")
        await expect(composer).to_be_focused()
        await desk.keyboard.type("/on its way")
        await expect(desk.get_by_test_id("reply-preview")).to_contain_text("is on its way")
        await looks(desk, "mail-list")
        await desk.keyboard.press("Enter")
        await expect(composer).to_have_value(
            "Hello Nora,\n\nyour order ‹order_no?› is on its way, and will be with you within two days.\n\n"
            "Kind regards\nAna Torres"
        )
        await desk.keyboard.press("Control+Home")
        await looks(desk, "mail-gap")
        await desk.keyboard.press("Tab")
        await desk.keyboard.type("**1234**")
        await desk.keyboard.press("Control+End")
        await desk.keyboard.type("\n\nSee our page")
        await desk.keyboard.press("Control+Shift+ArrowLeft")
        await desk.keyboard.press("Control+K")
        await desk.keyboard.type("https://acme.example/help")
        await desk.keyboard.press("Control+End")
        await desk.keyboard.type(", ")
        await desk.keyboard.press("Control+B")
        await desk.keyboard.type("any time")
        await desk.get_by_role("button", name="Preview").click()
        await expect(
            desk.frame_locator("iframe[title='The mail as it will look']").locator("strong").first
        ).to_have_text("1234")
        await looks(desk, "mail-preview")
        await desk.get_by_role("button", name="Preview").click()
        # The subject of the reply lacks the same value.
        await desk.get_by_role("button", name="Send Ctrl").click()
        await expect(desk.get_by_role("alert")).to_contain_text("“order_no” is not known")
        await desk.get_by_label("Subject").fill("Your order 1234 is on its way")
        await desk.get_by_role("button", name="Send Ctrl").click()
        await expect(desk.get_by_text("Goes out in")).to_be_visible()
        await expect(composer).to_have_value("")

        sent = [read_mail(each) for each in await post.mails_of(f"nora{NEW}", 2)]
        [mail] = [each for each in sent if each.subject == "Your order 1234 is on its way"]
        assert mail.root.get_content_type() == "multipart/alternative"
        assert mail.text.startswith("Hello Nora,\n\nyour order *1234* is on its way")
        assert "See our page <https://acme.example/help>, *any time*\n\n-- \nAcme Ltd, here to help" in mail.text
        assert "> Where is my order? <b>not bold</b>" in mail.text
        assert mail.html is not None
        assert "<strong>1234</strong>" in mail.html
        assert 'href="https://acme.example/help"' in mail.html
        assert "&lt;b&gt;not bold&lt;/b&gt;" in mail.html
        await uses_are_noted(ana, card["id"], "order_sent")
        await closes(ana, card)


async def uses_are_noted(ana: Seat, interaction: str, reply: str) -> None:
    await ana.sees(lambda state: state["threads"][interaction][-1]["details"].get("replies") == [reply])


async def test_an_admin_writes_a_reply_and_desks_have_it_at_once(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in_as_admin(page, house, "dora", "/#centre/replies/order_sent")
        await expect(page.get_by_role("heading", name="Order is on its way")).to_be_visible()
        await looks(page, "centre-reply")
        text = page.locator("[data-field=text] textarea")
        await text.fill("Hello {customr.name},\n\nit left today.")
        await expect(page.get_by_text('did you mean "customer.name"?').first).to_be_visible()
        await looks(page, "centre-wrong")
        await text.fill('Hello {customer.name},\n\nit left today.\n"Yes: really"  # no comment')
        await page.locator("[data-field=text]").get_by_role("button", name="Another language").click()
        await page.keyboard.type("es")
        await page.keyboard.press("Enter")
        await page.get_by_label("Text: es").fill("Hola {customer.name},\n\nha salido hoy.")
        await expect(page.get_by_role("button", name="Apply")).to_be_enabled()
        await looks(page, "centre-plan")
        await page.get_by_role("button", name="Apply").click()
        await expect(page.get_by_text("is in force.")).to_be_visible()
        told = await (await page.context.request.get(f"{house.url}/api/writing")).json()
        [reply] = [each for each in told["replies"] if each["id"] == "order_sent"]
        assert reply["texts"]["es"] == ["Hola ", {"name": "customer.name", "otherwise": None}, ",\n\nha salido hoy."]
        await page.goto(f"{house.url}/#centre/history")
        await expect(page.get_by_text("reply order_sent").first).to_be_visible()
        await looks(page, "centre-history")
