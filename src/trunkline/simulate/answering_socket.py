"""The SIP socket under pyVoIP's phone: it answers what pyVoIP leaves unanswered.

pyVoIP 1.6 drops every OPTIONS (RFC 3261 section 11), so that a switch which asks whether the phone is there takes it
for dead; and it agrees to a CANCEL without ending the INVITE by 487 (section 9.2), and goes on ringing.
"""

import select
import socket
from collections.abc import Callable
from typing import Any

from trunkline.simulate import wire
from trunkline.simulate.wire import Request, Response

_ALLOW = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS")
_GRACE = 0.2
"""Seconds an answer to pyVoIP may follow: its REGISTER takes the next datagram for the answer, and fails on nothing."""


class AnsweringSocket(socket.socket):
    """A UDP socket whose `recv` never shows an OPTIONS or a CANCEL, but answers them."""

    def __init__(self, withdraw: Callable[[str], bool], *args: Any) -> None:
        """`withdraw` is given the Call-ID of a CANCEL, and tells whether that call was still ringing."""
        super().__init__(*args)
        self._withdraw = withdraw

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return the next datagram that is for pyVoIP; raises BlockingIOError as any socket does."""
        while True:
            data, address = self.recvfrom(size, flags)
            answers = self._answers(data)
            if not answers:
                return data
            for answer in answers:
                self.sendto(answer, address)
            select.select([self], [], [], _GRACE)

    def _answers(self, data: bytes) -> list[bytes]:
        try:
            request = wire.parse(data)
            number, method = wire.cseq_of(request)
        except wire.Malformed:
            return []
        if not isinstance(request, Request) or method not in {"OPTIONS", "CANCEL"}:
            return []
        answers = [_answer(request, 200, "OK", wire.value(request, "cseq"))]
        if method == "CANCEL" and self._withdraw(wire.value(request, "call-id")):
            answers.append(_answer(request, 487, "Request Terminated", f"{number} INVITE"))
        return answers


def _answer(request: Request, status: int, reason: str, cseq: str) -> bytes:
    to = wire.value(request, "to")
    headers = (
        *(("Via", via) for via in wire.values(request, "via")),
        ("From", wire.value(request, "from")),
        ("To", to if wire.tag_of(to) else f"{to};tag=phone"),
        ("Call-ID", wire.value(request, "call-id")),
        ("CSeq", cseq),
        _ALLOW,
    )
    return wire.serialise(Response(status, reason, headers))
