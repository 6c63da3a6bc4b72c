"""Erlang's formulas against published cases, against each other, and far out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.first_come import contacts_of, first_come_first_served, markovian
from trunkline.planning.erlang import Expected, agents_for, erlang_a, erlang_b, erlang_c


def test_erlang_b_as_in_the_tables() -> None:
    # Cooper (1981), figure A.1: 10 erlangs on 15 lines, 2 on 5.
    assert erlang_b(10, 15) == pytest.approx(0.03650, abs=5e-6)
    assert erlang_b(2, 5) == pytest.approx(0.03670, abs=5e-6)
    assert erlang_b(7, 0) == 1


def test_erlang_c_of_48_erlangs_on_55_agents() -> None:
    expected = erlang_c(48, 55, handling_s=240, within_s=15)

    assert expected.waits == pytest.approx(0.2387, abs=5e-5)
    assert expected.within == pytest.approx(0.8459, abs=5e-5)
    assert expected.wait_s == pytest.approx(8.18, abs=5e-3)


def test_impatience_makes_a_good_queue_of_a_bad_one() -> None:
    # Garnett, Mandelbaum, Reiman, Designing a Call Center with Impatient Customers, M&SOM 4 (2002), section 1.
    patient = erlang_c(48, 50, handling_s=60, within_s=20)
    impatient = erlang_a(48, 50, handling_s=60, patience_s=120, within_s=20)

    assert patient.wait_s == pytest.approx(20.8, abs=0.05)
    assert impatient.abandons == pytest.approx(0.031, abs=5e-4)
    assert impatient.wait_s == pytest.approx(3.7, abs=0.05)


def test_those_who_hardly_ever_give_up_are_those_who_never_do() -> None:
    patient = erlang_c(48, 55, handling_s=240, within_s=15)
    nearly = erlang_a(48, 55, handling_s=240, patience_s=1e7, within_s=15)

    assert nearly.waits == pytest.approx(patient.waits, rel=1e-3)
    assert nearly.within == pytest.approx(patient.within, rel=1e-3)
    assert nearly.wait_s == pytest.approx(patient.wait_s, rel=1e-3)


@pytest.mark.parametrize("agents", [10, 1_000, 50_000])
def test_large_centres_have_finite_figures(agents: int) -> None:
    overloaded = erlang_a(2.0 * agents, agents, handling_s=60, patience_s=120, within_s=1)
    idle = erlang_a(0.001, agents, handling_s=60, patience_s=60, within_s=15)

    # As many give up as are too many.
    assert overloaded.abandons == pytest.approx(0.5, rel=1e-2)
    assert 0 <= overloaded.within < 0.1
    assert idle == Expected(pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9), 1)
    assert 0 < erlang_c(agents * 0.999, agents, handling_s=240, within_s=15).waits < 1


@settings(deadline=None)
@given(load=st.floats(0.1, 200), agents=st.integers(1, 200), patience=st.floats(1, 1000), within=st.floats(0, 100))
def test_more_agents_never_make_it_worse(load: float, agents: int, patience: float, within: float) -> None:
    fewer = erlang_a(load, agents, handling_s=100, patience_s=patience, within_s=within)
    more = erlang_a(load, agents + 1, handling_s=100, patience_s=patience, within_s=within)

    assert more.waits <= fewer.waits + 1e-9
    assert more.abandons <= fewer.abandons + 1e-9
    assert more.within >= fewer.within - 1e-9
    assert 0 <= fewer.within <= 1 - fewer.abandons + 1e-9


@settings(deadline=None, max_examples=30)
@given(load=st.floats(0.1, 50), patience=st.none() | st.floats(1, 1000))
def test_agents_for_a_service_level_are_the_fewest(load: float, patience: float | None) -> None:
    agents = agents_for(load, handling_s=100, within_s=20, level=0.8, patience_s=patience)

    def level(many: int) -> float:
        if patience is None:
            return erlang_c(load, many, handling_s=100, within_s=20).within if many > load else 0
        return erlang_a(load, many, handling_s=100, patience_s=patience, within_s=20).within

    assert level(agents) >= 0.8
    assert agents == 1 or level(agents - 1) < 0.8


def test_formula_a_is_what_comes_of_a_queue_with_impatience() -> None:
    # A small queue forgets soon how full it was: the mean settles after fewer contacts.
    plan = markovian(4, 5, 60, 100_000, patience_s=60)
    expected = erlang_a(4, 5, handling_s=60, patience_s=60, within_s=10)

    waits = list(first_come_first_served(contacts_of(plan, 0), 5))

    many = len(waits)
    assert sum(not wait.served for wait in waits) / many == pytest.approx(expected.abandons, abs=0.005)
    assert sum(wait.seconds > 0 for wait in waits) / many == pytest.approx(expected.waits, abs=0.005)
    assert sum(wait.served and wait.seconds <= 10 for wait in waits) / many == pytest.approx(expected.within, abs=0.005)
    assert sum(wait.seconds for wait in waits) / many == pytest.approx(expected.wait_s, rel=0.02)


def test_queues_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="no such queue"):
        erlang_b(0, 5)
    with pytest.raises(ValueError, match="grows without end"):
        erlang_c(5, 5, handling_s=60, within_s=20)
    with pytest.raises(ValueError, match="nobody serves"):
        erlang_a(5, 0, handling_s=60, patience_s=60, within_s=20)
