"""How a text is carried: in septets or 16-bit units, in one segment or joined of several (3GPP TS 23.038, 23.040)."""

from dataclasses import dataclass
from enum import StrEnum

# 3GPP TS 23.038 section 6.2.1: the basic table, without the escape to the second one.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Section 6.2.1.1: these take an escape each.
_SECOND = frozenset("\f^{}\\[~]|€")


class Alphabet(StrEnum):
    """In what a text is written on the air."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ALONE = {Alphabet.GSM_7: 160, Alphabet.UCS_2: 70}
_JOINED = {Alphabet.GSM_7: 153, Alphabet.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Carried:
    """What a text takes: units are septets or 16-bit units. One sign outside of GSM-7 makes all of it UCS-2."""

    alphabet: Alphabet
    units: int
    segments: int


def carried(text: str) -> Carried:
    """Return how a text is carried. No sign is split between two segments, so a segment may have a unit left over."""
    alphabet = Alphabet.GSM_7 if all(each in _BASIC or each in _SECOND for each in text) else Alphabet.UCS_2
    sizes = [_size(each, alphabet) for each in text]
    units = sum(sizes)
    if units <= _ALONE[alphabet]:
        return Carried(alphabet, units, 1 if text else 0)
    room, segments = 0, 0
    for size in sizes:
        if size > room:
            room, segments = _JOINED[alphabet], segments + 1
        room -= size
    return Carried(alphabet, units, segments)


def split(text: str, *, at_most: int) -> tuple[str, ...]:
    """Return a text in pieces of at most so many characters, cut between words where there are any."""
    pieces: list[str] = []
    rest = text.strip()
    while len(rest) > at_most:
        # The last space in the latter half: a word that is longer than that is cut.
        cut = max(rest.rfind(" ", at_most // 2, at_most + 1), rest.rfind("\n", at_most // 2, at_most + 1))
        cut = cut if cut > 0 else at_most
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return (*pieces, rest) if rest else tuple(pieces)


def _size(sign: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.GSM_7:
        return 2 if sign in _SECOND else 1
    return 2 if ord(sign) > 0xFFFF else 1
