"""How much an agent holds at once, over all media."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

WHOLE = 2520
"""What an agent can hold, in shares: the least number that 1 to 10 divide, so that every share is whole."""
MOST_AT_ONCE = 10
TEXT_MEDIA = frozenset({"chat", "sms", "email"})
"""The media on which people write: an agent needs no phone for them."""

_NONE: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one agent takes at once: of each medium alone at most `limits` many, and mixtures in proportion.

    One call and three chats fill an agent alike, so that with `voice: 1, chat: 3, email: 2` an agent may hold three
    chats, or one chat and an email, or a call. A medium that is not named is not taken. What a medium `interrupts` does
    not count against it: with `voice` interrupting `chat`, a call comes although chats are in hand. Limits are 1 to 10.
    """

    limits: Mapping[str, int]
    interrupts: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NONE)
    _known: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def room_beside(self, held: Iterable[str]) -> frozenset[str]:
        """Return the media of which one more may be offered to who holds these; asked at each move of an agent."""
        key = tuple(sorted(held))
        room = self._known.get(key)
        if room is None:
            room = self._known[key] = self.room(Counter(key))
        return room

    def room(self, held: Mapping[str, int]) -> frozenset[str]:
        """Return the media of which one more may be offered to who holds this many of each."""
        return frozenset(medium for medium in self.limits if self._takes(medium, held))

    def _takes(self, medium: str, held: Mapping[str, int]) -> bool:
        interrupted = self.interrupts.get(medium, frozenset())
        filled = sum(
            number * self._share(other) for other, number in held.items() if other == medium or other not in interrupted
        )
        return filled + self._share(medium) <= WHOLE

    def _share(self, medium: str) -> int:
        """Return what one of a medium fills; what an agent holds without taking it (any more) fills them whole."""
        return WHOLE // self.limits.get(medium, 1)


USUAL = Capacity({"voice": 1, "video": 1, "chat": 3, "sms": 3, "social": 3, "email": 2})
"""What holds where the centre file says nothing else."""
