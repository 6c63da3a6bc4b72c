"""What people and flows write to each other in a text interaction: its thread."""

from collections.abc import Mapping
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
