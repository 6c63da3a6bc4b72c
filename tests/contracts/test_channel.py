"""Every kind of channel keeps to the port, and says what it promises beyond that."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from email import message_from_bytes

import pytest
from aiohttp import ClientSession, web

from tests.channels.email.test_email import US, FakeMailbox, a_mail
from tests.contracts.channel import CarriedContract, CarriedStage, ChannelContract, Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_files import MemoryFiles
from tests.fakes.memory_mails import MemoryMails
from tests.fakes.memory_segments import MemorySegments
from tests.fakes.memory_store import MemoryStore
from tests.fakes.smpp_peer import PASSWORD, SYSTEM_ID, SmppPeer, smpp_peer
from tests.fakes.smtp_peer import SmtpPeer, smtp_peer
from tests.fakes.twilio_peer import ACCOUNT, TOKEN, TwilioPeer, twilio_peer
from trunkline.channels.email.email import Email
from trunkline.channels.email.mail import Person, read_mail
from trunkline.channels.email.smtp import Server
from trunkline.channels.quality import PROMISES, quality_of
from trunkline.channels.sms.gsm import of_gsm
from trunkline.channels.sms.smpp import SmppSms
from trunkline.channels.sms.smpp_link import Account
from trunkline.channels.sms.twilio import TwilioSms
from trunkline.channels.webchat.webchat import WebChat
from trunkline.clock import SystemClock
from trunkline.core.ids import AgentId
from trunkline.web.errors import errors

CHRIS = "+447700900123"


async def always() -> None:
    pass


class TwilioStage(CarriedStage):
    kind, address = "twilio", CHRIS
    peer: TwilioPeer

    async def opens(self) -> None:
        self.peer = await self.stack.enter_async_context(twilio_peer())
        runner = web.AppRunner(application := web.Application(middlewares=[errors]))
        channel = self.channel = TwilioSms(
            "it", account=ACCOUNT, token=TOKEN, sender="+442079460000", api=self.peer.url, public_url="", replies={},
            files=MemoryFiles(), file_secret=b"a key", clock=SystemClock(),
        )  # fmt: skip
        application.add_routes(channel.routes())
        application.on_shutdown.append(channel.close_all)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = channel._public_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        channel.tell = self.tell

    async def writes(self, text: str, name: str) -> bool:
        return await self.peer.texts_us(f"{self.url}/sms/it", text, from_=CHRIS, sid=f"SM{name}") == 200

    def refuses(self, *, for_ever: bool) -> None:
        self.peer.orders.append(400 if for_ever else 503)

    def loses_the_answer(self) -> None:
        self.peer.orders.append("silent")

    def carried(self) -> Sequence[tuple[str, str]]:
        return [(each["to"], each["body"]) for each in self.peer.sent]


class SmppStage(CarriedStage):
    kind, address = "smpp", CHRIS
    peer: SmppPeer

    async def opens(self) -> None:
        self.peer = await self.stack.enter_async_context(smpp_peer())
        account = Account("127.0.0.1", self.peer.port, False, SYSTEM_ID, PASSWORD, "")
        channel = self.channel = SmppSms(
            "it", account=account, sender="Acme", replies={}, segments=MemorySegments(), clock=FakeClock()
        )
        channel.tell = self.tell
        running = asyncio.ensure_future(channel.run(always))
        self.stack.push_async_callback(_ended, running)
        async with asyncio.timeout(5):
            while channel._link is None:
                await asyncio.sleep(0.005)

    async def writes(self, text: str, name: str) -> bool:
        # A message centre gives no id: what comes again has the same words.
        return await self.peer.delivers(text.encode("utf-16-be"), coding=8) == 0

    def refuses(self, *, for_ever: bool) -> None:
        self.peer.orders.append(0x0B if for_ever else 0x58)

    def loses_the_answer(self) -> None:
        self.peer.orders.append("cut")

    def carried(self) -> Sequence[tuple[str, str]]:
        return [(f"+{each.to}", of_gsm(each.data)) for each in self.peer.submitted]


class EmailStage(CarriedStage):
    kind, address = "email", "chris@home.example"
    peer: SmtpPeer

    async def opens(self) -> None:
        self.peer = await self.stack.enter_async_context(smtp_peer())
        self.box, clock = FakeMailbox(), FakeClock()
        channel = self.channel = Email(
            "it", ours=Person(US, "Acme"), mailbox=lambda: self.box, smtp=Server("127.0.0.1", self.peer.port, "none"),
            login=None, mails=MemoryMails(), secret=b"a secret of the tests", clock=clock,
        )  # fmt: skip
        channel.tell = self.tell
        self.numbers: dict[str, int] = {}
        self.stack.push_async_callback(_ended, asyncio.ensure_future(channel.run(always)))

    async def writes(self, text: str, name: str) -> bool:
        uid = self.box.gets(a_mail(text, from_=self.address, Message_ID=f"<{name}@home>"))
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                while uid not in self.box.seen:
                    await asyncio.sleep(0.005)
        return uid in self.box.seen

    def refuses(self, *, for_ever: bool) -> None:
        self.peer.orders.append("550 never" if for_ever else "451 later")

    def loses_the_answer(self) -> None:
        self.peer.orders.append("silent")

    def carried(self) -> Sequence[tuple[str, str]]:
        return [(to, _words(raw)) for _, recipients, raw in self.peer.mails for to in recipients]


class WebChatStage(Stage):
    kind, address = "webchat", ""

    async def opens(self) -> None:
        channel = self.channel = WebChat(
            "it", title="Chat", origins=frozenset(), threads=MemoryStore(), clock=FakeClock(),
            agent_name=lambda id_: f"{AgentId(id_)}", files=MemoryFiles(), file_secret=b"a key",
        )  # fmt: skip
        channel.tell = self.tell
        application = web.Application(middlewares=[errors])
        application.add_routes(channel.routes())
        runner = web.AppRunner(application)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        session = await self.stack.enter_async_context(ClientSession())
        self.page = await self.stack.enter_async_context(session.ws_connect(f"{url}/chat/it/ws", origin=url))
        await self.page.send_json({"type": "hello", "visitor": None})
        welcome = await self.page.receive_json()
        assert welcome["type"] == "welcome"

    async def writes(self, text: str, name: str) -> bool:
        await self.page.send_json({"type": "say", "id": name, "text": text})
        while True:
            answer = await self.page.receive_json()
            if answer["type"] in ("taken", "refused"):
                return bool(answer["type"] == "taken")


async def _ended(task: asyncio.Future[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _words(raw: bytes) -> str:
    assert message_from_bytes(raw)["To"]
    return read_mail(raw).text


class TestTwilio(CarriedContract):
    def stage(self) -> CarriedStage:
        return TwilioStage()

    async def test_a_provider_that_can_be_asked_knows_what_it_took(self) -> None:
        async with TwilioStage() as stage:
            out = stage.out("Hello")
            stage.loses_the_answer()
            with suppress(Exception):
                await stage.provider.deliver(out)
            assert await stage.provider.find(out) == stage.peer.sent[0]["sid"]


class TestSmpp(CarriedContract):
    def stage(self) -> CarriedStage:
        return SmppStage()


class TestEmail(CarriedContract):
    def stage(self) -> CarriedStage:
        return EmailStage()


class TestWebChat(ChannelContract):
    def stage(self) -> Stage:
        return WebChatStage()


@pytest.mark.parametrize("kind", [stage.kind for stage in (TwilioStage, SmppStage, EmailStage, WebChatStage)])
def test_each_kind_says_what_it_promises(kind: str) -> None:
    told = quality_of(kind)
    assert tuple(told) == PROMISES
    assert all(len(each.split()) > 0 for each in told.values())
