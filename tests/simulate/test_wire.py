import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate import wire
from trunkline.simulate.wire import Malformed, Request, Response

_TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
_BYTES = st.binary(max_size=30).map(wire.from_bytes)
_VALUE = _BYTES.filter(lambda text: not set(text) & set("\r\n")).map(lambda text: text.strip(" \t"))
_HEADERS = st.lists(
    st.tuples(_TOKEN.filter(lambda name: name.lower() not in {"content-length", "l"}), _VALUE), max_size=6
).map(tuple)
_URI = _VALUE.map(lambda text: text.replace(" ", "")).filter(bool)
_REQUESTS = st.builds(Request, _TOKEN, _URI, _HEADERS, st.binary(max_size=40))
_RESPONSES = st.builds(Response, st.integers(100, 699), _VALUE, _HEADERS, st.binary(max_size=40))


def _without_length(message: wire.Message) -> tuple[tuple[str, str], ...]:
    return tuple(header for header in message.headers if header[0] != "Content-Length")


@given(_REQUESTS | _RESPONSES)
def test_what_is_written_is_read_again_byte_for_byte(message: wire.Message) -> None:
    again = wire.parse(wire.serialise(message))

    assert type(again) is type(message)
    assert _without_length(again) == message.headers
    assert again.body == message.body
    assert wire.serialise(again) == wire.serialise(message)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda junk: b"SIP/2.0 200 OK\r\n" + junk + b"\r\n\r\n"))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    try:
        message = wire.parse(data)
    except Malformed:
        return
    assert isinstance(message, Request | Response)


@given(st.text(max_size=60))
def test_a_quoted_name_never_leaves_its_quotes(name: str) -> None:
    address = f"{wire.quoted(name)} <sip:1@host>;tag=abc"

    assert wire.uri_of(address) == "sip:1@host"
    assert wire.tag_of(address) == "abc"
    assert wire.split_list(f"{address}, <sip:2@host>") == [address, "<sip:2@host>"]
    assert not set(wire.quoted(name)) & set("\r\n\0")


def test_folded_lines_and_compact_names_are_understood() -> None:
    message = wire.parse(
        b"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP x;branch=z1\r\nSubject: one\r\n  two\r\ni: 7\r\n\r\n"
    )

    assert wire.branch_of(wire.value(message, "Via")) == "z1"
    assert wire.value(message, "subject") == "one two"
    assert wire.value(message, "Call-ID") == "7"


def test_a_datagram_may_be_longer_than_its_content_length_but_not_shorter() -> None:
    head = b"SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\n"

    assert wire.parse(head + b"abcdef").body == b"abc"
    with pytest.raises(Malformed):
        wire.parse(head + b"ab")


@pytest.mark.parametrize("cseq", ["", "INVITE", "x INVITE", "²3 INVITE", "7", "-1 BYE"])
def test_a_bad_cseq_is_malformed(cseq: str) -> None:
    with pytest.raises(Malformed):
        wire.cseq_of(Response(200, "OK", (("CSeq", cseq),)))
