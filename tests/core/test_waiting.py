"""Expected waits: what is foretold comes true eight times of ten, and what is not known is not said."""

import random
from datetime import timedelta

import pytest

from trunkline.core.waiting import ENOUGH, Band, Guesses, QueueWaits, error_of, expected_wait, quantile

MINUTE = timedelta(minutes=1)


def _served(waits: QueueWaits, guess: float | None, waited: float, times: int = ENOUGH) -> None:
    for _ in range(times):
        waits.served(timedelta(seconds=waited), Guesses(guess, guess))


def test_expected_wait_is_unknown_without_agents_or_experience() -> None:
    assert expected_wait(3, handling=4 * MINUTE, agents=2) == 6 * MINUTE
    assert expected_wait(3, handling=None, agents=2) is None
    assert expected_wait(3, handling=4 * MINUTE, agents=0) is None


def test_nothing_is_foretold_before_enough_have_been_served() -> None:
    waits = QueueWaits()
    assert waits.guesses(3, agents=2) == Guesses(None, None)
    for _ in range(3):
        waits.handled(4 * MINUTE)
    assert waits.guesses(3, agents=2) == Guesses(360.0, None)
    assert waits.band(3, timedelta(), agents=2) is None
    _served(waits, 360.0, 360.0, ENOUGH - 1)
    waits.served(6 * MINUTE, None)
    assert waits.band(3, timedelta(), agents=2) is None

    _served(waits, 360.0, 360.0, 1)

    assert waits.band(3, timedelta(), agents=2) == Band(6 * MINUTE, 6 * MINUTE)


def test_a_guess_that_has_been_off_too_far_is_kept_back() -> None:
    waits = QueueWaits()
    for _ in range(3):
        waits.handled(10 * MINUTE)
    for waited in (60, 1200) * ENOUGH:
        _served(waits, 300.0, waited, 1)

    assert waits.band(2, timedelta(), agents=1) is None


def test_the_guess_that_has_been_off_by_less_is_taken() -> None:
    waits = QueueWaits()
    for _ in range(3):
        waits.handled(10 * MINUTE)
    for _ in range(ENOUGH):
        waits.served(timedelta(seconds=100), Guesses(900.0, 100.0))

    assert waits.band(1, timedelta(), agents=1) == Band(timedelta(seconds=100), timedelta(seconds=100))
    assert waits.band(1, timedelta(seconds=40), agents=1) == Band(timedelta(seconds=60), timedelta(seconds=60))
    past = waits.band(1, timedelta(seconds=500), agents=1)
    assert past is not None
    assert past.high == timedelta(seconds=15)


def test_quantiles_and_errors_are_of_the_nearest_rank() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], part) for part in (0.0, 0.5, 0.9, 1.0)] == [1.0, 3.0, 4.0, 4.0]
    assert error_of([(10.0, 12.0), (10.0, 5.0), (10.0, 10.0)]) == 2.0


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.3])
def test_of_waits_that_scatter_alike_about_eight_of_ten_come_true(spread: float) -> None:
    chance, waits = random.Random(7), QueueWaits()
    for _ in range(3):
        waits.handled(5 * MINUTE)
    came_true = []
    for _ in range(2000):
        waited = 300.0 * chance.lognormvariate(0, spread)
        band = waits.band(1, timedelta(), agents=1)
        if band is not None:
            came_true.append(band.low.total_seconds() <= waited <= band.high.total_seconds())
        waits.served(timedelta(seconds=waited), Guesses(300.0, None))

    assert len(came_true) > 1000
    assert 0.72 < sum(came_true) / len(came_true) < 0.88
