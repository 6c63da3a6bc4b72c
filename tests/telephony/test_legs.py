"""Which legs ring for which caller."""

from datetime import UTC, datetime

from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Picture, Where
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId, interaction_id_of
from trunkline.telephony.legs import Legs

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SWITCH = AsteriskId("trunkline")
CALL = Call(CallId(SWITCH, "trunkline-1.1"), "PJSIP/lo-00000001")
INTERACTION = interaction_id_of(CALL.id)
ANA, BEN, CARLA = OfferId("at-ana"), OfferId("at-ben"), OfferId("at-carla")


def seen(*offers: OfferId, interaction: InteractionId | None = INTERACTION) -> Picture:
    legs = [AgentLegSeen(offer, interaction, answered=False, joined=False) for offer in offers]
    return Picture(SWITCH, NOW, [CallerSeen(CALL, Where.WAITING, "", "", "100", "lo", None)], legs, frozenset())


def rung(*offers: OfferId) -> Legs:
    legs = Legs()
    for offer in offers:
        legs.rung(offer, INTERACTION, CALL)
    return legs


def test_the_others_are_those_for_the_same_caller() -> None:
    legs = rung(ANA, BEN)
    legs.rung(CARLA, InteractionId("another"), None)

    assert legs.others(ANA) == [BEN]
    assert legs.others(CARLA) == legs.others(OfferId("unheard of")) == []
    assert (legs.caller_of(ANA), legs.caller_of(CARLA)) == (CALL, None)


def test_a_leg_that_ended_is_none_of_the_others() -> None:
    legs = rung(ANA, BEN, CARLA)
    legs.ended(BEN)
    legs.ended(BEN)

    assert legs.others(ANA) == [CARLA]
    assert legs.caller_of(BEN) is None


def test_legs_that_ring_since_before_we_came_are_known_from_a_picture() -> None:
    legs = Legs()
    legs.learn(seen(ANA, BEN))

    assert legs.others(ANA) == [BEN]
    assert legs.caller_of(BEN) == CALL


def test_a_leg_that_no_picture_shows_any_more_is_forgotten() -> None:
    legs = rung(ANA, BEN)
    legs.learn(seen(ANA))

    assert legs.others(ANA) == []
    legs.ended(ANA)
    assert legs == Legs()


def test_a_leg_of_nobody_is_nobodys() -> None:
    legs = Legs()
    legs.learn(seen(ANA, BEN, interaction=None))

    assert legs == Legs()
