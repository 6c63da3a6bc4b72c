"""The centre's memory without a database: the ports of `ports/store.py`, for tests that are about something else."""

import copy
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.fakes.memory_files import MemoryFiles
from trunkline.core.agent import Agent, Presence, members
from trunkline.core.centre_version import CentreVersion, ChangedMeanwhile, Signed, Source
from trunkline.core.consent import Consent, Wish
from trunkline.core.contact import Contacted, FollowedUp
from trunkline.core.customer import Contact, Customer, DayFigures, Note, PastInteraction
from trunkline.core.draft import Draft
from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.ids import AgentId, CustomerId, InteractionId, MessageId, OfferId, new_id
from trunkline.core.interaction import Interaction, Outcome, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.lease import Lease
from trunkline.core.message import Message, Side
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Delivery, Outgoing, again
from trunkline.core.read_mark import ReadMark
from trunkline.core.record import changed
from trunkline.core.waiting import WaitTold
from trunkline.ports.store import AgentRecord, AnswersGiven, Change, Fenced, Health, Session, SipCredentials, Situation
from trunkline.store.agents import refuse_unfit_logins
from trunkline.store.files import attached_to

_WORK_DONE = {Happened.WRAPPED_UP, Happened.WRAP_UP_TIMED_OUT}
_MISSED = {Happened.DECLINED, Happened.RANG_OUT}


@dataclass
class LeaseRow:
    """The lease, and the clock by which it runs out."""

    token: int = 0
    holder: str | None = None
    expires_at: float = 0.0
    now: Callable[[], float] = time.monotonic


@dataclass
class MemoryStore(MemoryFiles):
    """Look at `.interactions`, `.agents`, `.journal` and `.saves`; set `.away` and every call raises Unavailable.

    Another process's view of the same memory is `.beside()`.
    """

    interactions: dict[InteractionId, Interaction] = field(default_factory=dict)
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    retired: set[AgentId] = field(default_factory=set)
    credentials: dict[AgentId, SipCredentials] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    messages: dict[MessageId, Message] = field(default_factory=dict)
    outbox: dict[MessageId, Outgoing] = field(default_factory=dict)
    opt_outs: dict[tuple[str, str], OptOut] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    wished: list[Wish] = field(default_factory=list)
    drafts: dict[InteractionId, Draft] = field(default_factory=dict)
    saves: list[Sequence[Change]] = field(default_factory=list)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    _addresses: dict[tuple[str, str], CustomerId] = field(default_factory=dict)
    passwords: dict[AgentId, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    lease_row: LeaseRow = field(default_factory=LeaseRow)
    times_asked_for_sessions: int = 0
    centres: list[CentreVersion] = field(default_factory=list)
    centre_file: str | None = None
    reads: dict[tuple[InteractionId, Side], ReadMark] = field(default_factory=dict)
    token: int = 0

    def beside(self) -> "MemoryStore":
        """Return the store of another process on the same memory, which can be away by itself."""
        other = copy.copy(self)
        other.token, other.away = 0, False
        return other

    def happened(self, kind: Happened) -> list[JournalEntry]:
        """Return the journal's entries of one kind, in their order."""
        return [entry for entry in self.journal if entry.kind is kind]

    async def save(self, changes: Sequence[Change]) -> None:
        self._reach()
        for change in changes:
            # A real store refuses what JSON cannot hold: refuse it before anything is written.
            json.dumps([dict(entry.facts) for entry in change.journal], allow_nan=False)
            json.dumps([interaction.run for interaction in change.interactions], allow_nan=False)
            assert (
                not {each.interaction for each in change.messages}
                - self.interactions.keys()
                - {each.id for other in changes for each in other.interactions}
            ), "a message of no interaction"
        if any(change != Change() for change in changes):
            self._refuse_fenced()
        for change in changes:
            self.interactions |= {each.id: each for each in change.interactions}
            self.agents |= {each.id: each for each in change.agents}
            self.journal.extend(change.journal)
            for message in change.messages:
                self.messages.setdefault(message.id, message)
                for each in attached_to(message):
                    self.attached.setdefault(each["id"], message.id)
            self.reads |= {(each.interaction, each.side): each for each in change.reads}
            self.outbox |= {each.id: each for each in change.outgoing}
            self.wished = [each for each in self.wished if each.id not in change.wishes_done]
            self.consents |= {(each.medium, each.address, each.purpose): each for each in change.consents}
            for draft in change.drafts:
                if draft.over:
                    self.drafts.pop(draft.interaction, None)
                else:
                    self.drafts[draft.interaction] = draft
            for wish in change.opt_outs:
                if wish.ended:
                    self.opt_outs.pop((wish.medium, wish.address), None)
                else:
                    self.opt_outs.setdefault((wish.medium, wish.address), wish)
        self.saves.append(changes)

    async def load(self) -> Situation:
        self._reach()
        live = [each for each in self.interactions.values() if each.is_live]
        return Situation(
            interactions=tuple(sorted(live, key=lambda each: (each.arrived_at, each.id))),
            agents=tuple(self.agents[id_] for id_ in sorted(self.agents.keys() - self.retired)),
            whys={
                OfferId(line.facts["offer"]): line.facts
                for line in self.journal
                if line.kind is Happened.OFFERED and line.interaction in {each.id for each in live if each.offer}
            },
            messages=tuple(self.messages[id_] for id_ in self.messages if self._of(id_).is_live),
            outgoing=tuple(
                each for each in self.outbox.values()
                if each.state is Delivery.WAITING or each.interaction in {one.id for one in live}
            ),
            opt_outs=tuple(self.opt_outs.values()),
            reads=tuple(each for each in self.reads.values() if self.interactions[each.interaction].is_live),
            drafts=tuple(each for each in self.drafts.values() if self.interactions[each.interaction].is_live),
        )  # fmt: skip

    async def thread(self, channel: str, address: str, *, at_most: int) -> Sequence[Message]:
        self._reach()
        between = [
            id_
            for id_, each in self.messages.items()
            if self._where(id_) == (channel, address) and each.side is not Side.COLLEAGUE
        ]
        return [self.messages[id_] for id_ in between[-at_most:]]

    async def message(self, id_: MessageId) -> Message | None:
        self._reach()
        return self.messages.get(id_)

    async def message_interaction(self, id_: MessageId) -> InteractionId | None:
        self._reach()
        return self.messages[id_].interaction if id_ in self.messages else None

    async def read_by_agents(self, channel: str, address: str) -> MessageId | None:
        self._reach()
        marks = [
            mark for (where, side), mark in self.reads.items()
            if side is Side.AGENT
            and (self.interactions[where].dialled, self.interactions[where].address.raw) == (channel, address)
        ]  # fmt: skip
        latest = max(marks, key=lambda each: (self.interactions[each.interaction].arrived_at, each.at), default=None)
        return latest.message if latest is not None else None

    async def outgoing(self, id_: MessageId) -> Outgoing | None:
        self._reach()
        return self.outbox.get(id_)

    async def parts_of(self, message: MessageId) -> Sequence[Outgoing]:
        self._reach()
        return [
            each for each in self.outbox.values() if each.id == message or (message in self.outbox
            and each.message is not None and each.message == self.outbox[message].message)
        ]  # fmt: skip

    async def put_back(self) -> Sequence[Outgoing]:
        self._reach()
        return [each for each in self.outbox.values() if each.tries < 0]

    async def counted(self) -> Mapping[str, Mapping[Delivery, int]]:
        self._reach()
        counted: dict[str, Counter[Delivery]] = {}
        for out in self.outbox.values():
            if out.state in (Delivery.WAITING, Delivery.FAILED):
                counted.setdefault(out.channel, Counter())[out.state] += 1
        return counted

    async def failed(self, *, channel: str | None, at_most: int) -> Sequence[Outgoing]:
        self._reach()
        dead = [
            each for each in self.outbox.values() if each.state is Delivery.FAILED and channel in (None, each.channel)
        ]
        return dead[::-1][:at_most]

    async def put_failed_back(self, ids: Sequence[MessageId] | None, *, channel: str | None) -> int:
        dead = await self.failed(channel=channel, at_most=len(self.outbox))
        chosen = [each for each in dead if ids is None or each.id in ids]
        for each in chosen:
            self.outbox[each.id] = changed(again(each), tries=-1)
        return len(chosen)

    def _of(self, message: MessageId) -> Interaction:
        return self.interactions[self.messages[message].interaction]

    def _where(self, message: MessageId) -> tuple[str, str]:
        return self._of(message).dialled, self._of(message).address.raw

    async def put_agents(self, agents: Sequence[AgentRecord], *, at: datetime) -> None:
        self._reach()
        refuse_unfit_logins(agents)
        self._refuse_fenced()
        for record in agents:
            known = self.agents.get(record.id) or Agent(record.id, record.name, {})
            self.agents[record.id] = replace(known, name=record.name, role=record.role, queues=members(record.queues))
            self.credentials[record.id] = record.credentials
        gone = self.agents.keys() - {record.id for record in agents} - self.retired
        for id_ in gone:
            self.agents[id_] = replace(
                self.agents[id_], presence=Presence.OFFLINE, reason=None, since=at
            )  # fmt: skip
        self._close_sessions_of(gone)
        self.retired = self.agents.keys() - {record.id for record in agents}

    async def interaction(self, id_: InteractionId) -> Interaction | None:
        self._reach()
        return self.interactions.get(id_)

    async def customer_at(self, address: str, *, medium: str, name: str | None, at: datetime) -> Customer:
        self._reach()
        if not address:
            raise ValueError("an anonymous contact has no customer")
        self._addresses.setdefault((medium, address), CustomerId(new_id()))
        id_ = self._addresses[medium, address]
        self.customers.setdefault(id_, Customer(id_, name, (address,)))
        if self.customers[id_].name is None:
            self.customers[id_] = replace(self.customers[id_], name=name)
        return self._with_notes(self.customers[id_])

    async def customers_at(self, contacts: Sequence[Contact]) -> Sequence[Customer]:
        return [await self.customer_at(each.address, medium=each.medium, name=None, at=each.at) for each in contacts]

    async def customer(self, id_: CustomerId) -> Customer | None:
        self._reach()
        known = self.customers.get(id_)
        return self._with_notes(known) if known else None

    async def timeline(self, customer: CustomerId, *, at_most: int) -> Sequence[PastInteraction]:
        self._reach()
        return [_past(each) for each in self._ended_of(customer)[:at_most]]

    async def day_figures(self, agents: Collection[AgentId], *, since: datetime) -> Mapping[AgentId, DayFigures]:
        self._reach()
        return {agent: self._day_of(agent, since) for agent in agents}

    async def wishes(self) -> Sequence[Wish]:
        self._reach()
        return list(self.wished)

    async def put_wish(
        self, medium: str, address: str, *, wanted: bool, purpose: str | None, by: str, at: datetime
    ) -> None:
        self._reach()
        self.wished.append(Wish(len(self.wished) + 1, at, by, medium, address, wanted=wanted, purpose=purpose))

    async def contacted(self, address: str, *, at_most: int) -> Contacted:
        self._reach()
        follow_ups = [
            FollowedUp(
                each.medium, each.follows.flow, each.outcome or each.stage,
                each.ended_at or (each.follows.due_at if each.stage is Stage.SCHEDULED else each.stage_since),
            )
            for each in sorted(self.interactions.values(), key=lambda each: each.arrived_at, reverse=True)
            if each.follows is not None and each.address.raw == address
        ]  # fmt: skip
        return Contacted(
            [each for each in self.opt_outs.values() if each.address == address],
            [each for each in self.consents.values() if each.address == address],
            follow_ups[:at_most],
            [each for each in self.wished if each.address == address],
        )

    async def has_consented(self, medium: str, address: str, purpose: str) -> bool:
        self._reach()
        consent = self.consents.get((medium, address, purpose))
        return consent is not None and consent.given

    async def followed_up_since(self, channel: str, address: str, flow: str, *, since: datetime) -> bool:
        self._reach()
        return any(
            each.follows is not None and each.follows.flow == flow and each.arrived_at >= since
            and (each.dialled, each.address.raw) == (channel, address)
            and each.stage is not Stage.SCHEDULED and each.outcome is not Outcome.NOT_ASKED
            for each in self.interactions.values()
        )  # fmt: skip

    async def answers_given(self, *, since: datetime) -> Mapping[str, AnswersGiven]:
        self._reach()
        given: dict[str, AnswersGiven] = {}
        for entry in self.journal:
            if entry.kind is Happened.ANSWERED and entry.at >= since:
                before = given.get(entry.facts["channel"], AnswersGiven())
                in_time = before.in_time + (entry.facts["in_time"] is not False)
                given[entry.facts["channel"]] = AnswersGiven(before.answered + 1, in_time)
        return given

    def _day_of(self, agent: AgentId, since: datetime) -> DayFigures:
        mine = [entry for entry in self.journal if entry.agent == agent and entry.at >= since]
        done = [entry for entry in mine if entry.kind in _WORK_DONE]
        talks = [timedelta(seconds=entry.facts.get("talk_s", 0)) for entry in done]
        return DayFigures(
            handled=len({entry.interaction for entry in done if entry.interaction}),
            talk=sum(talks, timedelta()),
            wrap_up=sum((timedelta(seconds=entry.facts.get("wrap_s", 0)) for entry in done), timedelta()),
            missed=sum(entry.kind in _MISSED for entry in mine),
            longest_talk=max(talks, default=timedelta()),
        )

    async def waits(self, *, since: datetime, until: datetime, at_most: int) -> Sequence[WaitTold]:
        self._reach()
        told = [
            WaitTold(
                entry.facts["queue"], entry.at, timedelta(seconds=entry.facts["waited_s"]),
                entry.facts.get("by_queue_s"), entry.facts.get("by_last_s"),
            )
            for entry in self.journal
            if entry.kind is Happened.ACCEPTED and since <= entry.at < until and entry.facts.get("queue")
        ]  # fmt: skip
        return sorted(told, key=lambda each: each.at)[-at_most:]

    async def set_password(self, agent: AgentId, password: str) -> None:
        self._reach()
        if agent not in self.agents:
            raise Rejected(f"there is no agent {agent!r}")
        self.passwords[agent] = password
        self._close_sessions_of({agent})

    async def has_password(self, agent: AgentId) -> bool:
        self._reach()
        return agent in self.passwords and agent not in self.retired

    async def check_password(self, agent: AgentId, password: str) -> bool:
        return await self.has_password(agent) and self.passwords[agent] == password

    async def open_session(self, agent: AgentId, *, lasts: timedelta, at: datetime) -> str:
        self._reach()
        if agent not in self.agents.keys() - self.retired:
            raise Rejected(f"there is no agent {agent!r}")
        token = secrets.token_urlsafe(32)
        self.sessions[token] = Session(agent, at + lasts)
        return token

    async def session(self, token: str, *, at: datetime) -> Session | None:
        self._reach()
        known = self.sessions.get(token)
        return known if known and known.expires_at > at else None

    async def closed_among(self, tokens: Collection[str], *, at: datetime) -> Set[str]:
        self._reach()
        self.times_asked_for_sessions += 1
        return {token for token in tokens if await self.session(token, at=at) is None}

    async def close_session(self, token: str) -> None:
        self._reach()
        self.sessions.pop(token, None)

    async def lease(self) -> Lease:
        self._reach()
        row = self.lease_row
        return Lease(row.token, row.holder, timedelta(seconds=row.expires_at - row.now()))

    async def take_lease(self, seen: Lease, holder: str, *, lasts: timedelta, holder_died: bool = False) -> bool:
        self._reach()
        row = self.lease_row
        if row.token != seen.token or not (holder_died or row.holder is None or row.expires_at <= row.now()):
            return False
        row.token, row.holder, row.expires_at = row.token + 1, holder, row.now() + lasts.total_seconds()
        self.token = row.token
        return True

    async def renew_lease(self, *, lasts: timedelta) -> None:
        self._reach()
        self._refuse_fenced()
        self.lease_row.expires_at = self.lease_row.now() + lasts.total_seconds()

    async def give_lease_back(self) -> None:
        self._reach()
        if self.lease_row.token == self.token:
            self.lease_row.holder = None

    async def put_centre(
        self, text: str, signed: Signed, *, base: int, at: datetime, from_file: str | None = None
    ) -> CentreVersion:
        self._reach()
        if base != len(self.centres):
            raise ChangedMeanwhile(base, self.centres[-1] if self.centres else None)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.centres.append(CentreVersion(base + 1, at, signed.by, signed.source, signed.message, text, sha256))
        facts = {"version": base + 1, "by": signed.by, "source": signed.source.value, "message": signed.message}
        agent = AgentId(signed.by) if signed.source is Source.PAGE else None
        self.journal.append(JournalEntry(Happened.CENTRE_CHANGED, at, agent=agent, facts=facts))
        self.centre_file = from_file or self.centre_file
        return self.centres[-1]

    async def centre_number(self) -> int:
        self._reach()
        return len(self.centres)

    async def centre_in_force(self) -> CentreVersion | None:
        self._reach()
        return self.centres[-1] if self.centres else None

    async def centre_version(self, number: int) -> CentreVersion | None:
        self._reach()
        return self.centres[number - 1] if 0 < number <= len(self.centres) else None

    async def centre_history(self, *, below: int | None, at_most: int) -> Sequence[CentreVersion]:
        self._reach()
        return [each for each in reversed(self.centres) if below is None or each.number < below][:at_most]

    async def centre_file_seen(self) -> str | None:
        self._reach()
        return self.centre_file

    async def see_centre_file(self, sha256: str, *, at: datetime) -> None:
        del at
        self._reach()
        self.centre_file = sha256

    async def health(self) -> Health:
        """Whether it is there: what `away` says."""
        return Health(ready=not self.away)

    def _refuse_fenced(self) -> None:
        if self.lease_row.token != self.token:
            raise Fenced(self.token)

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("the database is away")

    def _close_sessions_of(self, agents: set[AgentId]) -> None:
        self.sessions = {token: each for token, each in self.sessions.items() if each.agent not in agents}

    def _ended_of(self, customer: CustomerId) -> list[Interaction]:
        ended = [each for each in self.interactions.values() if each.customer == customer and not each.is_live]
        ended.sort(key=lambda each: each.id)
        return sorted(ended, key=lambda each: each.arrived_at, reverse=True)

    def _with_notes(self, customer: Customer) -> Customer:
        notes = [
            Note(each.ended_at, each.agent, each.note)
            for each in self._ended_of(customer.id)
            if each.note and each.ended_at
        ]
        return replace(customer, notes=tuple(notes[:20]))


def _past(interaction: Interaction) -> PastInteraction:
    talk_ended = interaction.talk_ended_at or interaction.ended_at
    answered = interaction.answered_at
    return PastInteraction(
        id=interaction.id, at=interaction.arrived_at, medium=interaction.medium,
        queue=interaction.entry.queue if interaction.entry else None, agent=interaction.agent,
        disposition=interaction.disposition, note=interaction.note,
        talked=talk_ended - answered if talk_ended and answered else timedelta(),
        outcome=interaction.outcome, voicemail=interaction.voicemail,
    )  # fmt: skip
