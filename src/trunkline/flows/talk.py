"""The words that pass between a flow and whoever runs it: what it wants done, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from trunkline.core.centre import Centre
from trunkline.core.ids import QueueId

Value = str | int | float | bool | None
"""What a flow can keep in a name."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the interaction before its flow begins. `caller` is in E.164, None when withheld or unknown."""

    medium: str
    dialled: str
    caller: str | None
    customer: Mapping[str, Value]
    centre: Centre


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say. `recording` names a file of the flow's `prompts` folder, which wins over speaking `text`."""

    text: str
    language: str
    recording: str | None = None


# --- What a flow wants done ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to the end; answer Done."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu. `key` is None where the flow never runs on voice."""

    key: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Say this, stop at the first key pressed, then wait `after` from the end of speech; answer Key, Typed or Silence.

    `keys` holds the ones that mean something; every other is to be answered too: the flow counts it as no match.
    """

    prompts: tuple[Prompt, ...]
    keys: str
    after: timedelta
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Say this, stop at the first key, and gather until `finish_on`, `max_length` or `after` without another key.

    Answer Typed with what was gathered, without the finishing key; Silence when there was nothing at all.
    """

    prompts: tuple[Prompt, ...]
    finish_on: str
    max_length: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Let the interaction wait for an agent; answer Overflowed after `overflow_after`, if that is not None.

    `announce` holds `position` and `wait`, or one, or none; `announce_every` None: nothing is announced.
    `expects_answer` False: the flow's part is over.
    """

    queue: QueueId
    priority: int
    music: str
    announce: frozenset[str]
    announce_every: timedelta | None
    overflow_after: timedelta | None
    expects_answer: bool


@dataclass(frozen=True, slots=True)
class TakeVoicemail:
    """Say this, beep, record; the recording becomes a work item of `queue`. Answer Left."""

    prompts: tuple[Prompt, ...]
    queue: QueueId
    at_most: timedelta


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over: end the interaction."""


Action = Say | Menu | Ask | Enqueue | TakeVoicemail | End

# --- What came of it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """All was said."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key was pressed: 0-9 * #."""

    key: str


@dataclass(frozen=True, slots=True)
class Typed:
    """Keys were gathered, or text was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came in time."""


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The entry waited in its queue as long as the flow allows."""


@dataclass(frozen=True, slots=True)
class Left:
    """A voicemail was left (or the caller let its time pass)."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The service was away: give the present step's action again."""


Answer = Done | Key | Typed | Silence | Overflowed | Left | Resumed
