"""What Asterisk's events mean to the centre."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telephony.meaning import meaning_of
from trunkline.core.call import AgentLegSeen, Call, OfferFailure, Picture
from trunkline.core.ids import AsteriskId, CallId, OfferId
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    CallTransferred,
    HoldChanged,
    KeyPressed,
    LineOpened,
    NotReached,
    PhoneChanged,
    TransferEnded,
)
from trunkline.telephony.header import ORIGINATE_ID, stranger_name, variable
from trunkline.telephony.translate import WANTED, Taken, Translator, failure_by_cause
from trunkline.telephony.wire import Headers

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SWITCH = AsteriskId("trunkline")
OFFER = OfferId("31111111-1111-4111-8111-111111111111")
CALLER = CallId(SWITCH, "trunkline-1700000000.12")
CHANNEL = "PJSIP/lo-0000000a"
CALL = Call(CALLER, CHANNEL)
LEG = "PJSIP/ana-0000000b"


def on_caller(event: str, **headers: str) -> dict[str, str]:
    return {"Event": event, "Uniqueid": CALLER.uniqueid, "Channel": CHANNEL, **headers}


def on_leg(event: str, **headers: str) -> dict[str, str]:
    return {
        "Event": event, "Uniqueid": "trunkline-1700000000.13", "Channel": LEG, "ChanVariable": leg_of(OFFER), **headers,
    }  # fmt: skip


def leg_of(offer: str) -> str:
    return f"TL_OFFER={offer}\nTL_DIALLED=\nTL_TRUNK=\nTL_INTERACTION=i"


MADE = on_leg("NewCallerid")


def told(*messages: Mapping[str, str], translator: Translator | None = None) -> list[CallEvent | Taken]:
    translator = translator or Translator(SWITCH)
    events = [meaning_of(translator, message, NOW) for message in messages]
    return [event for event in events if event is not None]


RINGING = [MADE, on_leg("Newstate", ChannelStateDesc="Ringing")]
JOINING = [
    *RINGING,
    on_leg("Newstate", ChannelStateDesc="Up"),
    on_leg("BridgeEnter", BridgeUniqueid="b"),
    on_caller("BridgeEnter", BridgeUniqueid="b"),
]


def test_a_caller_in_agi_has_an_open_line() -> None:
    started = on_caller(
        "AsyncAGIStart",
        CallerIDNum="+447700900123",
        CallerIDName="Zoë\x07, A",
        ChanVariable="TL_DIALLED=100\nTL_TRUNK=lo\nTL_INTERACTION=",
    )

    assert told(started) == [
        LineOpened(Call(CALLER, CHANNEL), "+447700900123", "Zoë, A", dialled="100", trunk="lo", at=NOW)
    ]


def test_an_anonymous_caller_has_no_number_and_a_long_name_is_cut() -> None:
    [event] = told(on_caller("AsyncAGIStart", CallerIDNum="<unknown>", CallerIDName="x" * 2000))

    assert isinstance(event, LineOpened)
    assert (event.caller, len(event.caller_name), event.dialled, event.trunk) == ("", 256, "", "")


def test_a_caller_who_hangs_up_has_ended() -> None:
    assert told(on_caller("Hangup", Cause="16")) == [CallEnded(CALLER, 16, NOW)]
    assert told(on_caller("Hangup")) == [CallEnded(CALLER, 0, NOW)]


def test_a_phone_rings_once() -> None:
    assert told(*RINGING, RINGING[1]) == [AgentRinging(OFFER, NOW)]


@pytest.mark.parametrize("order", [JOINING, [*RINGING, JOINING[4], JOINING[3]], [*JOINING, *JOINING[3:]]])
def test_agent_and_caller_join_once_whoever_comes_first(order: list[dict[str, str]]) -> None:
    heard = [event for event in told(*order) if not isinstance(event, AgentAnswered)]

    assert heard == [AgentRinging(OFFER, NOW), AgentJoined(OFFER, CALL, NOW)]


def test_two_in_different_bridges_have_not_joined() -> None:
    waiting = on_caller("BridgeEnter", BridgeUniqueid="music")

    assert told(*RINGING, waiting, JOINING[3]) == [AgentRinging(OFFER, NOW)]


def test_a_caller_who_left_the_bridge_is_not_joined_to_who_comes_later() -> None:
    entered, left = on_caller("BridgeEnter", BridgeUniqueid="b"), on_caller("BridgeLeave", BridgeUniqueid="b")

    assert told(entered, left, JOINING[3]) == []
    assert told(entered, {"Event": "BridgeDestroy", "BridgeUniqueid": "b"}, JOINING[3]) == []
    assert told(left, {"Event": "BridgeDestroy", "BridgeUniqueid": "b"}, {"Event": "BridgeEnter"}) == []


def test_a_leg_that_leaves_a_bridge_of_several_leaves_the_others_in() -> None:
    translator = Translator(SWITCH)

    told(*JOINING, on_leg("BridgeLeave", BridgeUniqueid="b"), translator=translator)
    second = OfferId("41111111-1111-4111-8111-111111111111")
    joined = told({**JOINING[3], "ChanVariable": leg_of(second)}, translator=translator)

    assert joined == [AgentJoined(second, CALL, NOW)]


def test_a_leg_that_had_joined_ends_without_failure_and_only_once() -> None:
    ended = on_leg("Hangup", Cause="16")

    assert told(*JOINING, ended, ended)[3:] == [AgentLegEnded(OFFER, None, NOW)]


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        ("17", OfferFailure.DECLINED),
        ("21", OfferFailure.DECLINED),
        ("19", OfferFailure.NO_ANSWER),
        ("16", OfferFailure.NO_ANSWER),
        ("18", OfferFailure.NO_ANSWER),
        ("26", OfferFailure.TAKEN),
        ("20", OfferFailure.UNREACHABLE),
        ("3", OfferFailure.UNREACHABLE),
        ("0", OfferFailure.UNREACHABLE),
        ("", OfferFailure.UNREACHABLE),
        ("²", OfferFailure.UNREACHABLE),
    ],
)
def test_a_ringing_leg_that_ends_says_why(cause: str, failure: OfferFailure) -> None:
    assert told(*RINGING, on_leg("Hangup", Cause=cause))[1:] == [AgentLegEnded(OFFER, failure, NOW)]


TAKEN = on_leg("UserEvent", UserEvent="TrunklineTaken")


def test_who_has_the_caller_is_told_once_joined() -> None:
    translator = Translator(SWITCH)

    assert meaning_of(translator, TAKEN, NOW) == Taken(OFFER)
    assert told(*JOINING[-2:], translator=translator) == [AgentJoined(OFFER, CALL, NOW)]


@pytest.mark.parametrize(
    ("cause", "failure"), [("0", OfferFailure.DECLINED), ("16", OfferFailure.DECLINED), ("26", OfferFailure.TAKEN)]
)
def test_who_hangs_up_at_the_whisper_does_not_want_the_call(cause: str, failure: OfferFailure) -> None:
    ended = on_leg("Hangup", Cause=cause)

    assert told(*JOINING[:3], TAKEN, ended)[-1:] == [AgentLegEnded(OFFER, failure, NOW)]


def test_a_leg_that_has_ended_has_nobody() -> None:
    assert told(on_leg("Hangup", Cause="16"), TAKEN)[1:] == []
    assert told({**TAKEN, "ChanVariable": leg_of("")}) == []


def test_a_phone_that_never_rang_was_not_there() -> None:
    assert told(MADE, on_leg("Hangup", Cause="19")) == [AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)]


def test_an_invite_that_was_never_sent_is_the_switchs_own_failure() -> None:
    assert told(MADE, on_leg("Hangup", Cause="0")) == [AgentLegEnded(OFFER, OfferFailure.NO_ROOM, NOW)]


def test_an_agent_who_answered_and_hung_up_while_a_customer_was_called_met_no_full_switch() -> None:
    answered = on_leg("Newstate", ChannelStateDesc="Up")

    assert told(*RINGING, answered, on_leg("Hangup", Cause="0"))[-1:] == [
        AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)
    ]


def test_a_leg_whose_beginning_we_missed_may_have_rung() -> None:
    assert told(on_leg("Hangup", Cause="19", ChannelStateDesc="Ringing")) == [
        AgentLegEnded(OFFER, OfferFailure.NO_ANSWER, NOW)
    ]
    assert told(on_leg("Hangup", Cause="19", ChannelStateDesc="Down")) == [
        AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)
    ]


def originated(response: str = "Failure", action: str = ORIGINATE_ID + OFFER) -> dict[str, str]:
    return {"Event": "OriginateResponse", "Response": response, "ActionID": action, "Reason": "0"}


def test_an_originate_that_fails_without_a_channel_ends_the_offer_once() -> None:
    assert told(originated(), originated()) == [AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)]


def test_an_originate_that_fails_with_a_channel_leaves_the_word_to_the_hangup() -> None:
    assert told(*RINGING, originated(), on_leg("Hangup", Cause="17"))[1:] == [
        AgentLegEnded(OFFER, OfferFailure.DECLINED, NOW)
    ]


def test_an_originate_that_works_or_is_not_ours_says_nothing() -> None:
    assert told(originated("Success"), originated(action="somebody")) == []


def test_hold_and_its_end_are_told_of_the_agents_phone_alone() -> None:
    assert told(on_leg("Hold"), on_leg("Unhold"), on_caller("Hold")) == [
        HoldChanged(OFFER, held=True, at=NOW),
        HoldChanged(OFFER, held=False, at=NOW),
    ]


def test_nothing_is_told_of_a_leg_after_its_end() -> None:
    assert told(*RINGING, on_leg("Hangup", Cause="19"), *JOINING, on_leg("Hold"))[2:] == []


def test_an_announcement_is_due_though_its_body_repeats_a_header() -> None:
    event = Headers(
        f"Event: UserEvent\r\nUserEvent: TrunklineAnnounce\r\nChannel: {CHANNEL}\r\nUniqueid: {CALLER.uniqueid}\r\n"
        "Uniqueid: spoofed"
    )

    assert told(event) == [AnnouncementDue(Call(CALLER, CHANNEL), NOW)]
    assert told(on_caller("UserEvent", UserEvent="Other"), on_leg("UserEvent", UserEvent="TrunklineAnnounce")) == []
    assert told({"Event": "UserEvent", "UserEvent": "TrunklineAnnounce"}, on_leg("AsyncAGIStart")) == []


def device(name: str, state: str) -> dict[str, str]:
    return {"Event": "DeviceStateChange", "Device": name, "State": state}


def test_a_phone_is_reachable_while_its_device_has_a_state() -> None:
    assert told(
        device("PJSIP/ana", "NOT_INUSE"),
        device("PJSIP/ana", "RINGING"),
        device("PJSIP/ana", "UNAVAILABLE"),
        device("MWI:1@x", "NOT_INUSE"),
        device("PJSIP/", "NOT_INUSE"),
    ) == [PhoneChanged("ana", reachable=True, at=NOW), PhoneChanged("ana", reachable=False, at=NOW)]


def test_what_a_picture_shows_is_known_afterwards() -> None:
    translator = Translator(SWITCH)
    translator.learn(
        Picture(SWITCH, NOW, (), (AgentLegSeen(OFFER, None, answered=True, joined=True),), frozenset({"ana"}))
    )

    assert told(device("PJSIP/ana", "UNAVAILABLE"), on_leg("Hangup", Cause="16"), translator=translator) == [
        PhoneChanged("ana", reachable=False, at=NOW),
        AgentLegEnded(OFFER, None, NOW),
    ]


def test_a_picture_taken_before_the_events_are_read_hides_nothing() -> None:
    translator = Translator(SWITCH)
    told(*RINGING, translator=translator)
    leg = AgentLegSeen(OFFER, None, answered=True, joined=True)
    picture = Picture(SWITCH, NOW, (), (leg,), frozenset())

    translator.learn(picture)
    assert told(*JOINING[3:], translator=translator) == [AgentJoined(OFFER, CALL, NOW)]
    assert told(on_leg("Hangup"), translator=translator) == [AgentLegEnded(OFFER, None, NOW)]
    translator.learn(picture)
    assert told(*JOINING, translator=translator) == []


def test_bridges_are_forgotten_when_events_are_missed() -> None:
    translator = Translator(SWITCH)
    told(on_caller("BridgeEnter", BridgeUniqueid="b"), translator=translator)

    translator.forget()

    assert told(JOINING[3], translator=translator) == []


def test_the_memory_of_ended_offers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.telephony.translate._REMEMBERED", 1)
    translator = Translator(SWITCH)
    second = {**on_leg("Hangup"), "ChanVariable": leg_of("41111111-1111-4111-8111-111111111111")}

    assert len(told(on_leg("Hangup"), second, on_leg("Hangup"), translator=translator)) == 3


def test_a_leg_has_its_channels_name_from_the_first_that_is_told_of_it_to_its_end() -> None:
    translator = Translator(SWITCH)
    assert (translator.channel_of(OFFER), translator.has_ended(OFFER)) == (None, False)

    for first in (MADE, RINGING[1]):
        translator = Translator(SWITCH)
        told(first, translator=translator)
        assert translator.channel_of(OFFER) == LEG
        told(on_leg("Hangup", Cause="16"), first, translator=translator)
        assert (translator.channel_of(OFFER), translator.has_ended(OFFER)) == (None, True)


def test_other_events_mean_nothing() -> None:
    assert told({"Event": "NewCallerid"}, {"Response": "Success"}, {"Event": "Hangup"}, {"Event": "Newstate"}) == []
    assert told(on_leg("Newstate", ChannelStateDesc="Down"), on_caller("NewCallerid")) == []


def test_a_variable_is_found_where_status_and_events_carry_it() -> None:
    assert variable({"Variable": "A=1\nTL_TRUNK=lo=x"}, "TL_TRUNK") == "lo=x"
    assert variable({"ChanVariable": "A=1"}, "TL_TRUNK") == ""


@given(st.integers(0, 130), st.booleans())
def test_every_cause_has_a_failure(cause: int, rang: bool) -> None:
    assert failure_by_cause(cause, rang=rang) in OfferFailure


@given(
    st.lists(
        st.fixed_dictionaries(
            {"Event": st.sampled_from(sorted(WANTED))},
            optional={
                "Uniqueid": st.sampled_from([CALLER.uniqueid, ""]),
                "ChanVariable": st.sampled_from([leg_of(OFFER), leg_of(""), leg_of("odd"), "A=1"]),
                "Channel": st.sampled_from([CHANNEL, LEG]),
                "ChannelStateDesc": st.sampled_from(["Ringing", "Up"]),
                "BridgeUniqueid": st.sampled_from(["a", "b"]),
                "Response": st.just("Failure"),
                "ActionID": st.just(ORIGINATE_ID + OFFER),
                "Cause": st.text(max_size=3),
            },
        ),
        max_size=40,
    )
)
def test_whatever_comes_an_offer_joins_once_at_most_ends_once_and_then_is_silent(
    messages: list[dict[str, str]],
) -> None:
    events = told(*messages)

    of_offer = [event for event in events if getattr(event, "offer", None) == OFFER]
    assert sum(isinstance(event, AgentJoined) for event in of_offer) <= 1
    ends = [place for place, event in enumerate(of_offer) if isinstance(event, AgentLegEnded)]
    assert ends in ([], [len(of_offer) - 1])


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Chris", "Chris"),
        ("<unknown>", ""),
        (None, ""),
        (r"Zoë \\\"Q\\\" Müller", 'Zoë "Q" Müller'),
        (r"Ann \\\"the\\\" \\\\ O\'Neill", 'Ann "the" \\ O\'Neill'),
        (r"line\nfeed", "linefeed"),
    ],
)
def test_a_display_name_is_shown_as_its_caller_wrote_it(told: str | None, shown: str) -> None:
    assert stranger_name(told) == shown


def test_an_agent_on_the_phone_is_told_of_once_the_leg_is_up_and_not_after_they_were_joined() -> None:
    up = on_leg("Newstate", ChannelStateDesc="Up")

    assert told(*RINGING, up) == [AgentRinging(OFFER, NOW), AgentAnswered(OFFER, NOW)]
    assert told(*JOINING, up).count(AgentAnswered(OFFER, NOW)) == 1


def test_a_callback_that_nobody_took_says_why() -> None:
    event = on_leg("UserEvent", UserEvent="TrunklineNotReached", Status="BUSY")

    assert told(*RINGING, event)[1:] == [NotReached(OFFER, "BUSY", NOW)]
    assert told(*RINGING, on_leg("Hangup", Cause="16"), event)[2:] == []
    assert told(on_caller("UserEvent", UserEvent="TrunklineNotReached", Status="BUSY")) == []


def test_a_transfer_is_told_of_by_the_leg_that_took_it_and_its_failure_by_the_callers_own() -> None:
    taken = {"Event": "UserEvent", "UserEvent": "TrunklineTransferred", "Uniqueid": "trunkline-9.9", "Channel": "x"}

    assert told({**taken, "Caller": CALLER.uniqueid}) == [CallTransferred(CALLER, NOW)]
    assert told(taken) == []
    assert told(on_caller("UserEvent", UserEvent="TrunklineTransferEnded", Status="NOANSWER")) == [
        TransferEnded(CALLER, "NOANSWER", NOW)
    ]


@pytest.mark.parametrize("digit", ["", "A", "12", "x"])
def test_a_callers_keys_are_told_and_nothing_else_is_one(digit: str) -> None:
    assert told(on_caller("DTMFEnd", Digit="1", Direction="Received")) == [KeyPressed(CALLER, "1", NOW)]
    assert told(on_caller("DTMFEnd", Digit="1", Direction="Sent"), on_leg("DTMFEnd", Digit="1")) == []
    assert told(on_caller("DTMFEnd", Digit=digit)) == []
