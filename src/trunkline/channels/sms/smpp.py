"""Text messages by SMPP 3.4: one bound connection to a message centre, both ways."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from zlib import crc32

from trunkline.channels.carried import FarAway
from trunkline.channels.sms import smpp_wire as wire
from trunkline.channels.sms.arriving import event_of
from trunkline.channels.sms.keywords import Keyword
from trunkline.channels.sms.segments import split
from trunkline.channels.sms.smpp_link import Account, SmppLink
from trunkline.channels.sms.smpp_wire import Arrived, Command, Pdu, Receipt
from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, ConversationId, NotTaken
from trunkline.ports.clock import Clock
from trunkline.ports.files import FileRule
from trunkline.ports.segments import Segment, SegmentOf, Segments

log = logging.getLogger(__name__)

LONGEST = 1530
"""Characters of a message: ten segments of GSM-7."""
LONGEST_PAUSE_S = 15.0
_MOST_UNKNOWN = 1000

Tell = Callable[[ChannelEvent], asyncio.Future[None]]
TakeReceipt = Callable[[MessageId, Delivery, str | None], Awaitable[None]]


class SmppSms(FarAway):
    """One account at a message centre: `Channel` and `Provider`."""

    medium = "sms"
    within_s = 60.0
    """For ten segments, each of which may wait for its answer."""
    files = FileRule(why_not="by SMPP goes text alone: pictures need a channel with MMS")

    def __init__(
        self,
        name: str,
        *,
        account: Account,
        sender: str,
        replies: Mapping[Keyword, str],
        segments: Segments,
        clock: Clock,
    ) -> None:
        super().__init__(clock)
        self._name = name
        self._account, self._sender = account, sender
        self._replies = replies
        self._segments = segments
        self._link: SmppLink | None = None
        self._acked: set[SegmentOf] = set()
        self._acks: set[asyncio.Task[None]] = set()
        self._unknown: dict[str, None] = {}
        self.tell: Tell | None = None
        """Takes what people send; the service sets it once it serves."""
        self.take_receipt: TakeReceipt | None = None

    @property
    def provider(self) -> "SmppSms":
        """It carries its own messages."""
        return self

    # --- for the centre ---

    def parts(self, shown: Shown) -> Sequence[str]:
        """Return a message in pieces of at most ten segments each, which phones join."""
        return split(shown.text, at_most=LONGEST)

    async def deliver(self, out: Outgoing) -> str:
        """Give one message to the message centre, segment by segment; return its id of the last one."""
        if self._link is None:
            raise NotTaken(self._fault[0] if self._fault is not None else "the message centre is not connected yet")
        external = ""
        for body in wire.submits(
            sender=self._sender, to=out.address, text=out.text, reference=crc32(out.id.encode()) & 0xFF
        ):
            external = wire.taken_id(await self._link.request(Command.SUBMIT_SM, body))
        return external

    async def find(self, out: Outgoing) -> str | None:
        """Return None: SMPP can only be asked by the id that we did not get. Segments sent again are joined once."""

    # --- from the message centre ---

    async def run(self, until_may_act: Callable[[], Awaitable[None]]) -> None:
        """Be bound, until cancelled."""
        pause = 1.0
        while True:
            await until_may_act()
            try:
                link = await SmppLink.bound(self._account)
                try:
                    self._link, self._fault, pause = link, None, 1.0
                    log.info("bound to a message centre", extra={"channel": self._name})
                    await self._serve(link)
                finally:
                    self._link = None
                    self._acked.clear()
                    link.close()
            except* (Unavailable, OSError) as faults:
                first: BaseException = faults
                while isinstance(first, BaseExceptionGroup):
                    first = first.exceptions[0]
                if self._away(str(first)):
                    log.warning("a message centre is away", extra={"channel": self._name, "why": str(first)})
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _serve(self, link: SmppLink) -> None:
        await link.run(lambda pdu: self._take(link, pdu), self._asks)

    async def _take(self, link: SmppLink, pdu: Pdu) -> None:
        """Take a message, or a receipt: it is acknowledged once what came of it is durable."""
        try:
            told = wire.delivered(pdu.body)
        except wire.Malformed as fault:
            log.warning("a message centre sent what is no message", extra={"channel": self._name, "why": str(fault)})
            link.answer(pdu, 0x08)
            return
        try:
            if isinstance(told, Receipt):
                await self._receipt(told)
                link.answer(pdu)
            else:
                await self._arrived(link, pdu, told)
        except Unavailable:
            link.answer(pdu, wire.TRY_AGAIN)

    async def _receipt(self, receipt: Receipt) -> None:
        if receipt.state is None or not receipt.id:
            return
        if self.take_receipt is None:
            raise Unavailable("nobody takes receipts yet")
        id_ = await self._segments.sent_as(self._name, receipt.id)
        if id_ is None:
            # It may be quicker than our own writing of what it is about, once.
            if receipt.id not in self._unknown:
                self._unknown[receipt.id] = None
                while len(self._unknown) > _MOST_UNKNOWN:
                    self._unknown.pop(next(iter(self._unknown)))
                raise Unavailable("no message of ours is known by that id")
            log.info("a receipt is of no message of ours", extra={"channel": self._name, "id": receipt.id[:100]})
            return
        await self.take_receipt(id_, receipt.state, receipt.why)

    async def _arrived(self, link: SmppLink, pdu: Pdu, got: Arrived) -> None:
        of = self._of(got)
        kept = await self._segments.keep_segment(of, Segment(got.part.number, got.text, self._clock.now()))
        if len(kept) < of.total:
            link.answer(pdu)
            return
        if self.tell is None:
            raise Unavailable("nobody takes messages yet")
        text = wire.joined_text([(each.number, each.text) for each in kept])
        # When it came first: given again, it is the same message, and the same words another day are another.
        key = f"{of.sender}/{of.reference}/{min(each.at for each in kept).isoformat()}"
        where = ConversationId(self._name, got.sender)
        taken = self.tell(event_of(where, text, key, at=self._clock.now(), replies=self._replies))
        # Those behind it need not wait until it is durable; their order is that in which they were told.
        task = asyncio.create_task(self._acknowledge(link, pdu, of, taken))
        self._acks.add(task)
        task.add_done_callback(self._acks.discard)

    async def _acknowledge(self, link: SmppLink, pdu: Pdu, of: SegmentOf, taken: asyncio.Future[None]) -> None:
        try:
            await taken
        except Unavailable:
            status = wire.TRY_AGAIN
        else:
            status = wire.OK
            self._acked.add(of)
        try:
            link.answer(pdu, status)
        except Unavailable:
            self._acked.discard(of)  # it comes again

    def _of(self, got: Arrived) -> SegmentOf:
        """Return which message a segment belongs to. SMPP has no name for one that is whole: its words are it.

        The same words once more, after they were acknowledged on this connection, are another message.
        """
        reference, total = got.part.reference, got.part.total
        if total == 1:
            reference = sha256(got.text.encode("utf-8", "replace")).hexdigest()[:32]
        of, again = SegmentOf(self._name, got.sender, reference, total), 0
        while of in self._acked:
            again += 1
            of = SegmentOf(self._name, got.sender, f"{reference}+{again}", total)
        return of

    def _asks(self) -> Callable[[], None]:
        """Return what to do once the message centre has answered a later question: it has these acknowledgements."""
        acked = list(self._acked)

        def answered() -> None:
            task = asyncio.create_task(self._forget(acked))
            self._acks.add(task)
            task.add_done_callback(self._acks.discard)

        return answered

    async def _forget(self, acked: Sequence[SegmentOf]) -> None:
        for of in acked:
            try:
                await self._segments.drop_segments(of)
            except Unavailable:
                return  # at the next sign of life
            self._acked.discard(of)
