"""Ids that cannot be mixed up: mypy refuses an agent where a call is meant."""

import uuid
from hashlib import sha1
from typing import NewType

from trunkline.core.record import record

AgentId = NewType("AgentId", str)
"""An agent's log-in name, lower case: `ana`."""

QueueId = NewType("QueueId", str)
"""A queue's name in the centre file: `sales`."""

InteractionId = NewType("InteractionId", str)
"""A UUID. A call's is derived from its channel, so that two finders of one call agree on it."""

OfferId = NewType("OfferId", str)
"""A UUID; it is also the Uniqueid of the channel that rings the agent."""

CustomerId = NewType("CustomerId", str)
"""A UUID."""

MessageId = NewType("MessageId", str)
"""A UUID. It is derived from what names the message where it comes from, so that one that comes twice is one."""

AsteriskId = NewType("AsteriskId", str)
"""Which switch a channel lives on (its `systemname`): nothing assumes that there is only one."""

_CALLS = uuid.UUID("5b0c3d0e-8f0e-5a59-9a6e-6f0b7f1f6a10")
_CALLBACKS = uuid.UUID("9f7e5f0c-2c39-5c1e-8a52-7a3f0c4d1b68")
_FOLLOW_UPS = uuid.UUID("0a6ff0f6-5d0c-4b39-9d0b-2f4c6f1e7d52")
_MESSAGES = uuid.UUID("0d1a5a3e-6f2b-5c0e-8d57-2a9d3c1b7e42")
_WRITTEN = uuid.UUID("c4d0a1f2-7b63-5d0b-9a8e-3e5f1c2b6a97")
_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
"""The digit that says whose layout a UUID has (RFC 9562 section 4.1), by what was there before."""


@record(order=True)
class CallId:
    """A channel's key: its switch and its Uniqueid, stable for the life of the call."""

    asterisk: AsteriskId
    uniqueid: str

    def __str__(self) -> str:
        """Return `asterisk/uniqueid`, the form that is stored."""
        return f"{self.asterisk}/{self.uniqueid}"

    @classmethod
    def parse(cls, text: str) -> "CallId":
        """Return the id that `str` wrote; raises ValueError for any other text."""
        asterisk, slash, uniqueid = text.partition("/")
        if not (asterisk and slash and uniqueid):
            raise ValueError(f"not a call id: {text!r}")
        return cls(AsteriskId(asterisk), uniqueid)


def interaction_id_of(call: CallId) -> InteractionId:
    """Return the one interaction id of an inbound call (UUID version 5, RFC 9562 section 5.5)."""
    return InteractionId(_named(_CALLS, str(call)))


def message_id_of(call: CallId) -> InteractionId:
    """Return the one interaction id of the message that a caller left with the switch itself, after their call's."""
    return InteractionId(_named(_MESSAGES, str(call)))


def callback_id_of(interaction: InteractionId) -> InteractionId:
    """Return the id of the callback that an interaction asks for: a restart in the middle of asking finds the same."""
    return InteractionId(_named(_CALLBACKS, interaction))


def follow_up_id_of(interaction: InteractionId, flow: str) -> InteractionId:
    """Return the id of the follow-up by a flow that an interaction has: each once, whatever is killed meanwhile."""
    return InteractionId(_named(_FOLLOW_UPS, f"{interaction}/{flow}"))


def written_id_of(source: str, key: str) -> MessageId:
    """Return the one id of what was written: `source` is a channel, or who wrote it; `key` is its name of it."""
    return MessageId(_named(_WRITTEN, f"{source}/{key}"))


def _named(space: uuid.UUID, name: str) -> str:
    """Return `str(uuid.uuid5(space, name))`, without an object in between: each call's arrival waits for one."""
    told = sha1(space.bytes + name.encode(), usedforsecurity=False).hexdigest()
    return f"{told[:8]}-{told[8:12]}-5{told[13:16]}-{_VARIANT[told[16]]}{told[17:20]}-{told[20:32]}"


def new_id() -> str:
    """Return a fresh random UUID as text."""
    return str(uuid.uuid4())
