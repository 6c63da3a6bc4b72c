"""What came of a day, queue by queue, and how sure that is after several days.

Every contact counts in the queue to which it came, also when it was served in another one. What came before the
plan's warm-up ended is not counted.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, fsum, nan, sqrt

# Student's t for 95 %, two-sided, by degrees of freedom from 1; beyond the table it is nearly normal.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_T_BEYOND = 1.96


@dataclass(slots=True)
class Seen:
    """What was seen in one queue on one day; all lists in seconds."""

    served: list[float] = field(default_factory=list)
    """The waits of those who were served: from coming to the agent's answer, ringing included."""
    abandoned: list[float] = field(default_factory=list)
    """The waits of those who gave up."""
    left: list[float] = field(default_factory=list)
    """The waits, so far, of those who still waited when nobody was there any more."""
    handling: list[float] = field(default_factory=list)
    """From the agent's answer to the end of the wrap-up."""
    busy_s: float = 0.0
    present_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one queue; NaN where there is nothing to make one of."""

    contacts: float
    """All who came."""
    served: float
    abandoned: float
    left_waiting: float
    """Those whom nobody served and who did not give up."""
    service_level: float
    """Served within the plan's time, as a share of all who came: who gave up counts as not served in time."""
    abandon_rate: float
    """Those who gave up, as a share of all who came."""
    asa_s: float
    """The average speed of answer: the mean wait of those who were served."""
    wait_s: float
    """The mean wait of all who came."""
    wait_median_s: float
    """Half of those who were served waited no longer."""
    wait_p90_s: float
    wait_p95_s: float
    wait_max_s: float
    """The longest wait of all who came."""
    handling_s: float
    """The mean handling, wrap-up included."""
    occupancy: float
    """Of the time that the agents of the queue were there, the share in which they held anything, of any queue."""


def figures(seen: Seen, *, within_s: float) -> Figures:
    """Return the figures of what was seen."""
    served = sorted(seen.served)
    waits = [*served, *seen.abandoned, *seen.left]
    return Figures(
        contacts=len(waits),
        served=len(served),
        abandoned=len(seen.abandoned),
        left_waiting=len(seen.left),
        service_level=_share(sum(1 for wait in served if wait <= within_s), len(waits)),
        abandon_rate=_share(len(seen.abandoned), len(waits)),
        asa_s=_share(fsum(served), len(served)),
        wait_s=_share(fsum(waits), len(waits)),
        wait_median_s=_quantile(served, 0.5),
        wait_p90_s=_quantile(served, 0.9),
        wait_p95_s=_quantile(served, 0.95),
        wait_max_s=max(waits, default=nan),
        handling_s=_share(fsum(seen.handling), len(seen.handling)),
        occupancy=_share(seen.busy_s, seen.present_s),
    )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over days, and how far the true mean may be off with 95 % confidence (NaN after one day alone)."""

    mean: float
    plus_minus: float


def over(days: Sequence[Figures]) -> Mapping[str, Estimate]:
    """Return each figure's mean over days; a day on which there was nothing to make a figure of is left out."""
    told = [asdict(day) for day in days]
    return {name: _estimate([day[name] for day in told if day[name] == day[name]]) for name in told[0]}


def _estimate(values: Sequence[float]) -> Estimate:
    if len(values) < 2:
        return Estimate(values[0] if values else nan, nan)
    freedom = len(values) - 1
    t = _T[freedom - 1] if freedom <= len(_T) else _T_BEYOND
    return Estimate(statistics.fmean(values), t * statistics.stdev(values) / sqrt(len(values)))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else nan


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the least value that is not below this share of them."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else nan
