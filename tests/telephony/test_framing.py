"""Bytes become messages, wherever the network cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.fake_ami import written
from trunkline.telephony.wire import LONGEST_MESSAGE, Framer, Garbled, Headers, first_of

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SESSION = GREETING + b"".join(
    written(message)
    for message in [
        {"Response": "Success", "ActionID": "1", "Message": "Authentication accepted"},
        {"Event": "Newchannel", "Uniqueid": "a.1", "CallerIDName": "Zoë 😀 Привет", "Empty": ""},
        {"Event": "VarSet", "Uniqueid": "a.1"},
        {"Event": "Hangup", "Uniqueid": "a.1", "ChanVariable": ["TL_DIALLED=100", "TL_TRUNK=lo"]},
        {"Event": "Status", "ActionID": "7", "Uniqueid": "a.1"},
    ]
)


@given(st.lists(st.integers(1, 60), max_size=40))
def test_messages_are_the_same_wherever_the_bytes_are_cut(sizes: list[int]) -> None:
    whole = list(Framer(frozenset({"Newchannel", "Hangup"})).feed(SESSION))
    framer, data, pieces = Framer(frozenset({"Newchannel", "Hangup"})), SESSION, []
    for size in sizes:
        pieces += framer.feed(data[:size])
        data = data[size:]
    pieces += framer.feed(data)

    assert pieces == whole
    assert [message.get("Event") for message in whole] == [None, "Newchannel", "Hangup", "Status"]
    assert whole[1]["CallerIDName"] == "Zoë 😀 Привет"
    assert whole[2]["ChanVariable"] == "TL_DIALLED=100\nTL_TRUNK=lo"
    assert framer.dropped == 1


def test_every_byte_alone_is_enough() -> None:
    framer = Framer(frozenset({"Hangup"}))

    messages = [message for byte in SESSION for message in framer.feed(bytes([byte]))]

    assert [message.get("Event") for message in messages] == [None, "Hangup", "Status"]


def test_what_is_not_asterisk_is_garbled() -> None:
    with pytest.raises(Garbled):
        Framer(frozenset()).feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(Garbled):
        Framer(frozenset()).feed(b"x" * 300)


def test_a_message_without_end_is_garbled() -> None:
    framer = Framer(frozenset())
    framer.feed(GREETING)

    fed = list(framer.feed(b"x" * LONGEST_MESSAGE))

    assert fed == []
    with pytest.raises(Garbled):
        framer.feed(b"x")


def test_odd_lines_do_no_harm() -> None:
    framer = Framer(frozenset({"X"}))
    framer.feed(GREETING)

    (message,) = framer.feed(
        b"Event: X\r\nno colon\r\n: no name\r\nName: a: b\r\nBad: \xff\r\nEmpty: \r\nName: c\r\n\r\n"
    )

    assert message == {"Event": "X", "Name": "a: b", "Bad": "\ufffd", "Empty": ""}
    assert len(message) == 4
    assert repr(message).startswith("Headers({'Event': 'X'")


def test_only_a_header_that_asterisk_repeats_has_several_values() -> None:
    message = Headers("Event: X\r\nVariable: a=1\r\nName: ours\r\nVariable: b=2\r\nName: theirs\r\nEvent: Y")

    assert [message.first(name) for name in ("Variable", "Name", "Missing")] == ["a=1", "ours", ""]
    assert Headers("Event: X\r\nVariable: a=1").first("Variable") == "a=1"
    assert first_of({"Variable": "a=1\nb=2"}, "Variable") == first_of(message, "Variable")

    assert message["Variable"] == "a=1\nb=2"
    assert message["Name"] == "ours"
    assert message["Event"] == "X"


def test_a_header_that_is_not_there_is_missed() -> None:
    message = Headers("Event: Hangup")

    assert "Event" in message
    assert "Cause" not in message
    assert message.get("Cause") is None
    assert message.get("Cause", "0") == "0"
    with pytest.raises(KeyError):
        message["vent"]


@given(
    st.lists(st.sampled_from(["A: 1", "A: 2", "Variable: x", "", ": ", "no colon", "B:", "B: é: "])).map("\r\n".join)
)
def test_any_lines_are_read_to_something(text: str) -> None:
    message = Headers(text)

    assert dict(message) == message
    assert all(message.get(name) is not None for name in message)
