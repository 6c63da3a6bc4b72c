"""An agent: who handles interactions, whether they want one now, and what they are busy with."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from trunkline.core.capacity import TEXT_MEDIA, USUAL, Capacity
from trunkline.core.demand import Membership, Order, Post, post_of
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.occupancy import Busy, busy_load, worked
from trunkline.core.record import changed, record


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
MOST_BACK_OFFS = 3


class Held(NamedTuple):
    """Something in an agent's hands, offered to them or taken, since then."""

    medium: str
    since: datetime


_NOTHING: Mapping[InteractionId, Held] = MappingProxyType({})
_NO_SKILLS: Mapping[str, int] = MappingProxyType({})
_NOWHERE: frozenset[str] = frozenset()


@record(slots=False)
class Agent:
    """One agent as the floor knows them."""

    # Without slots, so that `changed` can copy it.

    id: AgentId
    name: str
    queues: Mapping[QueueId, Membership]
    role: str = "agent"
    presence: Presence = Presence.OFFLINE
    reason: str | None = None
    since: datetime | None = None
    """When `presence` and `reason` last changed."""
    idle_since: datetime | None = None
    """When the last interaction ended, or when the shift began: the longest idle is served first."""
    phone: PhoneKind = PhoneKind.BROWSER
    hands: Mapping[InteractionId, Held] = field(default_factory=lambda: _NOTHING)
    """What they hold, the earliest first."""
    skills: Mapping[str, int] = field(default_factory=lambda: _NO_SKILLS)
    capacity: Capacity = USUAL
    offered_at: datetime | None = None
    """When they were last offered anything."""
    unanswered: int = 0
    """How many offers in a row they let ring."""
    back_at: datetime | None = None
    """When they are ready again by themselves, having let one ring."""
    lately: Busy = field(default_factory=Busy)
    """How busy they were."""
    known_post: Post | None = None

    @property
    def busy(self) -> InteractionId | None:
        """What they were given first of what they hold."""
        return next(iter(self.hands), None)

    @property
    def is_at_work(self) -> bool:
        """Whether they are logged in."""
        return self.presence is not Presence.OFFLINE

    @property
    def is_free(self) -> bool:
        """Whether they want work and have none."""
        return self.presence is Presence.READY and not self.hands

    @property
    def room(self) -> frozenset[str]:
        """The media of which one more may be offered now, as far as the agent goes; `room_with` minds their phone."""
        if self.presence is not Presence.READY:
            return _NOWHERE
        return self.capacity.room_beside(held.medium for held in self.hands.values())

    @property
    def post(self) -> Post:
        """What routing knows of what they bring."""
        return self.known_post or post_of(self.queues, self.skills)

    @property
    def order(self) -> Order:
        """Where they stand among free agents."""
        return Order(_seconds(self.idle_since), _seconds(self.offered_at), busy_load(self.lately))

    @property
    def endpoint(self) -> str:
        """The SIP endpoint that rings."""
        return f"{self.id}-web" if self.phone is PhoneKind.BROWSER else str(self.id)


def room_with(agent: Agent, *, phone: bool) -> frozenset[str]:
    """Return the media of which one more may be offered now: who has no phone within reach can still write."""
    return agent.room if phone else agent.room & TEXT_MEDIA


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
    return changed(
        agent, presence=presence, reason=reason, since=at, idle_since=at if starts else agent.idle_since, back_at=None
    )


def let_ring(agent: Agent, *, at: datetime, back_off: timedelta | None) -> Agent:
    """Return the agent who did not answer: not ready, for `back_off` and each time in a row twice as long.

    After MOST_BACK_OFFS in a row, or without a `back_off`, until they say themselves that they are ready.
    """
    shown = show(agent, Presence.NOT_READY, NO_ANSWER, at=at)
    in_a_row = agent.unanswered + 1
    back_at = None
    if back_off is not None and in_a_row <= MOST_BACK_OFFS:
        back_at = at + back_off * 2 ** (in_a_row - 1)
    return changed(shown, unanswered=in_a_row, back_at=back_at)


def placed(agent: Agent, queues: Mapping[QueueId, Membership], skills: Mapping[str, int] = _NO_SKILLS) -> Agent:
    """Return the agent with these queues and skills."""
    return changed(agent, queues=queues, skills=skills, known_post=post_of(queues, skills))


def members(queues: Iterable[str]) -> Mapping[QueueId, Membership]:
    """Return the membership of somebody who serves all of these queues alike."""
    return {QueueId(queue): Membership() for queue in queues}


def take(agent: Agent, interaction: InteractionId, medium: str, *, at: datetime) -> Agent:
    """Return the agent with one more interaction in hand (offered counts: it takes up its room at once)."""
    return changed(agent, hands={**agent.hands, interaction: Held(medium, at)}, offered_at=at)


def release(agent: Agent, interaction: InteractionId, *, at: datetime, served: bool) -> Agent:
    """Return the agent without an interaction; only one that was served starts their idle time anew."""
    held = agent.hands.get(interaction)
    hands = {id_: other for id_, other in agent.hands.items() if id_ != interaction}
    if not served or held is None:
        return changed(agent, hands=hands)
    return changed(agent, hands=hands, idle_since=at, unanswered=0, lately=worked(agent.lately, held.since, at))


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0
