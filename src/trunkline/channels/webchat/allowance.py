"""How fast a visitor may write: so many at once, then so many a second."""


class Allowance:
    """A leaky bucket. Times are seconds of any clock that only goes forward."""

    __slots__ = ("_at", "_left", "_most", "_per_s")

    def __init__(self, most: int, per_s: float, *, now: float) -> None:
        self._most, self._per_s = most, per_s
        self._left, self._at = float(most), now

    def takes(self, now: float) -> bool:
        """Whether one more is allowed now; it is counted if so."""
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
