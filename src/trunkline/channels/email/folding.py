"""What is new in an answer, apart from what it quotes and from its signature. One pass, whatever stands there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(original message|original appointment|forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensaje reenviado"
    r"|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|doorgestuurd bericht)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_SENDER = re.compile(r"^\s*\*?(from|von|de|da|van)\s?:\*?\s+\S", re.IGNORECASE)
_LABEL = re.compile(
    r"^\s*\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|fecha|para|asunto|inviato|data|a"
    r"|oggetto|verzonden|aan|onderwerp)\s?:\*?\s",
    re.IGNORECASE,
)
_LONGEST_ATTRIBUTION = 300
_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class Folded:
    """A mail's own words, and the `rest`: what it quotes, and its signature."""

    text: str
    rest: str


def folded(text: str) -> Folded:
    """Return a mail's text in two. What is written between quoted lines is no rest: all of that is its text."""
    if not text.strip():
        return Folded("", "")
    lines = text.split("\n")
    end = _rest_begins(lines)
    end = _signature_begins(lines, end)
    own, rest = "\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip("\n")
    # A mail that is nothing but what it quotes is shown whole.
    return Folded(own, rest) if own else Folded(text.strip(), "")


def _rest_begins(lines: Sequence[str]) -> int:
    """Return the number of the first line that belongs to what is quoted, to the end."""
    told = next((at for at, line in enumerate(lines) if _begins_original(lines, at, line)), len(lines))
    quoted = _quoted_to_the_end(lines[:told])
    return _with_attribution(lines, quoted) if quoted < told else told


def _begins_original(lines: Sequence[str], at: int, line: str) -> bool:
    # Most lines are neither, and there may be a hundred thousand.
    if (":" not in line and "--" not in line) or len(line) > _LONGEST_ATTRIBUTION:
        return False
    if _ORIGINAL.match(line):
        return True
    return bool(_SENDER.match(line)) and sum(bool(_LABEL.match(each[:80])) for each in lines[at + 1 : at + 5]) >= 2


def _quoted_to_the_end(lines: Sequence[str]) -> int:
    """Return where the last lines begin that are all quoted or empty; how many there are where none is quoted."""
    begins = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].lstrip()
        if line.startswith(">"):
            begins = at
        elif line:
            break
    return begins


def _with_attribution(lines: Sequence[str], quoted: int) -> int:
    """Return where "On Monday, Ann wrote:" begins before the quoted lines, in one to three lines; else the same."""
    at = quoted - 1
    while at >= 0 and not lines[at].strip():
        at -= 1
    if at < 0 or not lines[at].rstrip().endswith(":"):
        return quoted
    for many in range(1, _MOST_LINES + 1):
        first = at - many + 1
        if first < 0 or not lines[first].strip():
            break
        said = " ".join(lines[first : at + 1])
        if len(said) > _LONGEST_ATTRIBUTION:
            break
        starts = first == 0 or not lines[first - 1].strip()
        if starts and (re.search(r"\d", said) or "@" in said):
            return first
    return at


def _signature_begins(lines: Sequence[str], end: int) -> int:
    """Return where the signature before `end` begins (RFC 3676 section 4.3: a line of "-- "); else `end`."""
    for before, line in pairwise(range(end - 1, max(end - 16, 0) - 1, -1)):
        if lines[line].rstrip() == "--" and before > line:
            return line
    return end
