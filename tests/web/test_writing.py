"""What agents write with, by HTTP: the centre's replies for all who are logged in, and how a mail would look."""

import gzip
from dataclasses import replace
from datetime import UTC

import pytest

from tests.floor.conftest import CENTRE
from tests.floor.test_trouble import follow
from tests.web.conftest import Web, hears
from trunkline.floor.replies import Replies

REPLIES = b"""
replies:
  hi: {title: Hi, text: {en-GB: "Hi {default(customer.name, 'you')}", es: Hola}, subject: "{queue}", queues: [sales]}
"""


async def test_replies_are_fetched_by_their_revision_and_told_anew(doors: Web) -> None:
    ana = await doors.logged_in("ana")
    socket = await doors.desk(ana)
    assert (await hears(socket, "snapshot"))["state"]["centre"]["replies"] == ""

    await follow(doors.centre, CENTRE + REPLIES)
    doors.centre.hub.centre_changed(UTC)

    revision = (await hears(socket, "snapshot"))["state"]["centre"]["replies"]
    async with ana.get(f"/api/writing?revision={revision}") as answer:
        assert answer.headers["Cache-Control"] == "private, max-age=604800"
        told = await answer.json()
    assert told == {
        "revision": revision, "language": "en-GB", "rich": ["post"],
        "replies": [{
            "id": "hi", "title": "Hi", "media": ["chat", "email", "sms"], "queues": ["sales"],
            "texts": {"en-GB": ["Hi ", {"name": "customer.name", "otherwise": "you"}], "es": ["Hola"]},
            "subjects": {"en-GB": [{"name": "queue", "otherwise": None}]},
        }],
    }  # fmt: skip
    for asked in ("?revision=old", "", "?revision="):
        async with ana.get(f"/api/writing{asked}") as answer:
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert (await answer.json())["revision"] == revision


async def test_a_thousand_desks_are_answered_with_what_was_written_once(doors: Web) -> None:
    await follow(doors.centre, CENTRE + REPLIES)
    replies = Replies(lambda: doors.centre.floor.centre)

    assert replies.packed() is replies.packed()
    assert b'"Hola"' in gzip.decompress(replies.packed())
    before = replies.packed()
    doors.centre.floor.centre = replace(doors.centre.floor.centre, language="es")
    assert replies.packed() is not before


async def test_who_is_not_logged_in_is_told_nothing(doors: Web) -> None:
    stranger = await doors.browser()
    async with stranger.get("/api/writing") as answer:
        assert answer.status == 401
    async with stranger.post("/api/mails/preview", json={"text": "a"}) as answer:
        assert answer.status in {401, 403}


async def test_a_mail_is_shown_as_it_would_look(doors: Web) -> None:
    ana = await doors.logged_in("ana")
    origin = {"Origin": doors.origin}
    text = "**Hi** <script>alert(1)</script> [x](javascript:1) https://a.example"
    async with ana.post("/api/mails/preview", json={"text": text}, headers=origin) as answer:
        page = (await answer.json())["page"]
    assert "<strong>Hi</strong> &lt;script&gt;" in page
    assert 'href="https://a.example"' in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    async with ana.post("/api/mails/preview", json={"text": text}, headers={"Origin": "http://evil.example"}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 409), (b'{"text": 5}', 409), (b"{", 400), (b'{"text": "%s"}' % (b"a" * 50_001), 409)],
)
async def test_what_is_no_text_is_refused(doors: Web, body: bytes, status: int) -> None:
    ana = await doors.logged_in("ana")
    async with ana.post("/api/mails/preview", data=body, headers={"Origin": doors.origin}) as answer:
        assert answer.status == status
