"""The calling side against a far end that is directed by hand; no sockets, and time is a number."""

from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate import sdp, wire
from trunkline.simulate.digest import Credentials, answer
from trunkline.simulate.line import Answered, Ended, Event, Line, MediaChanged, Progressed, in_words
from trunkline.simulate.sdp import PCMA, Direction
from trunkline.simulate.sip import GIVE_UP, T1, OutgoingCall
from trunkline.simulate.wire import Request, Response

LINE = Line("100", ("127.0.0.1", 5060), ("127.0.0.1", 6000), 7000, "+447700900123", 'Ann "x"')
FAR_SDP = sdp.describe("127.0.0.1", 9000, codecs=(PCMA,), events=101)


Sent = TypeVar("Sent", Request, Response)


class FarEnd:
    """The other side of one call: reads what the call sends, answers and asks."""

    def __init__(self, line: Line = LINE) -> None:
        self.call, self.now, self.seq = OutgoingCall(line), 0.0, 10
        self.call.dial(self.now)
        self.invite = self.sent(Request)

    def sent(self, kind: type[Sent]) -> Sent:
        message = wire.parse(self.only())
        assert isinstance(message, kind)
        return message

    def only(self) -> bytes:
        (data,) = self.call.outgoing()
        return data

    def answers(
        self, status: int, reason: str, *extra: tuple[str, str], to: Request | None = None, body: bytes = b""
    ) -> list[Event]:
        request = to or self.invite
        copied = tuple((name, wire.value(request, name)) for name in ("Via", "From", "Call-ID", "CSeq"))
        tagged = wire.value(request, "To")
        tagged += "" if wire.tag_of(tagged) else ";tag=REALTAG"
        headers = (*copied, ("To", tagged), *extra)
        return self.call.receive(wire.serialise(Response(status, reason, headers, body)), self.now)

    def asks(self, method: str, body: bytes = b"", *, seq: int | None = None, tag: str | None = None) -> list[Event]:
        self.seq += 1
        ours = wire.tag_of(wire.value(self.invite, "From")) if tag is None else tag
        headers = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKfar{self.seq}"),
            ("From", "<sip:100@127.0.0.1>;tag=REALTAG"),
            ("To", f"<sip:me@127.0.0.1>;tag={ours}"),
            ("Call-ID", wire.value(self.invite, "Call-ID")),
            ("CSeq", f"{seq or self.seq} {method}"),
        )
        self.asked = wire.serialise(Request(method, "sip:caller@127.0.0.1:6000", headers, body))
        return self.call.receive(self.asked, self.now)

    def takes(self, *extra: tuple[str, str]) -> Request:
        self.answers(200, "OK", ("Contact", "<sip:asterisk@10.9.9.9:5070>"), *extra, body=FAR_SDP)
        return self.sent(Request)

    def waits(self) -> list[Event]:
        due = self.call.next_tick()
        assert due is not None
        self.now = due
        return self.call.tick(self.now)


def test_the_ack_goes_to_the_contact_with_their_tag_along_the_recorded_route() -> None:
    far = FarEnd()

    ack = far.takes(("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"), ("Record-Route", "<sip:p0;lr>"))

    assert (ack.method, ack.uri) == ("ACK", "sip:asterisk@10.9.9.9:5070")
    assert wire.tag_of(wire.value(ack, "To")) == "REALTAG"
    assert list(wire.values(ack, "Route")) == ["<sip:p0;lr>", "<sip:p1;lr>", "<sip:p2;lr>"]
    assert wire.cseq_of(ack) == (1, "ACK")
    assert wire.branch_of(wire.value(ack, "Via")) != wire.branch_of(wire.value(far.invite, "Via"))


def test_a_repeated_answer_is_acknowledged_again_and_happens_once() -> None:
    far = FarEnd()
    ack = far.takes()

    again = far.answers(200, "OK", body=FAR_SDP)

    assert again == []
    assert far.sent(Request) == ack


def test_the_invite_is_sent_again_at_growing_intervals_until_it_is_given_up() -> None:
    far = FarEnd()
    first = wire.serialise(far.invite)
    times, events = [], []

    while not events:
        events = far.waits()
        times += [far.now] if far.call.outgoing() == [first] else []

    assert times == [T1, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert events == [Ended("network", 408, "the switch does not answer")]
    assert far.now == GIVE_UP
    assert far.call.over


def test_a_provisional_answer_stops_the_repeating() -> None:
    far = FarEnd()

    assert far.answers(180, "Ringing") == [Progressed(180, "Ringing", None)]

    assert far.call.next_tick() is None


def test_a_refusal_is_acknowledged_in_the_same_transaction_each_time_it_comes() -> None:
    far = FarEnd()

    events = far.answers(486, "Busy Here")
    ack = far.sent(Request)
    assert far.answers(486, "Busy Here") == []

    assert events == [Ended("them", 486, "busy (486 Busy Here)")]
    assert (ack.method, ack.uri, wire.tag_of(wire.value(ack, "To"))) == ("ACK", far.invite.uri, "REALTAG")
    assert wire.value(ack, "Via") == wire.value(far.invite, "Via")
    assert far.sent(Request) == ack


def test_giving_up_before_any_answer_cancels_as_soon_as_that_is_allowed() -> None:
    far = FarEnd()

    far.call.hang_up(far.now)
    assert far.call.outgoing() == []
    far.answers(100, "Trying")
    cancel = far.sent(Request)
    assert far.answers(200, "OK", to=cancel) == []
    events = far.answers(487, "Request Terminated")

    assert cancel.method == "CANCEL"
    assert wire.value(cancel, "Via") == wire.value(far.invite, "Via")
    assert wire.cseq_of(cancel) == (1, "CANCEL")
    assert [(event.by, event.status) for event in events if isinstance(event, Ended)] == [("us", 487)]


def test_a_cancelled_call_that_hears_nothing_more_ends_all_the_same() -> None:
    far = FarEnd()
    far.answers(180, "Ringing")
    far.call.hang_up(far.now)
    far.answers(200, "OK", to=far.sent(Request))

    assert [event.by for event in far.waits() if isinstance(event, Ended)] == ["network"]


def test_an_answer_that_crosses_our_cancel_is_acknowledged_and_left() -> None:
    far = FarEnd()
    far.answers(180, "Ringing")
    far.call.hang_up(far.now)
    far.sent(Request)

    far.answers(200, "OK", ("Contact", "<sip:a@b>"), body=FAR_SDP)

    assert [wire.parse(data).method for data in far.call.outgoing()] == ["ACK", "BYE"]  # type: ignore[union-attr]


def test_our_bye_is_repeated_until_it_is_answered() -> None:
    far = FarEnd()
    far.takes()

    far.call.hang_up(far.now)
    bye = far.sent(Request)
    far.waits()
    assert far.sent(Request) == bye
    events = far.answers(200, "OK", to=bye)

    assert (bye.method, bye.uri, wire.cseq_of(bye)) == ("BYE", "sip:asterisk@10.9.9.9:5070", (2, "BYE"))
    assert events == [Ended("us", 200, "we hung up")]
    assert far.call.next_tick() is None


def test_their_bye_ends_the_call_and_a_repeated_one_is_answered_again() -> None:
    far = FarEnd()
    far.takes()

    events = far.asks("BYE")
    ok = far.only()
    again = far.call.receive(far.asked, far.now)

    assert events == [Ended("them", 200, "the far end hung up")]
    assert b"200 OK" in ok
    assert again == []
    assert far.only() == ok


def test_hold_is_answered_and_the_answer_repeated_until_their_ack() -> None:
    far = FarEnd()
    far.takes()

    events = far.asks("INVITE", sdp.describe("127.0.0.1", 9000, codecs=(PCMA,), direction=Direction.SENDS))
    ok = far.sent(Response)
    far.waits()
    repeated = far.sent(Response)
    far.asks("ACK", seq=far.seq)

    held = sdp.read(ok.body)
    assert [event.media.direction for event in events if isinstance(event, MediaChanged)] == [Direction.SENDS]
    assert held is not None
    assert (held.direction, held.codec) == (Direction.RECEIVES, PCMA)
    assert b"o=- " in ok.body
    assert b" 2 IN IP4" in ok.body
    assert repeated == ok
    assert far.call.next_tick() is None


def test_an_invite_without_an_offer_gets_ours_and_their_ack_brings_the_answer() -> None:
    far = FarEnd()
    far.takes()

    assert far.asks("INVITE") == []
    offer = sdp.read(far.sent(Response).body)
    events = far.asks("ACK", sdp.describe("127.0.0.1", 9900, codecs=(PCMA,)), seq=far.seq)

    assert offer is not None
    assert [event.media.port for event in events if isinstance(event, MediaChanged)] == [9900]
    assert far.call.next_tick() is None


def test_a_session_refresh_is_answered_and_changes_nothing() -> None:
    far = FarEnd()
    far.takes()

    assert far.asks("UPDATE") == []

    ok = far.sent(Response)
    assert (ok.status, ok.body) == (200, b"")


@pytest.mark.parametrize(
    ("method", "body", "tag", "status"),
    [
        ("OPTIONS", b"", None, 200),
        ("OPTIONS", b"", "", 200),
        ("REFER", b"", None, 405),
        ("CANCEL", b"", None, 200),
        ("BYE", b"", "another", 481),
        ("INVITE", b"", "another", 486),
        ("INVITE", b"m=audio 9 RTP/AVP 3\r\n", None, 488),
    ],
)
def test_what_else_they_may_ask_is_answered(method: str, body: bytes, tag: str | None, status: int) -> None:
    far = FarEnd()
    far.takes()

    assert far.asks(method, body, tag=tag) == []

    assert far.sent(Response).status == status
    assert not far.call.over


def test_a_request_out_of_order_is_refused() -> None:
    far = FarEnd()
    far.takes()
    far.asks("UPDATE", seq=50)
    far.call.outgoing()

    far.asks("BYE", seq=49)

    assert far.sent(Response).status == 500


@pytest.mark.parametrize(
    ("status", "asks", "says"),
    [(401, "WWW-Authenticate", "Authorization"), (407, "Proxy-Authenticate", "Proxy-Authorization")],
)
def test_a_challenge_is_answered_once(status: int, asks: str, says: str) -> None:
    far = FarEnd(replace(LINE, credentials=Credentials("ann", "secret")))
    challenge = (asks, 'Digest realm="trunkline",nonce="n1",qop="auth",opaque="o"')

    assert far.answers(status, "No", challenge) == []
    ack, again = (wire.parse(data) for data in far.call.outgoing())
    assert isinstance(ack, Request)
    assert isinstance(again, Request)
    late = far.answers(180, "Ringing")
    far.invite = again
    events = far.answers(status, "No", challenge)

    assert (ack.method, again.method, wire.cseq_of(again)) == ("ACK", "INVITE", (2, "INVITE"))
    assert 'username="ann"' in wire.value(again, says)
    assert late == []
    assert [type(event) for event in events] == [Ended]


def test_the_digest_is_the_one_of_rfc_2617() -> None:
    text = answer(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        Credentials("Mufasa", "Circle Of Life"),
        method="GET",
        uri="/dir/index.html",
        cnonce="0a4f113b",
    )

    assert text is not None
    assert 'response="6629fae49393a05397450978507c4ef1"' in text


@pytest.mark.parametrize(
    "challenge",
    ["Basic x", "Digest realm=x", 'Digest nonce="n", algorithm=SHA-256', 'Digest nonce="n", qop="auth-int"'],
)
def test_a_challenge_we_cannot_meet_is_not_answered(challenge: str) -> None:
    assert answer(challenge, Credentials("a", "b"), method="INVITE", uri="sip:x", cnonce="c") is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_or_number_as_text_breaks_the_message(name: str, number: str) -> None:
    invite = FarEnd(replace(LINE, from_=number, name=name)).invite

    assert invite.method == "INVITE"
    assert wire.tag_of(wire.value(invite, "From"))
    assert {key for key, _ in invite.headers} == {key for key, _ in FarEnd().invite.headers}


def test_a_caller_without_a_number_has_a_uri_without_a_user() -> None:
    invite = FarEnd(replace(LINE, from_="", name="")).invite

    assert wire.uri_of(wire.value(invite, "From")) == "sip:127.0.0.1"


def test_bytes_go_out_raw() -> None:
    call = OutgoingCall(replace(LINE, name=b'"x"\r\nX-Injected: 1\r\nFrom: \xff', from_=b"a b"))
    call.dial(0.0)

    (data,) = call.outgoing()

    assert b'From: "x"\r\nX-Injected: 1\r\nFrom: \xff <sip:a b@' in data


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_junk_changes_nothing(junk: list[bytes]) -> None:
    far = FarEnd()
    assert [event for data in junk for event in far.call.receive(data, 0.0)] == []
    assert far.answers(200, "OK", ("Contact", "<sip:a@b>"), body=FAR_SDP) == [Answered(sdp.read(FAR_SDP))]


def test_a_reason_in_words_keeps_the_number() -> None:
    assert in_words(404, "Not Found") == "nobody has this number (404 Not Found)"
    assert in_words(418, "Teapot") == "refused (418 Teapot)"
