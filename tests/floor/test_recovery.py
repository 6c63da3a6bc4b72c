"""The service dies at every stage of a call, and a new one takes over: nothing is lost, nobody is offered twice."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.floor.conftest import open_floor
from trunkline.core.call import Call, Where
from trunkline.core.interaction import Outcome, Stage
from trunkline.core.journal import Happened
from trunkline.core.reconcile import reconcile
from trunkline.floor import intake


def opened(world: SimpleNamespace) -> "open_floor":
    return open_floor(world.folder, world.store, world.clock, world.switch)


async def test_a_flow_goes_on_where_it_was(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        call = world.switch.calls_in()
        await centre.settled()

    async with opened(world) as centre:
        assert centre.lines[call.id.uniqueid].said[0] == "What is it about?"
        assert centre.stage(call) is Stage.IN_FLOW
    assert len(world.store.happened(Happened.ARRIVED)) == 1
    assert len(world.store.happened(Happened.STEP_REACHED)) == 1


async def test_waiting_callers_keep_music_place_and_waiting_time(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        first, second = await centre.call_waits(), await centre.call_waits("+447700900456")
        before = [centre.of(call).entry for call in (first, second)]

    async with opened(world) as centre:
        assert centre.in_line() == [first.id.uniqueid, second.id.uniqueid]
        assert [centre.of(call).entry for call in (first, second)] == before
        assert world.switch.where(first) is Where.WAITING


async def test_a_caller_who_fell_into_the_safe_place_is_brought_back_to_the_queue(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        call = await centre.call_waits()
    world.switch._move(call, Where.SAFE)

    async with opened(world) as centre:
        await centre.settled()
        assert world.switch.where(call) is Where.WAITING


async def test_a_ringing_offer_goes_on_ringing_and_is_not_made_twice(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana", "ben")
        call, offer = await centre.call_rings()

    async with opened(world) as centre:
        assert centre.stage(call) is Stage.OFFERED
        world.switch.answers(offer)
        await centre.settled()
        assert centre.stage(call) is Stage.TALKING
    assert len(world.switch.rung) == 1


async def test_an_offer_that_ended_meanwhile_returns_to_its_place_without_blame(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        call, offer = await centre.call_rings()
    world.switch.deaf = True
    world.switch.agent_hangs_up(offer)

    async with opened(world) as centre:
        assert len(world.store.happened(Happened.OFFER_WITHDRAWN)) == 1
        assert centre.stage(call) is Stage.OFFERED
        assert world.switch.rung[-1].offer != offer
        assert len(world.switch.legs) == 1


async def test_an_offer_that_was_committed_but_never_rung_is_taken_back(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        world.switch.away = True
        call = await centre.call_waits()
        assert centre.stage(call) is not None

    async with opened(world) as centre:
        await centre.settled()
        assert centre.stage(call) is Stage.OFFERED
        assert len(world.switch.legs) == 1


async def test_answered_while_we_were_away(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        call, offer = await centre.call_rings()
    world.switch.deaf = True
    world.switch.answers(offer)

    async with opened(world) as centre:
        assert centre.stage(call) is Stage.TALKING
        assert centre.agent("ana").busy == centre.of(call).id


async def test_talk_goes_on_and_its_end_is_heard(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        call, offer = await centre.call_talks()

    async with opened(world) as centre:
        interaction = centre.of(call)
        assert interaction.stage is Stage.TALKING
        world.switch.agent_hangs_up(offer)
        await centre.settled()
        assert centre.floor.interaction(interaction.id).stage is Stage.WRAP_UP


@pytest.mark.parametrize("ends", ["agent", "caller"])
async def test_the_talk_ended_while_we_were_away(world: SimpleNamespace, ends: str) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        call, offer = await centre.call_talks()
        interaction = centre.of(call)
    world.switch.deaf = True
    end: Callable[[], None] = (
        (lambda: world.switch.agent_hangs_up(offer))
        if ends == "agent"
        else (lambda: world.switch.caller_hangs_up(call))
    )
    end()

    async with opened(world) as centre:
        assert centre.floor.interaction(interaction.id).stage is Stage.WRAP_UP


async def test_whoever_is_offered_is_known_before_those_who_wait(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_BREATH_S", 3600)
    async with opened(world) as centre:
        calls = [await centre.call_waits(f"+44770090012{number}") for number in range(3)]

    async with opened(world) as centre:
        await centre.ready("ana", "ben")
        known = [centre.of(call).id in centre.floor.profiles for call in calls]

    assert known == [True, True, False]


async def test_in_the_end_everybody_who_waits_is_known(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_BREATH_S", 0)
    async with opened(world) as centre:
        calls = [await centre.call_waits(f"+44770090012{number}") for number in range(3)]

    async with opened(world) as centre:
        await centre.settled()
        assert all(centre.of(call).id in centre.floor.profiles for call in calls)


async def test_wrap_up_goes_on_under_its_old_limit(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        call, offer = await centre.call_talks()
        interaction = centre.of(call)
        world.switch.agent_hangs_up(offer)
        await centre.forward(50)

    async with opened(world) as centre:
        assert centre.agent("ana").busy == interaction.id
        await centre.forward(11)
        assert centre.agent("ana").busy is None
    assert world.store.interactions[interaction.id].outcome is Outcome.HANDLED


async def test_a_caller_who_hung_up_while_we_were_away_abandoned(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        call = await centre.call_waits()
        interaction = centre.of(call)
    world.switch.deaf = True
    world.switch.caller_hangs_up(call)

    async with opened(world):
        assert world.store.interactions[interaction.id].outcome is Outcome.ABANDONED


async def test_a_caller_who_came_while_we_were_away_is_served(world: SimpleNamespace) -> None:
    world.switch.deaf = True
    call = world.switch.calls_in()
    world.switch._move(call, Where.SAFE)

    async with opened(world) as centre:
        await centre.settled()
        assert centre.stage(call) is Stage.IN_FLOW
        assert centre.lines[call.id.uniqueid].said[0] == "What is it about?"


async def test_a_caller_whom_the_fallback_serves_is_left_to_it(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        call = await centre.call_waits()
        interaction = centre.of(call)
    world.switch._move(call, Where.FALLBACK)

    async with opened(world) as centre:
        assert centre.of(call) is None
        assert world.switch.where(call) is Where.FALLBACK
    assert world.store.interactions[interaction.id].outcome is Outcome.FALLBACK
    assert [entry.interaction for entry in world.store.happened(Happened.SERVED_BY_FALLBACK)] == [interaction.id]
    assert world.store.happened(Happened.ENDED_IN_FLOW) == []


async def test_no_offers_while_the_switch_is_away_and_all_is_right_when_it_is_back(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        call = await centre.call_waits()
        world.switch.lost()
        await centre.settled()
        await centre.desk.log_in(centre.agent("ana").id)
        await centre.desk.show(centre.agent("ana").id, centre.agent("ana").presence.READY, None)
        world.switch.reachable.add("ana-web")
        await centre.settled()
        assert world.switch.rung == []

        world.switch.found()
        await centre.settled()

        assert centre.stage(call) is Stage.OFFERED
        assert len(world.switch.rung) == 1


async def test_an_act_of_unknown_outcome_is_reconciled_and_not_repeated(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana")
        ring = world.switch.ring

        async def ring_and_lose_the_answer(wanted: object) -> None:
            from trunkline.core.errors import Unavailable  # noqa: PLC0415

            world.switch.ring = ring
            await ring(wanted)
            raise Unavailable("no answer came", retry=False)

        world.switch.ring = ring_and_lose_the_answer
        call = await centre.call_waits()
        await centre.settled()

        assert len(world.switch.rung) == 1
        assert centre.stage(call) is Stage.OFFERED


async def test_after_reconciling_there_is_nothing_left_to_find(world: SimpleNamespace) -> None:
    async with opened(world) as centre:
        await centre.ready("ana", "ben")
        calls: list[Call] = [await centre.call_waits(f"+44770090010{n}") for n in range(5)]
        world.switch.deaf = True
        world.switch.caller_hangs_up(calls[2])
        world.switch.answers(world.switch.rung[0].offer)
        world.switch._move(calls[4], Where.SAFE)

    async with opened(world) as centre:
        await centre.settled()
        picture = await world.switch.picture()
        assert reconcile(list(centre.floor.interactions.values()), picture, centre.self_service.attended()) == []
