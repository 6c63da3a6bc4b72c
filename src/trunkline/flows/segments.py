"""How many text messages a text becomes: pure, by 3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation).

A message carries 140 octets: 160 characters of the GSM 7-bit default alphabet, or 70 UCS-2 units. A longer text is cut
into segments that each give six octets to a header, which leaves 153 or 67 (TS 23.040 section 9.2.3.24.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

# TS 23.038 section 6.2.1; the escape (1B) stands for no character of its own.
_DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# TS 23.038 section 6.2.1.1: reached by the escape, so that each takes two septets, which no cut may part.
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALONE = {"gsm-7": 160, "ucs-2": 70}
_OF_SEVERAL = {"gsm-7": 153, "ucs-2": 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """What sending a text takes. `foreign` are the characters that the GSM alphabet does not have, in their order."""

    count: int
    alphabet: str
    foreign: tuple[str, ...] = ()


def segments(text: str) -> Segments:
    """Return what sending a text takes; an empty one is one message all the same."""
    foreign = tuple(dict.fromkeys(each for each in text if each not in _DEFAULT and each not in _EXTENSION))
    alphabet = "ucs-2" if foreign else "gsm-7"
    sizes = [_units(each) if foreign else _septets(each) for each in text]
    count = 1 if sum(sizes) <= _ALONE[alphabet] else _cut(sizes, _OF_SEVERAL[alphabet])
    return Segments(count, alphabet, foreign)


def _septets(character: str) -> int:
    return 2 if character in _EXTENSION else 1


def _units(character: str) -> int:
    """Return UTF-16 units: phones show characters beyond UCS-2 by pairs, which no cut may part either."""
    return 2 if ord(character) > 0xFFFF else 1


def _cut(sizes: Sequence[int], room: int) -> int:
    """Return how many segments of a size hold these characters, none of them parted."""
    count, left = 1, room
    for size in sizes:
        if size > left:
            count, left = count + 1, room
        left -= size
    return count
