"""The centre as it was applied: every version there ever was, whose it is, and why. One is never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trunkline.core.errors import Rejected


class Source(StrEnum):
    """By which door a version came."""

    FILE = "file"
    """The centre file was saved."""
    CLI = "cli"
    PAGE = "page"


BY_THE_FILE = "the file"
"""Who applies a centre file that was saved."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who changes the centre, by which door, and why: what goes with a text into the history."""

    by: str
    source: Source
    message: str = ""


@dataclass(frozen=True, slots=True)
class CentreVersion:
    """One version. `text` is the YAML that was applied, comments and all; `sha256` is of its UTF-8, in hex."""

    number: int
    at: datetime
    by: str
    source: Source
    message: str
    text: str
    sha256: str


class ChangedMeanwhile(Rejected):
    """Another version was applied since the plan was made; the message says whose."""

    def __init__(self, base: int, in_force: CentreVersion | None) -> None:
        number = in_force.number if in_force is not None else 0
        whose = f" by {in_force.by} ({in_force.source.value})" if in_force is not None else ""
        super().__init__(
            f"version {number}{whose} is in force, and this was planned against version {base}: look at the plan again"
        )
        self.base, self.in_force = base, in_force
