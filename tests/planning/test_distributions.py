"""Random lengths have the mean and the spread that they are said to have, and a seed gives them again."""

import statistics
from random import Random

import pytest

from trunkline.planning.distributions import (
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Length,
    Lognormal,
    Uniform,
    erlang,
)
from trunkline.planning.virtual import VirtualTime


@pytest.mark.parametrize(
    ("length", "mean", "spread"),
    [
        (Fixed(240), 240, 0),
        (Exponential(240), 240, 1),
        (Lognormal(240, 0.6), 240, 0.6),
        (Gamma(240, 0.5), 240, 0.5),
        (Gamma(240, 1.5), 240, 1.5),
        (erlang(240, 4), 240, 0.5),
        (Uniform(60, 180), 120, (120 / 12**0.5) / 120),
        (Empirical((60, 180)), 120, 0.5),
    ],
)
def test_length_has_its_mean_and_its_spread(length: Length, mean: float, spread: float) -> None:
    random = Random(3)
    drawn = [length.draw(random) for _ in range(40_000)]

    assert length.mean == pytest.approx(mean)
    assert statistics.fmean(drawn) == pytest.approx(mean, rel=0.02)
    assert statistics.pstdev(drawn) / mean == pytest.approx(spread, abs=0.03)
    assert min(drawn) >= 0
    assert drawn[:9] == [length.draw(again) for again in [Random(3)] for _ in range(9)]


def test_events_come_in_the_order_of_time_and_then_of_asking() -> None:
    time, seen = VirtualTime(1_800_000_000.0), []
    time.after(2, lambda: seen.append("later"))
    time.after(1, lambda: seen.append("first"))
    time.after(1, lambda: (seen.append("second"), time.at(0, lambda: seen.append("at once"))))
    never = time.after(1, lambda: seen.append("never"))
    never.call_off()

    time.run()
    never.call_off()

    assert seen == ["first", "second", "at once", "later"]
    assert time.now == 1_800_000_002.0
