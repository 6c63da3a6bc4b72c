"""A far end on real sockets: takes one call after the other, echoes the sound, and keeps what it was told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trunkline.simulate import rtp, sdp, wire
from trunkline.simulate.wire import Request, Response


class FarEnd(asyncio.DatagramProtocol):
    """Answers INVITE and REGISTER with `status`, a BYE with 200; hangs up when it hears the key `#`."""

    def __init__(self, status: int) -> None:
        self.status, self.seen, self.keys = status, list[Request](), rtp.Listener()
        self.sip: asyncio.DatagramTransport
        self.sound: asyncio.DatagramTransport

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.sip.get_extra_info("sockname")
        return host, port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = wire.parse(data)
        if not isinstance(message, Request):
            return
        self.seen.append(message)
        if message.method != "ACK":
            self._answer(message, addr)

    def _answer(self, request: Request, addr: tuple[str, int]) -> None:
        port = self.sound.get_extra_info("sockname")[1]
        ok = request.method not in {"INVITE", "REGISTER"} or self.status == 200
        headers = (
            *((name, wire.value(request, name)) for name in ("Via", "From", "Call-ID", "CSeq")),
            ("To", f"{wire.value(request, 'To')};tag=far"),
            ("Contact", "<sip:far@127.0.0.1>"),
        )
        body = sdp.describe("127.0.0.1", port, codecs=(0,)) if request.method == "INVITE" and ok else b""
        answer = Response(200, "OK", headers, body) if ok else Response(self.status, "No", headers)
        self.sip.sendto(wire.serialise(answer), addr)

    def heard(self, data: bytes, addr: tuple[str, int]) -> None:
        self.keys.begin(0.0, sdp.Media("127.0.0.1", addr[1], 0, 101))
        self.keys.receive(data, 0.0)
        self.sound.sendto(data, addr)
        if self.keys.keys.endswith("#"):
            self._hang_up()

    def _hang_up(self) -> None:
        invite = next(request for request in self.seen if request.method == "INVITE")
        headers = (
            ("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKbye"),
            ("From", f"{wire.value(invite, 'To')};tag=far"),
            ("To", wire.value(invite, "From")),
            ("Call-ID", wire.value(invite, "Call-ID")),
            ("CSeq", "1 BYE"),
        )
        host, _, port = wire.uri_of(wire.value(invite, "Contact")).partition("@")[2].partition(":")
        self.sip.sendto(wire.serialise(Request("BYE", "sip:caller", headers)), (host, int(port)))


class _Sound(asyncio.DatagramProtocol):
    def __init__(self, far: FarEnd) -> None:
        self._far = far

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._far.heard(data, addr)


@asynccontextmanager
async def far_end(status: int = 200) -> AsyncIterator[FarEnd]:
    """Listen on loopback ports for as long as the block lasts."""
    loop, far, here = asyncio.get_running_loop(), FarEnd(status), ("127.0.0.1", 0)
    far.sip, _ = await loop.create_datagram_endpoint(lambda: far, local_addr=here)
    far.sound, _ = await loop.create_datagram_endpoint(lambda: _Sound(far), local_addr=here)
    try:
        yield far
    finally:
        far.sip.close()
        far.sound.close()
