"""A mailbox as a channel: threads, copies, loops, bounces, and what a mail server's answers mean."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.builders import NOON
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_mails import MemoryMails
from tests.fakes.smtp_peer import SmtpPeer, smtp_peer
from trunkline.channels.email.automatic import Kind, kind_of
from trunkline.channels.email.email import MOST_AUTOMATIC, Email
from trunkline.channels.email.imap import Mailbox, Opened
from trunkline.channels.email.mail import Person, read_mail
from trunkline.channels.email.oauth import Tokens
from trunkline.channels.email.smtp import Login, Server
from trunkline.channels.email.tokens import mail_addressed, mail_named, message_id, reply_address
from trunkline.channels.email.told import verdict
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, MessageId, new_id
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, ConversationId, NotTaken, Refused, Said
from trunkline.ports.files import AttachedFile

US = "support@acme.example"
CHRIS = "chris@home.example"
SECRET = b"a secret of the tests"


def a_mail(text: str = "Hello", *, from_: str = CHRIS, to: str = US, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = from_, to
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


@dataclass
class FakeMailbox(Mailbox):
    """Mails by UID; `faults` are raised by the next looks."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    validity: int = 7
    came: asyncio.Event = field(default_factory=asyncio.Event)
    opened: int = 0

    async def open(self) -> Opened:
        self.opened += 1
        return Opened(self.validity, max(self.mails, default=0) + 1)

    async def unseen(self) -> Sequence[int]:
        return sorted(self.mails.keys() - self.seen)

    async def after(self, uid: int) -> Sequence[int]:
        return sorted(each for each in self.mails if each > uid)

    async def fetch(self, uid: int) -> tuple[bytes, bool]:
        return self.mails[uid], True

    async def mark_seen(self, uid: int) -> None:
        self.seen.add(uid)

    async def changed(self) -> None:
        await self.came.wait()
        self.came.clear()

    async def close(self) -> None:
        pass

    def gets(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = raw
        self.came.set()
        return uid


@dataclass
class Post:
    """One mailbox with what it told."""

    email: Email
    mails: MemoryMails
    box: FakeMailbox
    peer: SmtpPeer
    clock: FakeClock
    said: list[Said] = field(default_factory=list)
    receipts: list[tuple[MessageId, Delivery, str | None]] = field(default_factory=list)
    away: bool = False

    def tell(self, event: ChannelEvent) -> asyncio.Future[None]:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.away:
            taken.set_exception(Unavailable("away"))
        else:
            assert isinstance(event, Said)
            if event.message not in {each.message for each in self.said}:
                self.said.append(event)
            taken.set_result(None)
        return taken

    async def take_receipt(self, id_: MessageId, state: Delivery, why: str | None) -> None:
        self.receipts.append((id_, state, why))

    async def takes(self, raw: bytes) -> Said:
        await self.email.take(raw)
        return self.said[-1]

    async def answers(self, said: Said, text: str = "Hello Chris", by: str | None = "ana", **more: Any) -> Outgoing:
        details = {"thread": said.conversation.thread, **({"by": by} if by else {}), **more}
        out = Outgoing(MessageId(new_id()), "mail", said.conversation.address, text, self.clock.now(), details=details)
        await self.email.deliver(out)
        return out


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with smtp_peer() as peer:
        mails, clock, box = MemoryMails(), FakeClock(), FakeMailbox()
        email = Email(
            "mail", ours=Person(US, "Acme Support"), mailbox=lambda: box, smtp=Server("127.0.0.1", peer.port, "none"),
            login=None, mails=mails, secret=SECRET, clock=clock, signature="Acme Ltd",
        )  # fmt: skip
        opened = Post(email, mails, box, peer, clock)
        email.tell, email.take_receipt = opened.tell, opened.take_receipt
        yield opened


# --- threads ---


async def test_a_mail_is_said_by_its_writer_with_what_is_new_in_it(post: Post) -> None:
    said = await post.takes(a_mail("Yes!\n\nOn 1 May, Ann wrote:\n> ok?", Subject="Order 7", Message_ID="<1@home>"))
    assert (said.conversation.channel, said.conversation.address, said.text) == ("mail", CHRIS, "Yes!")
    assert (said.details["subject"], said.details["more"], said.automatic, said.begins) == (
        "Order 7",
        True,
        False,
        True,
    )


async def test_an_answer_to_our_mail_is_in_its_thread_whoever_sends_it(post: Post) -> None:
    first = await post.takes(a_mail(Message_ID="<1@home>"))
    out = await post.answers(first)
    name = post.mails.mails[out.id].message_id
    colleague = await post.takes(a_mail(from_="dana@home.example", References=f"<x@y> <{name}>", Message_ID="<2@home>"))
    assert colleague.conversation == first.conversation


async def test_a_subject_alone_is_no_thread_and_neither_is_the_name_of_somebody_elses_mail(post: Post) -> None:
    first = await post.takes(a_mail(Subject="Order 7", Message_ID="<1@home>"))
    same_subject = await post.takes(a_mail(Subject="Re: Order 7", Message_ID="<2@home>"))
    stranger = await post.takes(a_mail(from_="eve@bad.example", In_Reply_To="<1@home>", Message_ID="<3@bad>"))
    themselves = await post.takes(a_mail(In_Reply_To="<1@home>", Message_ID="<4@home>"))
    assert len({each.conversation.thread for each in (first, same_subject, stranger)}) == 3
    assert themselves.conversation == first.conversation


async def test_a_forged_name_of_ours_is_no_thread(post: Post) -> None:
    first = await post.takes(a_mail(Message_ID="<1@home>"))
    out = await post.answers(first)
    name = out.id.replace("-", "")
    forged = await post.takes(a_mail(from_="eve@bad.example", In_Reply_To=f"<{name}.aaaaaaaaaaaaaaaa@acme.example>"))
    assert forged.conversation.thread != first.conversation.thread


async def test_the_token_in_the_address_is_enough(post: Post) -> None:
    first = await post.takes(a_mail(Message_ID="<1@home>"))
    out = await post.answers(first)
    to = reply_address(SECRET, "mail", out.id, US)
    answer = await post.takes(a_mail(from_="dana@home.example", to=f"Support <{to}>", Message_ID="<2@home>"))
    assert answer.conversation == first.conversation


def test_names_of_our_mails_are_known_by_their_signature_alone() -> None:
    id_ = MessageId(new_id())
    name = message_id(SECRET, "mail", id_, "acme.example")
    assert mail_named(SECRET, "mail", name.upper()) == id_
    assert mail_named(SECRET, "other", name) is None
    assert mail_named(b"another secret", "mail", name) is None
    assert mail_addressed(SECRET, "mail", reply_address(SECRET, "mail", id_, US)) == id_
    assert len(reply_address(SECRET, "mail", id_, "support-office@acme.example").partition("@")[0]) <= 64


# --- what comes ---


async def test_the_same_mail_twice_is_one_and_the_same_name_by_another_is_another(post: Post) -> None:
    for _ in range(3):
        await post.takes(a_mail(Message_ID="<1@home>"))
    await post.takes(a_mail(from_="eve@bad.example", Message_ID="<1@home>"))
    assert [each.conversation.address for each in post.said] == [CHRIS, "eve@bad.example"]


async def test_mails_that_only_have_their_name_in_common_are_two(post: Post) -> None:
    for text in ("One", "Two", "One"):
        await post.takes(a_mail(text, Message_ID="<form@shop.example>"))
    assert [each.text for each in post.said] == ["One", "Two"]


async def test_a_mailbox_is_read_from_where_it_was_left(post: Post) -> None:
    post.box.gets(a_mail("old, and read", Message_ID="<0@home>"))
    post.box.seen.add(1)
    post.box.gets(a_mail("unread", Message_ID="<1@home>"))
    async with reading(post):
        await until(lambda: len(post.said) == 1)
        post.box.gets(a_mail("new", Message_ID="<2@home>"))
        await until(lambda: post.mails.mailboxes.get("mail") == (7, 3))
    post.box.gets(a_mail("while we were away, and read elsewhere", Message_ID="<3@home>"))
    post.box.seen.add(4)
    async with reading(post):
        await until(lambda: post.mails.mailboxes.get("mail") == (7, 4))
    assert [each.text for each in post.said] == ["unread", "new", "while we were away, and read elsewhere"]
    assert post.box.seen == {1, 2, 3, 4}


async def test_a_mailbox_that_is_numbered_anew_gives_nothing_twice(post: Post) -> None:
    post.box.gets(a_mail("one", Message_ID="<1@home>"))
    async with reading(post):
        await until(lambda: post.mails.mailboxes.get("mail") == (7, 1))
    post.box.validity = 8
    post.box.seen.clear()
    post.box.gets(a_mail("two", Message_ID="<2@home>"))
    async with reading(post):
        await until(lambda: post.mails.mailboxes.get("mail") == (8, 2))
    assert [each.text for each in post.said] == ["one", "two"]


async def test_a_mail_is_marked_as_read_only_once_it_is_durable(post: Post) -> None:
    post.away = True
    post.box.gets(a_mail("one", Message_ID="<1@home>"))
    async with reading(post):
        await until(lambda: post.box.opened >= 1 and bool(post.mails.mails))
        assert post.box.seen == set()
        assert post.mails.mailboxes == {}
        post.away = False
        await until(lambda: post.box.seen == {1}, within=5)
    assert [each.text for each in post.said] == ["one"]


async def test_one_mail_that_cannot_be_taken_holds_up_no_other_and_is_taken_by_a_later_release(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = post.email.take

    async def fails(raw: bytes, *, whole: bool = True) -> None:
        if b"poison" in raw:
            raise ZeroDivisionError
        await taking(raw, whole=whole)

    monkeypatch.setattr(post.email, "take", fails)
    post.box.gets(a_mail("poison", Message_ID="<1@home>"))
    post.box.gets(a_mail("good", Message_ID="<2@home>"))
    async with reading(post):
        await until(lambda: bool(post.said))
        await until(lambda: post.mails.mailboxes.get("mail") == (7, 2))
        assert (post.said[0].text, post.box.seen) == ("good", {2})
        assert "1 could not be taken" in post.email.health().detail
    monkeypatch.undo()
    async with reading(post):
        await until(lambda: post.box.seen == {1, 2})
    assert [each.text for each in post.said] == ["good", "poison"]
    assert post.mails.mailboxes["mail"] == (7, 2)
    assert post.email.health().detail == ""


# --- machines ---


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Kind.PERSON),
        ({"Auto-Submitted": "no"}, Kind.PERSON),
        ({"Auto-Submitted": "auto-replied (vacation)"}, Kind.AWAY),
        ({"X-Autoreply": "yes"}, Kind.AWAY),
        ({"Precedence": "auto_reply"}, Kind.AWAY),
        ({"Auto-Submitted": "auto-generated"}, Kind.NOTICE),
        ({"Precedence": "bulk"}, Kind.NOTICE),
        ({"List-Id": "<a.list.example>"}, Kind.NOTICE),
        ({"Return-Path": "<>"}, Kind.NOTICE),
        ({"From": "no-reply@shop.example"}, Kind.NOTICE),
        ({"From": "MAILER-DAEMON@mx.example", "Return-Path": "<>"}, Kind.BOUNCE),
    ],
)
def test_who_wrote_a_mail_is_told_by_its_headers(headers: dict[str, str], kind: Kind) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in ({"From": CHRIS} | headers).items())
    assert kind_of(read_mail(f"{lines}\r\nx".encode())) is kind


async def test_a_machine_is_answered_by_people_alone(post: Post) -> None:
    notice = await post.takes(a_mail(Auto_Submitted="auto-generated", Message_ID="<1@shop>"))
    assert (notice.automatic, notice.begins) == (True, True)
    with pytest.raises(Refused, match="machine"):
        await post.answers(notice, by=None)
    await post.answers(notice)
    assert len(post.peer.mails) == 1


async def test_a_notice_that_somebody_is_away_begins_nothing(post: Post) -> None:
    away = await post.takes(a_mail(Auto_Submitted="auto-replied", Message_ID="<1@home>"))
    assert (away.automatic, away.begins) == (True, False)


async def test_what_flows_send_says_so_and_stops_within_the_hour(post: Post) -> None:
    for number in range(MOST_AUTOMATIC):
        await post.answers(await post.takes(a_mail(Message_ID=f"<{number}@home>")), by=None)
    assert b"Auto-Submitted: auto-replied" in post.peer.mails[0][2]
    again = await post.takes(a_mail(Message_ID="<x@home>"))
    with pytest.raises(Refused, match="within the hour"):
        await post.answers(again, by=None)
    post.clock.forward(timedelta(hours=1, seconds=1).total_seconds())
    await post.answers(again, by=None)


async def test_our_own_mail_that_comes_back_is_nobodys(post: Post) -> None:
    out = await post.answers(await post.takes(a_mail(Message_ID="<1@home>")))
    await post.email.take(post.mails.mails[out.id].raw)
    await post.email.take(a_mail(from_=US, Message_ID="<2@acme>"))
    assert len(post.said) == 1


REPORT = """From: MAILER-DAEMON@mx.example
To: {us}
Subject: Delivery failed
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {chris}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such
  user
--b
Content-Type: text/rfc822-headers

Message-ID: <{name}>
Subject: Re: x
--b--
"""


@pytest.mark.parametrize(
    ("action", "receipt"),
    [
        ("failed", (Delivery.FAILED, f"{CHRIS}: 550 5.1.1 no such user")),
        ("delivered", (Delivery.DELIVERED, None)),
        ("delayed", None),
    ],
)
async def test_a_bounce_stands_at_the_mail_that_it_is_about(
    post: Post, action: str, receipt: tuple[Delivery, str | None] | None
) -> None:
    out = await post.answers(await post.takes(a_mail(Message_ID="<1@home>")))
    report = REPORT.format(us=US, chris=CHRIS, action=action, name=post.mails.mails[out.id].message_id)
    await post.email.take(report.encode())
    assert post.receipts == ([(out.id, *receipt)] if receipt else [])
    assert len(post.said) == 1


async def test_a_bounce_without_a_report_is_known_by_the_mail_that_it_names(post: Post) -> None:
    out = await post.answers(await post.takes(a_mail(Message_ID="<1@home>")))
    name = post.mails.mails[out.id].message_id
    raw = a_mail(f"Sorry, it bounced.\nMessage-ID: <{name}>", from_="MAILER-DAEMON@mx.example", Return_Path="<>")
    await post.email.take(raw)
    assert [(id_, state) for id_, state, _ in post.receipts] == [(out.id, Delivery.FAILED)]


async def test_a_bounce_of_what_others_sent_in_our_name_is_nobodys(post: Post) -> None:
    await post.email.take(REPORT.format(us=US, chris=CHRIS, action="failed", name="forged@acme.example").encode())
    assert (post.receipts, post.said) == ([], [])


# --- what goes out ---


async def test_an_answer_is_in_the_thread_of_what_it_answers(post: Post) -> None:
    said = await post.takes(a_mail("Where?", Subject="Order 7", Message_ID="<1@home>", References="<0@home>"))
    post.mails.files["f"] = AttachedFile("f", "invoice.pdf", "application/pdf", b"%PDF", AgentId("ana"))
    await post.answers(said, files=["f"], cc=["boss@acme.example"], bcc=["secret@acme.example"])
    sender, recipients, raw = post.peer.mails[0]
    sent = read_mail(raw)
    assert (sender, recipients) == (US, [CHRIS, "boss@acme.example", "secret@acme.example"])
    assert b"secret@" not in raw
    assert (sent.subject, sent.answers) == ("Re: Order 7", ("1@home", "0@home"))
    assert sent.text == f"Hello Chris\n\n-- \nAcme Ltd\n\n{CHRIS} wrote:\n> Where?"
    assert [(part.name, part.data) for part in sent.parts] == [("invoice.pdf", b"%PDF")]
    assert not sent.headers.raw("Auto-Submitted")


@pytest.mark.parametrize(
    ("order", "fault"),
    [
        ("451 later", NotTaken), ("550 never", Refused), ("rcpt 450 full", NotTaken), ("rcpt 550 nobody", Refused),
        ("cut", Unavailable), ("silent", Unavailable),
    ],
)  # fmt: skip
async def test_what_a_mail_server_answers_is_for_now_for_ever_or_unknown(
    post: Post, order: str, fault: type[Exception]
) -> None:
    said = await post.takes(a_mail(Message_ID="<1@home>"))
    out = Outgoing(
        MessageId(new_id()), "mail", CHRIS, "Hi", NOON, details={"by": "ana", "thread": said.conversation.thread}
    )
    post.peer.orders.append(order)
    with pytest.raises(fault) as raised:
        await post.email.deliver(out)
    assert type(raised.value) is fault
    await post.email.deliver(out)
    names = {read_mail(raw).message_id for _, _, raw in post.peer.mails}
    assert len(names) == 1  # the same mail, for whoever gets it twice


async def test_a_mail_server_that_is_not_there_has_not_taken_it(post: Post) -> None:
    said = await post.takes(a_mail(Message_ID="<1@home>"))
    post.email._smtp = Server("127.0.0.1", 1, "none")
    with pytest.raises(NotTaken, match="cannot be reached"):
        await post.answers(said)


async def test_the_server_that_sends_is_told_who_we_are_by_a_password_or_a_token(post: Post) -> None:
    said = await post.takes(a_mail(Message_ID="<1@home>"))

    class Given(Tokens):
        async def token(self) -> str:
            return "t1"

    tokens = Given("http://127.0.0.1:1/", client_id="us", client_secret="", refresh_token="r")
    for login in (Login(US, "pass"), Login(US, tokens=tokens)):
        post.email._login = login
        await post.answers(said)
    assert post.peer.logins == [
        ("PLAIN", f"\0{US}\0pass".encode()), ("XOAUTH2", f"user={US}\x01auth=Bearer t1\x01\x01".encode())
    ]  # fmt: skip
    post.peer.orders.append("stranger")
    with pytest.raises(NotTaken, match="does not let us in"):
        await post.answers(said)


async def test_what_cannot_be_a_mail_is_refused_and_not_tried_for_a_day(post: Post) -> None:
    nobody = await post.takes(a_mail(from_="", Message_ID="<1@home>"))
    with pytest.raises(Refused, match="nobody"):
        await post.answers(nobody)
    said = await post.takes(a_mail(Message_ID="<2@home>"))
    with pytest.raises(Refused, match="attach it again"):
        await post.answers(said, files=["gone"])


async def test_a_flows_message_to_an_address_begins_a_thread(post: Post) -> None:
    out = Outgoing(MessageId(new_id()), "mail", CHRIS, "Your order is here.", NOON, details={"subject": "Order 7"})
    await post.email.deliver(out)
    sent = read_mail(post.peer.mails[0][2])
    assert (sent.subject, sent.answers) == ("Order 7", ())
    answer = await post.takes(a_mail(In_Reply_To=f"<{sent.message_id}>", Message_ID="<1@home>"))
    assert answer.conversation == ConversationId("mail", CHRIS, str(out.id))


def test_a_message_is_one_mail(post: Post) -> None:
    assert post.email.parts(Shown(("a", "b"), "en")) == ["a\nb"]


def test_only_the_server_that_we_trust_is_asked_for_its_verdict() -> None:
    raw = (
        b"Authentication-Results: mx.acme.example; spf=pass; dmarc=fail (p=none) header.from=home.example\r\n"
        b"Authentication-Results: mx.bad.example; dmarc=pass\r\n\r\nx"
    )
    mail = read_mail(raw)
    assert verdict(mail, "MX.acme.example") == "fail"
    assert (verdict(mail, None), verdict(mail, "mx.other.example")) == (None, None)


async def test_tokens_are_kept_while_they_last_and_the_refresh_token_is_followed() -> None:
    asked: list[dict[str, str]] = []

    async def token(request: web.Request) -> web.Response:
        form = {str(key): str(value) for key, value in (await request.post()).items()}
        asked.append(form)
        if form["refresh_token"] == "revoked":
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": f"t{len(asked)}", "expires_in": 3600, "refresh_token": "second"})

    application = web.Application()
    application.router.add_post("/token", token)
    async with TestServer(application) as server:
        url = str(server.make_url("/token"))
        tokens = Tokens(url, client_id="us", client_secret="shh", refresh_token="first")
        assert await asyncio.gather(tokens.token(), tokens.token()) == ["t1", "t1"]
        tokens.forget()
        assert await tokens.token() == "t2"
        assert [each["refresh_token"] for each in asked] == ["first", "second"]
        with pytest.raises(Unavailable, match="invalid_grant"):
            await Tokens(url, client_id="us", client_secret="", refresh_token="revoked").token()


@asynccontextmanager
async def reading(post: Post) -> AsyncIterator[None]:
    """Have the mailbox read while this is open."""

    async def always() -> None:
        pass

    running = asyncio.ensure_future(post.email.run(always))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(holds: Any, within: float = 3) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.005)
