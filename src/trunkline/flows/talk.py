"""The words that pass between a flow and whoever runs it: what it wants done, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from trunkline.core.centre import Centre
from trunkline.core.demand import Relaxed
from trunkline.core.ids import AgentId, QueueId

if TYPE_CHECKING:
    from trunkline.flows.flow import Flow

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What a flow can keep in a name: whatever JSON can say."""


class Flows(Protocol):
    """The flows that a flow can run: those that serve, and the versions that runs still use."""

    def version(self, name: str, version: str) -> "Flow | None":
        """Return the very version that a run began with."""

    @property
    def flows(self) -> Mapping[str, "Flow"]:
        """The flows that serve, by name."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the interaction before its flow begins. `caller` is in E.164, None when withheld or unknown."""

    medium: str
    dialled: str
    caller: str | None
    customer: Mapping[str, Value]
    centre: Centre
    flows: Flows | None = None
    """Where a step `run` finds its flow; None: it finds none."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say. `recording` names a file of the flow's `prompts` folder, which wins over speaking `text`.

    `text` is filled in already. `fixed`: it says the same to everybody, so that its sound can be made at load.
    """

    text: str
    language: str
    recording: str | None = None
    fixed: bool = field(default=True, compare=False)


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

    Answer Typed with what was gathered, without the finishing key; Silence when there was nothing at all. `form` is the
    step's `as`: what kind of keyboard to show. `secret`: the answer is in no log, no transcript and no recording.
    """

    prompts: tuple[Prompt, ...]
    finish_on: str
    max_length: int
    after: timedelta
    form: str = "digits"
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """Put a survey's question; answer Key, Typed or Silence. `question` is what the score is filed under."""

    prompts: tuple[Prompt, ...]
    keys: str
    after: timedelta
    question: str


@dataclass(frozen=True, slots=True)
class CallbackOffer:
    """Tell who waits after `after`, and callers each time something is announced, that `key` plans a callback.

    `asks_first`: the flow asks for the number, or for more, before it is planned.
    """

    after: timedelta
    key: str
    prompts: tuple[Prompt, ...]
    asks_first: bool = False


@dataclass(frozen=True, slots=True)
class ForOne:
    """The agent whom somebody is kept for; `wait` None: for as long as they wait."""

    agent: AgentId
    wait: timedelta | None = None


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
    skills: Mapping[str, int] = field(default_factory=dict)
    """What the agent must be able to do, each with the least level."""
    prefer: frozenset[str] = frozenset()
    """Skills that are asked for first, but not insisted on."""
    relax: tuple[Relaxed, ...] = ()
    """What is asked instead of `skills` as the wait grows."""
    agent: ForOne | None = None
    offer_callback: CallbackOffer | None = None
    """Answer CallbackWanted when the caller presses its key."""


@dataclass(frozen=True, slots=True)
class TakeVoicemail:
    """Say this, beep, record; the recording becomes a work item of `queue`. Answer Left.

    On text media the message is what is written next.
    """

    prompts: tuple[Prompt, ...]
    queue: QueueId
    at_most: timedelta


@dataclass(frozen=True, slots=True)
class AskCallback:
    """Plan a callback: when the place in `queue` comes up (`keep_place`), else at `at`, else as the queue's next.

    `number` None: the one the interaction came from. Never two for one person. Answer CallbackPlanned, or
    CallbackRefused.
    """

    number: str | None
    queue: QueueId
    keep_place: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect with a number outside; answer Transferred or TransferFailed."""

    number: str
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask a web service by the safe fetcher; answer Fetched or FetchFailed. `body` is sent as JSON, None sends none."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Value] | None
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class FindCustomer:
    """Find the customer with this address, or create one; answer CustomerFound. The phone number is in E.164."""

    by: Literal["phone", "email"]
    value: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text message or an email; answer Sent or SendFailed."""

    medium: Literal["sms", "email"]
    to: str
    text: str
    subject: str | None
    language: str = "en-GB"
    """The language it is written in."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the run rest, for days if need be; answer Woke at `until`, or Typed where it `listens` and they write."""

    until: datetime
    listens: bool = False


@dataclass(frozen=True, slots=True)
class KeepConsent:
    """Keep what the customer consents to, or does not any more; answer Done. `to` is their address on `medium`."""

    medium: str
    to: str
    purpose: str
    given: bool


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over: end the interaction."""


Action = (
    Say
    | Menu
    | Ask
    | Rate
    | Enqueue
    | TakeVoicemail
    | AskCallback
    | Transfer
    | Fetch
    | FindCustomer
    | Send
    | KeepConsent
    | Pause
    | End
)

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
    """A voicemail was left (or the caller let its time pass); `text` is the message on text media."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackWanted:
    """The waiting caller pressed the key of the callback offer."""


@dataclass(frozen=True, slots=True)
class CallbackPlanned:
    """A callback is planned. `existing`: it was planned before, and there is still only one."""

    existing: bool = False


@dataclass(frozen=True, slots=True)
class CallbackRefused:
    """No callback can be promised: `why` is for the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Transferred:
    """Somebody else has the interaction; the flow's part is over."""


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """Nobody took it: `why` is for the log, such as `busy`."""

    why: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """The web service answered, whatever its status; `body` is its JSON, None when it sent none."""

    status: int
    body: Value = None


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No answer came that could be used: `why` is for the log, such as `timeout`."""

    why: str


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """The customer is known now; `facts` is what the flow may read as `customer`."""

    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Sent:
    """The message is on its way."""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """The message could not be sent: `why` is for the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Woke:
    """The pause is over."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The service was away: give the present step's action again."""


Answer = (
    Done
    | Key
    | Typed
    | Silence
    | Overflowed
    | Left
    | CallbackWanted
    | CallbackPlanned
    | CallbackRefused
    | Transferred
    | TransferFailed
    | Fetched
    | FetchFailed
    | CustomerFound
    | Sent
    | SendFailed
    | Woke
    | Resumed
)
