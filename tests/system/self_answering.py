"""A SIP phone of the kind that answers by itself where the INVITE asks it to, as desk phones in contact centres do."""

import asyncio
import time
import uuid
from typing import Self

from trunkline.simulate.digest import Credentials, answer
from trunkline.simulate.wire import (
    Malformed,
    Request,
    Response,
    parse,
    serialise,
    tag_of,
    value,
    values,
)

_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
_BUSY_METHODS = frozenset({"BYE", "CANCEL", "OPTIONS", "NOTIFY", "UPDATE"})


class SelfAnsweringPhone(asyncio.DatagramProtocol):
    """One registered phone, on loopback. It rings until it is hung up where nobody asks it to answer."""

    def __init__(self, credentials: Credentials, port: int, server: tuple[str, int], *, always: bool = False) -> None:
        self._credentials, self._port, self._server, self._always = credentials, port, server, always
        self.rang: list[float] = []
        """When each INVITE came, on the monotonic clock."""
        self.asked: list[str] = []
        """What the INVITEs said of answering: Call-Info, then Alert-Info."""
        self.why_no_more: list[str] = []
        """The reasons (RFC 3326) with which it was told to ring no more."""
        self._replies: asyncio.Queue[Response] = asyncio.Queue()
        self._tags: dict[str, str] = {}
        self._ringing: dict[str, Request] = {}

    @classmethod
    async def plugged_in(
        cls, credentials: Credentials, port: int, server: tuple[str, int], *, always: bool = False
    ) -> Self:
        """Return a phone that has registered; with `always` it answers whatever comes."""
        phone = cls(credentials, port, server, always=always)
        loop = asyncio.get_running_loop()
        phone._wire, _ = await loop.create_datagram_endpoint(
            lambda: phone, local_addr=("127.0.0.1", port), remote_addr=server
        )
        await phone._register(3600)
        return phone

    async def unplug(self) -> None:
        """Leave the registrar and the network."""
        await self._register(0)
        self._wire.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            message = parse(data)
        except Malformed:
            return  # audio
        if isinstance(message, Response):
            self._replies.put_nowait(message)
        elif message.method == "INVITE":
            self._rings(message)
        elif message.method in _BUSY_METHODS:
            self._reply(message, 200, "OK")
            if message.method == "CANCEL" and (invite := self._ringing.pop(value(message, "call-id"), None)):
                self.why_no_more += values(message, "reason")
                self._reply(invite, 487, "Request Terminated")

    def _rings(self, invite: Request) -> None:
        call = value(invite, "call-id")
        if call in self._tags:
            return
        self.rang.append(time.monotonic())
        self._tags[call] = uuid.uuid4().hex[:8]
        asked = [*values(invite, "call-info"), *values(invite, "alert-info")]
        self.asked += asked
        if self._always or any("answer-after=0" in each or "alert-autoanswer" in each for each in asked):
            self._reply(invite, 200, "OK", _SDP.format(port=self._port))
        else:
            self._ringing[call] = invite
            self._reply(invite, 180, "Ringing")

    def _reply(self, request: Request, status: int, reason: str, body: str = "") -> None:
        to = value(request, "to")
        to = to if tag_of(to) else f"{to};tag={self._tags.get(value(request, 'call-id'), 'x')}"
        headers = [
            *(("Via", via) for via in values(request, "via")),
            ("From", value(request, "from")), ("To", to), ("Call-ID", value(request, "call-id")),
            ("CSeq", value(request, "cseq")), ("Contact", self._contact),
            *([("Content-Type", "application/sdp")] if body else []),
        ]  # fmt: skip
        self._wire.sendto(serialise(Response(status, reason, tuple(headers), body.encode())))

    @property
    def _contact(self) -> str:
        return f"<sip:{self._credentials.user}@127.0.0.1:{self._port}>"

    async def _register(self, expires: int) -> None:
        uri, call = f"sip:{self._server[0]}:{self._server[1]}", uuid.uuid4().hex
        who = f"<sip:{self._credentials.user}@{self._server[0]}:{self._server[1]}>"
        proof: list[tuple[str, str]] = []
        for number in (1, 2):
            headers = (
                ("Via", f"SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex}"),
                ("From", f"{who};tag={call[:8]}"), ("To", who), ("Call-ID", call), ("CSeq", f"{number} REGISTER"),
                ("Contact", self._contact), ("Expires", str(expires)), ("Max-Forwards", "70"), *proof,
            )  # fmt: skip
            self._wire.sendto(serialise(Request("REGISTER", uri, headers)))
            async with asyncio.timeout(10):
                reply = await self._replies.get()
            if reply.status == 200:
                return
            challenge = value(reply, "www-authenticate")
            told = answer(challenge, self._credentials, method="REGISTER", uri=uri, cnonce=uuid.uuid4().hex[:8])
            assert told is not None, challenge
            proof = [("Authorization", told)]
        raise AssertionError(f"the phone may not register: {reply.status}")
