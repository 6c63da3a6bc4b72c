"""When a lease may be taken: never while its holder may think it is theirs."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.lease import Lease, Terms, wait_to_take

TERMS = Terms()
S = timedelta(seconds=1)
MOMENTS = st.timedeltas(timedelta(), timedelta(seconds=20))


def wait(left: timedelta, *, holder: str | None = "1@web", died: bool = False, seen: timedelta | None = None) -> float:
    return wait_to_take(Lease(7, holder, left), holder_died=died, seen_for=seen, terms=TERMS).total_seconds()


def test_a_lease_that_runs_is_waited_for_to_its_end() -> None:
    assert wait(0.7 * S) == 0.7


def test_a_lease_that_has_run_out_is_taken_at_once() -> None:
    assert wait(0 * S) == 0
    assert wait(-9 * S) == 0


def test_a_lease_that_was_given_back_is_taken_at_once() -> None:
    assert wait(2 * S, holder=None) == 0
    assert wait(-9 * S, holder=None, seen=0 * S) == 0


def test_a_lease_whose_holder_died_is_taken_at_once() -> None:
    assert wait(2 * S, died=True) == 0


def test_after_an_outage_of_the_database_the_holder_has_time_to_come_back() -> None:
    assert wait(-9 * S, seen=0 * S) == 2
    assert wait(-9 * S, seen=1.5 * S) == 0.5
    assert wait(-9 * S, seen=3 * S) == 0


def test_several_renewals_fit_into_one_lease() -> None:
    assert TERMS.renew_every + TERMS.answer_within + TERMS.renew_again < TERMS.lasts
    assert TERMS.lasts + TERMS.look_every < 3 * S


@given(asked=MOMENTS, on_the_way=MOMENTS, looked_after=MOMENTS, ahead=st.timedeltas(-99 * S, 99 * S))
def test_nobody_takes_a_lease_before_its_holder_has_stopped(
    asked: timedelta, on_the_way: timedelta, looked_after: timedelta, ahead: timedelta
) -> None:
    written_by_its_clock = asked + on_the_way + ahead
    expires_by_its_clock = written_by_its_clock + TERMS.lasts
    now = asked + on_the_way + looked_after
    lease = Lease(7, "1@web", expires_by_its_clock - (now + ahead))

    wait = wait_to_take(lease, holder_died=False, seen_for=None, terms=TERMS)

    holder_acts_until = asked + TERMS.lasts
    assert now + wait >= holder_acts_until
