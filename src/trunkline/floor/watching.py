"""Which supervisors look into which conversation: one each at a time."""

from collections.abc import Collection

from trunkline.core.ids import AgentId, InteractionId


class Watching:
    """Finds who looks into a conversation, and into which one somebody looks."""

    def __init__(self) -> None:
        self._into: dict[AgentId, InteractionId] = {}
        self._by: dict[InteractionId, set[AgentId]] = {}

    def look(self, agent: AgentId, into: InteractionId | None) -> None:
        """Let an agent look into another one, or into none."""
        before = self._into.pop(agent, None)
        if before is not None:
            self._by[before].discard(agent)
            if not self._by[before]:
                del self._by[before]
        if into is not None:
            self._into[agent] = into
            self._by.setdefault(into, set()).add(agent)

    def who(self, interaction: InteractionId) -> Collection[AgentId]:
        """Return who looks into a conversation."""
        return sorted(self._by.get(interaction, ()))

    def of(self, agent: AgentId) -> InteractionId | None:
        """Return into which conversation an agent looks."""
        return self._into.get(agent)
