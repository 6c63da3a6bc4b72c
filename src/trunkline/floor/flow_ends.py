"""Where a flow's part ends, whatever the medium: in a queue, from which it may come back, or for good.

Each function returns the interaction as it then is, and what the journal says of it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from trunkline.core.demand import Wanted
from trunkline.core.ids import callback_id_of
from trunkline.core.interaction import Entry, Interaction, Outcome, end, enqueue, leave_queue
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.record import changed
from trunkline.core.roll_call import entry_facts
from trunkline.floor.places import next_move
from trunkline.floor.state import Floor

KEPT_FOR = timedelta(minutes=30)
"""How long what comes back to an agent, or is passed on to a colleague, waits for them alone."""


def in_line(interaction: Interaction, entry: Entry, *, at: datetime) -> tuple[Interaction, JournalEntry]:
    """Let an interaction out of its flow wait at this place, which it may have had before.

    The line's own time is `at`, never that of the place: who comes back to where they were is not there as if they had
    never left, and the database takes what says the same, to the microsecond, for the same once more.
    """
    since = {"since": entry.since.isoformat()} if entry.since != at else {}
    facts = {**entry_facts(entry, interaction.medium), **since}
    queued = JournalEntry(Happened.QUEUED, at, interaction.id, facts=facts)
    return enqueue(interaction, entry, at=at), queued


def overflowed(interaction: Interaction, *, to: str, at: datetime) -> tuple[Interaction, JournalEntry]:
    """Let an interaction that has waited as long as its flow allows go on there, at the step `to`."""
    queue = interaction.entry.queue if interaction.entry is not None else None
    left = JournalEntry(Happened.OVERFLOWED, at, interaction.id, facts={"queue": queue, "to": to})
    return leave_queue(interaction, at=at), left


def without_limit(interaction: Interaction) -> Interaction:
    """Let an interaction wait on that has nowhere else to go; its place stays as it is."""
    entry = interaction.entry
    return changed(interaction, entry=replace(entry, overflow_at=None)) if entry is not None else interaction


def ended_in_flow(floor: Floor, interaction: Interaction, *, by: str, at: datetime) -> tuple[Interaction, JournalEntry]:
    """End an interaction that no agent had; `by` whom: flow, caller or fault."""
    planned = callback_id_of(interaction.id) in floor.interactions
    outcome = Outcome.CALLBACK_PLANNED if planned else Outcome.ENDED_IN_FLOW
    if interaction.handed is not None:
        outcome, interaction = Outcome.HANDLED, changed(interaction, agent=interaction.handed.by)
    ended = JournalEntry(Happened.ENDED_IN_FLOW, at, interaction.id, facts={"by": by})
    return end(interaction, outcome, at=at), ended


def comes_back(floor: Floor, interaction: Interaction, *, at: datetime) -> Entry | None:
    """Return the place of an interaction whose flow is over, where the agent who handed it over wants it back."""
    handed = interaction.handed
    if handed is None or handed.back_to is None:
        return None
    queue = handed.back_to.queue if handed.back_to.queue in floor.centre.queues else floor.centre.queue_of_fallback
    # What the first flow had asked for if nobody came, this one cannot answer.
    return replace(
        handed.back_to, queue=queue, since=at, wanted=Wanted(handed.by, at + KEPT_FOR), overflow_at=None,
        callback_key=None, moves=next_move(floor.centre.queue(queue), at=at),
    )  # fmt: skip
