"""What to do after events were missed: compare what was stored with what the switch shows now.

Pure: the same stored interactions and the same picture always give the same findings, and what the findings lead to
leaves nothing to be found a second time. The talk itself needs nothing from us: Asterisk carries it.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Picture, Where
from trunkline.core.ids import CallId, InteractionId, OfferId, interaction_id_of
from trunkline.core.interaction import Interaction, Stage, Work


@dataclass(frozen=True, slots=True)
class CallerFound:
    """A caller whom we do not know: they came while we were away."""

    seen: CallerSeen


@dataclass(frozen=True, slots=True)
class CallerGone:
    """A caller whom we know has hung up meanwhile."""

    interaction: InteractionId


@dataclass(frozen=True, slots=True)
class SendToFlow:
    """A caller who is in a flow, but whom nobody talks to: the flow goes on where it was."""

    interaction: InteractionId
    call: Call


@dataclass(frozen=True, slots=True)
class SendToWaiting:
    """A caller who has a place in a queue, but is elsewhere."""

    interaction: InteractionId
    call: Call


@dataclass(frozen=True, slots=True)
class OfferLost:
    """An offer whose leg is gone though nobody was joined: back to its place, and no blame on the agent.

    `offer` None: all that rang for it.
    """

    interaction: InteractionId
    offer: OfferId | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """An offer that was answered while we were away; `call` is whom the agent talks to."""

    interaction: InteractionId
    call: Call | None
    offer: OfferId | None = None
    """Which was answered, where it rang at several agents."""


@dataclass(frozen=True, slots=True)
class TalkOver:
    """A talk that ended while we were away; `joined_first` when we did not even know that it had begun."""

    interaction: InteractionId
    joined_first: bool


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """An agent's phone rings for an offer that is none."""

    offer: OfferId


@dataclass(frozen=True, slots=True)
class ServedByFallback:
    """The switch's static fallback has taken the caller: the interaction is out of our hands."""

    interaction: InteractionId


@dataclass(frozen=True, slots=True)
class TakenOutside:
    """Somebody outside has taken a caller whom the flow handed over."""

    interaction: InteractionId


@dataclass(frozen=True, slots=True)
class AgentOnPhone:
    """The agent has answered a callback, and the customer is being called."""

    interaction: InteractionId


Finding = (
    CallerFound
    | CallerGone
    | SendToFlow
    | SendToWaiting
    | OfferLost
    | Joined
    | TalkOver
    | HangUpLeg
    | ServedByFallback
    | TakenOutside
    | AgentOnPhone
)


def reconcile(
    stored: Iterable[Interaction], picture: Picture, attended: Set[InteractionId] = frozenset()
) -> list[Finding]:
    """Return what the picture of ONE switch says about the stored interactions of that switch.

    `attended` are the interactions whose callers a flow of this very process is talking to.
    Findings come in an order that is safe to act in: ends first, then what is alive, then who is new.
    """
    stored = list(stored)
    live = {interaction.id for interaction in stored if interaction.is_live}
    callers = {seen.call.id: seen for seen in picture.callers}
    legs = {leg.offer: leg for leg in picture.agent_legs}
    here = {
        interaction.id: interaction
        for interaction in stored
        if interaction.call is not None
        and interaction.call.id.asterisk == picture.asterisk
        and interaction.rings
        and interaction.stage not in (Stage.WRAP_UP, Stage.ENDED)
    }
    findings = [
        finding
        for interaction in here.values()
        for finding in _of_one(interaction, _caller_of(interaction, callers), legs, attended=interaction.id in attended)
    ]
    # A callback has no caller before it is answered, only the agent's leg.
    calling = [each for each in stored if each.work is Work.CALLBACK and each.stage is Stage.OFFERED]
    findings += [finding for each in calling for finding in _calling_back(each, picture, legs)]
    offered = (each for each in (*here.values(), *calling) if each.stage is Stage.OFFERED)
    ringing = {offer.id for each in offered for offer in each.offers}
    findings += [HangUpLeg(leg.offer) for leg in legs.values() if leg.offer not in ringing and not leg.joined]
    findings += [
        CallerFound(seen)
        for call, seen in callers.items()
        if interaction_id_of(call) not in live and seen.where in (Where.FLOW, Where.SAFE, Where.WAITING)
    ]
    return findings


def _caller_of(interaction: Interaction, callers: dict[CallId, CallerSeen]) -> CallerSeen | None:
    return callers.get(interaction.call.id) if interaction.call is not None else None


def _calling_back(interaction: Interaction, picture: Picture, legs: dict[OfferId, AgentLegSeen]) -> Iterator[Finding]:
    offer = interaction.offer
    leg = legs.get(offer.id) if offer is not None else None
    if offer is None or leg is None:
        yield OfferLost(interaction.id)
    elif leg.joined:
        yield Joined(interaction.id, next((seen.call for seen in picture.callers if seen.with_offer == offer.id), None))
    elif leg.answered and offer.answered_at is None:
        yield AgentOnPhone(interaction.id)


def _of_one(
    interaction: Interaction, caller: CallerSeen | None, legs: dict[OfferId, AgentLegSeen], *, attended: bool
) -> Iterator[Finding]:
    if caller is None:
        yield CallerGone(interaction.id)
    elif caller.where is Where.FALLBACK:
        yield ServedByFallback(interaction.id)
    elif interaction.stage is Stage.IN_FLOW:
        yield from _in_flow(interaction, caller, attended=attended)
    elif interaction.stage is Stage.WAITING:
        yield from _waiting(interaction, caller)
    elif interaction.stage is Stage.OFFERED:
        yield from _offered(interaction, caller, legs)
    elif caller.where is not Where.TALKING:
        yield TalkOver(interaction.id, joined_first=False)


def _in_flow(interaction: Interaction, caller: CallerSeen, *, attended: bool) -> Iterator[Finding]:
    talked_to = attended and caller.where is Where.FLOW
    if caller.where is Where.OUTSIDE:
        yield TakenOutside(interaction.id)
    elif caller.where is Where.TALKING and interaction.handed is not None:
        yield SendToFlow(interaction.id, caller.call)  # the agent had handed them over; the switch was not told
    elif not talked_to and caller.where not in (Where.TALKING, Where.TRANSFER):
        yield SendToFlow(interaction.id, caller.call)


def _waiting(interaction: Interaction, caller: CallerSeen) -> Iterator[Finding]:
    if caller.where not in (Where.WAITING, Where.TALKING):
        yield SendToWaiting(interaction.id, caller.call)


def _offered(interaction: Interaction, caller: CallerSeen, legs: dict[OfferId, AgentLegSeen]) -> Iterator[Finding]:
    ringing = [leg for offer in interaction.offers if (leg := legs.get(offer.id)) is not None]
    joined = next((leg for leg in ringing if leg.joined), None)
    if joined is not None:
        yield Joined(interaction.id, caller.call, joined.offer)
    elif ringing:
        there = {leg.offer for leg in ringing}
        yield from (OfferLost(interaction.id, offer.id) for offer in interaction.offers if offer.id not in there)
    elif caller.where is Where.AFTER:
        yield TalkOver(interaction.id, joined_first=True)
    else:
        yield OfferLost(interaction.id)
        # One who talks is with an agent who was rung for them too: that is never touched.
        if caller.where not in (Where.WAITING, Where.TALKING):
            yield SendToWaiting(interaction.id, caller.call)
