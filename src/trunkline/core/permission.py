"""Who may do what: the one place where roles are looked at. What is not named here is forbidden."""

from collections.abc import Mapping
from enum import StrEnum

from trunkline.core.agent import Agent
from trunkline.core.centre import Role
from trunkline.core.errors import Rejected


class Deed(StrEnum):
    """What not everybody may do, as a refusal reads it: `Ana may not …`."""

    SEE_FLOWS = "look at the flows"
    ASSIGN = "assign work to others"
    HELP = "look into the conversations of others, and help there"
    HEAR_EVERY_VOICEMAIL = "hear the voicemails of every queue"
    READ_EVERY_MAIL = "read the mails of every queue"
    EDIT_CENTRE = "change the centre"


_MAY: Mapping[str, frozenset[Deed]] = {
    Role.SUPERVISOR: frozenset(
        {Deed.SEE_FLOWS, Deed.ASSIGN, Deed.HELP, Deed.HEAR_EVERY_VOICEMAIL, Deed.READ_EVERY_MAIL}
    ),
    Role.ADMIN: frozenset(Deed),
}


class NotAllowed(Rejected):
    """An agent's role does not reach that far."""

    def __init__(self, agent: Agent, deed: Deed) -> None:
        super().__init__(f"{agent.name} may not {deed.value}: ask whoever keeps the centre file for another role")
        self.agent, self.deed = agent.id, deed


def may(agent: Agent, deed: Deed) -> bool:
    """Say whether an agent's role reaches this far; a role that nobody knows reaches nowhere."""
    return deed in _MAY.get(agent.role, frozenset())


def demand(agent: Agent, deed: Deed) -> None:
    """Raise NotAllowed when an agent may not do this."""
    if not may(agent, deed):
        raise NotAllowed(agent, deed)
