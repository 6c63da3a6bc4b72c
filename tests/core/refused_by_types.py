"""What the type checker must refuse, which calls an `ignore` that it does not need a mistake. Nothing runs this."""

from trunkline.core.agent import Agent
from trunkline.core.call import Call
from trunkline.core.interaction import Interaction


def changes_a_record(agent: Agent, interaction: Interaction, call: Call) -> None:
    """A record is frozen for the type checker alone (core/record.py)."""
    agent.name = "Ana C"  # type: ignore[misc]
    interaction.note = "other"  # type: ignore[misc]
    call.channel = "other"  # type: ignore[misc]
