"""Mails from end to end: a real mail server, a flow, an agent at the desk, and things that break."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.system.house import House, Seat
from tests.system.mail_server import MailServer
from tests.system.test_browser import get_ready, log_in, open_page
from tests.system.test_flows_page import log_in as log_in_as_admin
from tests.system.test_texts import PNG, ready
from trunkline.channels.email.mail import read_mail

NEW = secrets.token_hex(3)

FLOW = """
flow: mails
media: [email]
entry: {channels: [mail]}
start: thanks
steps:
  thanks: {say: We have your mail and answer within a day., next: sales}
  sales: {queue: sales}
"""
HTML = """<html><head><style>p{color:red}</style></head><body>
<h1>My order</h1><p style="color:#06c">Where <b>is</b> it? <script>document.title='hacked'</script></p>
<p><img src="cid:pic" alt="a picture" width="120" height="60"></p><img src="http://127.0.0.1:9/spy.gif" alt="far">
<table border="1"><tr><td>Order</td><td>1234</td></tr></table>
<blockquote>On Monday you wrote: it will come.</blockquote></body></html>"""


pytestmark = pytest.mark.skipif(
    not MailServer.is_installed(), reason="no mail server: apt-get install dovecot-imapd dovecot-lmtpd opensmtpd"
)


@pytest.fixture
async def post(house: House, mailbox: MailServer) -> AsyncIterator[MailServer]:
    """The mail server, while the mailbox leads into a flow."""
    async with house.flow("mails", FLOW):
        await is_read(house)
        yield mailbox


async def is_read(house: House) -> None:
    """Wait until the mailbox is read: it was away since the house began, and is looked for every 15 s."""
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{house.url}/healthz") as answer:
                if (await answer.json())["providers"]["mail"]["ready"]:
                    return
            await asyncio.sleep(0.1)  # nothing tells of it


def a_mail(from_: str, subject: str, text: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = from_, "Acme <support@acme.example>", subject
    mail["Message-ID"] = f"<{subject.replace(' ', '-')}@{NEW}.example>"
    for header, value in headers.items():
        del mail[header.replace("_", "-")]
        mail[header.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def writes(server: MailServer, mail: EmailMessage) -> None:
    address = str(mail["From"]).rpartition("<")[2].strip(">")
    await server.sends(mail, from_=address, to="support@acme.example")


async def in_hand(ana: Seat) -> dict[str, Any]:
    """Take what is offered."""
    offered = await ana.card("offered", within=30)
    await ana.desk.command("accept", offer=offered["offer"]["id"])
    return await ana.card("talking")


async def closes(ana: Seat, card: dict[str, Any]) -> None:
    await ana.desk.command("hang_up", interaction=card["id"])
    await ana.wrap_up()


async def test_a_mail_is_greeted_queued_answered_and_goes_on_in_its_thread(house: House, post: MailServer) -> None:
    async with ready(house) as ana:
        await writes(post, a_mail(f"Chris <chris{NEW}@home.example>", "Order 1234", "Where is it?"))
        card = await in_hand(ana)
        assert (card["medium"], card["caller_name"], card["address"]["raw"]) == (
            "email",
            "Chris",
            f"chris{NEW}@home.example",
        )
        greeting = read_mail((await post.mails_of(f"chris{NEW}", 1))[0])
        assert greeting.headers.one("Auto-Submitted") == "auto-replied", greeting.root.as_string()

        await ana.desk.command(
            "say", interaction=card["id"], text="It comes today.", key="1", letter={"cc": ["boss@acme.example"]}
        )
        mails = [read_mail(each) for each in await post.mails_of(f"chris{NEW}", 2)]
        # The server that sends them may have them overtake each other.
        [sent] = [mail for mail in mails if "It comes today" in mail.text]
        assert sent.subject == "Re: Order 1234"
        assert sent.answers[0] == f"Order-1234@{NEW}.example"
        assert sent.text.startswith("It comes today.\n\n-- \nAcme Ltd, here to help")
        assert [each.address for each in sent.headers.people("Cc")] == ["boss@acme.example"]

        # Another subject, another sender: by what it answers it belongs here.
        answer = a_mail(
            f"Dana <dana{NEW}@home.example>",
            "Thanks",
            "Fine!\n\nAcme wrote:\n> It comes",
            In_Reply_To=f"<{sent.message_id}>",
        )
        await writes(post, answer)
        thread = await ana.sees(lambda state: len(found := state["threads"][card["id"]]) >= 4 and found, within=30)
        assert (thread[-1]["text"], thread[-1]["details"]["from"]["name"]) == ("Fine!", "Dana")
        await closes(ana, card)

        # It rests now; the next answer begins anew, in the same thread, and is at once in a mail of ours again.
        await writes(
            post,
            a_mail(f"Chris <chris{NEW}@home.example>", "Re: Order 1234", "Not yet", In_Reply_To=f"<{sent.message_id}>"),
        )
        again = await in_hand(ana)
        assert again["id"] != card["id"]
        before = await ana.sees(lambda state: state["interactions"][again["id"]]["timeline"])
        assert before[0]["medium"] == "email"
        await closes(ana, again)


async def test_a_mail_can_be_taken_back_for_a_while(house: House, post: MailServer) -> None:
    async with ready(house) as ana:
        await writes(post, a_mail(f"Eve <eve{NEW}@home.example>", "Undo", "Hello"))
        card = await in_hand(ana)
        await ana.desk.command("say", interaction=card["id"], text="A mistake", key="1")
        wrong = (
            await ana.sees(lambda state: state["threads"][card["id"]][-1]["due"] and state["threads"][card["id"]])
        )[-1]
        await ana.desk.command("take_back", interaction=card["id"], message=wrong["id"])
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["delivery"] == "taken_back")
        await ana.desk.command("say", interaction=card["id"], text="What I meant", key="2")
        mails = [read_mail(each).text for each in await post.mails_of(f"eve{NEW}", 2)]
        assert [text.partition("\n")[0] for text in mails] == [
            "We have your mail and answer within a day.",
            "What I meant",
        ]
        await closes(ana, card)


async def test_what_nobody_has_bounces_to_the_desk(house: House, post: MailServer) -> None:
    async with ready(house) as ana:
        mail = a_mail(
            f"Flo <flo{NEW}@home.example>",
            "Bounce",
            "Hello",
            Reply_To="nobody@acme.example",
            Auto_Submitted="auto-generated",
        )
        await writes(post, mail)
        card = await in_hand(ana)
        await ana.desk.command("say", interaction=card["id"], text="Hello Flo", key="1")
        failed = await ana.sees(
            lambda state: next(
                each
                for each in state["threads"][card["id"]]
                if each["text"] == "Hello Flo" and each["delivery"] == "failed"
            ),
            within=30,
        )
        assert "nobody@acme.example" in failed["why"]
        # The flow's own greeting never went to a machine.
        greeting = next(each for each in ana.desk.state["threads"][card["id"]] if each["side"] == "flow")
        assert (greeting["delivery"], "machine" in greeting["why"]) == ("failed", True)
        await closes(ana, card)


async def test_a_killed_service_takes_each_mail_once_and_sends_each_once(house: House, post: MailServer) -> None:
    async with ready(house) as ana:
        await writes(post, a_mail(f"Gil <gil{NEW}@home.example>", "Kill", "One"))
        card = await in_hand(ana)
        await ana.desk.command("say", interaction=card["id"], text="An answer", key="1")
        killed = house.kill_the_service()
        await writes(post, a_mail(f"Gil <gil{NEW}@home.example>", "Kill 2", "Two", In_Reply_To=f"<Kill@{NEW}.example>"))
        await house.ready(other_than=killed)
        thread = await ana.sees(lambda state: len(found := state["threads"][card["id"]]) >= 4 and found, within=30)
        assert [each["text"] for each in thread if each["side"] == "customer"] == ["One", "Two"]
        mails = [read_mail(each) for each in await post.mails_of(f"gil{NEW}", 2)]
        assert sum(mail.text.startswith("An answer") for mail in mails) == 1
        await ana.sees(lambda state: state["me"]["presence"] == "ready")
        await closes(ana, card)


async def test_a_mail_server_that_is_away_holds_up_its_own_mails_and_loses_none(house: House, post: MailServer) -> None:
    async with ready(house) as ana:
        await writes(post, a_mail(f"Hal <hal{NEW}@home.example>", "Away", "Hello"))
        card = await in_hand(ana)
        await post.mails_of(f"hal{NEW}", 1)
        post.stop()
        await ana.desk.command("say", interaction=card["id"], text="While it is away", key="1")
        waits = await ana.sees(
            lambda state: next(
                each for each in state["threads"][card["id"]] if each["why"] and each["text"] == "While it is away"
            ),
            within=30,
        )
        assert (waits["delivery"], "cannot be reached" in waits["why"]) == ("waiting", True)
        post.start()
        await post.mails_of(f"hal{NEW}", 2)
        await writes(
            post, a_mail(f"Hal <hal{NEW}@home.example>", "Away 2", "Back?", In_Reply_To=f"<Away@{NEW}.example>")
        )
        await ana.sees(lambda state: state["threads"][card["id"]][-1]["text"] == "Back?", within=70)
        await closes(ana, card)


async def test_an_agent_reads_and_answers_a_mail_on_the_screen(house: House, post: MailServer, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await page.set_viewport_size({"width": 1280, "height": 800})
        await log_in(page, house)
        await get_ready(page)
        mail = a_mail(f"Ines Müller <ines{NEW}@home.example>", "My order 1234 has not come", "Where is it?")
        mail.add_alternative(HTML, subtype="html")
        mail.get_payload()[1].add_related(PNG, "image", "png", cid="<pic>")  # type: ignore[index, union-attr]
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Rechnung für März.pdf")
        mail["Authentication-Results"] = "mx.acme.example; dmarc=pass header.from=home.example"
        await writes(post, mail)
        await page.get_by_role("button", name="Accept").click(timeout=30_000)
        await expect(page.get_by_test_id("subject")).to_have_text("My order 1234 has not come")
        await expect(page.get_by_text("Sender verified")).to_be_visible()
        await expect(page.get_by_role("link", name="Rechnung für März.pdf, 8 B")).to_be_visible()
        await page.screenshot(path=tmp_path / "mail.png")

        await page.get_by_role("button", name="Show the whole mail").first.click()
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_role("heading", name="My order")).to_be_visible()
        assert await frame.get_by_alt_text("a picture").evaluate("image => image.naturalWidth") == 1
        assert await frame.locator("img[alt=far]").get_attribute("src") is None
        assert "hacked" not in await page.title()
        await page.screenshot(path=tmp_path / "whole.png")
        await page.get_by_role("button", name="Load 1 picture from elsewhere").click()
        await expect(frame.locator("img[alt=far]")).to_have_attribute("src", "http://127.0.0.1:9/spy.gif")
        await page.get_by_role("button", name="Show less").click()

        await answers_with_a_file(page, tmp_path)
        sent = read_mail((await post.mails_of(f"ines{NEW}", 2))[1])
        assert [(part.name, part.data) for part in sent.parts] == [("Lieferschein.txt", b"It left today.")]
        assert [each.address for each in sent.headers.people("Cc")] == ["boss@acme.example"]
        await page.screenshot(path=tmp_path / "sent.png")
        await page.get_by_role("button", name="End conversation").click()
        await page.get_by_role("radio", name="Resolved").click()
        await page.get_by_role("button", name="Save").click()
        await page.set_viewport_size({"width": 1920, "height": 1080})


async def answers_with_a_file(page: Page, folder: Path) -> None:
    """Write an answer, take it back, and send it with a copy and a file."""
    composer = page.get_by_test_id("composer")
    await composer.fill("It left today.")
    await composer.press("Control+Enter")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Taken back")).to_be_visible()
    await expect(composer).to_have_value("It left today.")
    (folder / "Lieferschein.txt").write_bytes(b"It left today.")
    await page.get_by_test_id("files").set_input_files(folder / "Lieferschein.txt")
    await page.get_by_role("button", name="Copies and subject").click()
    await page.get_by_label("Cc", exact=True).fill("boss")
    await expect(page.get_by_text("“boss” is no address.")).to_be_visible()
    await page.get_by_label("Cc", exact=True).fill("boss@acme.example")
    await expect(page.get_by_text("Lieferschein.txt")).to_be_visible()
    await page.screenshot(path=folder / "composed.png")
    await page.get_by_role("button", name="Send Ctrl").click()
    await expect(page.get_by_text("Goes out in")).to_be_visible()
    await page.screenshot(path=folder / "waits.png")


async def test_the_channels_page_tells_of_the_mailbox(house: House, post: MailServer, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in_as_admin(page, house, "dora", "/#channels")
        await expect(page.get_by_text("support@acme.example")).to_be_visible()
        await page.screenshot(path=tmp_path / "channels.png")
