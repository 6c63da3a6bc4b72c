"""Calling a customer back: an interaction of its own, which waits for its time or keeps a place, and is tried again."""

from dataclasses import replace
from datetime import datetime, timedelta

from trunkline.core.ids import InteractionId, OfferId
from trunkline.core.interaction import (
    Address,
    BrowserPhone,
    Callback,
    Entry,
    Interaction,
    Offer,
    Outcome,
    Stage,
    Work,
    WrongStage,
    end,
)
from trunkline.core.record import changed

VISITOR_PHONE = "visitor-"
"""What the endpoint of every visitor's browser begins with."""
MOST_TRIES = 3
TRY_AGAIN_AFTER = timedelta(minutes=15)
RING_CUSTOMER_FOR = timedelta(seconds=45)
"""How long a customer's phone rings; the switch ends it by itself."""


def plan(
    id_: InteractionId, of: Interaction, number: str, entry: Entry, *, due_at: datetime | None, at: datetime
) -> Interaction:
    """Return the callback that an interaction asked for: at `entry`'s place, which it takes up at `due_at`.

    It brings along who the customer is and what the flow learned of them.
    """
    later = due_at is not None and due_at > at
    return Interaction(
        id=id_, medium="voice", address=Address(number, number), caller_name=of.caller_name, dialled=of.dialled,
        trunk="", arrived_at=at, stage=Stage.SCHEDULED if later else Stage.WAITING, stage_since=at, work=Work.CALLBACK,
        customer=of.customer, run=of.run, entry=replace(entry, overflow_at=None, callback_key=None),
        callback=Callback(number, due_at if later else None, asked_in=of.id if of.is_written else None),
    )  # fmt: skip


def plan_browser(
    id_: InteractionId, of: Interaction, phone: BrowserPhone, entry: Entry, *, at: datetime
) -> Interaction:
    """Return the call by which somebody who writes wants to talk instead: at `entry`'s place.

    It takes that place up once their browser can be rung (`come_due`): nobody is offered what cannot be reached.
    """
    asked = Callback("", asked_in=of.id, phone=phone)
    return Interaction(
        id=id_, medium="voice", address=of.address, caller_name=of.caller_name, dialled=of.dialled,
        trunk="", arrived_at=at, stage=Stage.SCHEDULED, stage_since=at, work=Work.CALLBACK,
        customer=of.customer, run=of.run, entry=replace(entry, overflow_at=None, callback_key=None), callback=asked,
    )  # fmt: skip


def come_due(interaction: Interaction, *, at: datetime) -> Interaction:
    """Return a callback whose time has come at its place in the queue."""
    if interaction.stage is not Stage.SCHEDULED or interaction.callback is None:
        raise WrongStage(interaction, "scheduled")
    callback = replace(interaction.callback, due_at=None)
    return changed(interaction, stage=Stage.WAITING, stage_since=at, callback=callback)


def agent_answered(interaction: Interaction, *, at: datetime, by: OfferId | None = None) -> Interaction:
    """Return what an agent has answered and is not talking in yet: the customer of a callback is rung now.

    `by` says which offer was answered, where it rings at several agents: it comes first from then on.
    """
    offer = next((each for each in interaction.offers if by in (None, each.id)), None)
    if interaction.stage is not Stage.OFFERED or offer is None:
        raise WrongStage(interaction, "offered")
    others = tuple(each for each in interaction.offers if each.id != offer.id)
    answered = Offer(offer.id, offer.agent, offer.since, offer.expires_at, answered_at=at)
    return changed(interaction, offer=answered, beside=others)


def not_reached(interaction: Interaction, *, at: datetime) -> Interaction:
    """Return a callback that nobody took: to be tried again later, or ended when it was tried often enough.

    A browser that does not answer by itself is no longer there, or cannot be reached from here: that is no matter of
    minutes.
    """
    if interaction.stage is not Stage.OFFERED or interaction.callback is None:
        raise WrongStage(interaction, "offered")
    tries = interaction.callback.tries + 1
    if tries >= MOST_TRIES or interaction.callback.phone is not None:
        return end(interaction, Outcome.NOT_REACHED, at=at)
    callback = replace(interaction.callback, due_at=at + TRY_AGAIN_AFTER, tries=tries)
    return changed(interaction, stage=Stage.SCHEDULED, stage_since=at, offer=None, callback=callback)


def was_not_reached(interaction: Interaction) -> bool:
    """Whether the last that happened to it is that nobody took it: it waits for its next try, or was given up."""
    tried = interaction.callback is not None and interaction.callback.tries > 0
    return interaction.outcome is Outcome.NOT_REACHED or (tried and interaction.stage is Stage.SCHEDULED)
