from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate import sdp
from trunkline.simulate.sdp import PCMA, PCMU, Direction, Media


@given(st.integers(1, 65535), st.sampled_from(list(Direction)), st.sampled_from([None, 96, 101]))
def test_what_is_described_is_read_again(port: int, direction: Direction, events: int | None) -> None:
    body = sdp.describe("127.0.0.1", port, codecs=(PCMA, PCMU), events=events, direction=direction)

    assert sdp.read(body) == Media("127.0.0.1", port, PCMA, events, direction)


@given(st.binary(max_size=200) | st.text("vomca=audio 0189RTP/AVP\r\n", max_size=120).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert isinstance(sdp.read(body), Media | None)


def test_audio_is_found_beside_what_we_do_not_speak() -> None:
    body = (
        b"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\nm=video 9 RTP/AVP 96\r\na=rtpmap:96 telephone-event/8000\r\n"
        b"m=audio 700 RTP/AVP 3 8 97\r\na=rtpmap:97 telephone-event/8000\r\nc=IN IP4 10.0.0.2\r\na=inactive\r\n"
        b"m=audio 900 RTP/AVP 0\r\na=sendonly\r\n"
    )

    assert sdp.read(body) == Media("10.0.0.2", 700, PCMA, 97, Direction.NONE)


def test_no_common_codec_no_address_and_a_refused_stream_are_no_media() -> None:
    assert sdp.read(b"c=IN IP4 10.0.0.1\r\nm=audio 700 RTP/AVP 3\r\n") is None
    assert sdp.read(b"m=audio 700 RTP/AVP 0\r\n") is None
    assert sdp.read(b"c=IN IP4 10.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n") is None
    assert sdp.read(b"c=IN IP4 some.where\r\nm=audio 9 RTP/AVP 0\r\n") is None


def test_a_held_far_end_takes_no_audio() -> None:
    assert Direction.SENDS.answered is Direction.RECEIVES
    assert Direction.RECEIVES.answered is Direction.SENDS
    assert Direction.NONE.answered is Direction.NONE
    assert not Media("127.0.0.1", 1, 0, None, Direction.SENDS).wants_audio
    assert not Media("0.0.0.0", 1, 0, None).wants_audio  # noqa: S104
    assert Media("127.0.0.1", 1, 0, None, Direction.RECEIVES).wants_audio
