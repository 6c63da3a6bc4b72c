"""Reconciling any stored interactions with any picture: complete, safe, and done after one time."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, a_call, a_callback, an_interaction
from trunkline.core import callback
from trunkline.core import interaction as moves
from trunkline.core import reconcile as found
from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Picture, Where
from trunkline.core.ids import AgentId, AsteriskId, InteractionId, OfferId, interaction_id_of, new_id
from trunkline.core.interaction import Handed, Interaction, Outcome, Stage, Work
from trunkline.core.reconcile import Finding, reconcile

ASTERISK = AsteriskId("trunkline")
NOT_TALKING = [where for where in Where if where is not Where.TALKING]
AFTER_A_TALK = {Stage.TALKING: [Where.AFTER], Stage.WRAP_UP: [Where.AFTER], Stage.ENDED: [Where.AFTER]}
"""Where the dialplan lets a caller go once an agent has left."""


def seen(call: Call, where: Where, offer: OfferId | None = None) -> CallerSeen:
    return CallerSeen(call, where, "+447700900123", "Chris", "100", "demo", offer)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Interaction], Picture]:
    """Stored interactions, and a picture in which anything may have happened to each of them meanwhile."""
    stored, callers, legs = [], [], []
    for number in range(draw(st.integers(0, 6))):
        interaction = an_interaction(draw(st.sampled_from(list(Stage)[1:])), agent=f"agent{number}")
        call = interaction.call or a_call()
        stored.append(interaction)
        if draw(st.booleans()) and interaction.call is not None:
            offer = interaction.offer.id if interaction.offer is not None else None
            if offer is not None and draw(st.booleans()):
                joined = draw(st.booleans())
                legs.append(AgentLegSeen(offer, interaction.id, answered=joined, joined=joined))
                where = (
                    Where.TALKING if joined else draw(st.sampled_from(AFTER_A_TALK.get(interaction.stage, NOT_TALKING)))
                )
                callers.append(seen(call, where, offer if joined else None))
            else:
                callers.append(seen(call, draw(st.sampled_from(AFTER_A_TALK.get(interaction.stage, NOT_TALKING)))))
        # Others are rung for the same caller, one of whom may have them by now.
        for _ in range(draw(st.integers(0, 2))):
            late = OfferId(new_id())
            taken = bool(callers) and callers[-1].call == call and draw(st.booleans())
            if taken and callers[-1].where is Where.WAITING:
                callers[-1] = seen(call, Where.TALKING, late)
                legs.append(AgentLegSeen(late, interaction.id, answered=True, joined=True))
            else:
                legs.append(AgentLegSeen(late, interaction.id, answered=draw(st.booleans()), joined=False))
    for number in range(draw(st.integers(0, 3))):
        # A callback: the agent's leg is there or not, on the phone or not, and the customer with it or not.
        stage = draw(st.sampled_from([Stage.SCHEDULED, Stage.WAITING, Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP]))
        called = a_callback(stage, agent=f"back{number}")
        stored.append(called)
        if called.offer is not None and stage is not Stage.SCHEDULED and draw(st.booleans()):
            answered = draw(st.booleans())
            joined = answered and draw(st.booleans())
            legs.append(AgentLegSeen(called.offer.id, called.id, answered=answered, joined=joined))
            if joined:
                callers.append(seen(called.call or a_call(), Where.TALKING, called.offer.id))
    for _ in range(draw(st.integers(0, 3))):
        callers.append(seen(a_call(), draw(st.sampled_from(list(Where)))))
    for _ in range(draw(st.integers(0, 2))):
        legs.append(AgentLegSeen(OfferId(new_id()), None, answered=False, joined=draw(st.booleans())))
    return stored, Picture(ASTERISK, NOON, callers, legs, frozenset())


def act(
    stored: list[Interaction], picture: Picture, findings: list[Finding]
) -> tuple[list[Interaction], Picture, frozenset[InteractionId]]:
    """Do what the floor and the switch do about each finding, as plainly as can be."""
    known = {each.id: each for each in stored}
    callers = {_key(each.call, stored): each for each in picture.callers}
    legs = {leg.offer: leg for leg in picture.agent_legs}
    attended = set()
    for finding in findings:
        match finding:
            case found.CallerFound(caller):
                id_ = interaction_id_of(caller.call.id)
                address = moves.Address(caller.caller)
                known[id_] = moves.arrive(id_, caller.call, address, "", caller.dialled, caller.trunk, at=NOON)
                callers[id_] = replace(caller, where=Where.FLOW)
                attended.add(id_)
            case found.CallerGone(id_):
                known[id_] = moves.end(known[id_], Outcome.ABANDONED, at=NOON)
                offer = known[id_].offer
                if offer is not None:
                    legs.pop(offer.id, None)
            case found.SendToFlow(id_):
                callers[id_] = replace(callers[id_], where=Where.FLOW)
                attended.add(id_)
            case found.SendToWaiting(id_):
                callers[id_] = replace(callers[id_], where=Where.WAITING)
            case found.OfferLost(id_):
                known[id_] = moves.put_back(known[id_], at=NOON)
            case found.Joined(id_, call):
                known[id_] = moves.join(known[id_], at=NOON, call=call)
            case found.AgentOnPhone(id_):
                known[id_] = callback.agent_answered(known[id_], at=NOON)
            case found.TakenOutside(id_):
                known[id_] = moves.end(known[id_], Outcome.TRANSFERRED, at=NOON)
            case found.TalkOver(id_, joined_first):
                joined = moves.join(known[id_], at=NOON) if joined_first else known[id_]
                known[id_] = moves.start_wrap_up(joined, for_=NOON - NOON, at=NOON)
            case found.HangUpLeg(offer_id):
                legs.pop(offer_id, None)
            case found.ServedByFallback(id_):
                offer = known[id_].offer
                known[id_] = moves.end(known[id_], Outcome.FALLBACK, at=NOON)
                if offer is not None:
                    legs.pop(offer.id, None)
    after = replace(picture, callers=list(callers.values()), agent_legs=list(legs.values()))
    return list(known.values()), after, frozenset(attended)


def _key(call: Call, stored: list[Interaction]) -> InteractionId:
    """Whose call this is: a customer who was called back has an interaction that is not named after their channel."""
    own = next((each.id for each in stored if each.call == call), None)
    return own or interaction_id_of(call.id)


@given(worlds())
def test_once_acted_upon_there_is_nothing_left_to_find(world: tuple[list[Interaction], Picture]) -> None:
    stored, picture = world

    assert reconcile(*act(stored, picture, reconcile(stored, picture))) == []


@given(worlds())
def test_no_interaction_is_found_in_two_ways_but_for_a_lost_offer(world: tuple[list[Interaction], Picture]) -> None:
    stored, picture = world
    by_interaction: dict[str, list[type]] = {}
    for finding in reconcile(stored, picture):
        if not isinstance(finding, found.CallerFound | found.HangUpLeg):
            by_interaction.setdefault(finding.interaction, []).append(type(finding))

    for kinds in by_interaction.values():
        assert len(kinds) == 1 or kinds == [found.OfferLost, found.SendToWaiting]


@given(worlds())
def test_a_talk_under_way_is_never_touched(world: tuple[list[Interaction], Picture]) -> None:
    stored, picture = world
    talking = {interaction_id_of(each.call.id) for each in picture.callers if each.where is Where.TALKING}

    for finding in reconcile(stored, picture):
        if isinstance(finding, found.CallerFound):
            assert finding.seen.where is not Where.TALKING
        elif not isinstance(finding, found.HangUpLeg) and finding.interaction in talking:
            # Another agent's talk with the same caller: only this offer is over.
            assert isinstance(finding, found.Joined | found.OfferLost)


@given(worlds())
def test_every_caller_on_the_line_is_in_somebodys_hands_afterwards(world: tuple[list[Interaction], Picture]) -> None:
    stored, picture, _ = act(*world, reconcile(*world))
    live = {each.id: each for each in stored if each.is_live}

    for caller in picture.callers:
        if caller.where in (Where.FLOW, Where.SAFE, Where.WAITING):
            assert interaction_id_of(caller.call.id) in live


def test_another_switchs_interactions_are_left_alone() -> None:
    elsewhere = an_interaction(Stage.WAITING)
    picture = Picture(AsteriskId("other"), NOON, [], [], frozenset())

    assert reconcile([elsewhere], picture) == []


def test_a_voicemail_needs_no_caller() -> None:
    item = replace(an_interaction(Stage.WAITING), work=Work.VOICEMAIL, call=None)

    assert reconcile([item], Picture(ASTERISK, NOON, [], [], frozenset())) == []


def test_a_caller_whom_another_agent_took_is_left_talking_and_the_offer_is_lost() -> None:
    interaction, other = an_interaction(Stage.OFFERED), OfferId(new_id())
    assert interaction.call is not None
    leg = AgentLegSeen(other, interaction.id, answered=True, joined=True)
    picture = Picture(ASTERISK, NOON, [seen(interaction.call, Where.TALKING, other)], [leg], frozenset())

    assert reconcile([interaction], picture) == [found.OfferLost(interaction.id)]


def test_a_phone_that_rings_for_an_offer_of_nobodys_is_ended() -> None:
    interaction = an_interaction(Stage.OFFERED)
    assert interaction.call is not None
    assert interaction.offer is not None
    own, other = interaction.offer.id, OfferId(new_id())
    legs = [AgentLegSeen(offer, interaction.id, answered=False, joined=False) for offer in (own, other)]
    picture = Picture(ASTERISK, NOON, [seen(interaction.call, Where.WAITING)], legs, frozenset())

    assert reconcile([interaction], picture) == [found.HangUpLeg(other)]


def test_a_ringing_offer_is_left_ringing() -> None:
    interaction = an_interaction(Stage.OFFERED)
    assert interaction.call is not None
    assert interaction.offer is not None
    leg = AgentLegSeen(interaction.offer.id, interaction.id, answered=False, joined=False)
    picture = Picture(ASTERISK, NOON, [seen(interaction.call, Where.WAITING)], [leg], frozenset())

    assert reconcile([interaction], picture) == []


def test_a_caller_whom_their_agent_handed_to_a_flow_is_sent_there_though_they_talk() -> None:
    """The service died between writing it down and telling the switch."""
    call = a_call()
    left = an_interaction(Stage.IN_FLOW, call=call)
    handed = an_interaction(Stage.IN_FLOW, call=call, handed=Handed(AgentId("ana"), None))
    picture = Picture(ASTERISK, NOON, [seen(call, Where.TALKING, OfferId(new_id()))], [], frozenset())
    assert reconcile([left], picture) == []
    assert reconcile([handed], picture) == [found.SendToFlow(handed.id, call)]
