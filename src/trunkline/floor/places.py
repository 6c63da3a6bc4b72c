"""Places in line: the one that a flow asks for, whom it is kept for, and where it moves on to when nobody comes."""

from dataclasses import replace
from datetime import datetime

from trunkline.core.centre import QueueConfig
from trunkline.core.demand import Moves, Wanted
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.record import changed
from trunkline.floor.deadlines import Due
from trunkline.floor.state import Floor
from trunkline.flows.talk import Enqueue


def place_for(floor: Floor, interaction: Interaction, want: Enqueue, *, language: str, at: datetime) -> Entry:
    """Return the place in line that a flow asks for, from now on."""
    queue = floor.centre.queue(want.queue)
    return Entry(
        queue=want.queue, since=at, priority=want.priority, music=want.music, announce=want.announce, language=language,
        skills=frozenset(want.skills.items()), prefer=want.prefer, relax=want.relax,
        overflow_at=at + want.overflow_after if want.overflow_after is not None else None,
        wanted=_for_one(want, at=at) or kept_for(floor, interaction, queue, at=at), moves=next_move(queue, at=at),
    )  # fmt: skip


def _for_one(want: Enqueue, *, at: datetime) -> Wanted | None:
    if want.agent is None:
        return None
    return Wanted(want.agent.agent, at + want.agent.wait if want.agent.wait is not None else None)


def kept_for(floor: Floor, interaction: Interaction, queue: QueueConfig, *, at: datetime) -> Wanted | None:
    """Return the agent whom this customer talked to lately, if the queue keeps people for them and they are at work."""
    profile = floor.profiles.get(interaction.id)
    if queue.sticky is None or profile is None:
        return None
    lately = (past.agent for past in profile.timeline if past.agent is not None and past.at >= at - queue.sticky.since)
    last = next(lately, None)
    return Wanted(last, at + queue.sticky.wait) if last is not None and _is_at_work(floor, last, queue) else None


def next_move(queue: QueueConfig, *, at: datetime) -> Moves | None:
    """Return where a queue sends those on for whom nobody came, and when."""
    return Moves(queue.overflow.queue, at + queue.overflow.after) if queue.overflow is not None else None


def when_waited_enough(floor: Floor, overflow: Due) -> Due:
    """Return what is done about an entry whose time has come: it moves on to another queue, or its flow goes on."""

    def waited(id_: InteractionId) -> None:
        entry, now = floor.interaction(id_).entry, floor.clock.now()
        if entry is not None and entry.moves is not None and entry.moves.at <= now:
            move_on(floor, floor.interaction(id_), at=now)
        else:
            overflow(id_)

    return waited


def move_on(floor: Floor, interaction: Interaction, *, at: datetime) -> None:
    """Let an entry wait in the next queue, with its place and its wait."""
    entry = interaction.entry
    if interaction.stage is not Stage.WAITING or entry is None or entry.moves is None:
        return
    to = entry.moves.queue
    moved = replace(entry, queue=to, wanted=None, moves=next_move(floor.centre.queue(to), at=at))
    facts = {"from": entry.queue, "to": to, "waited_s": (at - entry.since).total_seconds()}
    floor.commit(
        interactions=[changed(interaction, entry=moved)],
        journal=[JournalEntry(Happened.MOVED_ON, at, interaction.id, facts=facts)],
    )


def _is_at_work(floor: Floor, id_: AgentId, queue: QueueConfig) -> bool:
    agent = floor.agents.get(id_)
    if agent is None or not agent.is_at_work:
        return False
    return any(floor.centre.queues.get(served) is queue for served in agent.queues)
