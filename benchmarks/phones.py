"""Agents' phones: one UDP socket each, registered, which answer at once, talk for a moment and hang up.

When an INVITE came is taken from the kernel (SO_TIMESTAMPNS), not from when we got round to reading it.
"""

import asyncio
import hashlib
import re
import socket
import struct
import uuid
from collections.abc import Callable

from benchmarks.centre import BenchCentre
from trunkline import secrets
from trunkline.core.sip_account import REALM, sip_ha1, sip_password

_TIMESTAMPNS = 35
_AUDIO_EVERY_S = 20.0
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class AgentPhone:
    """One phone. `rung` gives the kernel's time (ns since 1970) of the next INVITE; `over` when its call has ended.

    `talk_s` None: it rings, and nobody answers. `heard` has the caller's number and the time of each INVITE, `answered`
    how many of them became talks.
    """

    def __init__(self, name: str, ha1: str, port: int, server: tuple[str, int], *, talk_s: float | None) -> None:
        self.name, self._ha1, self._port, self._server, self._talk_s = name, ha1, port, server, talk_s
        self.rung: asyncio.Queue[int] = asyncio.Queue()
        self.over: asyncio.Queue[None] = asyncio.Queue()
        self.heard: list[tuple[str, int]] = []
        self.answered = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", port))
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._calls: dict[str, dict[str, str]] = {}
        self._cseq = 100
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Unplug it."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def register(self, *, for_s: int = 3600) -> None:
        """Register for so long, 0 to be reachable no more; raises TimeoutError or RuntimeError."""
        call_id, answer = uuid.uuid4().hex, ""
        for number in (1, 2):
            self._send(self._register(call_id, number, for_s, self._authorization(answer) if answer else ""))
            async with asyncio.timeout(10):
                answer = await self._answers.get()
            if answer.startswith("SIP/2.0 200"):
                return
        raise RuntimeError(f"{self.name} may not register: {answer.splitlines()[0]}")

    def _register(self, call_id: str, number: int, for_s: int, authorization: str) -> str:
        host, port = self._server
        who = f"<sip:{self.name}@{host}:{port}>"
        return (
            f"REGISTER sip:{host}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
            f"From: {who};tag={call_id[:8]}\r\nTo: {who}\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
            f"Contact: <sip:{self.name}@127.0.0.1:{self._port}>\r\nExpires: {for_s}\r\nMax-Forwards: 70\r\n"
            f"{authorization}Content-Length: 0\r\n\r\n"
        )

    def _authorization(self, challenge: str) -> str:
        found = re.search(r'nonce="([^"]+)"', challenge)
        if found is None:
            raise RuntimeError(f"{self.name}: no challenge in {challenge[:60]!r}")
        opaque = re.search(r'opaque="([^"]+)"', challenge)
        uri = f"sip:{self._server[0]}:{self._server[1]}"
        ha2, nonce, cnonce = _md5(f"REGISTER:{uri}"), found[1], "0a4f113b"
        response = _md5(f"{self._ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
        return (
            f'Authorization: Digest username="{self.name}", realm="{REALM}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001'
            + (f', opaque="{opaque[1]}"' if opaque else "")
            + "\r\n"
        )

    def _readable(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(8192, 128)
            except BlockingIOError:
                return
            if data[:1].isalpha():  # the rest is audio
                self._take(data.decode(errors="replace"), _stamp(ancillary))

    def _take(self, message: str, at: int) -> None:
        verb = message.split(" ", 1)[0]
        call_id = _header(message, "Call-ID")
        match verb:
            case "SIP/2.0":
                if " REGISTER" in _header(message, "CSeq"):
                    self._answers.put_nowait(message)
            case "INVITE" if call_id not in self._calls:
                audio = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
                self._calls[call_id] = {
                    "from": _header(message, "From"), "target": _contact(message), "audio": audio[1] if audio else "0",
                }  # fmt: skip
                self.rung.put_nowait(at)
                self.heard.append((_user(message), at))
                body = _SDP.format(port=self._port)
                answer = ("200 OK", body) if self._talk_s is not None else ("180 Ringing", "")
                self._calls[call_id]["to"] = self._answer(message, *answer)
            case "ACK" if self._talk_s is not None and "acked" not in self._calls.get(call_id, {"acked": ""}):
                self._calls[call_id]["acked"] = "yes"
                self.answered += 1
                self._send_audio(call_id, 0)
                asyncio.get_running_loop().call_later(self._talk_s, self._hang_up, call_id)
            case "BYE" | "CANCEL":
                self._answer(message, "200 OK")
                self._end(call_id)
            case "OPTIONS" | "NOTIFY" | "UPDATE":
                self._answer(message, "200 OK")
            case _:
                pass

    def _answer(self, request: str, status: str, body: str = "") -> str:
        to = _header(request, "To")
        to = to if ";tag=" in to else f"{to};tag={uuid.uuid4().hex[:8]}"
        vias = "".join(f"{line}\r\n" for line in request.split("\r\n") if line.lower().startswith("via:"))
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._send(
            f"SIP/2.0 {status}\r\n{vias}From: {_header(request, 'From')}\r\nTo: {to}\r\n"
            f"Call-ID: {_header(request, 'Call-ID')}\r\nCSeq: {_header(request, 'CSeq')}\r\n"
            f"Contact: <sip:{self.name}@127.0.0.1:{self._port}>\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return to

    def _send_audio(self, call_id: str, number: int) -> None:
        """Send some silence now and then: Asterisk ends the call of a phone of which it hears nothing for a minute."""
        call = self._calls.get(call_id)
        if call is None or self._socket.fileno() < 0:
            return
        header = struct.pack("!BBHII", 0x80, 0, number, number * 160, self._port)
        self._socket.sendto(header + b"\xff" * 160, (self._server[0], int(call["audio"])))
        asyncio.get_running_loop().call_later(_AUDIO_EVERY_S, self._send_audio, call_id, number + 1)

    def _hang_up(self, call_id: str) -> None:
        call = self._calls.get(call_id)
        if call is None or self._socket.fileno() < 0:
            return
        self._cseq += 1
        self._send(
            f"BYE {call['target']} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
            f"From: {call['to']}\r\nTo: {call['from']}\r\nCall-ID: {call_id}\r\nCSeq: {self._cseq} BYE\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        self._end(call_id)

    def _end(self, call_id: str) -> None:
        if self._calls.pop(call_id, None) is not None:
            self.over.put_nowait(None)

    def _send(self, message: str) -> None:
        self._socket.sendto(message.encode(), self._server)


async def phones_of(house: BenchCentre, talk_s: Callable[[str], float | None]) -> list[AgentPhone]:
    """Return every agent's phone, registered, on the first of the spare ports; `talk_s` says how long each talks."""
    secret, server = secrets.agent_secret(house.settings), ("127.0.0.1", house.settings.sip_port)
    phones = [
        AgentPhone(name, sip_ha1(name, sip_password(secret, name)), port, server, talk_s=talk_s(name))
        for name, port in zip(house.agents, house.spare, strict=False)
    ]
    for phone in phones:
        await phone.register()
    return phones


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("@ll", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    raise RuntimeError("the kernel does not say when a packet came")


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*(.*?)\r$", message, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _user(message: str) -> str:
    """Return the number that a phone shows."""
    found = re.search(r"sip:([^@>;]+)", _header(message, "From"))
    return found[1] if found else ""


def _contact(message: str) -> str:
    found = re.search(r"<([^>]+)>", _header(message, "Contact"))
    return found[1] if found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
