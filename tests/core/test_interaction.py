"""The ways an interaction moves, and that it moves no other way."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.builders import NOON, a_voicemail, an_entry, an_interaction, an_offer, later
from trunkline.core.interaction import (
    Interaction,
    Outcome,
    Stage,
    Work,
    WrongStage,
    end,
    enqueue,
    extend_wrap_up,
    hold,
    join,
    leave_queue,
    offer_to,
    put_back,
    start_wrap_up,
    take_voicemail,
)

MINUTE = timedelta(minutes=1)
MOVES: dict[str, tuple[Stage, Callable[[Interaction], Interaction]]] = {
    "enqueue": (Stage.IN_FLOW, lambda it: enqueue(it, an_entry(), at=NOON)),
    "leave_queue": (Stage.WAITING, lambda it: leave_queue(it, at=NOON)),
    "offer_to": (Stage.WAITING, lambda it: offer_to(it, an_offer())),
    "put_back": (Stage.OFFERED, lambda it: put_back(it, at=NOON)),
    "join": (Stage.OFFERED, lambda it: join(it, at=NOON)),
    "hold": (Stage.TALKING, lambda it: hold(it, held=True, at=NOON)),
    "start_wrap_up": (Stage.TALKING, lambda it: start_wrap_up(it, for_=MINUTE, at=NOON)),
    "extend_wrap_up": (Stage.WRAP_UP, lambda it: extend_wrap_up(it, by=MINUTE)),
    "take_voicemail": (Stage.IN_FLOW, lambda it: take_voicemail(it, a_voicemail(), an_entry(), at=NOON)),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("stage", Stage)
def test_each_move_starts_from_its_own_stage_only(move: str, stage: Stage) -> None:
    start, make = MOVES[move]
    if stage is start:
        assert make(an_interaction(stage)) != an_interaction(stage)
    else:
        with pytest.raises(WrongStage, match=f"is {stage.value}, not"):
            make(an_interaction(stage))


@pytest.mark.parametrize("stage", Stage)
def test_a_caller_may_hang_up_at_any_stage(stage: Stage) -> None:
    ended = end(an_interaction(stage), Outcome.ABANDONED, at=later(5))

    assert (ended.stage, ended.outcome, ended.ended_at, ended.call) == (Stage.ENDED, Outcome.ABANDONED, later(5), None)
    assert not ended.is_live


def test_the_place_outlives_an_offer_that_comes_to_nothing() -> None:
    waiting = an_interaction(Stage.WAITING)

    back = put_back(offer_to(waiting, an_offer()), at=later(20))

    assert (back.entry, back.offer) == (waiting.entry, None)


def test_the_agent_is_the_one_who_was_offered_it() -> None:
    joined = join(offer_to(an_interaction(Stage.WAITING), an_offer("ben")), at=later(3))

    assert (joined.agent, joined.answered_at) == ("ben", later(3))


def test_held_twice_is_held_once() -> None:
    held = hold(an_interaction(Stage.TALKING), held=True, at=later(1))

    assert hold(held, held=True, at=later(9)) is held
    assert hold(held, held=False, at=later(9)).held_since is None


def test_a_voicemail_is_work_without_a_caller() -> None:
    item = take_voicemail(an_interaction(Stage.IN_FLOW), a_voicemail(), an_entry(), at=later(30))

    assert (item.stage, item.work, item.call) == (Stage.WAITING, Work.VOICEMAIL, None)


def test_more_time_counts_from_the_old_limit() -> None:
    wrapping = start_wrap_up(an_interaction(Stage.TALKING), for_=MINUTE, at=NOON)

    assert extend_wrap_up(wrapping, by=MINUTE).wrap_up_until == later(120)
