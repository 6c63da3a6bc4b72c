"""What a card shows of a callback: whom to call, how often it was tried, and since when the customer waits for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOON, a_callback, an_interaction, an_offer, later
from tests.floor.conftest import CENTRE
from trunkline.core.callback import MOST_TRIES, TRY_AGAIN_AFTER, agent_answered, not_reached
from trunkline.core.centre import Centre
from trunkline.core.customer import Customer
from trunkline.core.decision import SOME
from trunkline.core.ids import CustomerId
from trunkline.core.interaction import Callback, Interaction, Stage, join, start_wrap_up
from trunkline.floor import view
from trunkline.floor.state import Profile
from trunkline.flows.centre import centre_of

NUMBER = {"national": "07700 900123", "e164": "+447700900123"}


@pytest.fixture
def acme() -> Centre:
    centre, problems = centre_of(CENTRE, "centre.yaml")
    assert centre is not None, problems
    return centre


def test_a_callback_shows_whom_to_call_and_since_when_they_wait(acme: Centre) -> None:
    asked = an_interaction().arrived_at
    offered = a_callback(Stage.OFFERED, run=None, callback=Callback("+447700900123", tries=1))

    card = view.card(offered, None, acme)

    assert card["work"] == "callback"
    told = {"number": NUMBER, "tries": 1, "dialling": False, "asked_at": asked.isoformat(), "written": False}
    assert card["callback"] == told


def test_it_is_being_dialled_from_the_agents_answer_to_the_customers(acme: Centre) -> None:
    offered = a_callback(Stage.OFFERED, run=None)
    on_phone = agent_answered(offered, at=later(20))
    talking = join(on_phone, at=later(25))
    stages = [offered, on_phone, talking, start_wrap_up(talking, for_=timedelta(seconds=60), at=later(60))]

    assert [view.card(each, None, acme)["callback"]["dialling"] for each in stages] == [False, True, False, False]


def test_other_work_has_no_callback(acme: Centre) -> None:
    assert view.card(an_interaction(Stage.OFFERED, run=None), None, acme)["callback"] is None


def not_reached_after(tries: int, acme: Centre) -> view.Json:
    offered = a_callback(Stage.OFFERED, run=None, offer=an_offer(), callback=Callback("+447700900123", tries=tries))
    customer = Customer(CustomerId("c1"), "Margaret", ("gold",), ("+447700900123",), ())
    tried: Interaction = not_reached(agent_answered(offered, at=later(20)), at=later(40))
    return view.not_reached(tried, view.card(offered, Profile(customer), acme))


def test_one_who_was_not_reached_is_named_with_the_time_of_the_next_try(acme: Centre) -> None:
    told = not_reached_after(0, acme)

    again_at = NOON + timedelta(seconds=40) + TRY_AGAIN_AFTER
    assert (told["tries"], told["again_at"]) == (1, again_at.isoformat())
    assert (told["customer"]["name"], told["address"]["national"]) == ("Margaret", "07700 900123")


def test_after_the_last_try_there_is_no_next(acme: Centre) -> None:
    told = not_reached_after(MOST_TRIES - 1, acme)

    assert (told["tries"], told["again_at"]) == (MOST_TRIES, None)


def test_a_card_says_why_it_came_to_this_agent(acme: Centre) -> None:
    centre = replace(acme, skills={"french": "French"})
    facts = {"by": "strategy", "strategy": "longest_idle", "able": 2, "asked": {"french": 3, "tea": 1}, "relaxed": 1}

    card = view.card(an_interaction(Stage.OFFERED, run=None), None, centre, offered=facts)

    assert card["routed"] == {
        "by": "strategy", "strategy": "longest_idle", "able": 2, "at_most": SOME, "preferred": [], "relaxed": True,
        "asked": [{"title": "French", "level": 3}, {"title": "tea", "level": 1}],
    }  # fmt: skip


@pytest.mark.parametrize("facts", [None, {"offer": "1", "queue": "sales"}])
def test_of_an_offer_of_an_earlier_release_no_reason_is_shown(acme: Centre, facts: dict[str, str] | None) -> None:
    assert view.card(an_interaction(Stage.OFFERED, run=None), None, acme, offered=facts)["routed"] is None
