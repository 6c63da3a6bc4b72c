"""Replies that agents choose instead of writing them: texts with places for values, filled in for one conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.core.ids import QueueId

ANSWERS = "answers."
"""What a flow learned has names of its own behind this."""
BLANKS = ("agent.name", "centre", "customer.name", "queue")
"""The other names for which a reply has a place."""


@dataclass(frozen=True, slots=True)
class Blank:
    """The place of a value, by its name, and what stands there where that is not known."""

    name: str
    otherwise: str | None = None


Text = tuple[str | Blank, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, by language. `queues` None: in every queue. `subjects` are for mails, and may be empty."""

    title: str
    texts: Mapping[str, Text]
    media: frozenset[str]
    queues: frozenset[QueueId] | None = None
    subjects: Mapping[str, Text] = field(default_factory=dict)

    def says(self, text: str, values: Mapping[str, str]) -> bool:
        """Whether a text is this reply as it is, in one of its languages."""
        return any(filled(each, values) == text for each in self.texts.values())


def filled(text: Text, values: Mapping[str, str]) -> str:
    """Return a text with its values in it, each as it is; one that is missing is marked, as the desk marks it."""
    return "".join(part if isinstance(part, str) else values.get(part.name) or _left(part) for part in text)


def _left(blank: Blank) -> str:
    return blank.otherwise if blank.otherwise is not None else f"‹{blank.name.removeprefix(ANSWERS)}?›"
