"""What a real Asterisk 22 said, replayed: each story is told as it happened, wherever its bytes are cut."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.telephony.meaning import meaning_of
from trunkline.core.call import OfferFailure, Where
from trunkline.core.ids import AsteriskId
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    HoldChanged,
    LineOpened,
    PhoneChanged,
)
from trunkline.telephony.picture import picture_of
from trunkline.telephony.translate import WANTED, Taken, Translator
from trunkline.telephony.wire import Framer, Message

TRANSCRIPTS = Path(__file__).parent / "transcripts"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SWITCH = AsteriskId("trunkline")


def messages_of(name: str, *, piece: int) -> list[Message]:
    data = (TRANSCRIPTS / f"{name}.txt").read_bytes()
    framer = Framer(WANTED)
    # A story may begin in the middle of a connection.
    begun = [] if data.startswith(b"Asterisk Call Manager/") else list(framer.feed(b"Asterisk Call Manager/11.0.0\r\n"))
    return begun + [m for start in range(0, len(data), piece) for m in framer.feed(data[start : start + piece])]


def told_in(name: str, *, piece: int = 65536) -> list[CallEvent | Taken]:
    translator = Translator(SWITCH)
    events = [meaning_of(translator, message, NOW) for message in messages_of(name, piece=piece)]
    return [event for event in events if event is not None and not isinstance(event, PhoneChanged)]


@pytest.mark.parametrize(
    ("name", "story"),
    [
        ("arrival", [LineOpened]),
        ("offer_answered_agent_hangs_up", [AgentRinging, AgentAnswered, AgentJoined, AgentLegEnded, CallEnded]),
        ("offer_whispered", [AgentRinging, AgentAnswered, Taken, AgentJoined, AgentLegEnded, CallEnded]),
        ("offer_declined_at_the_whisper", [AgentRinging, AgentAnswered, Taken, AgentLegEnded, CallEnded]),
        (
            "offer_withdrawn_as_it_was_answered",
            [AgentRinging, AgentAnswered, Taken, AgentJoined, AgentLegEnded, CallEnded],
        ),
        ("hold_unhold", [HoldChanged, HoldChanged]),
        ("announcement", [AnnouncementDue]),
        ("safe_to_flow", [LineOpened]),
    ],
)
def test_a_story_is_told_as_it_happened(name: str, story: list[type]) -> None:
    assert [type(event) for event in told_in(name)] == story


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("offer_declined", OfferFailure.DECLINED),
        ("offer_declined_at_the_whisper", OfferFailure.DECLINED),
        ("offer_no_answer", OfferFailure.NO_ANSWER),
        ("offer_unreachable", OfferFailure.UNREACHABLE),
        ("offer_answered_agent_hangs_up", None),
        ("offer_answered_caller_hangs_up", None),
        ("offer_answered_from_flow", None),
        ("offer_whispered", None),
        ("offer_withdrawn_as_it_was_answered", None),
    ],
)
def test_an_offer_ends_once_with_its_reason(name: str, failure: OfferFailure | None) -> None:
    ends = [event.failure for event in told_in(name) if isinstance(event, AgentLegEnded)]

    assert ends == [failure]


@pytest.mark.parametrize("name", ["offer_taken", "offer_answered_too_late"])
def test_of_two_who_were_rung_one_has_the_caller_and_the_other_is_told_so(name: str) -> None:
    told = told_in(name)

    [joined] = [event for event in told if isinstance(event, AgentJoined)]
    ends = {event.offer: event.failure for event in told if isinstance(event, AgentLegEnded)}
    assert len(ends) == 2
    assert ends.pop(joined.offer) is None
    assert list(ends.values()) == [OfferFailure.TAKEN]
    assert [event.offer for event in told if isinstance(event, Taken)] == [joined.offer]


def test_an_arrival_says_who_calls_and_which_number() -> None:
    [line] = told_in("arrival")

    assert isinstance(line, LineOpened)
    assert (line.caller, line.dialled, line.trunk) == ("+447700900123", "100", "demo")


@pytest.mark.parametrize(("name", "reachable"), [("phone_registered", True), ("phone_unregistered", False)])
def test_a_phone_that_comes_or_goes_is_noticed(name: str, reachable: bool) -> None:
    translator = Translator(SWITCH)
    events = [meaning_of(translator, message, NOW) for message in messages_of(name, piece=65536)]

    assert PhoneChanged("ana", reachable, NOW) in events


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("state_flow", Where.FLOW),
        ("state_safe", Where.SAFE),
        ("state_waiting", Where.WAITING),
        ("state_ringing", Where.WAITING),
        ("state_talking", Where.TALKING),
        ("state_held", Where.TALKING),
    ],
)
def test_a_picture_shows_where_the_caller_is(name: str, where: Where) -> None:
    rows = messages_of(name, piece=65536)
    picture = picture_of(SWITCH, rows, rows, NOW)

    [caller] = picture.callers
    assert (caller.where, caller.caller, caller.dialled) == (where, "+447700900123", "100")
    assert [leg.joined for leg in picture.agent_legs] == {
        "state_ringing": [False],
        "state_talking": [True],
        "state_held": [True],
    }.get(name, [])
    assert "ana" in picture.reachable


@pytest.mark.parametrize("name", sorted(file.stem for file in TRANSCRIPTS.glob("*.txt") if ".sent" not in file.name))
def test_every_transcript_is_the_same_in_small_pieces(name: str) -> None:
    assert told_in(name, piece=7) == told_in(name)
