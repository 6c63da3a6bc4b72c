"""Lengths of time as chance has them: how long a contact takes, how long somebody waits before they give up.

All in seconds. `spread` is the coefficient of variation: the standard deviation divided by the mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Length(Protocol):
    """A random length of time."""

    @property
    def mean(self) -> float:
        """The mean, in seconds."""

    def draw(self, random: Random) -> float:
        """Return one such length, in seconds."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    mean: float

    def draw(self, random: Random) -> float:
        """Return it."""
        return self.mean


@dataclass(frozen=True, slots=True)
class Exponential:
    """Without memory; its spread is 1. What Erlang's formulas suppose."""

    mean: float

    def draw(self, random: Random) -> float:
        """Return one such length."""
        return random.expovariate(1.0 / self.mean)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Many short ones, few long ones. Handling times of call centres were found so.

    Source: Brown et al., Statistical Analysis of a Telephone Call Center, JASA 100 (2005), section 4.3.
    """

    mean: float
    spread: float

    def draw(self, random: Random) -> float:
        """Return one such length."""
        variance = math.log1p(self.spread**2)
        return random.lognormvariate(math.log(self.mean) - variance / 2, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class Gamma:
    """Between fixed (spread 0) and wilder than exponential (spread over 1)."""

    mean: float
    spread: float

    def draw(self, random: Random) -> float:
        """Return one such length."""
        shape = self.spread**-2
        return random.gammavariate(shape, self.mean / shape)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every length between two is equally likely."""

    least: float
    most: float

    @property
    def mean(self) -> float:
        """The mean, in seconds."""
        return (self.least + self.most) / 2

    def draw(self, random: Random) -> float:
        """Return one such length."""
        return random.uniform(self.least, self.most)


@dataclass(frozen=True, slots=True)
class Empirical:
    """One of those that were seen, each as likely as the others."""

    seen: Sequence[float]

    @property
    def mean(self) -> float:
        """The mean, in seconds."""
        return math.fsum(self.seen) / len(self.seen)

    def draw(self, random: Random) -> float:
        """Return one of them."""
        return random.choice(self.seen)


def erlang(mean: float, stages: int) -> Gamma:
    """Return the sum of so many exponential stages: the more, the more regular."""
    return Gamma(mean, stages**-0.5)
