"""An interaction: one matter from arrival to the end of wrap-up, and the ways it moves.

    in_flow → waiting → offered → talking → wrap_up → ended
                 ↑_________|                            (declined, no answer: back to the same place)

    scheduled → waiting …                               (a callback whose time comes later, at first or again)

Every function here is pure: it returns the moved interaction. Journal entries are made where the move is decided.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trunkline.core.call import Call
from trunkline.core.capacity import TEXT_MEDIA
from trunkline.core.demand import Moves, Relaxed, Skills, Wanted
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, CustomerId, InteractionId, OfferId, QueueId
from trunkline.core.record import changed, record


class Stage(StrEnum):
    """Where an interaction is on its way."""

    SCHEDULED = "scheduled"
    """It waits for its time, not for an agent."""
    IN_FLOW = "in_flow"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    ENDED = "ended"


class Work(StrEnum):
    """What an agent gets: a live call, a voicemail to listen to, or somebody to be called back."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"


class Outcome(StrEnum):
    """How an interaction ended."""

    HANDLED = "handled"
    ABANDONED = "abandoned"
    """The caller hung up while waiting, before an agent."""
    ENDED_IN_FLOW = "ended_in_flow"
    VOICEMAIL = "voicemail"
    """Its caller left a voicemail that is being worked on."""
    FALLBACK = "fallback"
    """The switch served it without us."""
    TRANSFERRED = "transferred"
    """Somebody outside has the caller."""
    CALLBACK_PLANNED = "callback_planned"
    """The caller left to be called back, which is an interaction of its own."""
    NOT_ASKED = "not_asked"
    """A follow-up that did not begin: the customer wants nothing, has not consented, or was asked lately."""
    NOT_REACHED = "not_reached"
    """A callback that nobody took, as often as it was tried."""


@record
class Address:
    """How a customer reached us: the words on the wire, and the number in E.164 when they are one."""

    raw: str
    e164: str | None = None

    @property
    def anonymous(self) -> bool:
        """Whether the caller kept their number back."""
        return not self.raw


@record
class Entry:
    """A place in a queue. `since` never changes while the caller waits: it is the place."""

    queue: QueueId
    since: datetime
    priority: int = 0
    overflow_at: datetime | None = None
    music: str = "default"
    announce: frozenset[str] = frozenset()
    announce_every: timedelta = timedelta(seconds=45)
    language: str = "en-GB"
    """The language in which the caller is told where they stand."""
    callback_key: str | None = None
    """The key by which a waiting caller leaves to be called back, where that is offered."""
    skills: Skills = frozenset()
    """What an agent must be able to do to be offered it."""
    prefer: frozenset[str] = frozenset()
    """Whose levels in these skills are higher is asked first."""
    relax: tuple[Relaxed, ...] = ()
    """What is asked instead of `skills` as the wait grows, in the order of time."""
    wanted: Wanted | None = None
    moves: Moves | None = None


@record
class Offer:
    """An entry ringing at one agent."""

    id: OfferId
    agent: AgentId
    since: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    """When the agent answered, where the talk begins later: a callback's customer is rung, a whisper is heard."""


@record
class Voicemail:
    """A recording that a caller left: a file name in the recordings directory, and its length."""

    file: str
    length: timedelta


@record
class BrowserPhone:
    """A visitor's browser as a telephone: the account by which the switch knows it while its interaction lives.

    `ha1` is what the registrar keeps in place of a password (core/sip_account.py).
    """

    endpoint: str
    ha1: str = field(repr=False)


@record
class Callback:
    """Whom to call back: a number in E.164, when (None: when the place comes up), and how often it was tried."""

    number: str
    due_at: datetime | None = None
    tries: int = 0
    asked_in: InteractionId | None = None
    """The conversation in writing in which it was asked for, if that was one."""
    phone: BrowserPhone | None = None
    """The browser that is rung in place of a number, which is empty then."""


@record
class Handed:
    """That an agent has handed it to a flow: who, and the place it takes after that, where it comes back to people."""

    by: AgentId
    back_to: Entry | None = None


@record
class Follows:
    """Of what an interaction is a follow-up: of which other one, whose it was, and when which flow begins."""

    of: InteractionId
    flow: str
    due_at: datetime
    promised_at: datetime
    """When it was due at first."""
    queue: QueueId | None = None
    agent: AgentId | None = None
    consent: str | None = None
    at_most_every: timedelta | None = None


@record(slots=False)
class Interaction:
    """One interaction, whole. `run` is the flow run as flows writes it."""

    # Without slots, so that `changed` can copy it.

    id: InteractionId
    medium: str
    address: Address
    caller_name: str
    dialled: str
    trunk: str
    arrived_at: datetime
    stage: Stage
    stage_since: datetime
    work: Work = Work.CALL
    call: Call | None = None
    customer: CustomerId | None = None
    run: Mapping[str, Any] | None = None
    entry: Entry | None = None
    offer: Offer | None = None
    beside: tuple[Offer, ...] = ()
    """The other agents at whom it rings as well: who answers first has it."""
    agent: AgentId | None = None
    answered_at: datetime | None = None
    held_since: datetime | None = None
    talk_ended_at: datetime | None = None
    wrap_up_until: datetime | None = None
    disposition: str | None = None
    note: str = ""
    voicemail: Voicemail | None = None
    callback: Callback | None = None
    place: Entry | None = None
    """The place that a caller left to ask for a callback, which keeps it."""
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    thread: str = ""
    """Which of somebody's conversations on its channel, where that has several beside each other."""
    handed: Handed | None = None
    follows: Follows | None = None

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All that rings for it, or the one offer that was taken."""
        return (self.offer, *self.beside) if self.offer is not None else ()

    def offer_at(self, agent: AgentId) -> Offer | None:
        """Return the offer to one agent."""
        return next((offer for offer in self.offers if offer.agent == agent), None)

    @property
    def is_live(self) -> bool:
        """Whether it is still under way."""
        return self.stage is not Stage.ENDED

    @property
    def rings(self) -> bool:
        """Whether an offer of it rings the agent's phone, rather than only the desk."""
        return self.work in (Work.CALL, Work.CALLBACK) and self.medium not in TEXT_MEDIA

    @property
    def is_written(self) -> bool:
        """Whether people write in it, rather than talk."""
        return self.medium in TEXT_MEDIA


class WrongStage(Rejected):
    """The interaction is elsewhere on its way: what was asked is too early or too late."""

    def __init__(self, interaction: Interaction, wanted: str) -> None:
        super().__init__(f"interaction {interaction.id} is {interaction.stage.value}, not {wanted}")


def arrive(  # noqa: PLR0917
    id_: InteractionId, call: Call, address: Address, caller_name: str, dialled: str, trunk: str, *, at: datetime
) -> Interaction:
    """Return a call that has just entered its flow."""
    return Interaction(
        id=id_, medium="voice", address=address, caller_name=caller_name, dialled=dialled, trunk=trunk,
        arrived_at=at, stage=Stage.IN_FLOW, stage_since=at, call=call,
    )  # fmt: skip


def _to(interaction: Interaction, stage: Stage, at: datetime, **changes: Any) -> Interaction:
    return changed(interaction, stage=stage, stage_since=at, **changes)


def enqueue(interaction: Interaction, entry: Entry, *, at: datetime) -> Interaction:
    """Return the interaction waiting in a queue."""
    if interaction.stage is not Stage.IN_FLOW:
        raise WrongStage(interaction, "in a flow")
    return _to(interaction, Stage.WAITING, at, entry=entry, handed=None)


def leave_queue(interaction: Interaction, *, at: datetime, keep_place: bool = False) -> Interaction:
    """Return the interaction back in its flow (overflow); its place is given up, or kept for a callback."""
    if interaction.stage is not Stage.WAITING:
        raise WrongStage(interaction, "waiting")
    return _to(interaction, Stage.IN_FLOW, at, entry=None, place=interaction.entry if keep_place else None)


def offer_to(interaction: Interaction, offer: Offer, *beside: Offer) -> Interaction:
    """Return the interaction ringing at an agent, or at several; it keeps its place in case nobody answers."""
    if interaction.stage is not Stage.WAITING or interaction.entry is None:
        raise WrongStage(interaction, "waiting")
    return _to(interaction, Stage.OFFERED, offer.since, offer=offer, beside=beside)


def put_back(interaction: Interaction, *, at: datetime) -> Interaction:
    """Return the interaction at its old place in the queue: the offer came to nothing."""
    if interaction.stage is not Stage.OFFERED:
        raise WrongStage(interaction, "offered")
    return _to(interaction, Stage.WAITING, at, offer=None, beside=())


def without_offer(interaction: Interaction, offer: OfferId, *, at: datetime) -> Interaction:
    """Return the interaction after one offer came to nothing: ringing at the others, or back at its old place."""
    left = tuple(each for each in interaction.offers if each.id != offer)
    if interaction.stage is not Stage.OFFERED or not left:
        return put_back(interaction, at=at)
    return changed(interaction, offer=left[0], beside=left[1:])


def join(
    interaction: Interaction, *, at: datetime, call: Call | None = None, offer: OfferId | None = None
) -> Interaction:
    """Return the interaction in an agent's hands: the offer was accepted. A callback has its `call` from here on.

    `offer` says which, where it rang at several agents.
    """
    taken = next((each for each in interaction.offers if offer in (None, each.id)), None)
    if interaction.stage is not Stage.OFFERED or taken is None:
        raise WrongStage(interaction, "offered")
    return _to(
        interaction, Stage.TALKING, at,
        offer=taken, beside=(), agent=taken.agent, answered_at=at, call=call or interaction.call,
    )  # fmt: skip


def hold(interaction: Interaction, *, held: bool, at: datetime) -> Interaction:
    """Return the interaction with its caller on hold, or taken back."""
    if interaction.stage is not Stage.TALKING:
        raise WrongStage(interaction, "talking")
    if held == (interaction.held_since is not None):
        return interaction
    return changed(interaction, held_since=at if held else None)


def start_wrap_up(interaction: Interaction, *, for_: timedelta, at: datetime) -> Interaction:
    """Return the interaction in wrap-up: the contact is over, the agent writes down what came of it."""
    if interaction.stage is not Stage.TALKING:
        raise WrongStage(interaction, "talking")
    return _to(
        interaction, Stage.WRAP_UP, at,
        held_since=None, talk_ended_at=at, wrap_up_until=at + for_,
    )  # fmt: skip


def pass_on(interaction: Interaction, entry: Entry, *, at: datetime) -> Interaction:
    """Return the interaction waiting for somebody else: an agent who writes in it has given it away."""
    if interaction.stage is not Stage.TALKING or not interaction.is_written:
        raise WrongStage(interaction, "being written in")
    return _to(interaction, Stage.WAITING, at, entry=entry, offer=None, agent=None, answered_at=None)


def take_over(interaction: Interaction, offer: Offer, *, at: datetime) -> Interaction:
    """Return the interaction in the hands of somebody who takes it from its agent, from where it rings, or waits."""
    if interaction.stage is Stage.OFFERED:
        interaction = put_back(interaction, at=at)
    if interaction.stage is Stage.WAITING:
        return join(offer_to(interaction, offer), at=at)
    if interaction.stage is not Stage.TALKING or not interaction.is_written:
        raise WrongStage(interaction, "waiting or being written in")
    return _to(interaction, Stage.TALKING, at, offer=offer, agent=offer.agent)


def hand_to_flow(interaction: Interaction, handed: Handed, run: Mapping[str, Any], *, at: datetime) -> Interaction:
    """Return the interaction in a flow again, as the agent who talks in it wants: they are done, or wait for it."""
    if interaction.stage is not Stage.TALKING or interaction.work is not Work.CALL:
        raise WrongStage(interaction, "being talked in")
    return _to(
        interaction, Stage.IN_FLOW, at,
        run=run, handed=handed, entry=None, offer=None, agent=None, answered_at=None, held_since=None,
    )  # fmt: skip


def reopen(interaction: Interaction, *, at: datetime) -> Interaction:
    """Return the interaction being talked in again: the customer wrote once more before its wrap-up was over."""
    if interaction.stage is not Stage.WRAP_UP:
        raise WrongStage(interaction, "in wrap-up")
    return _to(interaction, Stage.TALKING, at, talk_ended_at=None, wrap_up_until=None)


def extend_wrap_up(interaction: Interaction, *, by: timedelta) -> Interaction:
    """Return the interaction with more time for its wrap-up."""
    if interaction.stage is not Stage.WRAP_UP or interaction.wrap_up_until is None:
        raise WrongStage(interaction, "in wrap-up")
    return changed(interaction, wrap_up_until=interaction.wrap_up_until + by)


def end(interaction: Interaction, outcome: Outcome, *, at: datetime, disposition: str | None = None) -> Interaction:
    """Return the interaction ended; from any stage, for a caller may hang up at any moment."""
    return _to(
        interaction, Stage.ENDED, at,
        call=None, outcome=outcome, ended_at=at, wrap_up_until=None, held_since=None,
        disposition=disposition or interaction.disposition,
    )  # fmt: skip


def take_voicemail(interaction: Interaction, voicemail: Voicemail, entry: Entry, *, at: datetime) -> Interaction:
    """Return the interaction as a work item: the caller is gone, their recording waits in the queue."""
    if interaction.stage is not Stage.IN_FLOW:
        raise WrongStage(interaction, "in a flow")
    return _to(interaction, Stage.WAITING, at, work=Work.VOICEMAIL, call=None, voicemail=voicemail, entry=entry)
