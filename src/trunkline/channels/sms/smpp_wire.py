"""SMPP 3.4 on the wire: what goes to a message centre and what comes from it. Sections are the specification's."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from trunkline.channels.sms.gsm import of_gsm, to_gsm
from trunkline.channels.sms.segments import Alphabet, carried
from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.outgoing import Delivery
from trunkline.ports.channel import NotTaken, Refused

HEADER = struct.Struct(">IIII")
LARGEST_PDU = 64 * 1024 + 1024
_ANSWER = 0x80000000


class Command(IntEnum):
    """What a PDU is (5.1.2.1); an answer to one has the highest bit too."""

    GENERIC_NACK = 0x80000000
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15


OK, TRY_AGAIN = 0x00, 0x64
"""ESME_ROK, ESME_RX_T_APPN (5.1.3)."""
_TEMPORARY = {0x08, 0x14, 0x58, 0x45, 0x64, 0x66, 0xFE, 0xFF}
"""System error, queue full, throttled, submit failed, receiver's faults, delivery failed: not for ever (5.1.3)."""
_THROTTLED = {0x14, 0x58}
_WORDS = {
    0x0B: "no such number", 0x0A: "our sender is not allowed", 0x0D: "bind failed", 0x0E: "wrong password",
    0x0F: "wrong system_id", 0x14: "its queue is full", 0x45: "submit failed", 0x58: "too many messages at once",
}  # fmt: skip


class Malformed(Rejected):
    """Bytes that are no PDU."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU. `command` is without the bit of answers."""

    command: int
    status: int
    sequence: int
    body: bytes
    is_answer: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of a message: `total` 1 where it is all of it."""

    reference: str
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that somebody sent, or a segment of one."""

    sender: str
    text: str
    part: Part


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, by the message centre's id of it; `state` is None for what is no end."""

    id: str
    state: Delivery | None
    why: str | None


@dataclass(frozen=True, slots=True)
class _Message:
    """The fields of submit_sm and deliver_sm that we look at (4.4.1, 4.6.1)."""

    source: str
    source_ton: int
    esm_class: int
    coding: int
    data: bytes
    options: Mapping[int, bytes] = field(default_factory=dict)


def pdu(command: int, sequence: int, body: bytes = b"", *, status: int = OK, answer: bool = False) -> bytes:
    """Return a PDU."""
    return HEADER.pack(HEADER.size + len(body), command | (_ANSWER if answer else 0), status, sequence) + body


def pdu_of(raw: bytes) -> Pdu:
    """Return the PDU that these bytes are, its length word first; raises Malformed."""
    if len(raw) < HEADER.size:
        raise Malformed("a PDU has 16 bytes at least")
    _, command, status, sequence = HEADER.unpack_from(raw)
    return Pdu(command & ~_ANSWER & 0xFFFFFFFF, status, sequence, raw[HEADER.size :], bool(command & _ANSWER))


def bind(system_id: str, password: str, system_type: str = "") -> bytes:
    """Return the body of bind_transceiver (4.1.5)."""
    words = (_text(system_id, 16), _text(password, 9), _text(system_type, 13))
    return b"".join(words) + bytes([0x34, 0, 0]) + b"\0"


def submits(*, sender: str, to: str, text: str, reference: int) -> list[bytes]:
    """Return the bodies of submit_sm for a message, one for each segment; the last one asks for a receipt (5.2.17).

    `reference` is the message's own, of 8 bits: the same message sent again has the same, and phones join it once.
    """
    coding, pieces = _pieces(text)
    bodies = []
    for number, piece in enumerate(pieces, 1):
        header = b""
        if len(pieces) > 1:
            # 3GPP TS 23.040 section 9.2.3.24.1: joined of several. A longer reference would leave less room.
            header = bytes([5, 0x00, 3, reference & 0xFF, len(pieces), number])
        data = header + piece
        bodies.append(
            b"\0" + _source(sender) + _destination(to) + bytes([0x40 if header else 0, 0, 0]) + b"\0\0"
            + bytes([1 if number == len(pieces) else 0, 0, coding, 0, len(data)]) + data
        )  # fmt: skip
    return bodies


def taken_id(answer: Pdu) -> str:
    """Return the message centre's id of what it took; raises NotTaken and Refused."""
    if answer.status != OK:
        raise fault_of(answer.status)
    return answer.body.split(b"\0", 1)[0].decode("latin-1")


def fault_of(status: int) -> NotTaken | Refused:
    """Return what a status other than zero means for a message."""
    words = f"{_WORDS.get(status, 'the message centre refused it')} (0x{status:08x})"
    if status in _THROTTLED:
        return NotTaken(words, again_in=timedelta(seconds=5))
    return NotTaken(words) if status in _TEMPORARY else Refused(words)


def delivered(body: bytes) -> Arrived | Receipt:
    """Return what a deliver_sm brings: a message, or a receipt (5.2.12); raises Malformed."""
    message = _message(body)
    if message.esm_class & 0x3C in (0x04, 0x08, 0x20):
        return _receipt(message)
    data, part = _joined(message)
    return Arrived(_number(message.source, message.source_ton), _decoded(data, message.coding), part)


# --- parts -----------------------------------------------------------------------------------------------------------


def _pieces(text: str) -> tuple[int, list[bytes]]:
    """Return a text's coding and its segments; no sign is split between two."""
    is_gsm = carried(text).alphabet is Alphabet.GSM_7
    coding, alone, joined = (0, 160, 153) if is_gsm else (8, 140, 134)
    signs = [to_gsm(sign) if is_gsm else sign.encode("utf-16-be", "replace") for sign in text]
    if sum(map(len, signs)) <= alone:
        return coding, [b"".join(signs)]
    pieces: list[bytearray] = [bytearray()]
    for sign in signs:
        if len(pieces[-1]) + len(sign) > joined:
            pieces.append(bytearray())
        pieces[-1] += sign
    return coding, [bytes(each) for each in pieces]


def _decoded(data: bytes, coding: int) -> str:
    """Return what the bytes of a message say (5.2.19)."""
    match coding & 0x0F if coding < 0xC0 else 0:
        case 0 | 1:
            # What is called the centre's own alphabet is GSM 03.38 nearly everywhere, and ASCII where it is not.
            return of_gsm(data) if coding != 1 else data.decode("ascii", "replace")
        case 8:
            return data.decode("utf-16-be", "replace")
    return data.decode("latin-1")


def _joined(message: _Message) -> tuple[bytes, Part]:
    """Return a segment's own bytes, and which it is: by its user data header, or by SMPP's own options (5.3.2.22)."""
    data = message.data
    if message.esm_class & 0x40 and data and len(data) > data[0]:
        header, data = data[1 : data[0] + 1], data[data[0] + 1 :]
        at = 0
        while at + 2 <= len(header):
            kind, length = header[at], header[at + 1]
            value = header[at + 2 : at + 2 + length]
            if (kind, length, len(value)) in ((0x00, 3, 3), (0x08, 4, 4)):
                return data, _part(value[:-2].hex(), value[-2], value[-1])
            at += 2 + length
    options = message.options
    if {0x020C, 0x020E, 0x020F} <= options.keys():
        return data, _part(
            options[0x020C].hex(), int.from_bytes(options[0x020E], "big"), int.from_bytes(options[0x020F], "big")
        )
    return data, Part("", 1, 1)


def _part(reference: str, total: int, number: int) -> Part:
    return Part(reference, total, number) if total > 1 and 1 <= number <= total else Part("", 1, 1)


_ENDS = {"DELIVRD": Delivery.DELIVERED, "EXPIRED": Delivery.FAILED, "DELETED": Delivery.FAILED,
         "UNDELIV": Delivery.FAILED, "REJECTD": Delivery.FAILED}  # fmt: skip
_STATES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}


def _receipt(message: _Message) -> Receipt:
    """Return a receipt: by its options (5.3.2.12, 5.3.2.35), or by the words that appendix B has."""
    words = dict(
        part.split(":", 1) for part in message.data.decode("latin-1").replace(" date:", "_date:").split() if ":" in part
    )
    id_ = message.options.get(0x001E, b"").split(b"\0", 1)[0].decode("latin-1") or words.get("id", "")
    code = message.options.get(0x0427, b"")
    state = _STATES.get(code[0], "") if code else words.get("stat", "").upper()
    end = _ENDS.get(state)
    why = f"{state.lower()}, error {words.get('err', 'unknown')}" if end is Delivery.FAILED else None
    return Receipt(id_, end, why)


def _message(body: bytes) -> _Message:
    reader = _Reader(body)
    reader.text()
    source_ton, _, source = reader.byte(), reader.byte(), reader.text()
    reader.byte(), reader.byte(), reader.text()
    esm_class, _, _ = reader.byte(), reader.byte(), reader.byte()
    reader.text(), reader.text()
    reader.byte(), reader.byte()
    coding, _, length = reader.byte(), reader.byte(), reader.byte()
    data = reader.some(length)
    options = reader.options()
    return _Message(source, source_ton, esm_class, coding, options.get(0x0424, b"") or data, options)


class _Reader:
    """Takes a body apart from its beginning; raises Malformed where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def byte(self) -> int:
        return self.some(1)[0]

    def some(self, many: int) -> bytes:
        data = self._body[self._at : self._at + many]
        if len(data) < many:
            raise Malformed("a PDU ends too early")
        self._at += many
        return data

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Malformed("a PDU has a text without its end")
        data, self._at = self._body[self._at : end], end + 1
        return data.decode("latin-1")

    def options(self) -> Mapping[int, bytes]:
        """Return the optional parameters (5.3); what is cut off is left out."""
        found: dict[int, bytes] = {}
        while self._at + 4 <= len(self._body):
            tag, length = struct.unpack_from(">HH", self._body, self._at)
            found[tag] = self._body[self._at + 4 : self._at + 4 + length]
            self._at += 4 + length
        return found


def _text(text: str, most: int) -> bytes:
    """Return a C string of at most so many bytes, its end included."""
    return text.encode("latin-1", "replace").replace(b"\0", b"?")[: most - 1] + b"\0"


def _source(sender: str) -> bytes:
    if sender.startswith("+"):
        return bytes([1, 1]) + _text(sender[1:], 21)
    return (bytes([3, 0]) if sender.isdigit() else bytes([5, 0])) + _text(sender, 21)


def _destination(to: str) -> bytes:
    return (bytes([1, 1]) + _text(to[1:], 21)) if to.startswith("+") else bytes([0, 1]) + _text(to, 21)


def _number(source: str, ton: int) -> str:
    return f"+{source}" if ton == 1 and source.isdigit() else source


def joined_text(parts: Sequence[tuple[int, str]]) -> str:
    """Return the text of a message from its segments, in whatever order they came."""
    return "".join(text for _, text in sorted(parts))


def bind_fault(status: int) -> Unavailable:
    """Return why a message centre does not let us in."""
    return Unavailable(f"the message centre does not let us in: {_WORDS.get(status, 'refused')} (0x{status:08x})")
