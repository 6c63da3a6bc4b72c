"""What a provider is to be given: each message that goes out, from being written to the far end's receipt."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trunkline.core.ids import InteractionId, MessageId
from trunkline.core.record import changed, record

BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 1800, 3600))
"""The pauses after each try that came to nothing; the last one from then on."""
MOST_TRIES = 30
"""A provider that takes nothing for this many tries, about a day, is given up on; an admin may begin anew."""


class Delivery(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    """For its provider, or for its moment."""
    SENT = "sent"
    """The provider has it."""
    DELIVERED = "delivered"
    """The far end has it."""
    FAILED = "failed"
    """It will not come there. An admin or an agent may have it sent again."""
    TAKEN_BACK = "taken_back"
    """Its writer took it back before its provider heard of it."""


@record(slots=False)
class Outgoing:
    """A message on its way to an address: what the provider of a channel is given.

    `anyway`: it goes to those as well who want nothing more, for it tells them just that.
    """

    id: MessageId
    channel: str
    address: str
    text: str
    at: datetime
    interaction: InteractionId | None = None
    message: MessageId | None = None
    """Of which message of a thread it is (a part)."""
    anyway: bool = False
    state: Delivery = Delivery.WAITING
    tries: int = 0
    due: datetime | None = None
    """Not before."""
    external: str | None = None
    """The provider's own id of it."""
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What its provider needs beside the text, JSON-able: who wrote it, files, copies."""
    why: str | None = None
    """Why it was not taken yet, or never will be."""


def taken(out: Outgoing, external: str) -> Outgoing:
    """Return it as taken by its provider. A receipt may have been quicker than the provider's answer."""
    state = Delivery.SENT if out.state is Delivery.WAITING else out.state
    return changed(out, state=state, external=external, due=None, why=out.why if state is Delivery.FAILED else None)


def put_off(out: Outgoing, why: str, *, at: datetime, again_in: timedelta | None = None) -> Outgoing:
    """Return it as to be tried again, `again_in` where the provider says when; given up after MOST_TRIES."""
    tries = out.tries + 1
    if tries >= MOST_TRIES:
        return changed(out, state=Delivery.FAILED, tries=tries, due=None, why=why)
    pause = BACK_OFF[min(tries, len(BACK_OFF)) - 1] if again_in is None else again_in
    return changed(out, tries=tries, due=at + pause, why=why)


def refused(out: Outgoing, why: str) -> Outgoing:
    """Return it as one that will not come there."""
    return changed(out, state=Delivery.FAILED, due=None, why=why)


def taken_back(out: Outgoing) -> Outgoing | None:
    """Return it as taken back by its writer, None once its provider may have heard of it."""
    if out.state is not Delivery.WAITING or out.tries or out.due is None:
        return None
    return changed(out, state=Delivery.TAKEN_BACK, due=None)


def receipt(out: Outgoing, state: Delivery, why: str | None = None) -> Outgoing:
    """Return it with what the provider tells of it later. Receipts overtake each other: nothing goes back to SENT."""
    if state is out.state or state is Delivery.WAITING or out.state is Delivery.DELIVERED:
        return out
    if state is Delivery.SENT and out.state is not Delivery.WAITING:
        return out
    return changed(out, state=state, due=None, why=why)


def again(out: Outgoing) -> Outgoing:
    """Return a failed one as it was at first."""
    return changed(out, state=Delivery.WAITING, tries=0, due=None, external=None, why=None)


_WORST_FIRST = (Delivery.TAKEN_BACK, Delivery.FAILED, Delivery.WAITING, Delivery.SENT, Delivery.DELIVERED)


def furthest_behind(parts: Iterable[Outgoing]) -> Outgoing | None:
    """Return the part of a message that is worst off: so far the message has come. None where there are no parts."""
    return min(parts, key=lambda part: _WORST_FIRST.index(part.state), default=None)
