"""Follow-ups: planned as an agent is done with a customer, and begun in writing when their time has come."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from trunkline.core.centre import FollowUp
from trunkline.core.ids import follow_up_id_of
from trunkline.core.interaction import Address, Follows, Interaction, Outcome, Stage, WrongStage, end
from trunkline.core.record import changed

ANSWERED_WITHIN = timedelta(days=3)
"""How long a question in a follow-up waits for its answer, on every medium: nobody sits there and waits for it."""


def fitting(rules: Iterable[FollowUp], disposition: str | None) -> list[FollowUp]:
    """Return the follow-ups of what ended with this outcome."""
    return [rule for rule in rules if not rule.dispositions or disposition in rule.dispositions]


def plan(
    of: Interaction, rule: FollowUp, *, medium: str, channel: str, address: Address, thread: str | None, at: datetime
) -> Interaction:
    """Return the follow-up of an interaction, on a channel in writing; it waits for its time.

    `thread`: the conversation that it goes on with, None for one of its own.
    """
    id_, due = follow_up_id_of(of.id, rule.flow), at + rule.after
    queue = of.entry.queue if of.entry is not None else None
    return Interaction(
        id=id_, medium=medium, address=address, caller_name=of.caller_name, dialled=channel, trunk="", arrived_at=at,
        stage=Stage.SCHEDULED, stage_since=at, customer=of.customer, thread=thread if thread is not None else id_,
        follows=Follows(
            of.id, rule.flow, due, due, queue, of.agent, consent=rule.consent, at_most_every=rule.at_most_every
        ),
    )  # fmt: skip


def put_off(interaction: Interaction, until: datetime) -> Interaction:
    """Return a follow-up that begins later."""
    if interaction.stage is not Stage.SCHEDULED or interaction.follows is None:
        raise WrongStage(interaction, "a follow-up that is planned")
    return changed(interaction, follows=replace(interaction.follows, due_at=until))


def begin(interaction: Interaction, run: Mapping[str, Any], *, at: datetime) -> Interaction:
    """Return a follow-up in its flow."""
    if interaction.stage is not Stage.SCHEDULED or interaction.follows is None:
        raise WrongStage(interaction, "a follow-up that is planned")
    return changed(interaction, stage=Stage.IN_FLOW, stage_since=at, run=run)


def drop(interaction: Interaction, *, at: datetime) -> Interaction:
    """Return a follow-up that does not begin."""
    return end(interaction, Outcome.NOT_ASKED, at=at)


def about(interaction: Interaction) -> Mapping[str, Any]:
    """Return what a score in this interaction is about: nothing more than its flow, or whose talk it was before."""
    follows = interaction.follows
    if follows is None:
        return {}
    return {"about": {"interaction": follows.of, "queue": follows.queue, "agent": follows.agent}}
