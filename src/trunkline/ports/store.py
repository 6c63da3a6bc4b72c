"""What the centre asks of its memory. Everything that must outlive the process goes through here."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from trunkline.core.agent import Agent
from trunkline.core.centre_version import CentreVersion, Signed
from trunkline.core.consent import Consent, Wish
from trunkline.core.customer import Contact, Customer, DayFigures, PastInteraction
from trunkline.core.draft import Draft
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, CustomerId, InteractionId, MessageId, OfferId
from trunkline.core.interaction import Interaction
from trunkline.core.journal import JournalEntry
from trunkline.core.lease import Lease
from trunkline.core.message import Message
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.core.read_mark import ReadMark
from trunkline.core.record import record
from trunkline.core.waiting import WaitTold

MOST_IN_THREAD = 200
"""How many of the latest messages of an interaction are shown."""


@record
class Change:
    """New state and what happened: stored whole or not at all."""

    interactions: Sequence[Interaction] = ()
    agents: Sequence[Agent] = ()
    journal: Sequence[JournalEntry] = ()
    messages: Sequence[Message] = ()
    outgoing: Sequence[Outgoing] = ()
    opt_outs: Sequence[OptOut] = ()
    consents: Sequence[Consent] = ()
    reads: Sequence[ReadMark] = ()
    drafts: Sequence[Draft] = ()
    wishes_done: Sequence[int] = ()
    """The ids of what an admin had written down, and is taken over with this."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the centre held when it was last written: every live interaction and every agent."""

    interactions: Sequence[Interaction] = ()
    agents: Sequence[Agent] = ()
    whys: Mapping[OfferId, Mapping[str, Any]] = field(default_factory=dict)
    """The facts of each offer of what agents hold."""
    messages: Sequence[Message] = ()
    """The latest of each live interaction, at most MOST_IN_THREAD of it, in their order."""
    outgoing: Sequence[Outgoing] = ()
    """What waits for its provider, and of live interactions all that went out, in their order."""
    opt_outs: Sequence[OptOut] = ()
    reads: Sequence[ReadMark] = ()
    """How far live interactions were read."""
    drafts: Sequence[Draft] = ()
    """Of live interactions."""


@dataclass(frozen=True, slots=True)
class SipCredentials:
    """The digest (RFC 7616: MD5 of `user:realm:password`) of each of an agent's two endpoints."""

    sip_ha1: str
    web_ha1: str


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent as the centre file names them, to be written before the floor opens."""

    id: AgentId
    name: str
    role: str
    queues: frozenset[str]
    credentials: SipCredentials


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's log-in."""

    agent: AgentId
    expires_at: datetime


class Fenced(Rejected):
    """Another process has taken the lease: what this one decides is not written, and it must not act any more."""

    def __init__(self, token: int) -> None:
        super().__init__(f"another process decides now: the lease with token {token} has been taken over")
        self.token = token


@dataclass(frozen=True, slots=True)
class AnswersGiven:
    """How many customers were answered in writing, and how many of them in time; where there is no target all are."""

    answered: int = 0
    in_time: int = 0


class Store(Protocol):
    """The centre's memory. Every method raises Unavailable when the database cannot be reached."""

    async def save(self, changes: Sequence[Change]) -> None:
        """Write all changes, in their order, in ONE transaction (a later one of the same interaction wins).

        Of a message that is written already nothing is written again: the first one stands. What goes out is written
        as it is now. Files that a message's details name live as long as it from then on.
        Raises Fenced, with nothing written, once another process has taken the lease.
        """

    async def load(self) -> Situation:
        """Return every interaction that has not ended and every agent that is not retired."""

    async def put_agents(self, agents: Sequence[AgentRecord], *, at: datetime) -> None:
        """Make the agents of the centre file exist; an agent that is not in it is retired and can do nothing.

        Raises Fenced, like `save`.
        """

    async def interaction(self, id_: InteractionId) -> Interaction | None:
        """Return one interaction, live or ended."""

    async def thread(self, channel: str, address: str, *, at_most: int) -> Sequence[Message]:
        """Return the latest messages between a channel and an address, in their order, over all interactions."""

    async def message_interaction(self, id_: MessageId) -> InteractionId | None:
        """Return in which interaction a message stands, live or ended; None where nobody wrote it yet."""

    async def message(self, id_: MessageId) -> Message | None:
        """Return one message."""

    async def read_by_agents(self, channel: str, address: str) -> MessageId | None:
        """Return up to which message of somebody's an agent has read, over all interactions."""

    async def outgoing(self, id_: MessageId) -> Outgoing | None:
        """Return one message that went out, or is to."""

    async def parts_of(self, message: MessageId) -> Sequence[Outgoing]:
        """Return a message that went out, or is to, with all its further parts, in their order."""

    async def put_back(self) -> Sequence[Outgoing]:
        """Return what an admin put back into the outbox and nobody has taken up, in its order."""

    async def customer_at(self, address: str, *, medium: str, name: str | None, at: datetime) -> Customer:
        """Find the customer with this address, or make one; two callers at once make one customer."""

    async def customers_at(self, contacts: Sequence[Contact]) -> Sequence[Customer]:
        """Return the customer of each contact, as `customer_at` finds or makes them."""

    async def customer(self, id_: CustomerId) -> Customer | None:
        """Return a customer with the notes of their last interactions, newest first."""

    async def timeline(self, customer: CustomerId, *, at_most: int) -> Sequence[PastInteraction]:
        """Return a customer's ended interactions, newest first."""

    async def day_figures(self, agents: Collection[AgentId], *, since: datetime) -> Mapping[AgentId, DayFigures]:
        """Compute these agents' figures from the journal; who did nothing since then is not in what comes back."""

    async def waits(self, *, since: datetime, until: datetime, at_most: int) -> Sequence[WaitTold]:
        """Return the last waits that ended with an agent in that time, and what was expected of them; oldest first."""

    async def wishes(self) -> Sequence[Wish]:
        """Return what admins wrote down and no service has taken over yet, in its order."""

    async def has_consented(self, medium: str, address: str, purpose: str) -> bool:
        """Whether somebody consented to that, and has not taken it back."""

    async def followed_up_since(self, channel: str, address: str, flow: str, *, since: datetime) -> bool:
        """Whether a follow-up by this flow began with them from then on."""

    async def answers_given(self, *, since: datetime) -> Mapping[str, AnswersGiven]:
        """Return how many customers who wrote were answered from then on, by channel."""


class Letters(Protocol):
    """What did not come there. Every method raises Unavailable when the database cannot be reached."""

    async def counted(self) -> Mapping[str, Mapping[Delivery, int]]:
        """Return how many messages of each channel wait and have failed."""

    async def failed(self, *, channel: str | None, at_most: int) -> Sequence[Outgoing]:
        """Return the dead letters, of a channel or of all, the latest first."""

    async def put_failed_back(self, ids: Sequence[MessageId] | None, *, channel: str | None) -> int:
        """Put dead letters back into the outbox, these or all of a channel; return how many."""


class Centres(Protocol):
    """The centre's versions. Every method raises Unavailable when the database cannot be reached."""

    async def put_centre(
        self, text: str, signed: Signed, *, base: int, at: datetime, from_file: str | None = None
    ) -> CentreVersion:
        """Put a text in force upon version `base` (0: none), in one transaction; raises ChangedMeanwhile.

        `from_file` is the SHA-256 of the centre file where the text is that file's.
        """

    async def centre_number(self) -> int:
        """Return the number of the version in force, 0 when there is none yet."""

    async def centre_in_force(self) -> CentreVersion | None:
        """Return the latest version, None before the first."""

    async def centre_version(self, number: int) -> CentreVersion | None:
        """Return one version."""

    async def centre_history(self, *, below: int | None, at_most: int) -> Sequence[CentreVersion]:
        """Return versions, the newest first: those below a number, or the latest."""

    async def centre_file_seen(self) -> str | None:
        """Return the SHA-256 (hex) of the centre file as it was last taken over; None when it never was."""

    async def see_centre_file(self, sha256: str, *, at: datetime) -> None:
        """Remember the centre file as it is now."""


class Logins(Protocol):
    """Passwords and sessions."""

    async def set_password(self, agent: AgentId, password: str) -> None:
        """Store a password (argon2id; in a thread, it takes a while on purpose)."""

    async def has_password(self, agent: AgentId) -> bool:
        """Whether the agent can log in at all."""

    async def check_password(self, agent: AgentId, password: str) -> bool:
        """Whether this is the agent's password; takes as long for an agent who does not exist."""

    async def open_session(self, agent: AgentId, *, lasts: timedelta, at: datetime) -> str:
        """Return a new session's token (256 random bits); only its hash is stored."""

    async def session(self, token: str, *, at: datetime) -> Session | None:
        """Return a session that is open."""

    async def closed_among(self, tokens: Collection[str], *, at: datetime) -> Set[str]:
        """Return those of these sessions that are not open."""

    async def close_session(self, token: str) -> None:
        """End a session."""


class Leases(Protocol):
    """The lease of the one process that decides. What this process writes, it writes under the token it took last."""

    async def lease(self) -> Lease:
        """Return the lease as it is now."""

    async def take_lease(self, seen: Lease, holder: str, *, lasts: timedelta, holder_died: bool = False) -> bool:
        """Take the lease that was seen, where it has run out or its holder died; False when somebody was quicker."""

    async def renew_lease(self, *, lasts: timedelta) -> None:
        """Make our lease last that long from now; raises Fenced when somebody else has taken it."""

    async def give_lease_back(self) -> None:
        """Let the next one take it at once; nothing where it is not ours any more."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part is ready, and if not, why."""

    ready: bool
    detail: str = field(default="")
