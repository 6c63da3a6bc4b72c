"""All that is written: the channels of the channels file, the outbox, flows in writing, and agents who write."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from trunkline import secrets
from trunkline.accounts import browser_account, browser_phone, relays
from trunkline.channels.email.email import Email
from trunkline.channels.email.imap import Mailbox
from trunkline.channels.email.mail import Person
from trunkline.channels.email.oauth import Tokens
from trunkline.channels.email.shape import EmailShape, ServerShape
from trunkline.channels.email.smtp import Login, Server
from trunkline.channels.email.viewing import MailViewing
from trunkline.channels.file import Shape, SmppShape, TwilioShape, WebChatShape, channels_in
from trunkline.channels.quality import quality_of
from trunkline.channels.rest import CarriedShape
from trunkline.channels.sms.keywords import Keyword
from trunkline.channels.sms.smpp import SmppSms
from trunkline.channels.sms.smpp_link import Account
from trunkline.channels.sms.twilio import TwilioSms
from trunkline.channels.webchat.webchat import WebChat
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.core.message import Side
from trunkline.core.outgoing import Outgoing
from trunkline.floor.browser_call import BrowserCalls
from trunkline.floor.callback import Callbacks
from trunkline.floor.channel_board import ChannelBoard
from trunkline.floor.contacts import Contacts
from trunkline.floor.conversation import Conversation
from trunkline.floor.errands import Errands
from trunkline.floor.follow_up import FollowUps
from trunkline.floor.intake import Intake
from trunkline.floor.messenger import ChannelMessenger
from trunkline.floor.outbox import Outbox
from trunkline.floor.reading import Reading
from trunkline.floor.resting import Rest, Resting
from trunkline.floor.runs import Runs
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.state import Floor
from trunkline.floor.text_desk import TextDesk
from trunkline.floor.text_service import TextService
from trunkline.floor.text_state import conversation_of
from trunkline.floor.text_talk import TextTalk
from trunkline.floor.transcripts import Transcripts
from trunkline.ports.channel import Channel, Configured, ConversationId, VisitorCall
from trunkline.ports.mails import MailPart, Mails
from trunkline.ports.segments import Segments
from trunkline.ports.store import Change, Health, Letters, Store
from trunkline.ports.transcripts import Transcripts as TranscriptsKept
from trunkline.settings import Settings


class AnyStore(Store, Letters, Mails, Segments, TranscriptsKept, Protocol):
    """The store, with dead letters, mails, files, segments and transcripts."""


class Written:
    """The channels of the channels file, and what goes out by them."""

    def __init__(
        self, settings: Settings, store: AnyStore, floor: Floor, *, until_may_act: Callable[[], Awaitable[None]]
    ) -> None:
        """Make each channel; raises Misconfigured with a line for each problem of the channels file."""
        shapes, problems = channels_in(settings.channels_file)
        if problems:
            raise Misconfigured("\n".join(map(str, problems)))
        self._store = store
        self._floor = floor
        self._public_url = (settings.public_url or "").rstrip("/")
        self._file_secret = secrets.file_secret(settings)
        self.chats = {name: self._chat(name, each) for name, each in shapes.items() if isinstance(each, WebChatShape)}
        self.texts = {name: self._text(name, each) for name, each in shapes.items() if isinstance(each, TwilioShape)}
        self._transcripts_by = {
            name: each.transcript
            for name, each in shapes.items()
            if isinstance(each, WebChatShape) and each.transcript is not None
        }
        self._talking = frozenset(
            name for name, each in shapes.items() if isinstance(each, WebChatShape) and each.browser_calls
        )
        self._phone_for = partial(browser_phone, settings)
        self._account_of = partial(browser_account, settings, floor.clock)
        self.relays: Callable[[str], Sequence[Mapping[str, Any]]] = partial(relays, settings, floor.clock)
        """By which relays the browser of whoever is named may be heard."""
        self.calls: BrowserCalls | None = None
        self._mail_secret = secrets.mail_secret(settings)
        self.mails = {name: self._mail(name, each) for name, each in shapes.items() if isinstance(each, EmailShape)}
        self.smpp = {name: self._smpp(name, each) for name, each in shapes.items() if isinstance(each, SmppShape)}
        self._far: Mapping[str, SmppSms | Email] = {**self.smpp, **self.mails}
        self.viewing = MailViewing()
        self._until_may_act = until_may_act
        self.channels: Mapping[str, Channel] = {**self.chats, **self.texts, **self.smpp, **self.mails}
        configured = [self._told(name, each, settings.url) for name, each in shapes.items()]
        self.outbox = Outbox(floor, store, {**self.texts, **self.smpp, **self.mails}, until_may_act=until_may_act)
        self.board = ChannelBoard(configured, self.outbox, store, health=self.health)
        within = {name: each.within for name, each in shapes.items() if isinstance(each, CarriedShape) and each.within}
        if unknown := [f'channel "{name}": within: the centre has no hours "{each}"' for name, each in within.items()
                       if each not in floor.centre.hours]:  # fmt: skip
            raise Misconfigured("\n".join(unknown))
        self._within = within
        self.messenger = ChannelMessenger(floor, self.channels, self.outbox, within)
        self._rests = {name: Rest(each.remind_after, each.reminder, each.close_after) for name, each in shapes.items()}
        self.resting: Resting | None = None
        targets = {name: each.answer_within for name, each in shapes.items() if each.answer_within is not None}
        self.levels = ServiceLevels(floor, store, targets)
        self.contacts, self._begun = Contacts(floor, store), False

    @property
    def doors(self) -> Sequence[WebChat | TwilioSms | SmppSms | Email]:
        """Return the doors by which the channels are reached."""
        return [*self.chats.values(), *self.texts.values(), *self.smpp.values(), *self.mails.values()]

    def served(
        self, *, intake: Intake, runs: Runs, errands: Errands, callbacks: Callbacks, conversation: Conversation
    ) -> tuple[TextService, TextDesk]:
        """Return who serves these channels, flows and agents; from now on what comes by them is taken."""
        talk = TextTalk(
            self._floor, intake=intake, runs=runs, channels=self.channels, store=self._store, outbox=self.outbox,
            errands=errands, callbacks=callbacks, conversation=conversation,
        )  # fmt: skip
        self.resting = Resting(self._floor, self.channels, self.outbox, conversation, self._rests)
        reading = Reading(self._floor)
        service = TextService(self._floor, talk, intake, self.channels, reading)
        self.follow_ups = service.follow_ups = FollowUps(self._floor, self._store, runs, self.channels, self._within)
        transcripts = Transcripts(self._floor, self._store, self._store, self.outbox, self._transcripts_by)
        for name, chat in self.chats.items():
            chat.tell, chat.visitor_writes, chat.visitor_reads = service.told, service.writing, service.reads
            chat.send_transcript = transcripts.send if name in self._transcripts_by else None
        self.calls = service.calls = talk.calls = self._calls(service, conversation)
        carried: list[TwilioSms | SmppSms | Email] = [
            *self.texts.values(), *self.smpp.values(), *self.mails.values()
        ]  # fmt: skip
        for text in carried:
            text.tell, text.take_receipt = service.told, self.outbox.receipt
        return service, TextDesk(self._floor, self.channels, self.outbox, self._store, self.levels, reading=reading)

    def _calls(self, service: TextService, conversation: Conversation) -> BrowserCalls:
        """Return who lets visitors talk by their browsers, in the chats that allow it."""
        calls = BrowserCalls(self._floor, conversation, self._phone_for)
        calls.chat_of, calls.look_at, calls.told = service.of, service.look_at_call, self._call_moved
        for name in self._talking:
            self.chats[name].calls, self.chats[name].account_of = calls, self._account_of
        return calls

    def _call_moved(self, conversation: ConversationId, call: VisitorCall) -> None:
        if (chat := self.chats.get(conversation.channel)) is not None:
            chat.call_moved(conversation, call)

    def loaded(self) -> None:
        """Take note of what was loaded: before the first page comes back and asks for it."""
        if self.calls is not None:
            self.calls.know_all()

    async def begin(self, waiting: Iterable[Outgoing]) -> None:
        """Take up what was on its way, and what rested, when the last process ended."""
        await self.levels.begin()
        self._begun = True
        with suppress(Unavailable):  # else a moment later
            await self.follow()
        self.outbox.begin(waiting)
        if self.resting is not None:
            self.resting.begin()

    async def follow(self) -> None:
        """Take over what admins put back or wrote down beside the service; raises Unavailable."""
        await self.outbox.follow()
        if self._begun:
            await self.contacts.follow()

    def published(self, change: Change) -> None:
        """Send what has just become durable, and follow who has the next word."""
        self.outbox.published(change)
        self.levels.published(change)
        if self.calls is not None:
            self.calls.published(change)
        if self.resting is not None:
            self.resting.published(change)
        for mark in change.reads:
            interaction = self._floor.interactions.get(mark.interaction)
            channel = self.channels.get(interaction.dialled) if interaction is not None else None
            if mark.side is Side.AGENT and interaction is not None and channel is not None:
                channel.read(conversation_of(interaction), mark.message)

    async def file_of(self, channel: str, details: Mapping[str, Any], number: int) -> MailPart | None:
        """Return a file of a message: from here, or from the channel that knows where it is."""
        files = details.get("files", ())
        if 0 < number <= len(files) and "id" in files[number - 1]:
            kept = await self._store.file(files[number - 1]["id"])
            return MailPart(kept.name, kept.type, kept.data) if kept is not None else None
        text = self.texts.get(channel)
        return await text.file(details, number) if text is not None else None

    @property
    def rich(self) -> Sequence[str]:
        """Return the channels whose mails have looks."""
        return [name for name, each in self.mails.items() if each.rich]

    async def run(self) -> None:
        """Give providers what is for them, and read the mailboxes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.outbox.run())
            for each in self._far.values():
                tasks.create_task(each.run(self._until_may_act))

    def health(self) -> Mapping[str, Health]:
        """Return each provider, and whether it works; a mailbox works where it is read too."""
        told = dict(self.outbox.health())
        for name, each in self._far.items():
            if not (reads := each.health()).ready:
                told[name] = reads
        return told

    def _told(self, name: str, shape: Shape, url: str) -> Configured:
        medium = self.channels[name].medium
        reached_at = f"{url}/{medium}/{name}"
        if isinstance(shape, EmailShape):
            reached_at = shape.address
        elif isinstance(shape, SmppShape):
            reached_at = f"{shape.sender} by {shape.host}:{shape.port}"
        return Configured(name, shape.kind, medium, reached_at, quality_of(shape.kind))

    def _chat(self, name: str, shape: WebChatShape) -> WebChat:
        return WebChat(
            name, title=shape.title, origins=frozenset(shape.origins), threads=self._store, clock=self._floor.clock,
            agent_name=lambda id_: self._floor.agents[id_].name, secret=shape.secret, files=self._store,
            file_secret=self._file_secret,
        )  # fmt: skip

    def _text(self, name: str, shape: TwilioShape) -> TwilioSms:
        return TwilioSms(
            name, account=shape.account, token=shape.token, sender=shape.sender, api=shape.api,
            public_url=self._public_url, replies=_replies(shape),
            files=self._store, file_secret=self._file_secret, clock=self._floor.clock,
        )  # fmt: skip

    def _smpp(self, name: str, shape: SmppShape) -> SmppSms:
        account = Account(
            shape.host, shape.port, shape.security == "tls", shape.system_id, shape.password, shape.system_type
        )
        return SmppSms(
            name, account=account, sender=shape.sender, replies=_replies(shape), segments=self._store,
            clock=self._floor.clock,
        )  # fmt: skip

    def _mail(self, name: str, shape: EmailShape) -> Email:
        tokens = (
            Tokens(
                shape.oauth.token_url, client_id=shape.oauth.client_id, client_secret=shape.client_secret,
                refresh_token=shape.password,
            )
            if shape.oauth is not None
            else None
        )  # fmt: skip
        login = Login(shape.user or shape.address, "" if tokens else shape.password, tokens)
        imap = _server(shape.imap, "imap")
        return Email(
            name, ours=Person(shape.address, shape.name), mailbox=lambda: Mailbox(imap, login, shape.folder),
            smtp=_server(shape.smtp, "smtp"), login=login if shape.smtp_login else None, mails=self._store,
            secret=self._mail_secret, clock=self._floor.clock, reply_token=shape.reply_token,
            verdict_by=shape.verdict_by, signature=shape.signature, rich=shape.format == "rich",
        )  # fmt: skip


def _replies(shape: TwilioShape | SmppShape) -> Mapping[Keyword, str]:
    replies = {Keyword.HELP: shape.help, Keyword.STOP: shape.stopped, Keyword.START: shape.started}
    return {word: text for word, text in replies.items() if text}


def _server(shape: ServerShape, protocol: str) -> Server:
    return Server(shape.host, shape.port_for(protocol), shape.security)
