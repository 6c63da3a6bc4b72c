"""Invented callers: who calls when, what they press, how long they are patient. The same seed, the same crowd.

Numbers are those set aside for drama, so that nobody real is ever shown: Ofcom's "Telephone numbers for drama purposes"
and the North American 555-0100 to 555-0199.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

_DRAMA = (
    ("+447700900", 3), ("+442079460", 3), ("+441134960", 3), ("+441214960", 3), ("+441314960", 3),
    ("+441414960", 3), ("+441614960", 3), ("+442920180", 3), ("+442896496", 3), ("+121255501", 2), ("+141555501", 2),
)  # fmt: skip
_FIRST = (
    "Amara", "Bjorn", "Chloe", "Dinesh", "Elif", "Fionn", "Grace", "Hugo", "Ines", "Jamal", "Kasia", "Liam", "Mei",
    "Noor", "Oscar", "Priya", "Quentin", "Rosa", "Sven", "Tomasz", "Uma", "Victor", "Wanda", "Xenia", "Yusuf", "Zoë",
)  # fmt: skip
_LAST = (
    "Abara", "Brandt", "Castillo", "Doyle", "Eriksen", "Fontaine", "Ghosh", "Hughes", "Ito", "Janssen", "Kowalski",
    "Lindqvist", "Marchetti", "Novak", "O'Brien", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka", "Usman", "Vance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrival:
    """One invented caller."""

    at: float
    """Seconds after the beginning."""
    number: str
    """E.164, or `anonymous`."""
    name: str
    keys: tuple[str, ...]
    """What it presses after each prompt."""
    patience: float
    """Seconds it waits to be talked to."""
    talk: float
    """Seconds it talks at most."""
    frequency: int
    """Of the tone it speaks, in hertz: every caller has its own."""


USUAL_KEYS = ("1", "0", "2,######")
"""What callers of the example centre press: sales, a person, an order with its number."""


def arrivals(seed: int, per_minute: float, *, keys: Sequence[str] = USUAL_KEYS) -> Iterator[Arrival]:
    """Yield callers for ever, a Poisson stream; some call again, one in twenty hides its number.

    Each presses one of `keys`: a comma stands between two prompts, `#` for any digit.
    """
    random, at = Random(seed), 0.0  # noqa: S311 - invented on purpose, to be the same again
    regulars = [_someone(random) for _ in range(8)]
    while True:
        at += random.expovariate(per_minute / 60)
        number, name = random.choice(regulars) if random.random() < 0.25 else _someone(random)
        if random.random() < 0.05:
            number, name = "anonymous", "Anonymous"
        yield Arrival(
            at=at,
            number=number,
            name=name,
            keys=_pressed(random, random.choice(keys)),
            patience=20 + random.expovariate(1 / 60),
            talk=10 + random.expovariate(1 / 30),
            frequency=random.randrange(300, 700, 10),
        )


def _pressed(random: Random, keys: str) -> tuple[str, ...]:
    return tuple("".join(str(random.randrange(10)) if key == "#" else key for key in part) for part in keys.split(","))


def _someone(random: Random) -> tuple[str, str]:
    prefix, digits = random.choice(_DRAMA)
    return f"{prefix}{random.randrange(10**digits):0{digits}}", f"{random.choice(_FIRST)} {random.choice(_LAST)}"
