"""Text messages: how they are carried, what single words mean, and what a provider with Twilio's interface says."""

import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON
from trunkline.channels.sms import twilio_wire as wire
from trunkline.channels.sms.keywords import Keyword, keyword_of
from trunkline.channels.sms.segments import Alphabet, carried, split
from trunkline.core.errors import TrunklineFault, Unavailable
from trunkline.core.outgoing import Delivery
from trunkline.ports.channel import NotTaken, Refused

TOKEN = "12345"
# The example of Twilio's own page on validating requests.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
    ("To", "+18005551212"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments"),
    [
        ("", Alphabet.GSM_7, 0, 0),
        ("a" * 160, Alphabet.GSM_7, 160, 1),
        ("a" * 161, Alphabet.GSM_7, 161, 2),
        ("a" * 306, Alphabet.GSM_7, 306, 2),
        ("a" * 307, Alphabet.GSM_7, 307, 3),
        ("€" * 80, Alphabet.GSM_7, 160, 1),
        # An escape and its sign stay together: 152 + 1, and the second segment begins with the sign.
        ("a" * 152 + "€" + "a" * 6, Alphabet.GSM_7, 160, 1),
        ("a" * 152 + "€" + "a" * 152, Alphabet.GSM_7, 306, 3),
        ("Grüße, Ångström!", Alphabet.GSM_7, 16, 1),
        ("ж" * 70, Alphabet.UCS_2, 70, 1),
        ("ж" * 71, Alphabet.UCS_2, 71, 2),
        ("😀" * 35, Alphabet.UCS_2, 70, 1),
        ("😀" * 67, Alphabet.UCS_2, 134, 3),
        ("ç", Alphabet.UCS_2, 1, 1),
    ],
)
def test_a_text_is_counted_as_it_is_carried(text: str, alphabet: Alphabet, units: int, segments: int) -> None:
    told = carried(text)
    assert (told.alphabet, told.units, told.segments) == (alphabet, units, segments)


@given(st.text(max_size=500))
def test_segments_hold_what_they_carry(text: str) -> None:
    told = carried(text)
    most = (160, 153) if told.alphabet is Alphabet.GSM_7 else (70, 67)
    assert told.units <= most[0] if told.segments <= 1 else told.units <= most[1] * told.segments
    assert (told.segments == 0) == (text == "")


@given(st.text(max_size=400), st.integers(5, 60))
def test_what_is_split_says_the_same(text: str, at_most: int) -> None:
    pieces = split(text, at_most=at_most)
    assert all(0 < len(piece) <= at_most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_words_are_not_cut_where_there_is_a_space() -> None:
    assert split("one two three", at_most=8) == ("one two", "three")


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP", Keyword.STOP), (" stop. ", Keyword.STOP), ("Unsubscribe!", Keyword.STOP), ("start", Keyword.START),
        ("HELP", Keyword.HELP), ("Please stop calling", None), ("yes", None), ("", None), ("can you help", None),
    ],
)  # fmt: skip
def test_a_keyword_stands_alone(text: str, keyword: Keyword | None) -> None:
    assert keyword_of(text) is keyword


def test_the_signature_is_that_of_the_providers_own_example() -> None:
    assert wire.signature(TOKEN, URL, FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert wire.is_signed(TOKEN, URL, FORM[::-1], "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_a_port_may_be_signed_or_not() -> None:
    for signed in ("https://cc.example/sms/text", "https://cc.example:443/sms/text"):
        for ours in ("https://cc.example/sms/text", "https://cc.example:443/sms/text"):
            assert wire.is_signed(TOKEN, ours, FORM, wire.signature(TOKEN, signed, FORM))


@given(st.sampled_from(range(len(FORM))), st.text("abc1&=", min_size=1, max_size=5))
def test_another_word_another_signature(at: int, more: str) -> None:
    given_ = wire.signature(TOKEN, URL, FORM)
    changed = [(name, value + more if number == at else value) for number, (name, value) in enumerate(FORM)]
    assert not wire.is_signed(TOKEN, URL, changed, given_)
    assert not wire.is_signed(TOKEN + more, URL, FORM, given_)
    assert not wire.is_signed(TOKEN, URL + more, FORM, given_)
    assert not wire.is_signed(TOKEN, URL, FORM, "")
    assert not wire.is_signed(TOKEN, URL, FORM, "\udc80é")


def test_a_signature_is_made_of_the_form_as_it_was_sent() -> None:
    digest = hmac.digest(b"t", "https://a.b/cBody\u00e9".encode(), sha1)
    assert wire.signature("t", "https://a.b/c", [("Body", "é")]) == base64.b64encode(digest).decode()


def test_a_message_is_read() -> None:
    form = {"MessageSid": "SM1", "From": "+447700900123", "To": "+442079460000", "Body": "Hi", "NumMedia": "0"}
    assert wire.received(form) == wire.Received("SM1", "+447700900123", "+442079460000", "Hi")


def test_a_picture_is_read() -> None:
    form = {
        "MessageSid": "MM1", "From": "+447700900123", "To": "+442079460000", "NumMedia": "2",
        "MediaUrl0": "https://api.example/1", "MediaContentType0": "image/jpeg", "MediaUrl1": "https://api.example/2",
    }  # fmt: skip
    assert wire.received(form).media == (("https://api.example/1", "image/jpeg"), ("https://api.example/2", ""))


@given(
    st.dictionaries(st.sampled_from(["MessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0"]), st.text(max_size=9))
)
def test_whatever_a_form_says_it_is_read_or_refused(form: dict[str, str]) -> None:
    try:
        wire.received(form)
    except wire.BadRequest:
        return


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"MessageStatus": "sent"}, wire.Status(Delivery.SENT, None)),
        ({"MessageStatus": "delivered"}, wire.Status(Delivery.DELIVERED, None)),
        (
            {"MessageStatus": "undelivered", "ErrorCode": "30003"},
            wire.Status(Delivery.FAILED, "the provider refused it (30003)"),
        ),
        ({"MessageStatus": "dancing"}, None),
        ({}, None),
    ],
)
def test_a_status_is_read(form: dict[str, str], told: wire.Status | None) -> None:
    assert wire.status(form) == told


def answer(code: int, message: str = "No") -> bytes:
    return json.dumps({"code": code, "message": message, "status": 400}).encode()


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, answer(21211), Refused),
        (400, answer(21610), Refused),
        (404, b"<html>", NotTaken),
        (401, answer(20003), NotTaken),
        (429, answer(20429), NotTaken),
        (503, b"", NotTaken),
        (500, b"oops", Unavailable),
        (502, b"", Unavailable),
        (201, b"{}", Unavailable),
        (201, b"not json", Unavailable),
        (200, b"[]", Unavailable),
    ],
)
def test_an_answer_says_what_came_of_a_message(status: int, body: bytes, fault: type[TrunklineFault]) -> None:
    with pytest.raises(fault) as raised:
        wire.taken(status, body, None)
    assert type(raised.value) is fault


def test_who_wants_nothing_is_told_apart() -> None:
    with pytest.raises(Refused) as raised:
        wire.taken(400, answer(21610, "Unsubscribed recipient"), None)
    assert raised.value.wants_nothing
    assert str(raised.value) == "Unsubscribed recipient (21610)"


@pytest.mark.parametrize(("said", "pause_s"), [("7", 7), (None, 1), ("soon", 1), ("1e9", 3600), ("-5", 1)])
def test_a_provider_says_when_to_come_again(said: str | None, pause_s: int) -> None:
    with pytest.raises(NotTaken) as raised:
        wire.taken(429, answer(20429), said)
    assert raised.value.again_in == timedelta(seconds=pause_s)


def test_a_message_that_was_sent_is_found_again() -> None:
    def listed(
        sid: str, after_s: int, body: str = "Hi", direction: str = "outbound-api", status: str = "sent"
    ) -> object:
        at = (NOON + timedelta(seconds=after_s)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        return {"sid": sid, "body": body, "direction": direction, "status": status, "date_created": at}

    def found(*messages: object) -> str | None:
        return wire.found(200, json.dumps({"messages": messages}).encode(), "Hi", NOON)

    assert found(listed("SM2", 9), listed("SM1", 1)) == "SM1"
    assert found(listed("SM0", -60)) is None, "the same words of an hour ago are another message"
    assert (
        found(listed("SM1", 1, "Ho"), listed("SM2", 1, direction="inbound"), listed("SM3", 1, status="failed")) is None
    )
    assert found({"sid": "SM4"}, 7, None) is None
    zoneless = NOON.strftime("%a, %d %b %Y %H:%M:%S -0000")
    assert found({"sid": "SM5", "body": "Hi", "direction": "outbound-api", "date_created": zoneless}) == "SM5"
    with pytest.raises(Unavailable):
        wire.found(500, b"", "Hi", NOON)


def test_a_number_or_a_service_sends() -> None:
    assert wire.message_form(to="+1", sender="MG1234", text="Hi", callback=None) == [
        ("To", "+1"), ("MessagingServiceSid", "MG1234"), ("Body", "Hi")
    ]  # fmt: skip
    form = wire.message_form(to="+1", sender="+2", text="Hi", callback="https://cc.example/s", media=["a", "b"])
    assert form[1:] == [
        ("From", "+2"), ("Body", "Hi"), ("StatusCallback", "https://cc.example/s"), ("MediaUrl", "a"), ("MediaUrl", "b")
    ]  # fmt: skip
