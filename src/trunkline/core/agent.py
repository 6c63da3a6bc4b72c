"""An agent: who handles interactions, whether they want one now, and what they are busy with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.record import changed


class Presence(StrEnum):
    """What an agent wants. What they are busy with is a thing of its own (`Agent.busy`)."""

    OFFLINE = "offline"
    READY = "ready"
    NOT_READY = "not_ready"


class PhoneKind(StrEnum):
    """Which of an agent's two SIP endpoints rings."""

    BROWSER = "browser"
    SIP = "sip"


LOGGED_IN = "logged_in"
NO_ANSWER = "no_answer"
DECLINED = "declined"
PHONE_UNREACHABLE = "phone_unreachable"


@dataclass(frozen=True)
class Agent:
    """One agent as the floor knows them."""

    # Without slots, so that `changed` can copy it.

    id: AgentId
    name: str
    queues: frozenset[QueueId]
    role: str = "agent"
    presence: Presence = Presence.OFFLINE
    reason: str | None = None
    since: datetime | None = None
    """When `presence` and `reason` last changed."""
    idle_since: datetime | None = None
    """When the last interaction ended, or when the shift began: the longest idle is served first."""
    phone: PhoneKind = PhoneKind.BROWSER
    busy: InteractionId | None = None

    @property
    def endpoint(self) -> str:
        """The SIP endpoint that rings."""
        return f"{self.id}-web" if self.phone is PhoneKind.BROWSER else str(self.id)

    @property
    def is_free(self) -> bool:
        """Whether an offer may be made now, as far as the agent goes (their phone must be reachable too)."""
        return self.presence is Presence.READY and self.busy is None


def endpoint_owner(endpoint: str) -> tuple[AgentId, PhoneKind]:
    """Return whose endpoint this is, and which of the two."""
    if endpoint.endswith("-web"):
        return AgentId(endpoint.removesuffix("-web")), PhoneKind.BROWSER
    return AgentId(endpoint), PhoneKind.SIP


def show(agent: Agent, presence: Presence, reason: str | None, *, at: datetime) -> Agent:
    """Return the agent with a new presence. Coming from offline starts a shift, and with it the idle time."""
    if agent.presence is presence and agent.reason == reason:
        return agent
    starts = agent.presence is Presence.OFFLINE or agent.idle_since is None
    return changed(agent, presence=presence, reason=reason, since=at, idle_since=at if starts else agent.idle_since)


def take(agent: Agent, interaction: InteractionId) -> Agent:
    """Return the agent with an interaction in hand (offered counts: nobody is offered two at once)."""
    return changed(agent, busy=interaction)


def release(agent: Agent, *, at: datetime, served: bool) -> Agent:
    """Return the agent with empty hands; only an interaction that was served starts their idle time anew."""
    return changed(agent, busy=None, idle_since=at if served else agent.idle_since)
