"""How busy an agent was lately, in a number whose order among agents does not change while they rest.

The integral of being busy under an exponential forgetting of one hour: x(t) = integral of busy(s) exp(-(t - s) / hour).
While agents rest, all of them forget at the same pace, so that ln x + t / hour stays as it is: agents can be kept in
its order. Divided by the hour, x is the share of the last hour spent busy, the recent counting more.
"""

import math
from datetime import datetime, timedelta

from trunkline.core.record import record

_HOUR_S = 3600.0
NEVER = -math.inf


@record
class Busy:
    """The seconds of being busy that are not forgotten yet, as they were `at` that time."""

    seconds: float = 0.0
    at: datetime | None = None


def worked(busy: Busy, start: datetime, until: datetime) -> Busy:
    """Return the occupancy after a stretch of work; one that ends before what is known already changes nothing."""
    begin = max(start, busy.at) if busy.at is not None else start
    length = (until - begin).total_seconds()
    if length <= 0:
        return busy
    kept = busy.seconds * math.exp(-(until - busy.at).total_seconds() / _HOUR_S) if busy.at is not None else 0.0
    return Busy(kept + _HOUR_S * -math.expm1(-length / _HOUR_S), until)


def busy_load(busy: Busy) -> float:
    """Return the number that orders agents by occupancy: more is busier. Grows by work alone; NEVER before any."""
    if busy.at is None or busy.seconds <= 0.0:
        return NEVER
    return math.log(busy.seconds) + busy.at.timestamp() / _HOUR_S


def share(busy: Busy, *, at: datetime) -> float:
    """Return the share of the last hour that was busy, 0 to 1."""
    if busy.at is None:
        return 0.0
    return busy.seconds * math.exp(-max(timedelta(), at - busy.at).total_seconds() / _HOUR_S) / _HOUR_S
