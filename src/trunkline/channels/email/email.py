"""A mailbox as a channel: each thread of mails is a conversation."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256

from trunkline.channels.carried import FarAway
from trunkline.channels.email.automatic import Bounce, Kind, bounces_in, kind_of, reported_ids
from trunkline.channels.email.compose import Letter, composed
from trunkline.channels.email.imap import Mailbox
from trunkline.channels.email.mail import Mail, Person, read_mail
from trunkline.channels.email.smtp import Login, Server, send_mail
from trunkline.channels.email.tokens import mail_addressed, mail_named, message_id, reply_address
from trunkline.channels.email.told import words_and_details
from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId, written_id_of
from trunkline.core.mail_address import is_mail_address
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, ConversationId, Refused, Said
from trunkline.ports.clock import Clock
from trunkline.ports.files import FileRule
from trunkline.ports.mails import KeptMail, Mails
from trunkline.ports.store import Health

log = logging.getLogger(__name__)

MOST_AUTOMATIC = 5
"""So many mails of flows go to one address within an hour: two machines that answer each other stop there."""
AN_HOUR = timedelta(hours=1)
LONGEST_PAUSE_S = 15.0
_LARGE = 200_000
_WHERE_WE_WERE_WRITTEN_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")

Tell = Callable[[ChannelEvent], asyncio.Future[None]]
TakeReceipt = Callable[[MessageId, Delivery, str | None], Awaitable[None]]


class Email(FarAway):
    """One mailbox: `Channel` and `Provider`."""

    medium = "email"
    within_s = 300.0
    """For 20 MB by a slow line: what is given up on too soon would be sent again, whole."""

    def __init__(
        self,
        name: str,
        *,
        ours: Person,
        mailbox: Callable[[], Mailbox],
        smtp: Server,
        login: Login | None,
        mails: Mails,
        secret: bytes,
        clock: Clock,
        reply_token: bool = False,
        verdict_by: str | None = None,
        signature: str = "",
        rich: bool = False,
    ) -> None:
        """`mailbox` makes a connection; `login` is for the server that sends, None where it asks for none."""
        super().__init__(clock)
        self._name = name
        self._ours = ours
        self._mailbox = mailbox
        self._smtp, self._login = smtp, login
        self._mails = mails
        self._secret = secret
        self._reply_token, self._verdict_by = reply_token, verdict_by
        self._signature, self.rich = signature.strip(), rich
        self._untaken: set[int] = set()
        self.tell: Tell | None = None
        """Takes what people write; the service sets it once it serves."""
        self.take_receipt: TakeReceipt | None = None

    @property
    def provider(self) -> "Email":
        """It carries its own messages."""
        return self

    files = FileRule(20, 20 * 2**20)
    """Taken together; of whatever types."""

    # --- for the centre ---

    def health(self) -> Health:
        """Whether the mailbox is read, and how many mails of it could not be taken."""
        health = super().health()
        if health.ready and self._untaken:
            told = f"{len(self._untaken)} could not be taken: unread in the mailbox, looked at again when we connect"
            return Health(True, told)
        return health

    def parts(self, shown: Shown) -> Sequence[str]:
        """Return a message as it is: a mail takes it all."""
        return [shown.text]

    async def deliver(self, out: Outgoing) -> str:
        """Give one message to the mail server, as the same mail however often; return its Message-ID."""
        kept = await self._mails.mail(out.id)
        if kept is None:
            kept = await self._written(out)
            await self._mails.keep_mail(kept)
        mail = read_mail(kept.raw)
        unseen = [each for each in out.details.get("bcc", ()) if is_mail_address(each)]
        people = [each.address for header in ("To", "Cc") for each in mail.headers.people(header)]
        await send_mail(
            kept.raw, sender=self._ours.address, recipients=list(dict.fromkeys([*people, *unseen])),
            server=self._smtp, login=self._login,
        )  # fmt: skip
        return kept.message_id

    async def find(self, out: Outgoing) -> str | None:
        """Return None: nobody can be asked. What is sent again has the same Message-ID, by which it is one mail."""

    async def _written(self, out: Outgoing) -> KeptMail:
        """Return what goes out, whole; raises Refused for what must not."""
        details, thread = out.details, str(out.details.get("thread") or out.id)
        automatic = "by" not in details
        latest = await self._mails.latest_mail(self._name, thread, incoming=True)
        if automatic:
            await self._refuse_loops(out, latest)
        answers = read_mail(latest.raw) if latest is not None else None
        to = [each for each in (answers.answers_go_to if answers else ()) if each.address != self._ours.address]
        if not to and is_mail_address(out.address) and out.address != self._ours.address:
            to = [Person(out.address)]
        if not to:
            raise Refused("the mail names nobody who could be answered")
        name = message_id(self._secret, self._name, out.id, self._ours.address.rpartition("@")[2])
        files = [await self._mails.file(str(each)) for each in details.get("files", ())]
        if None in files:
            raise Refused("a file that was attached is not here any more: attach it again")
        letter = Letter(
            text=out.text, signature=self._signature, rich=self.rich,
            message_id=name, from_=self._ours, to=to, at=out.at, answers=answers,
            reply_to=reply_address(self._secret, self._name, out.id, self._ours.address)
            if self._reply_token else self._ours.address,
            cc=[Person(each) for each in details.get("cc", ())],
            subject=str(details.get("subject") or ""), files=[each for each in files if each is not None],
            automatic=automatic,
        )  # fmt: skip
        # With many pictures this takes a while.
        raw = await asyncio.to_thread(composed, letter)
        return KeptMail(out.id, self._name, thread, name, out.address, False, automatic, out.at, raw)

    async def _refuse_loops(self, out: Outgoing, latest: KeptMail | None) -> None:
        if latest is not None and latest.automatic:
            raise Refused("a machine wrote the last mail: nothing answers it by itself")
        since = self._clock.now() - AN_HOUR
        if await self._mails.automatic_mails(self._name, out.address, since=since) >= MOST_AUTOMATIC:
            raise Refused(f"{MOST_AUTOMATIC} mails went there by themselves within the hour: it may be a machine too")

    # --- from the mailbox ---

    async def run(self, until_may_act: Callable[[], Awaitable[None]]) -> None:
        """Take what comes, until cancelled."""
        pause = 1.0
        while True:
            await until_may_act()
            try:
                await self._read()
            except (Unavailable, TimeoutError) as fault:
                if self._away(str(fault)):
                    log.warning("a mailbox is not read", extra={"channel": self._name, "why": str(fault)})
                    pause = 1.0
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _read(self) -> None:
        mailbox = self._mailbox()
        try:
            opened = await mailbox.open()
            read_to = await self._mails.read_to(self._name)
            self._untaken.clear()
            if read_to is None or read_to[0] != opened.uid_validity:
                # Never read, or numbered anew: what is unread is ours. What we know of it is not taken twice.
                await self._take_all(mailbox, opened.uid_validity, await mailbox.unseen())
                read_to = opened.uid_validity, max(opened.next_uid - 1, 0)
                await self._mails.have_read(self._name, *read_to)
            else:
                # What could not be taken once may be by now: we may be of a later release.
                for uid in await mailbox.unseen():
                    if uid <= read_to[1]:
                        await self._take_one(mailbox, uid)
            at = read_to[1]
            while True:
                fresh = await mailbox.after(at)
                await self._take_all(mailbox, opened.uid_validity, fresh)
                self._fault = None
                at = max([at, *fresh])
                if not fresh:
                    await mailbox.changed()
        finally:
            await mailbox.close()

    async def _take_all(self, mailbox: Mailbox, uid_validity: int, uids: Sequence[int]) -> None:
        """Take mails one after the other: each is durable before it is marked as read."""
        for uid in uids:
            await self._take_one(mailbox, uid)
            await self._mails.have_read(self._name, uid_validity, uid)

    async def _take_one(self, mailbox: Mailbox, uid: int) -> None:
        raw, whole = await mailbox.fetch(uid)
        try:
            if raw:
                await self.take(raw, whole=whole)
        except Unavailable:
            raise
        except Exception:
            self._untaken.add(uid)
            log.exception("a mail could not be taken; it stays unread", extra={"channel": self._name, "uid": uid})
        else:
            await mailbox.mark_seen(uid)

    async def take(self, raw: bytes, *, whole: bool = True) -> None:
        """Take one mail; returns once what came of it is durable. Raises Unavailable."""
        mail = await asyncio.to_thread(read_mail, raw) if len(raw) > _LARGE else read_mail(raw)
        if mail.from_.address == self._ours.address or mail_named(self._secret, self._name, mail.message_id):
            log.info("a mail of ours came back", extra={"channel": self._name, "message_id": mail.message_id[:200]})
            return
        key = _key_of(mail)
        id_, kind, now = written_id_of(self._name, key), kind_of(mail), self._clock.now()
        thread, opened_by = await self._thread_of(mail) or (str(id_), mail.from_.address)
        await self._mails.keep_mail(
            KeptMail(
                id_, self._name, thread, mail.message_id, mail.from_.address, True, kind is not Kind.PERSON, now, raw
            )
        )
        if kind is Kind.BOUNCE:
            await self._bounced(mail)
            return
        text, details = words_and_details(mail, kind, verdict_by=self._verdict_by, whole=whole)
        said = Said(
            ConversationId(self._name, opened_by, thread), text, now, key, name=mail.from_.name, details=details,
            automatic=kind is not Kind.PERSON, begins=kind is not Kind.AWAY,
        )  # fmt: skip
        if self.tell is None:
            raise Unavailable("nobody takes mails yet")
        await self.tell(said)

    async def _thread_of(self, mail: Mail) -> tuple[str, str] | None:
        """Return the thread that a mail belongs to, and who opened it: by what it answers, never by its subject.

        A name that we gave is signed, so that whoever has it had a mail of ours. Of others' names anybody can know:
        they count for whoever wrote those mails.
        """
        ids = mail.answers[:50]
        known = await self._mails.known_mails(self._name, ids) if ids else {}
        for each in ids:
            there = known.get(each)
            if there is not None and (
                there.address == mail.from_.address if there.incoming else mail_named(self._secret, self._name, each)
            ):
                return there.thread, there.opened_by
        written_to = [value for name in _WHERE_WE_WERE_WRITTEN_TO for value in mail.headers.raw(name)]
        for value in written_to:
            ours = mail_addressed(self._secret, self._name, value)
            kept = await self._mails.mail(ours) if ours is not None else None
            if kept is not None:
                opened = (await self._mails.known_mails(self._name, [kept.message_id])).get(kept.message_id)
                return kept.thread, opened.opened_by if opened is not None else kept.address
        return None

    async def _bounced(self, mail: Mail) -> None:
        """Put what a mail server tells at the mail that it is about."""
        told = bounces_in(mail) or [Bounce("", True, False, " ".join(mail.text.split())[:300])]
        about = {mail_named(self._secret, self._name, each) for each in reported_ids(mail)} - {None}
        if not about or self.take_receipt is None:
            log.info("a bounce is of no mail of ours", extra={"channel": self._name, "from": mail.from_.address})
            return
        for id_ in about:
            for bounce in told:
                why = f"{bounce.address}: {bounce.why}" if bounce.address else bounce.why
                if bounce.final:
                    await self.take_receipt(MessageId(str(id_)), Delivery.FAILED, why)
                elif bounce.delivered:
                    await self.take_receipt(MessageId(str(id_)), Delivery.DELIVERED, None)


def _key_of(mail: Mail) -> str:
    """Return the one name of a mail, however it came here.

    Not its Message-ID alone: that is whatever its writer says, and forms on the web give all of theirs the same.
    """
    said = [mail.headers.one("Date"), mail.subject, mail.text, mail.html or ""]
    brought = [f"{part.name} {len(part.data)}" for part in mail.parts]
    digest = sha256("\0".join([*said, *brought]).encode("utf-8", "replace")).hexdigest()[:24]
    return f"{mail.message_id}/{mail.from_.address}/{digest}"
