"""What a waiting caller is told of their wait."""

from datetime import timedelta

import pytest

from trunkline.flows.place import expected


def told(low: float, high: float, language: str = "en-GB") -> str | None:
    prompt = expected(timedelta(minutes=low), timedelta(minutes=high), language)
    return prompt.text if prompt is not None else None


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.2, 0.9, "The expected wait is about one minute."),
        (3, 3, "The expected wait is about 3 minutes."),
        (2.4, 4.5, "The expected wait is between 2 and 5 minutes."),
        (7, 11, "The expected wait is between 6 and 12 minutes."),
        (61, 200, "The expected wait is more than an hour."),
        (1, 30, None),
        (45, 90, None),
    ],
)
def test_a_wait_is_told_between_two_round_numbers_or_not_at_all(low: float, high: float, words: str | None) -> None:
    assert told(low, high) == words


def test_a_wait_is_told_in_spanish() -> None:
    assert told(2, 5, "es-MX") == "El tiempo de espera es de entre 2 y 5 minutos."
