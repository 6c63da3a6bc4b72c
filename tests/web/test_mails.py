"""Mails at the desk: who may read them, how they are shown, and what agents attach."""

from dataclasses import replace
from email.message import EmailMessage
from io import BytesIO

import pytest
from aiohttp import ClientSession

from tests.floor.conftest import CENTRE
from tests.floor.test_trouble import follow
from tests.web.conftest import Web
from trunkline.core.ids import MessageId, QueueId, written_id_of
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.floor.attaching import LARGEST_FILES
from trunkline.ports.channel import ConversationId, Said
from trunkline.ports.mails import KeptMail

CHRIS = "chris@home.example"
HTML = '<p onclick="x()">Hi <img src="http://far.example/1.gif"></p><script>alert(1)</script>'


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = CHRIS, "Order"
    mail.set_content("Hi")
    mail.add_alternative(HTML, subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename='a "b"\u202e.pdf')
    mail.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename="x.html")
    return mail.as_bytes()


@pytest.fixture
async def mail(doors: Web) -> MessageId:
    """A mail that waits in the sales queue, where Ana works and Ben does not."""
    centre = doors.centre
    await follow(centre, CENTRE.replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: supervisor,"))
    said = Said(ConversationId("post", CHRIS, "t1"), "Hi", centre.clock.now(), "1@home")
    await centre.texts.told(said)
    await centre.settled()
    id_ = written_id_of("post", "1@home")
    kept = KeptMail(id_, "post", "t1", "1@home", CHRIS, True, False, centre.clock.now(), a_mail())
    await centre.mails.keep_mail(kept)
    return id_


async def test_a_mail_is_shown_as_a_page_that_can_do_nothing(doors: Web, mail: MessageId) -> None:
    ana = await doors.logged_in("ana")
    async with ana.get(f"/api/mails/{mail}") as answer:
        assert await answer.json() == {"remote": 1}
    async with ana.get(f"/api/mails/{mail}/page") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "<p>Hi" in page
    assert not [word for word in ("onclick", "<script", "far.example") if word in page]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert "img-src data:;" in policy
    async with ana.get(f"/api/mails/{mail}/page?remote=yes") as answer:
        assert "http://far.example/1.gif" in await answer.text()
        assert "img-src data: https: http:;" in answer.headers["Content-Security-Policy"]


async def test_what_is_attached_runs_nowhere(doors: Web, mail: MessageId) -> None:
    ana = await doors.logged_in("ana")
    async with ana.get(f"/api/mails/{mail}/parts/1") as answer:
        assert (await answer.read(), answer.content_type) == (b"%PDF", "application/octet-stream")
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20_b__.pdf"
    async with ana.get(f"/api/mails/{mail}/parts/2") as answer:
        assert (answer.content_type, answer.headers["Content-Disposition"].partition(";")[0]) == (
            "application/octet-stream", "attachment",
        )  # fmt: skip
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with ana.get(f"/api/mails/{mail}/raw") as answer:
        assert await answer.read() == doors.centre.mails.mails[mail].raw
    for path in ("parts/3", "parts/x", "nothing"):
        async with ana.get(f"/api/mails/{mail}/{path}") as answer:
            assert answer.status == 404


async def test_a_mail_is_for_those_whose_queue_it_is_in_and_for_supervisors(doors: Web, mail: MessageId) -> None:
    async with (await doors.browser()).get(f"/api/mails/{mail}/page") as answer:
        assert answer.status == 401
    assert await reads(await doors.logged_in("ana"), mail) == 200
    centre = doors.centre
    [waiting] = [each for each in centre.floor.interactions.values() if each.thread == "t1"]
    await put_in(doors, waiting, "support")
    ana = await doors.logged_in("ana")
    assert await reads(ana, mail) == 404
    assert await reads(await doors.logged_in("ben"), mail) == 200
    assert await reads(ana, MessageId("../../etc/passwd")) == 404
    assert await reads(ana, MessageId("00000000-0000-4000-8000-000000000000")) == 404


async def reads(browser: ClientSession, mail: MessageId) -> int:
    async with browser.get(f"/api/mails/{mail}/page") as answer:
        return answer.status


async def put_in(doors: Web, interaction: Interaction, queue: str) -> None:
    assert interaction.stage in (Stage.WAITING, Stage.OFFERED)
    centre = doors.centre
    entry = Entry(QueueId(queue), centre.clock.now())
    centre.floor.commit(interactions=[replace(interaction, entry=entry)])
    await centre.settled()


async def test_an_agent_attaches_a_file(doors: Web) -> None:
    ana = await doors.logged_in("ana")
    headers = {"Origin": doors.origin, "Content-Type": "application/pdf"}
    async with ana.post("/api/files?name=a%20b.pdf", data=b"%PDF", headers=headers) as answer:
        told = await answer.json()
        assert (answer.status, told["name"], told["type"], told["size"]) == (201, "a b.pdf", "application/pdf", 4)
    kept = doors.centre.mails.files[told["id"]]
    assert (kept.data, kept.agent) == (b"%PDF", "ana")
    async with ana.post("/api/files?name=x", data=b"x", headers=headers | {"Content-Type": "<script>"}) as answer:
        assert (await answer.json())["type"] == "application/octet-stream"


async def test_what_is_too_large_or_comes_from_elsewhere_is_not_kept(doors: Web) -> None:
    ana = await doors.logged_in("ana")
    async with ana.post(
        "/api/files", data=BytesIO(bytes(LARGEST_FILES + 1)), headers={"Origin": doors.origin}
    ) as answer:
        assert answer.status == 413
    async with ana.post("/api/files", data=b"x", headers={"Origin": "https://bad.example"}) as answer:
        assert answer.status == 403
    async with (await doors.browser()).post("/api/files", data=b"x", headers={"Origin": doors.origin}) as answer:
        assert answer.status == 401
    assert doors.centre.mails.files == {}


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        ({"cc": ["nobody"]}, "no address"), ({"cc": "a@b.example"}, "list"), ({"subject": 7}, "subject"),
        ({"files": ["x"]}, "id"), ({"files": ["x"] * 30}, "at most"), ("x", "object"),
        ({"bcc": ["a@b.example\r\nX: y"]}, "no address"),
    ],
)  # fmt: skip
async def test_a_letters_head_is_checked(doors: Web, mail: MessageId, letter: object, why: str) -> None:
    socket = await doors.desk(await doors.logged_in("ana"))
    args = {"interaction": "i", "text": "Hi", "key": "1", "letter": letter}
    await socket.send_json({"type": "command", "id": "1", "name": "say", "args": args})
    while (told := await socket.receive_json(timeout=5))["type"] != "reply":
        pass
    assert why in told["error"]["message"]


async def test_a_picture_at_a_message_comes_from_its_channel(doors: Web, mail: MessageId) -> None:
    centre = doors.centre
    where = ConversationId("post", CHRIS, "t1")
    said = Said(where, "[image/png]", centre.clock.now(), "2@home", details={"pictures": ["P"]})
    await centre.texts.told(said)
    await centre.settled()
    id_, ana = written_id_of("post", "2@home"), await doors.logged_in("ana")
    async with ana.get(f"/api/messages/{id_}/files/1") as answer:
        assert (await answer.read(), answer.content_type) == (b"P", "image/png")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    for path in (f"{id_}/files/2", f"{mail}/files/1", f"{id_}/files/0"):
        async with ana.get(f"/api/messages/{path}") as answer:
            assert answer.status == 404
    async with (await doors.browser()).get(f"/api/messages/{id_}/files/1") as answer:
        assert answer.status == 401
