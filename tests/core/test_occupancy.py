"""How busy an agent was lately: a share for people, an order for routing."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, later
from trunkline.core.occupancy import NEVER, Busy, busy_load, share, worked

stretches = st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 2000)), max_size=6)


def _after(stretches: list[tuple[int, int]]) -> tuple[Busy, int]:
    busy, now = Busy(), 0
    for work, rest in stretches:
        busy = worked(busy, later(now), later(now + work))
        now += work + rest
    return busy, now


def test_who_works_all_the_time_is_busy_all_the_time() -> None:
    busy = worked(Busy(), NOON, NOON + timedelta(hours=12))

    assert share(busy, at=NOON + timedelta(hours=12)) == pytest.approx(1.0, abs=1e-4)
    assert share(busy, at=NOON + timedelta(hours=13)) == pytest.approx(0.3679, abs=1e-3)
    assert share(Busy(), at=NOON) == 0.0
    assert busy_load(Busy()) == NEVER


def test_work_that_is_known_already_is_not_counted_twice() -> None:
    busy = worked(Busy(), NOON, later(100))

    assert worked(busy, NOON, later(100)) == busy
    assert worked(busy, later(50), later(80)) == busy
    both = worked(busy, later(50), later(200))
    assert both.seconds == pytest.approx(worked(Busy(), NOON, later(200)).seconds)


@given(stretches, stretches)
def test_the_order_is_that_of_the_shares_at_any_later_time(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    (ana, until_ana), (ben, until_ben) = _after(one), _after(other)
    at = later(max(until_ana, until_ben))
    shares = share(ana, at=at), share(ben, at=at)

    assert 0.0 <= min(shares) <= max(shares) <= 1.0
    if abs(shares[0] - shares[1]) > 1e-9:
        assert (busy_load(ana) < busy_load(ben)) == (shares[0] < shares[1])


@given(stretches)
def test_an_agents_number_never_falls(stretches: list[tuple[int, int]]) -> None:
    loads = [busy_load(_after(stretches[:length])[0]) for length in range(len(stretches) + 1)]

    assert loads == sorted(loads)
