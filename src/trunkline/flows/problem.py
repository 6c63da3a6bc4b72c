"""A mistake in a file, as its writer should read it: where, what, and what to do."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a file can serve callers in spite of the problem."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. Lines and columns count from 1; `code` never changes, so that tools can rely on it."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `main.yaml:14:7: what is wrong; what to do`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class Guesser:
    """Guesses what a misspelt name was meant to be; gives up after some, since each costs a look at all names."""

    def __init__(self, names: Iterable[str], *, most: int = 20) -> None:
        self._names = list(names)
        self._left = most

    def nearest(self, name: str) -> str | None:
        """Return the name that is probably meant."""
        if self._left <= 0 or len(name) > 100:
            return None
        self._left -= 1
        return next(iter(difflib.get_close_matches(name, self._names, n=1)), None)

    def hint(self, name: str) -> str:
        """Return `did you mean "refund"?`, or nothing."""
        nearest = self.nearest(name)
        return f'did you mean "{nearest}"?' if nearest else ""


def serves(problems: Iterable[Problem]) -> bool:
    """Say whether a file with these problems can be used all the same."""
    return all(problem.severity is not Severity.ERROR for problem in problems)
