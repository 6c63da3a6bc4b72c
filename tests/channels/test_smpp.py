"""SMPP: bytes as the specification has them, and a message centre that misbehaves."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_segments import MemorySegments
from tests.fakes.smpp_peer import PASSWORD, SYSTEM_ID, SmppPeer, smpp_peer, submitted
from trunkline.channels.sms import smpp_link
from trunkline.channels.sms import smpp_wire as wire
from trunkline.channels.sms.gsm import of_gsm, to_gsm
from trunkline.channels.sms.keywords import Keyword
from trunkline.channels.sms.segments import carried
from trunkline.channels.sms.smpp import SmppSms
from trunkline.channels.sms.smpp_link import Account
from trunkline.channels.sms.smpp_wire import Arrived, Malformed, Part, Receipt
from trunkline.core.errors import TrunklineFault, Unavailable
from trunkline.core.ids import MessageId, new_id
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, NotTaken, Refused, Said, Wished

CHRIS = "+447700900123"
RECEIPT = b"id:m1 sub:001 dlvrd:001 submit date:2611271200 done date:2611271201 stat:%s err:%s text:Hello"


# --- bytes ---


def test_a_bind_is_as_the_specification_has_it() -> None:
    body = wire.bind("trunk", "of-tests", "VMS")
    assert body == b"trunk\0of-tests\0VMS\0\x34\x00\x00\x00"
    raw = wire.pdu(wire.Command.BIND_TRANSCEIVER, 1, body)
    assert raw[:16] == struct.pack(">IIII", len(raw), 9, 0, 1)
    assert wire.pdu_of(raw) == wire.Pdu(9, 0, 1, body, False)


def test_a_short_message_is_one_segment_that_asks_for_a_receipt() -> None:
    [body] = wire.submits(sender="+442079460000", to=CHRIS, text="Hi @€", reference=7)
    assert body == (
        b"\0\x01\x01442079460000\0\x01\x01447700900123\0\0\0\0\0\0\x01\0\0\0\x06" + b"Hi \x00\x1b\x65"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "ton_npi"), [("Acme", b"\x05\x00"), ("12345", b"\x03\x00"), ("+1234567", b"\x01\x01")]
)
def test_a_sender_is_what_it_looks_like(sender: str, ton_npi: bytes) -> None:
    [body] = wire.submits(sender=sender, to=CHRIS, text="Hi", reference=7)
    assert body[1:3] == ton_npi


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400))
def test_segments_hold_all_of_a_text_and_are_as_many_as_are_counted(text: str) -> None:
    bodies = wire.submits(sender="Acme", to=CHRIS, text=text, reference=0x1234)
    assert len(bodies) == carried(text).segments
    given_ = [submitted(body) for body in bodies]
    assert [each.receipt for each in given_] == [0] * (len(bodies) - 1) + [1]
    assert all(len(each.data) <= 140 if each.coding == 8 else len(each.data) <= 160 for each in given_)
    got = [wire.delivered(arrives(each.data, esm_class=each.esm_class, coding=each.coding)) for each in given_]
    parts = [(each.part.number, each.text) for each in got if isinstance(each, Arrived)]
    assert wire.joined_text(parts) == text
    if len(bodies) > 1:
        assert {each.part.reference for each in got if isinstance(each, Arrived)} == {"34"}


@given(st.text(st.sampled_from("abc@£€[]{}~\\^|\nÄñ "), max_size=50))
def test_septets_come_back(text: str) -> None:
    assert of_gsm(to_gsm(text)) == text


def arrives(text: bytes, *, esm_class: int = 0, coding: int = 0, options: bytes = b"", ton: int = 1) -> bytes:
    return (
        b"\0" + bytes([ton, 1]) + b"447700900123\0\x01\x01442079460000\0" + bytes([esm_class, 0, 0]) + b"\0\0"
        + bytes([0, 0, coding, 0, len(text)]) + text + options
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (arrives(b"Hi \x00"), "Hi @"),
        (arrives("Grüße 🧯".encode("utf-16-be"), coding=8), "Grüße 🧯"),
        (arrives("Grüße".encode("latin-1"), coding=3), "Grüße"),
        (arrives(b"", options=struct.pack(">HH", 0x0424, 4) + b"long"), "long"),
        (arrives(b"\x1b\x1b\x80"), "\ufffd\ufffd"),
    ],
)
def test_a_message_is_read_by_its_coding(body: bytes, text: str) -> None:
    assert wire.delivered(body) == Arrived(CHRIS, text, Part("", 1, 1))


def test_senders_are_numbers_or_names() -> None:
    assert isinstance(got := wire.delivered(arrives(b"Hi", ton=5)), Arrived)
    assert got.sender == "447700900123"


@pytest.mark.parametrize(
    ("text", "options", "part"),
    [
        (b"\x05\x00\x03\x07\x03\x02Hi", b"", Part("07", 3, 2)),
        (b"\x06\x08\x04\x01\x07\x03\x02Hi", b"", Part("0107", 3, 2)),
        (b"Hi", b"\x02\x0c\0\x02\x01\x07\x02\x0e\0\x01\x03\x02\x0f\0\x01\x02", Part("0107", 3, 2)),
        (b"\x05\x00\x03\x07\x03\x09Hi", b"", Part("", 1, 1)),
    ],
)
def test_segments_are_known_by_their_header_or_by_options(text: bytes, options: bytes, part: Part) -> None:
    got = wire.delivered(arrives(text, esm_class=0 if options else 0x40, options=options))
    assert got == Arrived(CHRIS, "Hi", part)


@pytest.mark.parametrize(
    ("text", "options", "receipt"),
    [
        (RECEIPT % (b"DELIVRD", b"000"), b"", Receipt("m1", Delivery.DELIVERED, None)),
        (RECEIPT % (b"UNDELIV", b"021"), b"", Receipt("m1", Delivery.FAILED, "undeliv, error 021")),
        (RECEIPT % (b"ACCEPTD", b"000"), b"", Receipt("m1", None, None)),
        (b"", b"\0\x1e\0\x03m9\0\x04\x27\0\x01\x02", Receipt("m9", Delivery.DELIVERED, None)),
        (b"nonsense", b"", Receipt("", None, None)),
    ],
)
def test_a_receipt_is_read_by_its_words_or_by_its_options(text: bytes, options: bytes, receipt: Receipt) -> None:
    assert wire.delivered(arrives(text, esm_class=4, options=options)) == receipt


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    with suppress(Malformed):
        wire.delivered(body)
    with suppress(TrunklineFault):
        wire.taken_id(wire.Pdu(4, 0, 1, body, True))


# --- a message centre ---


@dataclass
class Line:
    """A channel and what it told."""

    sms: SmppSms
    peer: SmppPeer
    memory: MemorySegments
    clock: FakeClock
    said: list[ChannelEvent] = field(default_factory=list)
    receipts: list[tuple[MessageId, Delivery, str | None]] = field(default_factory=list)
    away: bool = False

    def tell(self, event: ChannelEvent) -> asyncio.Future[None]:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.away:
            taken.set_exception(Unavailable("away"))
        else:
            self.said.append(event)
            taken.set_result(None)
        return taken

    async def take_receipt(self, id_: MessageId, state: Delivery, why: str | None) -> None:
        self.receipts.append((id_, state, why))

    def texts(self) -> list[str]:
        return [each.text for each in self.said if isinstance(each, Said | Wished)]

    def names(self) -> set[str]:
        return {each.message for each in self.said if isinstance(each, Said)}


def out(text: str = "Hello") -> Outgoing:
    return Outgoing(MessageId(new_id()), "smpp", CHRIS, text, NOON)


@asynccontextmanager
async def on_line(
    peer: SmppPeer, *, password: str = PASSWORD, memory: MemorySegments | None = None
) -> AsyncIterator[Line]:
    kept, clock = memory or MemorySegments(), FakeClock()
    account = Account("127.0.0.1", peer.port, False, SYSTEM_ID, password, "")
    replies = {Keyword.STOP: "No more."}
    sms = SmppSms("smpp", account=account, sender="Acme", replies=replies, segments=kept, clock=clock)
    line = Line(sms, peer, kept, clock)
    sms.tell, sms.take_receipt = line.tell, line.take_receipt

    async def always() -> None:
        pass

    running = asyncio.ensure_future(sms.run(always))
    try:
        yield line
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def bound(line: Line) -> None:
    await until(lambda: line.sms._link is not None)


async def until(holds: Any, within: float = 8) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_message_is_given_in_segments_and_known_by_the_last_one(caplog: pytest.LogCaptureFixture) -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        assert peer.binds == [(SYSTEM_ID, PASSWORD)]
        assert await line.sms.deliver(out()) == "m1"
        assert await line.sms.deliver(out("long " * 40)) == "m3"
        assert [(each.to, each.source) for each in peer.submitted] == [("447700900123", "Acme")] * 3
        assert line.sms.health().ready
        assert line.sms.parts(Shown(("a" * 2000,), "en")) == ("a" * 1530, "a" * 470)


@pytest.mark.parametrize(
    ("order", "fault", "why"),
    [
        (0x58, NotTaken, "too many messages"), (0x14, NotTaken, "queue is full"), (0x0B, Refused, "no such number"),
        (0x99, Refused, "0x00000099"), ("cut", Unavailable, "lost"), ("deaf", Unavailable, "lost"),
    ],
)  # fmt: skip
async def test_what_a_message_centre_answers_is_for_now_for_ever_or_unknown(
    order: int | str, fault: type[Exception], why: str
) -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        peer.orders.append(order)
        with pytest.raises(fault, match=why) as raised:
            await line.sms.deliver(out())
        assert type(raised.value) is fault


async def test_one_that_is_silent_has_an_unknown_outcome_and_keeps_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_link, "ANSWER_WITHIN_S", 0.2)
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        peer.orders.append("silent")
        with pytest.raises(Unavailable, match="did not answer"):
            await line.sms.deliver(out())
        assert await line.sms.deliver(out()) == "m1"


async def test_one_that_is_away_or_does_not_let_us_in_has_taken_nothing() -> None:
    async with smpp_peer() as peer, on_line(peer, password="wrong") as line:
        await until(lambda: line.sms._fault is not None)
        with pytest.raises(NotTaken, match="wrong password"):
            await line.sms.deliver(out())
        line.clock.forward(61)
        assert not line.sms.health().ready


async def test_a_connection_that_breaks_is_made_again() -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        peer.cut()
        await until(lambda: len(peer.binds) == 2 and line.sms._link is not None)
        assert await line.sms.deliver(out()) == "m1"


async def test_a_link_that_is_dead_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_link, "ALIVE_EVERY_S", 0.05)
    monkeypatch.setattr(smpp_link, "ANSWER_WITHIN_S", 0.2)
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        hear = peer._hear

        async def swallows(writer: Any, command: int, status: int, sequence: int, body: bytes) -> None:
            if command == 0x09:
                await hear(writer, command, status, sequence, body)

        peer._hear = swallows  # type: ignore[method-assign]
        await until(lambda: len(peer.binds) >= 2)


async def test_a_message_is_acknowledged_once_it_is_durable() -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        line.away = True
        assert await peer.delivers(b"Hi") == wire.TRY_AGAIN
        line.away = False
        assert await peer.delivers(b"Hi") == 0
        [said] = line.said
        assert isinstance(said, Said)
        assert (said.conversation.address, said.text) == (CHRIS, "Hi")


async def test_the_same_words_are_one_message_until_they_are_certainly_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = MemorySegments()
    async with smpp_peer() as peer:
        async with on_line(peer, memory=memory) as line:
            await bound(line)
            assert [await peer.delivers(b"yes"), await peer.delivers(b"yes")] == [0, 0]
            assert len(line.names()) == 2, "said twice on one connection, it is two"
            first = line.names()
        # We died before the acknowledgement was certain: it is given again, to another process.
        async with on_line(peer, memory=memory) as line:
            await bound(line)
            assert await peer.delivers(b"yes") == 0
            assert line.names() <= first
        monkeypatch.setattr(smpp_link, "ALIVE_EVERY_S", 0.05)
        async with on_line(peer, memory=memory) as line:
            await bound(line)
            await peer.delivers(b"yes")
            await until(lambda: len(memory.kept) < 2)
            line.clock.forward(60)
            await peer.delivers(b"no")
            assert len(line.names()) == 2


async def test_a_message_in_segments_is_one_in_whatever_order_they_come() -> None:
    parts = [
        b"\x05\x00\x03\x07\x03" + bytes([number]) + text for number, text in ((1, b"one "), (2, b"two "), (3, b"three"))
    ]
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        for each in (parts[2], parts[0], parts[0]):
            assert await peer.delivers(each, esm_class=0x40) == 0
        assert line.said == []
        assert await peer.delivers(b"From another", source="447700900999") == 0
        assert await peer.delivers(parts[1], esm_class=0x40) == 0
        assert line.texts() == ["From another", "one two three"]


async def test_stop_is_a_wish_and_receipts_find_their_message() -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        await peer.delivers(b"STOP")
        assert isinstance(line.said[0], Wished)
        assert (line.said[0].wants_more, line.said[0].reply) == (False, "No more.")
        # Quicker than our own writing: it is asked to come again, and then it is known.
        assert await peer.delivers(RECEIPT % (b"DELIVRD", b"000"), esm_class=4) == wire.TRY_AGAIN
        line.memory.sent["m1"] = MessageId("ours")
        assert await peer.delivers(RECEIPT % (b"DELIVRD", b"000"), esm_class=4) == 0
        assert line.receipts == [("ours", Delivery.DELIVERED, None)]
        strange = RECEIPT.replace(b"m1", b"x9") % (b"DELIVRD", b"000")
        assert [await peer.delivers(strange, esm_class=4) for _ in range(2)] == [wire.TRY_AGAIN, 0]


async def test_nonsense_is_refused_and_ends_nothing_but_its_connection() -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        peer.sends(struct.pack(">IIII", 20, 5, 0, 77) + b"\xff\xff\xff\xff")
        await peer.until(lambda: (77, 8) in peer.answers)
        peer.sends(struct.pack(">IIII", 16, 0x1234, 0, 78))
        await peer.until(lambda: (78, 3) in peer.answers)
        peer.sends(struct.pack(">I", 0xFFFFFFFF) + b"x" * 12)
        await until(lambda: len(peer.binds) == 2 and line.sms._link is not None)
        assert await peer.delivers(b"Hi") == 0


async def test_the_memory_away_makes_messages_come_again() -> None:
    async with smpp_peer() as peer, on_line(peer) as line:
        await bound(line)
        line.memory.away = True
        assert await peer.delivers(b"Hi") == wire.TRY_AGAIN
        line.memory.away = False
        assert await peer.delivers(b"Hi") == 0
        assert line.texts() == ["Hi"]
