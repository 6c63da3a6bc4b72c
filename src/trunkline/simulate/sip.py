"""One outgoing call as a SIP user agent holds it (RFC 3261), without sockets or a clock.

Bytes come in by `receive`, time by `tick`; `outgoing` gives the bytes to send to the server, which is asked for
everything (an outbound proxy); what happened comes back as events. UDP only: the transaction timers are ours.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal

from trunkline.simulate import digest, sdp, wire
from trunkline.simulate.line import (
    Answered,
    Ended,
    Event,
    Line,
    MediaChanged,
    Progressed,
    display,
    escaped,
    host_port,
    in_words,
)
from trunkline.simulate.sdp import Direction, Media
from trunkline.simulate.wire import Malformed, Request, Response

T1, T2 = 0.5, 4.0
"""Seconds: round trip estimate and longest interval (RFC 3261 section 17.1.1.1)."""
GIVE_UP = 64 * T1
_ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE")


@dataclass(slots=True)
class _Repeat:
    """A message sent again until something answers it."""

    data: bytes
    due: float
    interval: float
    until: float
    ceiling: float


class _Stage(Enum):
    CALLING = auto()
    PROCEEDING = auto()
    UP = auto()
    LEAVING = auto()
    OVER = auto()


class OutgoingCall:
    """One call, from INVITE to the end of BYE. All `now` are seconds of the same steady clock."""

    def __init__(self, line: Line) -> None:
        self._line = line
        host, port = line.local
        self._id, self._tag = f"{secrets.token_hex(8)}@{host}", secrets.token_hex(6)
        self._contact = f"<sip:caller@{host}:{port}>"
        self._uri = f"sip:{escaped(line.number)}@{host_port(line.server)}"
        user = escaped(line.from_)
        self._from = f"{display(line.name)}<sip:{user}{'@' if user else ''}{host}>;tag={self._tag}"
        self._to = f"<{self._uri}>"
        self._cseq, self._their_cseq = 1, -1
        self._session, self._version = secrets.randbelow(1 << 31), 1
        self._codecs: tuple[int, ...] = (sdp.PCMU, sdp.PCMA)
        self._events: int | None = 101
        self._stage = _Stage.CALLING
        self._give_up_wanted = self._tried_password = False
        self._routes: tuple[str, ...] = ()
        self._target = self._uri
        self._invite: Request | None = None
        self._ack = b""
        self._described = b""
        self._repeats: dict[str, _Repeat] = {}
        self._answers: dict[tuple[str, str], bytes] = {}
        self._out: list[bytes] = []

    @property
    def over(self) -> bool:
        """Whether nothing more will be said."""
        return self._stage is _Stage.OVER

    def outgoing(self) -> list[bytes]:
        """Return the datagrams to send now, once."""
        out, self._out = self._out, []
        return out

    def next_tick(self) -> float | None:
        """Return when `tick` must be called at the latest."""
        return min((repeat.due for repeat in self._repeats.values()), default=None)

    def dial(self, now: float) -> None:
        """Send the INVITE."""
        self._send_invite(now, ())

    def hang_up(self, now: float) -> list[Event]:
        """Leave the call: CANCEL before the answer, BYE after it. The events come when the far end has agreed."""
        if self._stage is _Stage.UP:
            self._say_bye(now)
        elif self._stage is _Stage.PROCEEDING:
            self._cancel(now)
        self._give_up_wanted = True
        return []

    def give_up(self, why: str) -> list[Event]:
        """End the call because the network will not carry what we send."""
        return [] if self.over else self._end("network", 408, why)

    def tick(self, now: float) -> list[Event]:
        """Send again what is due (timers A, E and G), give up on what stays unanswered (B, F and H)."""
        for key, repeat in list(self._repeats.items()):
            if now < repeat.due:
                continue
            if now >= repeat.until:
                del self._repeats[key]
                if key in {"INVITE", "BYE", "CANCEL"}:
                    return self._end("network", 408, "the switch does not answer")
                continue
            self._out.append(repeat.data)
            repeat.interval = min(repeat.interval * 2, repeat.ceiling)
            repeat.due = min(now + repeat.interval, repeat.until)
        return []

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take one datagram in and return what happened; what is no SIP or not ours is left alone."""
        try:
            message = wire.parse(data)
            seq, method = wire.cseq_of(message)
        except Malformed:
            return []
        if isinstance(message, Request):
            return self._requested(message, seq, now)
        if wire.value(message, "call-id") != self._id:
            return []
        if method == "INVITE":
            return self._invite_answered(message, seq, now)
        return self._other_answered(message, method, now)

    # What we ask

    def _request(
        self, method: str, uri: str, to: str, *, branch: str = "", extra: Sequence[tuple[str, str]] = ()
    ) -> Request:
        host, port = self._line.local
        headers = (
            ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch={branch or _branch()}"),
            *(("Route", route) for route in self._routes),
            ("Max-Forwards", "70"),
            ("From", self._from),
            ("To", to),
            ("Call-ID", self._id),
            ("CSeq", f"{self._cseq} {method}"),
            *extra,
        )
        return Request(method, uri, headers)

    def _send_invite(self, now: float, extra: Sequence[tuple[str, str]]) -> None:
        body = self._described = self._description(Direction.BOTH)
        more = (("Contact", self._contact), _ALLOW, ("User-Agent", "trunkline"), ("Content-Type", "application/sdp"))
        invite = self._request("INVITE", self._uri, self._to, extra=(*extra, *more))
        self._invite = replace(invite, body=body)
        self._send_until_answered("INVITE", wire.serialise(self._invite), now, ceiling=GIVE_UP)

    def _send_until_answered(self, key: str, data: bytes, now: float, *, ceiling: float = T2) -> None:
        self._out.append(data)
        self._repeats[key] = _Repeat(data, now + T1, T1, now + GIVE_UP, ceiling)

    def _say_bye(self, now: float) -> None:
        self._stage = _Stage.LEAVING
        self._cseq += 1
        bye = self._request("BYE", self._target, self._to)
        self._send_until_answered("BYE", wire.serialise(bye), now)

    def _cancel(self, now: float) -> None:
        if "CANCEL" in self._repeats or self._invite is None:
            return
        # RFC 3261 section 9.1: the INVITE's own branch, request URI and sequence number.
        branch = wire.branch_of(wire.value(self._invite, "via"))
        cancel = self._request("CANCEL", self._uri, f"<{self._uri}>", branch=branch)
        self._send_until_answered("CANCEL", wire.serialise(cancel), now)

    def _description(self, direction: Direction) -> bytes:
        return sdp.describe(
            self._line.local[0],
            self._line.rtp_port,
            codecs=self._codecs,
            events=self._events,
            direction=direction,
            session=self._session,
            version=self._version,
        )

    # What they answer

    def _invite_answered(self, answer: Response, seq: int, now: float) -> list[Event]:
        if seq != self._cseq and self._stage in {_Stage.CALLING, _Stage.PROCEEDING}:
            return []  # a late one of the try without a password
        if answer.status < 200:
            return self._progressed(answer, now)
        if answer.status < 300:
            return self._taken(answer, now)
        return self._refused(answer, now)

    def _progressed(self, answer: Response, now: float) -> list[Event]:
        if self._stage not in {_Stage.CALLING, _Stage.PROCEEDING}:
            return []
        self._repeats.pop("INVITE", None)
        self._stage = _Stage.PROCEEDING
        if self._give_up_wanted:
            self._cancel(now)
        return [Progressed(answer.status, answer.reason, sdp.read(answer.body))]

    def _taken(self, answer: Response, now: float) -> list[Event]:
        if self._ack:
            self._out.append(self._ack)  # a repeated 200: the ACK was lost
            return []
        if self._stage not in {_Stage.CALLING, _Stage.PROCEEDING}:
            return []
        self._repeats.pop("INVITE", None)
        self._repeats.pop("CANCEL", None)
        self._to = wire.value(answer, "to")
        self._target = wire.uri_of(wire.value(answer, "contact")) or self._uri
        self._routes = tuple(
            reversed([route for text in wire.values(answer, "record-route") for route in wire.split_list(text)])
        )
        # RFC 3261 section 13.2.2.4: an ACK to a 2xx is a request of its own, along the route set.
        self._ack = wire.serialise(self._request("ACK", self._target, self._to))
        self._out.append(self._ack)
        self._stage = _Stage.UP
        media = sdp.read(answer.body)
        self._agree(media)
        if self._give_up_wanted:  # our CANCEL and their answer crossed
            self._say_bye(now)
        return [Answered(media)]

    def _refused(self, answer: Response, now: float) -> list[Event]:
        if self._invite is None or self._ack:
            return []
        # RFC 3261 section 17.1.1.3: in the INVITE's transaction, with the To of this answer.
        branch = wire.branch_of(wire.value(self._invite, "via"))
        ack = self._request("ACK", self._uri, wire.value(answer, "to"), branch=branch)
        self._out.append(wire.serialise(ack))
        if self._stage not in {_Stage.CALLING, _Stage.PROCEEDING}:
            return []
        self._repeats.pop("INVITE", None)
        if answer.status in {401, 407} and self._try_password(answer, now):
            return []
        by: Literal["us", "them"] = "us" if self._give_up_wanted and answer.status == 487 else "them"
        return self._end(by, answer.status, in_words(answer.status, answer.reason))

    def _try_password(self, answer: Response, now: float) -> bool:
        if self._line.credentials is None or self._tried_password:
            return False
        asked, says = ("www-authenticate", "Authorization")
        if answer.status == 407:
            asked, says = ("proxy-authenticate", "Proxy-Authorization")
        for challenge in wire.values(answer, asked):
            text = digest.answer(
                challenge, self._line.credentials, method="INVITE", uri=self._uri, cnonce=secrets.token_hex(8)
            )
            if text is not None:
                self._tried_password = True
                self._stage = _Stage.CALLING
                self._cseq += 1
                self._send_invite(now, [(says, text)])
                return True
        return False

    def _other_answered(self, answer: Response, method: str, now: float) -> list[Event]:
        if answer.status < 200 or method not in self._repeats:
            return []
        del self._repeats[method]
        if method == "BYE":
            return self._end("us", 200, "we hung up")
        # RFC 3261 section 9.1: the INVITE gets its own 487, and is given up when that never comes.
        self._repeats["INVITE"] = _Repeat(b"", now + GIVE_UP, GIVE_UP, now + GIVE_UP, GIVE_UP)
        return []

    def _agree(self, media: Media | None) -> None:
        if media is not None:
            self._codecs, self._events = (media.codec,), media.events

    def _end(self, by: Literal["us", "them", "network"], status: int, why: str) -> list[Event]:
        self._stage = _Stage.OVER
        self._repeats.clear()
        return [Ended(by, status, why)]

    # What they ask

    def _requested(self, request: Request, seq: int, now: float) -> list[Event]:
        key = (wire.branch_of(wire.value(request, "via")), request.method)
        if key in self._answers:
            self._out.append(self._answers[key])  # repeated: our answer was lost
            return []
        return list(self._answer(request, seq, key, now))

    def _answer(self, request: Request, seq: int, key: tuple[str, str], now: float) -> Iterator[Event]:
        ours = wire.value(request, "call-id") == self._id and wire.tag_of(wire.value(request, "to")) == self._tag
        method = request.method
        if method == "ACK":
            self._repeats.pop(f"200 {seq}", None)
            media = sdp.read(request.body) if ours else None
            if media is not None:  # the answer to our offer in a 200
                self._agree(media)
                yield MediaChanged(media)
        elif method == "OPTIONS":
            self._reply(request, key, (200, "OK"), (_ALLOW, ("Accept", "application/sdp")))
        elif not ours:
            answer = (486, "Busy Here") if method == "INVITE" else (481, "Call/Transaction Does Not Exist")
            self._reply(request, key, answer)
        elif seq <= self._their_cseq:
            self._reply(request, key, (500, "Out of order"))
        else:
            self._their_cseq = seq
            yield from self._answer_in_call(request, seq, key, now)

    def _answer_in_call(self, request: Request, seq: int, key: tuple[str, str], now: float) -> Iterator[Event]:
        match request.method:
            case "BYE":
                self._reply(request, key, (200, "OK"))
                reason = wire.value(request, "reason")
                yield from self._end("them", 200, f"the far end hung up{f' ({reason})' if reason else ''}")
            case "INVITE" | "UPDATE":
                yield from self._renegotiate(request, seq, key, now)
            case "CANCEL":
                self._reply(request, key, (200, "OK"))
            case _:
                self._reply(request, key, (405, "Method Not Allowed"), (_ALLOW,))

    def _renegotiate(self, request: Request, seq: int, key: tuple[str, str], now: float) -> Iterator[Event]:
        media = sdp.read(request.body) if request.body else None
        if request.body and media is None:
            self._reply(request, key, (488, "Not Acceptable Here"))
            return
        body = b""
        if media is not None:
            self._agree(media)
            body = self._description(media.direction.answered)
            if body != self._described:  # RFC 8866 section 5.2: a changed description has a new version
                self._version += 1
                body = self._described = self._description(media.direction.answered)
            yield MediaChanged(media)
        elif request.method == "INVITE":
            body = self._description(Direction.BOTH)
        contact = wire.uri_of(wire.value(request, "contact"))
        self._target = contact or self._target
        extra = (("Content-Type", "application/sdp"),) if body else ()
        self._reply(request, key, (200, "OK"), (("Contact", self._contact), _ALLOW, *extra), body=body)
        if request.method == "INVITE":
            self._repeats[f"200 {seq}"] = _Repeat(self._answers[key], now + T1, T1, now + GIVE_UP, T2)

    def _reply(
        self,
        request: Request,
        key: tuple[str, str],
        answer: tuple[int, str],
        extra: Sequence[tuple[str, str]] = (),
        *,
        body: bytes = b"",
    ) -> None:
        to = wire.value(request, "to")
        headers = (
            *(("Via", via) for via in wire.values(request, "via")),
            *(("Record-Route", route) for route in wire.values(request, "record-route")),
            ("From", wire.value(request, "from")),
            ("To", to if wire.tag_of(to) else f"{to};tag={self._tag}"),
            ("Call-ID", wire.value(request, "call-id")),
            ("CSeq", wire.value(request, "cseq")),
            *extra,
        )
        data = wire.serialise(Response(*answer, headers, body))
        self._answers[key] = data
        self._out.append(data)


def _branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"
