import re
from itertools import islice, pairwise

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulate.crowd import arrivals


def test_the_same_seed_brings_the_same_crowd_and_another_another() -> None:
    assert list(islice(arrivals(1, 6), 50)) == list(islice(arrivals(1, 6), 50))
    assert list(islice(arrivals(1, 6), 50)) != list(islice(arrivals(2, 6), 50))


def test_the_crowd_comes_at_the_rate_asked_for_and_as_a_poisson_stream() -> None:
    crowd = list(islice(arrivals(3, 6), 2000))
    gaps = [after.at - before.at for before, after in pairwise(crowd)]

    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(10, rel=0.1)
    assert variance == pytest.approx(mean**2, rel=0.2)


@given(st.integers())
def test_nobody_real_is_ever_shown(seed: int) -> None:
    for arrival in islice(arrivals(seed, 6), 40):
        if arrival.number == "anonymous":
            continue
        assert phonenumbers.is_possible_number(phonenumbers.parse(arrival.number))
        assert re.fullmatch(
            r"\+447700900\d{3}|\+442079460\d{3}|\+44(113|121|131|141|161)4960\d{3}|\+442920180\d{3}|\+442896496\d{3}|\+1(212|415)55501\d\d",
            arrival.number,
        )


def test_callers_press_what_the_centre_asks_for() -> None:
    pressed = {arrival.keys for arrival in islice(arrivals(1, 6, keys=("1", "2,###")), 40)}

    assert ("1",) in pressed
    assert all(keys == ("1",) or (keys[0] == "2" and re.fullmatch(r"[0-9]{3}", keys[1])) for keys in pressed)
