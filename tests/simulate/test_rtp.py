from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate import g711, rtp, sound
from trunkline.simulate.rtp import FRAME, Listener, NoRtp, Packet, Talker
from trunkline.simulate.sdp import PCMU, Direction, Media

FAR = Media("127.0.0.1", 4000, PCMU, 101)


@given(
    st.builds(
        Packet,
        st.integers(0, 127),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=200),
        st.booleans(),
    )
)
def test_a_packet_is_read_as_it_was_written(packet: Packet) -> None:
    assert rtp.parse(packet.serialise()) == packet


@given(st.binary(max_size=60) | st.binary(min_size=11, max_size=60).map(lambda tail: b"\xbf" + tail))
def test_any_bytes_are_a_packet_or_no_rtp(data: bytes) -> None:
    try:
        packet = rtp.parse(data)
    except NoRtp:
        return
    assert len(packet.payload) <= len(data) - 12


def test_contributing_sources_extension_and_padding_are_read_over() -> None:
    header = Packet(0, 1, 2, 3, b"").serialise()
    data = bytes([0x80 | 0x30 | 1]) + header[1:] + b"cccc" + b"\0\0\0\1eeee" + b"sound" + b"\0\0\3"

    assert rtp.parse(data).payload == b"sound"


def test_a_key_is_one_event_with_growing_duration_and_three_ends() -> None:
    talker = Talker(sound.silence().speaker())
    talker.press("5")

    packets = [rtp.parse(talker.next_packet(FAR) or b"") for _ in range(16)]
    events = [packet for packet in packets if packet.payload_type == 101]

    assert {packet.payload[0] for packet in events} == {5}
    assert len({packet.timestamp for packet in events}) == 1
    assert [packet.marker for packet in events] == [True] + [False] * 7
    assert [int.from_bytes(packet.payload[2:], "big") for packet in events] == [160, 320, 480, 640, 800, 960, 960, 960]
    assert [packet.payload[1] >> 7 for packet in events] == [0, 0, 0, 0, 0, 1, 1, 1]
    assert all((after.sequence - before.sequence) & 0xFFFF == 1 for before, after in pairwise(packets))
    sounds = [packet for packet in packets if packet.payload_type == PCMU]
    assert (sounds[0].timestamp - events[0].timestamp) & 0xFFFFFFFF == 8 * FRAME
    assert not talker.keys_waiting


def test_keys_pressed_in_a_row_are_heard_apart() -> None:
    talker, listener = Talker(sound.silence().speaker()), Listener()
    listener.begin(0.0, FAR)
    talker.press("11#a0")

    for frame in range(90):
        listener.receive(talker.next_packet(FAR) or b"", frame * 0.02)

    assert listener.keys == "11#A0"


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no telephone has a key X"):
        Talker(sound.silence().speaker()).press("1x")


@pytest.mark.parametrize("direction", [Direction.SENDS, Direction.NONE])
def test_nothing_is_sent_while_we_are_held_and_time_goes_on(direction: Direction) -> None:
    talker = Talker(sound.silence().speaker())
    before = rtp.parse(talker.next_packet(FAR) or b"")

    held = [talker.next_packet(Media("127.0.0.1", 4000, PCMU, 101, direction)) for _ in range(10)]
    after = rtp.parse(talker.next_packet(FAR) or b"")

    assert held == [None] * 10
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 11 * FRAME
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert after.marker


@given(st.permutations(range(10)), st.integers(0, 0xFFFFFFFF), st.sets(st.integers(1, 9), max_size=4))
def test_reordered_and_lost_packets_leave_everything_else_in_its_place(
    order: list[int], first_timestamp: int, lost: set[int]
) -> None:
    listener = Listener()
    sounds = [g711.encode([1000 * (place + 1)] * FRAME, PCMU) for place in range(10)]

    def arrive(place: int) -> None:
        timestamp = (first_timestamp + place * FRAME) & 0xFFFFFFFF
        listener.receive(Packet(0, place, timestamp, 9, sounds[place]).serialise(), 0.0)

    arrive(0)
    for place in order:
        if place not in lost:
            arrive(place)

    expected = [g711.decode(sounds[place], PCMU) if place not in lost else [0] * FRAME for place in range(10)]
    heard = listener.audio(0.2)
    assert [list(heard[place * FRAME : (place + 1) * FRAME]) for place in range(10)] == [list(e) for e in expected]


def test_a_source_that_starts_anew_is_laid_where_it_arrived() -> None:
    listener = Listener()
    loud = g711.encode([8000] * FRAME, PCMU)
    listener.begin(100.0)

    listener.receive(Packet(0, 1, 0, 1, loud).serialise(), 100.0)
    listener.receive(Packet(0, 2, 5_000_000, 2, loud).serialise(), 101.0)
    listener.receive(Packet(0, 3, 9, 2, loud).serialise(), 102.0)

    heard = listener.audio()
    assert [place for place in range(0, len(heard), FRAME) if heard[place]] == [0, 8000, 16000]
