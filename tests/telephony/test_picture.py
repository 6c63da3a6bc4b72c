"""One switch's channels and phones in one picture."""

from datetime import UTC, datetime

import pytest

from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Where
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.telephony.picture import picture_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SWITCH = AsteriskId("trunkline")
OFFER = OfferId("31111111-1111-4111-8111-111111111111")


def row(uniqueid: str = "trunkline-1.1", **headers: str) -> dict[str, str]:
    return {"Event": "Status", "Uniqueid": uniqueid, "Channel": f"PJSIP/x-{uniqueid[-1]}", **headers}


def leg_row(*, interaction: str = "", **headers: str) -> dict[str, str]:
    told = f"TL_OFFER={OFFER}\nTL_DIALLED=\nTL_TRUNK=\nTL_INTERACTION={interaction}"
    return row("trunkline-1.2", ChanVariable=told, **headers)


def caller(where: Where, with_offer: OfferId | None = None) -> CallerSeen:
    call = Call(CallId(SWITCH, "trunkline-1.1"), "PJSIP/x-1")
    return CallerSeen(call, where, "+44", "", dialled="100", trunk="lo", with_offer=with_offer)


FACTS = {"CallerIDNum": "+44", "CallerIDName": "<unknown>", "ChanVariable": "TL_OFFER=\nTL_DIALLED=100\nTL_TRUNK=lo"}


@pytest.mark.parametrize(
    ("context", "where"),
    [
        ("from-trunk", Where.FLOW),
        ("flow", Where.FLOW),
        ("safe", Where.SAFE),
        ("waiting", Where.WAITING),
        ("after", Where.AFTER),
        ("fallback", Where.FALLBACK),
    ],
)
def test_the_context_says_where_a_caller_is(context: str, where: Where) -> None:
    picture = picture_of(SWITCH, [row(Context=context, BridgeID="music", **FACTS)], [], NOW)

    assert picture.callers == (caller(where),)


def test_caller_and_agent_in_one_bridge_are_talking() -> None:
    leg = leg_row(interaction="i", BridgeID="b", ChannelStateDesc="Up", Context="agents")

    picture = picture_of(SWITCH, [leg, row(Context="waiting", BridgeID="b", **FACTS)], [], NOW)

    assert picture.callers == (caller(Where.TALKING, OFFER),)
    assert picture.agent_legs == (
        AgentLegSeen(OFFER, InteractionId("i"), answered=True, joined=True, channel="PJSIP/x-2"),
    )


@pytest.mark.parametrize("context", ["from-trunk", "visitors"])
def test_whom_we_called_is_a_caller_once_they_talk_and_nobody_before(context: str) -> None:
    facts = {**FACTS, "ChanVariable": "TL_OFFER=\nTL_DIALLED=\nTL_TRUNK="}
    leg = leg_row(interaction="i", BridgeID="b", ChannelStateDesc="Up", Context="callback")

    talking = picture_of(SWITCH, [leg, row(Context=context, BridgeID="b", **facts)], [], NOW)
    ringing = picture_of(SWITCH, [row(Context=context, BridgeID="", **facts)], [], NOW)

    assert [(seen.where, seen.with_offer) for seen in talking.callers] == [(Where.TALKING, OFFER)]
    assert ringing.callers == ()


def test_a_ringing_leg_is_with_nobody() -> None:
    picture = picture_of(SWITCH, [leg_row(BridgeID="", ChannelStateDesc="Ringing"), row(Context="waiting")], [], NOW)

    assert picture.agent_legs == (AgentLegSeen(OFFER, None, answered=False, joined=False, channel="PJSIP/x-2"),)
    assert picture.callers[0].with_offer is None


def test_a_leg_alone_in_a_bridge_has_joined_nobody() -> None:
    picture = picture_of(SWITCH, [leg_row(BridgeID="b", ChannelStateDesc="Up")], [], NOW)

    assert picture.agent_legs == (AgentLegSeen(OFFER, None, answered=True, joined=False, channel="PJSIP/x-2"),)


def test_other_channels_and_rows_are_left_out() -> None:
    rows = [row(Context="agents"), row(Context=""), {"Event": "Status"}, {"Event": "Other", "Uniqueid": "x"}]

    assert picture_of(SWITCH, rows, [], NOW).callers == ()


def test_phones_that_have_a_state_are_reachable() -> None:
    devices = [
        {"Device": "PJSIP/ana", "State": "NOT_INUSE"},
        {"Device": "PJSIP/ben-web", "State": "INUSE"},
        {"Device": "PJSIP/carla", "State": "UNAVAILABLE"},
        {"Device": "MWI:1@x", "State": "NOT_INUSE"},
        {},
    ]

    assert picture_of(SWITCH, [], devices, NOW).reachable == frozenset({"ana", "ben-web"})
