"""What an agent has written and not sent. It belongs to the interaction: whoever has that in hand goes on with it."""

from datetime import datetime

from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.record import changed, record

MOST_AHEAD = 10_000
"""A desk counts its drafts; one that is further ahead than this has not counted."""


@record
class DraftFile:
    """A file that is to go with a mail, by the id under which it is kept; `size` in bytes."""

    id: str
    name: str
    type: str
    size: int


@record(slots=False)
class Draft:
    """The one draft of an interaction, last written by `agent`. Of two, the one with the higher version holds.

    What was sent leaves an empty one behind, whose version no late one reaches. `cc` and `bcc` are as they were typed.
    """

    interaction: InteractionId
    agent: AgentId
    at: datetime
    version: int
    text: str = ""
    subject: str = ""
    cc: str = ""
    bcc: str = ""
    files: tuple[DraftFile, ...] = ()
    replies: tuple[str, ...] = ()
    """The replies that were chosen for it, by their ids."""
    over: bool = False
    """Its interaction has ended: nothing of it is kept."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.text or self.subject or self.cc or self.bcc or self.files)


class WrongCount(Rejected):
    """A version that no desk can have come to by counting."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is too far ahead of the draft that is here")


def newer(present: Draft | None, given: Draft) -> Draft | None:
    """Return the draft that holds from now on, None where the present one stays; raises WrongCount."""
    known = _version(present)
    if given.version > known + MOST_AHEAD:
        raise WrongCount(given.version)
    return given if given.version > known else None


def sent(
    present: Draft | None, interaction: InteractionId, by: AgentId, *, at: datetime, version: int | None
) -> Draft | None:
    """Return the empty draft that a message leaves behind, None where what is there was written after it.

    `version` is the desk's own count; None where it keeps no drafts. Raises WrongCount.
    """
    if version is None and (present is None or present.agent != by):
        return None
    left = Draft(interaction, by, at, version if version is not None else _version(present) + 1)
    return newer(present, left)


def ended(present: Draft) -> Draft:
    """Return the draft of an interaction that is over."""
    return changed(present, over=True)


def _version(present: Draft | None) -> int:
    return present.version if present is not None else 0
