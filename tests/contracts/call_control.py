"""What every CallControl keeps to, the fake one and Asterisk alike."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from trunkline.core.call import Call, OfferFailure, Where
from trunkline.core.ids import OfferId, interaction_id_of, new_id
from trunkline.ports.call_control import (
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    CallControl,
    CallEnded,
    HoldChanged,
    LineOpened,
    Ring,
)

E = TypeVar("E")
SECOND = timedelta(seconds=1)


class Stage(ABC):
    """A switch with people: callers that call, and Ana's and Ben's phones, which are there."""

    control: CallControl

    @abstractmethod
    async def hears(self, kind: type[E], *, fits: Callable[[E], bool] = lambda _: True) -> E:
        """Take the first event of that kind out of what was heard: who hangs up first is told first or last."""

    @abstractmethod
    def silent_of(self, kind: type[E]) -> bool:
        """Whether no such event waits to be heard."""

    @abstractmethod
    async def calls_in(self) -> None:
        """A caller dials 100."""

    @abstractmethod
    async def caller_hangs_up(self, call: Call) -> None: ...

    @abstractmethod
    async def ana_answers(self, offer: OfferId) -> None: ...

    @abstractmethod
    async def ben_answers(self, offer: OfferId) -> None: ...

    @abstractmethod
    async def ana_declines(self, offer: OfferId) -> None: ...

    @abstractmethod
    async def ana_hangs_up(self, offer: OfferId) -> None: ...

    @abstractmethod
    async def ana_holds(self, offer: OfferId) -> None: ...

    async def in_flow(self) -> Call:
        await self.calls_in()
        return (await self.hears(LineOpened)).call

    async def waiting(self) -> Call:
        call = await self.in_flow()
        await self.control.to_waiting(call, music="default", announce_every=60 * SECOND)
        return call

    async def ringing(self, call: Call, *, endpoint: str = "ana") -> OfferId:
        offer = OfferId(new_id())
        await self.control.ring(
            Ring(offer, interaction_id_of(call.id), call, endpoint, 20 * SECOND, "+447700900123", "Chris")
        )
        rings = await self.hears(AgentRinging)
        assert rings.offer == offer
        return offer

    async def talking(self) -> tuple[Call, OfferId]:
        call = await self.waiting()
        offer = await self.ringing(call)
        await self.ana_answers(offer)
        joined = await self.hears(AgentJoined)
        assert (joined.offer, joined.call) == (offer, call)
        return call, offer

    async def ends(self, offer: OfferId) -> OfferFailure | None:
        ended = await self.hears(AgentLegEnded)
        assert ended.offer == offer
        return ended.failure


class CallControlContract:
    """Inherit, and give a fixture `stage`."""

    async def test_a_call_opens_a_line_and_can_be_sent_to_wait_and_back(self, stage: Stage) -> None:
        call = await stage.waiting()
        assert [caller.call for caller in (await stage.control.picture()).callers] == [call]

        await stage.control.to_flow(call)

        assert (await stage.hears(LineOpened)).call == call

    async def test_who_talks_is_seen_talking(self, stage: Stage) -> None:
        call, offer = await stage.talking()

        picture = await stage.control.picture()

        assert [(seen.call, seen.where, seen.with_offer) for seen in picture.callers] == [(call, Where.TALKING, offer)]
        assert [(leg.offer, leg.answered, leg.joined) for leg in picture.agent_legs] == [(offer, True, True)]
        assert "ana" in picture.reachable

    async def test_the_callers_end_of_a_talk_ends_the_agents_leg_without_failure(self, stage: Stage) -> None:
        call, offer = await stage.talking()

        await stage.caller_hangs_up(call)

        assert await stage.ends(offer) is None

    async def test_the_agents_end_of_a_talk_ends_the_call(self, stage: Stage) -> None:
        call, offer = await stage.talking()

        await stage.ana_hangs_up(offer)

        assert await stage.ends(offer) is None
        assert (await stage.hears(CallEnded)).call == call.id

    async def test_a_decline_leaves_the_caller_waiting(self, stage: Stage) -> None:
        call = await stage.waiting()
        offer = await stage.ringing(call)

        await stage.ana_declines(offer)

        assert await stage.ends(offer) is OfferFailure.DECLINED
        assert [seen.where for seen in (await stage.control.picture()).callers] == [Where.WAITING]

    async def test_a_phone_can_be_stopped_ringing(self, stage: Stage) -> None:
        offer = await stage.ringing(await stage.waiting())

        await stage.control.stop_ringing(offer)

        assert await stage.ends(offer) is not None
        assert (await stage.control.picture()).agent_legs in ([], ())

    async def test_a_phone_that_was_answered_as_its_offer_was_withdrawn_leaves_the_caller_waiting(
        self, stage: Stage
    ) -> None:
        call, offer = await stage.talking()

        await stage.control.stop_ringing(offer)

        assert await stage.ends(offer) is None
        again = await stage.ringing(call)
        await stage.ana_answers(again)
        assert (await stage.hears(AgentJoined)).offer == again

    async def test_of_two_who_are_rung_the_first_who_answers_has_the_caller(self, stage: Stage) -> None:
        call = await stage.waiting()
        at_ana, at_ben = await stage.ringing(call), await stage.ringing(call, endpoint="ben")

        await stage.ben_answers(at_ben)

        joined = await stage.hears(AgentJoined)
        assert (joined.offer, joined.call) == (at_ben, call)
        assert await stage.ends(at_ana) is OfferFailure.TAKEN
        picture = await stage.control.picture()
        assert [(seen.where, seen.with_offer) for seen in picture.callers] == [(Where.TALKING, at_ben)]
        assert [leg.offer for leg in picture.agent_legs] == [at_ben]

    async def test_of_two_who_are_rung_both_are_seen_ringing_for_the_one_who_waits(self, stage: Stage) -> None:
        call = await stage.waiting()
        offers = {await stage.ringing(call), await stage.ringing(call, endpoint="ben")}

        picture = await stage.control.picture()

        assert {(leg.offer, leg.interaction, leg.joined) for leg in picture.agent_legs} == {
            (offer, interaction_id_of(call.id), False) for offer in offers
        }
        assert [(seen.where, seen.with_offer) for seen in picture.callers] == [(Where.WAITING, None)]

    async def test_of_two_who_are_rung_one_who_declines_leaves_the_other_ringing(self, stage: Stage) -> None:
        call = await stage.waiting()
        at_ana, at_ben = await stage.ringing(call), await stage.ringing(call, endpoint="ben")

        await stage.ana_declines(at_ana)

        assert await stage.ends(at_ana) is OfferFailure.DECLINED
        await stage.ben_answers(at_ben)
        assert (await stage.hears(AgentJoined)).offer == at_ben

    async def test_hold_is_told(self, stage: Stage) -> None:
        _, offer = await stage.talking()

        await stage.ana_holds(offer)

        assert await stage.hears(HoldChanged, fits=lambda change: change.offer == offer and change.held)

    async def test_what_is_asked_for_a_call_that_is_over_does_nothing(self, stage: Stage) -> None:
        call = await stage.in_flow()
        await stage.control.hang_up(call)
        assert (await stage.hears(CallEnded)).call == call.id

        await stage.control.hang_up(call)
        await stage.control.to_flow(call)
        await stage.control.to_waiting(call, music="default", announce_every=60 * SECOND)
        await stage.control.announce(call, [])
        await stage.control.stop_ringing(OfferId(new_id()))

        assert (await stage.control.picture()).callers in ([], ())
        assert stage.silent_of(LineOpened)
