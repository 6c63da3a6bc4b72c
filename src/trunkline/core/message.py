"""What people and flows write to each other in a text interaction: its thread."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from trunkline.core.ids import AgentId, InteractionId, MessageId
from trunkline.core.record import record

LONGEST_MESSAGE = 4000
"""In characters; what is longer is cut by whoever takes it in."""


class Side(StrEnum):
    """Who wrote."""

    CUSTOMER = "customer"
    FLOW = "flow"
    AGENT = "agent"
    COLLEAGUE = "colleague"
    """A supervisor, to the agent alone: the customer never sees it."""


@record
class Choice:
    """A choice that is offered as a button: what stands on it, and what a click says."""

    label: str
    value: str


@record
class Message:
    """One message of a thread. What is `hidden` was said, and is kept nowhere: a secret that a flow asked for."""

    id: MessageId
    interaction: InteractionId
    at: datetime
    side: Side
    text: str
    agent: AgentId | None = None
    choices: tuple[Choice, ...] = ()
    keyboard: str | None = None
    """What is to be entered as an answer, as a flow's `as` has it."""
    hidden: bool = False
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the desk shows beside the words, JSON-able, as the channel has it."""


def unanswered_since(thread: Iterable[Message], since: datetime) -> datetime | None:
    """Return since when a customer waits for somebody's answer; None where an agent has the last word.

    They came to people `since`: what they told a flow before that was for the flow.
    """
    first = None
    for message in thread:
        if message.side is Side.AGENT:
            first = None
        elif message.side is Side.CUSTOMER and first is None:
            first = message.at
    return max(first, since) if first is not None else None
