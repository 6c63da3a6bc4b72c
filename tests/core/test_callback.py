"""A callback: planned, due, answered, tried again, given up."""

from datetime import timedelta

import pytest

from tests.builders import a_callback, an_entry, an_interaction, later
from trunkline.core import callback
from trunkline.core.ids import InteractionId, new_id
from trunkline.core.interaction import Callback, Outcome, Stage, Work, WrongStage

OF = an_interaction(Stage.IN_FLOW)
ID = InteractionId(new_id())


def test_a_callback_that_keeps_a_place_waits_at_it() -> None:
    planned = callback.plan(ID, OF, "+447700900123", an_entry(overflow_at=later(9)), due_at=None, at=later(60))

    assert (planned.stage, planned.work, planned.call) == (Stage.WAITING, Work.CALLBACK, None)
    assert planned.entry == an_entry()
    assert (planned.customer, planned.run, planned.caller_name) == (OF.customer, OF.run, OF.caller_name)


def test_a_callback_for_later_waits_for_its_time_and_then_at_its_place() -> None:
    planned = callback.plan(ID, OF, "+447700900123", an_entry(), due_at=later(3600), at=later(60))
    due = callback.come_due(planned, at=later(3600))

    assert (planned.stage, planned.callback) == (Stage.SCHEDULED, Callback("+447700900123", later(3600)))
    assert (due.stage, due.entry, due.callback) == (Stage.WAITING, an_entry(), Callback("+447700900123"))


def test_a_time_that_is_over_is_now() -> None:
    assert callback.plan(ID, OF, "+447700900123", an_entry(), due_at=later(1), at=later(60)).stage is Stage.WAITING


def test_a_customer_who_is_not_reached_is_tried_again_at_the_same_place_and_given_up_in_the_end() -> None:
    offered = a_callback(Stage.OFFERED)
    again = callback.not_reached(offered, at=later(100))

    assert (again.stage, again.offer, again.entry) == (Stage.SCHEDULED, None, offered.entry)
    assert again.callback == Callback("+447700900123", later(100) + callback.TRY_AGAIN_AFTER, tries=1)
    last = a_callback(Stage.OFFERED, callback=Callback("+447700900123", tries=callback.MOST_TRIES - 1))
    assert callback.not_reached(last, at=later(100)).outcome is Outcome.NOT_REACHED


def test_it_was_not_reached_until_its_next_try() -> None:
    offered = a_callback(Stage.OFFERED)
    again = callback.not_reached(offered, at=later(100))
    given_up = a_callback(Stage.ENDED, outcome=Outcome.NOT_REACHED)
    for_later = a_callback(Stage.SCHEDULED)
    due = callback.come_due(again, at=later(1000))

    told = [callback.was_not_reached(each) for each in (again, given_up, for_later, offered, due, OF)]
    assert told == [True, True, False, False, False, False]


def test_an_agent_on_the_phone_has_answered_the_offer() -> None:
    offered = a_callback(Stage.OFFERED)
    answered = callback.agent_answered(offered, at=later(15))

    assert answered.offer is not None
    assert offered.offer is not None
    assert (answered.offer.id, answered.offer.answered_at) == (offered.offer.id, later(15))
    assert answered.stage is Stage.OFFERED


@pytest.mark.parametrize("move", [callback.come_due, callback.agent_answered, callback.not_reached])
def test_a_move_that_comes_too_late_is_refused(move: object) -> None:
    with pytest.raises(WrongStage):
        move(a_callback(Stage.TALKING), at=later(1))  # type: ignore[operator]


def test_a_customer_rings_for_less_than_a_try_is_away() -> None:
    assert timedelta() < callback.RING_CUSTOMER_FOR < callback.TRY_AGAIN_AFTER
