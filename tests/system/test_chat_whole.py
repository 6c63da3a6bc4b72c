"""The web chat whole: files both ways, read marks, a rating, and the conversation by mail, on a foreign site."""

import secrets
import struct
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
from playwright.async_api import Page, expect

from tests.system.house import CHAT_SECRET, House, seated
from tests.system.mail_server import MailServer
from tests.system.test_browser import get_ready, log_in, open_page
from tests.system.test_chat_browser import a_site, said, visits, writes
from tests.system.test_texts import PNG
from trunkline.channels.email.mail import read_mail

NEW = secrets.token_hex(3)
FLOW = """
flow: rated
media: [chat]
entry: {channels: [web]}
start: rating
steps:
  rating: {rate: How do you like our shop?, next: thanks}
  thanks: {say: Thank you., next: people}
  people: {queue: sales}
"""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@asynccontextmanager
async def flow_of(house: House, text: str) -> AsyncIterator[None]:
    """Let visitors come into a flow of the test."""
    own, away = house.flows / "webchat.yaml", house.flows / "webchat.yaml.away"
    own.rename(away)
    try:
        async with house.flow("rated", text):
            yield
    finally:
        away.rename(own)


async def opens_again(visitor: Page) -> None:
    await visitor.reload()
    await visitor.get_by_role("button", name="Open chat").click()


def picture() -> bytes:
    """Return a picture that is worth a look: 240 by 160, a gradient."""
    rows = b"".join(b"\0" + bytes(v for x in range(240) for v in (x, 255 - y, 120 + y // 2)) for y in range(160))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 240, 160, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def test_files_marks_rating_and_transcript(house: House, tmp_path: Path, mailbox: MailServer) -> None:
    async with flow_of(house, FLOW):
        async with seated(house, "ana") as ana:
            await ana.chooses("browser")
        async with a_site(house) as site, open_page(tmp_path) as desk:
            broken: list[str] = []
            desk.on("pageerror", lambda fault: broken.append(str(fault)))
            await log_in(desk, house, "ana")
            await get_ready(desk)
            context = await desk.context.browser.new_context(viewport={"width": 1100, "height": 760})
            visitor = await visits(context, site)
            visitor.on("pageerror", lambda fault: broken.append(str(fault)))
            await writes(visitor, "Hello")

            # Stars, by keyboard alone.
            await expect(visitor.get_by_role("group", name="Your rating")).to_be_visible()
            await visitor.get_by_role("radio", name="1 of 5 stars").focus()
            for _ in range(3):
                await visitor.keyboard.press("ArrowRight")
            await expect(visitor.get_by_role("radio", name="4 of 5 stars")).to_be_checked()
            await visitor.screenshot(path=tmp_path / "visitor-stars.png")
            await visitor.keyboard.press("Enter")
            await expect(said(visitor)).to_have_text(["Hello", "How do you like our shop?", "4", "Thank you."])

            # A picture, before anybody is there.
            await visitor.get_by_label("Send a file").first.set_input_files(
                {"name": "broken.png", "mimeType": "image/png", "buffer": picture()}
            )
            mine = visitor.get_by_role("link", name="broken.png")
            await expect(mine.locator("img")).to_be_visible()
            offer = desk.locator("[data-stage=offered]")
            await expect(offer).to_contain_text("broken.png", timeout=15_000)
            await desk.bring_to_front()
            await desk.get_by_role("button", name="Accept").click()
            seen = desk.get_by_test_id("thread").get_by_role("img", name="broken.png")
            await expect(seen).to_be_visible()
            assert await seen.evaluate("each => each.naturalWidth") == 240

            # She has it in view: that is shown to the visitor.
            await expect(visitor.get_by_text("Read", exact=True)).to_be_visible()
            await desk.get_by_test_id("files").set_input_files(
                {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": PDF}
            )
            await expect(desk.get_by_text("invoice.pdf")).to_be_visible()
            await desk.screenshot(path=tmp_path / "desk-attached.png")
            await desk.get_by_test_id("composer").fill("Here is your invoice.")
            await desk.keyboard.press("Enter")
            await visitor.bring_to_front()
            theirs = visitor.get_by_role("link", name="invoice.pdf")
            await expect(theirs).to_be_visible()
            async with visitor.expect_download() as download:
                await theirs.click()
            got = await (await download.value).path()
            assert got.read_bytes() == PDF
            await expect(desk.get_by_test_id("thread").get_by_text("Read", exact=True)).to_be_visible()
            await visitor.screenshot(path=tmp_path / "visitor-files.png")

            # A reload of either keeps all of it, and so does a killed service.
            await house.ready(other_than=house.kill_the_service())
            await opens_again(visitor)
            await expect(visitor.get_by_text("Read", exact=True)).to_be_visible(timeout=15_000)
            await expect(mine.locator("img")).to_have_js_property("naturalWidth", 240)
            await expect(theirs).to_be_visible()
            await desk.reload()
            await expect(seen).to_have_js_property("naturalWidth", 240, timeout=15_000)
            await expect(desk.get_by_test_id("thread").get_by_text("Read", exact=True)).to_be_visible()
            await expect(desk.get_by_test_id("thread").get_by_role("link", name="invoice.pdf")).to_be_visible()
            await desk.screenshot(path=tmp_path / "desk-files.png")
            await desk.emulate_media(color_scheme="dark")
            await visitor.emulate_media(color_scheme="dark")
            await desk.screenshot(path=tmp_path / "desk-files-dark.png")
            await visitor.screenshot(path=tmp_path / "visitor-files-dark.png")

            # What is none of these kinds is told of, and nothing is held up by it.
            await visitor.get_by_label("Send a file").first.set_input_files(
                {"name": "a.png", "mimeType": "image/png", "buffer": b"MZ\0\1"}
            )
            await expect(visitor.get_by_text("Files of this kind cannot be sent.")).to_be_visible()
            await writes(visitor, "Thanks")
            await expect(said(visitor).last).to_have_text("Thanks")
            await visitor.screenshot(path=tmp_path / "visitor-refused.png")

            # By mail, to an address that had none of it before.
            address = f"chris{NEW}@home.example"
            await visitor.get_by_role("button", name="Send this conversation by email").click()
            await visitor.get_by_role("textbox", name="Email address").fill(address)
            await visitor.screenshot(path=tmp_path / "visitor-mail.png")
            await visitor.get_by_role("button", name="Send it").click()
            await expect(visitor.get_by_text("on its way to you by email")).to_be_visible()
            [raw] = await mailbox.mails_of(f"chris{NEW}", 1)
            mail = read_mail(raw)
            assert (mail.subject, mail.html) == ("Your conversation with Acme", None)
            assert mail.headers.one("Auto-Submitted") == "auto-generated"
            assert "Visitor: [broken[.]png]" in mail.text
            assert "Ana Torres: Here is your invoice." in mail.text

            await desk.get_by_role("button", name="End chat").click()
            await desk.get_by_role("radio", name="Resolved").check()
            await desk.get_by_role("button", name="Save").click()
            await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)
            assert broken == []


async def test_a_file_survives_a_reload_before_it_was_brought(house: House, tmp_path: Path) -> None:
    async with a_site(house) as site, open_page(tmp_path) as page:
        visitor = await visits(page.context, site)
        await writes(visitor, "Hello")
        await expect(said(visitor)).to_have_count(3)
        killed = house.kill_the_service()
        await visitor.get_by_label("Send a file").first.set_input_files(
            {"name": "late.png", "mimeType": "image/png", "buffer": PNG}
        )
        sent = visitor.get_by_role("link", name="late.png")
        await expect(sent).to_be_visible()
        await opens_again(visitor)
        await house.ready(other_than=killed)
        await expect(sent).to_be_visible(timeout=30_000)
        await expect(visitor.locator("li.unsent")).to_have_count(0, timeout=30_000)
        await opens_again(visitor)
        await expect(sent.locator("img")).to_be_visible(timeout=15_000)
        await visitor.get_by_role("button", name="End this conversation").click()
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()


CLOSED = """
flow: rated
media: [chat]
entry: {channels: [web]}
start: form
steps:
  form: {voicemail: We are closed. Leave a message and your number., queue: sales, next: bye}
  bye: {end: Thank you. We write to you tomorrow.}
"""


async def test_who_the_site_knows_leaves_a_message_out_of_hours(house: House, tmp_path: Path) -> None:
    token = jwt.encode(
        {"sub": f"chris{NEW}", "name": "Chris Wren", "exp": time.time() + 3600, "email": "chris@home.example"},
        CHAT_SECRET, "HS256",
    )  # fmt: skip
    async with flow_of(house, CLOSED), seated(house, "ana") as ana:
        await ana.chooses("browser")
        await ana.desk.command("presence", presence="ready")
        look = f'data-identity="{token}" data-accent="#7a1fa2" data-language="es"'
        async with a_site(house, look) as site, open_page(tmp_path) as page:
            await page.goto(site)
            # By keyboard alone, on a telephone's screen, in the dark.
            await page.set_viewport_size({"width": 390, "height": 700})
            await page.emulate_media(color_scheme="dark")
            await page.get_by_role("button", name="Abrir el chat").focus()
            await page.keyboard.press("Enter")
            box = page.get_by_role("textbox", name="Escriba un mensaje")
            await expect(box).to_be_focused()
            await page.keyboard.type("Hola")
            await page.keyboard.press("Enter")
            await expect(said(page).last).to_have_text("We are closed. Leave a message and your number.")
            await page.keyboard.type("Call me: 07700 900123")
            await page.keyboard.press("Enter")
            await expect(said(page).last).to_have_text("Thank you. We write to you tomorrow.")
            await page.screenshot(path=tmp_path / "closed.png")
            send = page.get_by_role("button", name="Enviar", exact=True)
            assert await send.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(122, 31, 162)"
            assert await page.context.cookies() == []

            offered = await ana.card("offered", within=20)
            assert offered["caller_name"] == "Chris Wren"
            await ana.desk.command("accept", offer=offered["offer"]["id"])
            card = await ana.card("talking")
            # Each sees that the other is writing.
            await ana.desk.command("write", interaction=card["id"])
            await expect(page.get_by_text("Ana Torres está escribiendo…")).to_be_visible()
            await ana.desk.command("say", interaction=card["id"], text="Good morning", key="1")
            await page.get_by_role("button", name="Enviar la conversación por correo").click()
            await expect(page.get_by_role("textbox", name="Dirección de correo")).to_have_value("chris@home.example")
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_be_hidden()
        await ana.desk.command("hang_up", interaction=card["id"])
        await ana.wrap_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")
