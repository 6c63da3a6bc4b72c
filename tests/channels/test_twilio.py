"""Text messages by a provider with Twilio's interface, over real HTTP: its webhooks, its answers, its misbehaviour."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.memory_files import MemoryFiles
from tests.fakes.twilio_peer import ACCOUNT, TOKEN, TwilioPeer, twilio_peer
from trunkline.channels.sms.keywords import Keyword
from trunkline.channels.sms.twilio import LARGEST_REQUEST, TwilioSms
from trunkline.clock import SystemClock
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, MessageId, new_id
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, NotTaken, Refused, Said, Wished
from trunkline.ports.files import AttachedFile
from trunkline.web.errors import errors

CHRIS = "+447700900123"
ID = MessageId("11111111-1111-4111-8111-111111111111")


@dataclass
class Line:
    """A channel, the provider, and what the centre was told."""

    channel: TwilioSms
    peer: TwilioPeer
    url: str
    told: list[ChannelEvent] = field(default_factory=list)
    receipts: list[tuple[MessageId, Delivery, str | None]] = field(default_factory=list)
    durable: bool = True

    def tell(self, event: ChannelEvent) -> asyncio.Future[None]:
        self.told.append(event)
        if not self.durable:
            raise Unavailable("the database is away")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def take_receipt(self, id_: MessageId, state: Delivery, why: str | None) -> None:
        if not self.durable:
            raise Unavailable("the database is away")
        self.receipts.append((id_, state, why))

    def out(self, text: str = "Hello", id_: MessageId = ID) -> Outgoing:
        return Outgoing(id_, "text", CHRIS, text, datetime.now(UTC))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with twilio_peer() as peer:
        runner = web.AppRunner(application := web.Application(middlewares=[errors]))
        channel = TwilioSms(
            "text", account=ACCOUNT, token=TOKEN, sender="+442079460000", api=peer.url, public_url="",
            replies={Keyword.STOP: "No more.", Keyword.HELP: ""}, files=MemoryFiles(),
            file_secret=b"a key", clock=SystemClock(),
        )  # fmt: skip
        application.add_routes(channel.routes())
        application.on_shutdown.append(channel.close_all)
        await runner.setup()
        await (site := web.TCPSite(runner, "127.0.0.1", 0)).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        channel._public_url = url
        line = Line(channel, peer, url)
        channel.tell, channel.take_receipt = line.tell, line.take_receipt
        yield line
        await site.stop()
        await runner.cleanup()


async def test_a_message_comes_in_with_its_id_and_is_acknowledged(line: Line) -> None:
    assert await line.peer.texts_us(f"{line.url}/sms/text", "Grüße 😀 & more=1", from_=CHRIS, sid="SM7") == 200

    [said] = line.told
    assert isinstance(said, Said)
    assert (said.conversation.channel, said.conversation.address, said.text, said.message) == (
        "text", CHRIS, "Grüße 😀 & more=1", "SM7"
    )  # fmt: skip


async def test_what_is_not_durable_is_not_acknowledged(line: Line) -> None:
    line.durable = False
    assert await line.peer.texts_us(f"{line.url}/sms/text", "Hi", from_=CHRIS) == 503
    line.channel.tell = None
    assert await line.peer.texts_us(f"{line.url}/sms/text", "Hi", from_=CHRIS) == 503


async def test_nobody_but_the_provider_is_believed(line: Line) -> None:
    url, form = f"{line.url}/sms/text", {"MessageSid": "SM1", "From": CHRIS, "To": "+1", "Body": "Hi"}
    assert await line.peer.posts(url, form, token="another") == 403
    assert await line.peer.posts(url, form, signed_as=f"{url}?x=1") == 403
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        assert answer.status == 403
    assert await line.peer.posts(f"{line.url}/sms/text/status/{ID}", {"MessageStatus": "sent"}, token="x") == 403
    assert (line.told, line.receipts) == ([], [])


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"x" * (LARGEST_REQUEST + 1), 413), (b"\xff\xfe", 400), (b"&".join([b"a=1"] * 300), 400), (b"", 403)],
)
async def test_what_is_no_form_of_the_providers_is_refused(line: Line, body: bytes, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{line.url}/sms/text", data=body) as answer:
        assert answer.status == status
    assert line.told == []


async def test_a_signed_form_that_tells_of_no_message_is_refused(line: Line) -> None:
    assert await line.peer.posts(f"{line.url}/sms/text", {"Body": "Hi"}) == 400


async def test_keywords_mean_the_channel(line: Line) -> None:
    for text in ("STOP", "start", "HELP"):
        await line.peer.texts_us(f"{line.url}/sms/text", text, from_=CHRIS)

    stop, start, help_ = line.told
    assert isinstance(stop, Wished)
    assert (stop.wants_more, stop.reply) == (False, "No more.")
    assert isinstance(start, Wished)
    assert (start.wants_more, start.reply) == (True, "")
    assert isinstance(help_, Said), "without an answer of its own it is for the flow"


async def test_a_message_goes_out_and_its_receipt_finds_it(line: Line) -> None:
    external = await line.channel.deliver(line.out("Grüße 😀"))

    [sent] = line.peer.sent
    assert (sent["sid"], sent["to"], sent["from"], sent["body"]) == (external, CHRIS, "+442079460000", "Grüße 😀")
    assert await line.peer.tells(sent, "delivered") == 204
    assert await line.peer.tells(sent, "undelivered", ErrorCode="30003") == 204
    assert await line.peer.tells(sent, "dancing") == 204
    assert line.receipts == [(ID, Delivery.DELIVERED, None), (ID, Delivery.FAILED, "the provider refused it (30003)")]
    line.durable = False
    assert await line.peer.tells(sent, "delivered") == 503


@pytest.mark.parametrize(
    ("order", "fault"),
    [(400, Refused), (429, NotTaken), (500, Unavailable), ("silent", Unavailable), ("deaf", Unavailable)],
)
async def test_a_provider_that_misbehaves_is_understood(line: Line, order: int | str, fault: type[Exception]) -> None:
    line.peer.orders.append(order)
    with pytest.raises(fault) as raised:
        await line.channel.deliver(line.out())
    assert type(raised.value) is fault


async def test_a_provider_that_is_not_there_has_certainly_taken_nothing(line: Line) -> None:
    line.channel._messages = "http://127.0.0.1:9/2010-04-01/Accounts/x/Messages.json"
    with pytest.raises(NotTaken, match="cannot be reached"):
        await line.channel.deliver(line.out())


async def test_what_a_provider_took_without_a_word_is_found(line: Line) -> None:
    out = line.out("Taken")
    line.peer.orders.append("silent")
    with pytest.raises(Unavailable):
        await line.channel.deliver(out)

    assert await line.channel.find(out) == line.peer.sent[0]["sid"]
    assert await line.channel.find(line.out("Never sent")) is None


async def test_a_wrong_token_holds_messages_up_and_loses_none(line: Line) -> None:
    line.channel._token = "old"
    with pytest.raises(NotTaken, match=r"Authenticate \(20003\)"):
        await line.channel.deliver(line.out())


def test_a_long_message_is_given_in_pieces_that_the_provider_takes() -> None:
    channel = TwilioSms(
        "text",
        account="A",
        token="t",
        sender="+1",
        api="https://a.example",
        public_url="",
        files=MemoryFiles(),
        file_secret=b"a key",
        replies={},
        clock=SystemClock(),
    )
    assert [len(each) <= 1600 for each in channel.parts(Shown(("word " * 700,), "en"))] == [True] * 3


async def test_a_picture_is_fetched_from_the_provider_and_from_nowhere_else(line: Line) -> None:
    form = line.peer.has_picture(b"PNG")
    assert await line.peer.texts_us(f"{line.url}/sms/text", "", from_=CHRIS, **form) == 200
    [said] = line.told
    assert isinstance(said, Said)
    assert said.text == "[image/png]"
    assert said.details["files"] == [{"number": 1, "name": "file-1.png", "type": "image/png", "size": 0}]
    file = await line.channel.file(said.details, 1)
    assert file is not None
    assert (file.name, file.type, file.data) == ("file-1.png", "image/png", b"PNG")
    assert await line.channel.file(said.details, 2) is None
    for url in (
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest",
        "https://api.twilio.com.bad.example/x",
        "file:///",
    ):
        assert await line.channel.file({**said.details, "media": [url]}, 1) is None
    line.peer.media.clear()
    with pytest.raises(Unavailable, match="404"):
        await line.channel.file(said.details, 1)


PNG = b"\x89PNG\r\n\x1a\nthe picture"


async def a_picture(line: Line) -> str:
    file = AttachedFile(new_id(), "a.png", "image/png", PNG, AgentId("ana"))
    await line.channel._files.keep_file(file, at=datetime.now(UTC))
    return file.id


async def test_pictures_go_out_from_an_address_that_nobody_guesses(line: Line) -> None:
    out = replace(line.out(""), details={"files": [await a_picture(line), await a_picture(line)]})
    sid = await line.channel.deliver(out)

    assert line.peer.fetched[sid] == [("image/png", PNG)] * 2
    async with aiohttp.ClientSession() as session:
        for spoilt in (line.peer.addresses[0][:-1], line.peer.addresses[0].partition("?")[0]):
            async with session.get(spoilt) as answer:
                assert answer.status == 403
        async with session.get(line.peer.addresses[0]) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert await line.channel.find(out) == sid
    assert await line.channel.find(replace(out, details={})) is None


async def test_an_address_of_another_channel_gives_nothing(line: Line) -> None:
    id_ = await a_picture(line)
    there = line.channel._address_of(id_)
    line.channel._name = "other"
    async with aiohttp.ClientSession() as session, session.get(there) as answer:
        assert answer.status == 403
    line.channel._name = "text"
    gone = line.channel._address_of(new_id())
    async with aiohttp.ClientSession() as session, session.get(gone) as answer:
        assert answer.status == 404


def test_without_an_address_of_ours_no_picture_goes_out(line: Line) -> None:
    assert (line.channel.files.most, line.channel.files.why_not) == (10, "")
    line.channel._public_url = ""
    assert "TRUNKLINE_PUBLIC_URL" in line.channel.files.why_not
