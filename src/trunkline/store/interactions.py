"""Interactions and the journal: the floor's state, written in groups and read back whole."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trunkline.core.call import Call
from trunkline.core.demand import Moves, Relaxed, Wanted
from trunkline.core.ids import AgentId, CallId, CustomerId, InteractionId, OfferId, QueueId
from trunkline.core.interaction import (
    Address,
    BrowserPhone,
    Callback,
    Entry,
    Follows,
    Handed,
    Interaction,
    Offer,
    Outcome,
    Stage,
    Voicemail,
    Work,
)
from trunkline.core.journal import JournalEntry
from trunkline.core.waiting import WaitTold
from trunkline.ports.store import Change
from trunkline.store.agents import agent_columns
from trunkline.store.database import Database, Row, WrittenBefore, storable_json
from trunkline.store.drafts import draft_columns
from trunkline.store.files import attached_to
from trunkline.store.lease import UnderLease
from trunkline.store.messages import message_columns, read_columns
from trunkline.store.outgoing import consent_columns, opt_out_columns, outgoing_columns
from trunkline.store.queries import queries
from trunkline.store.saving import save_statement

_SQL = queries("interaction")


class Interactions(UnderLease):
    """The part of the store that keeps interactions and the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, changes: Sequence[Change]) -> None:
        """Write all changes in one transaction; a later one of the same interaction or agent wins.

        May be repeated with the same changes after Unavailable, whether they were written or not: nothing doubles.
        Raises Fenced, and writes nothing, once another process has taken the lease.
        """
        interactions = {each.id: each for change in changes for each in change.interactions}
        agents = {each.id: each for change in changes for each in change.agents}
        journal = [_journal_columns(entry) for change in changes for entry in change.journal]
        more = _more_of(changes)
        if not (interactions or agents or journal or more):
            return
        whole = {"interactions": interactions, "agents": agents, "journal": journal}
        what = frozenset({*(name for name, rows in whole.items() if rows), *more})
        payloads = (
            storable_json([interaction_columns(interactions[id_]) for id_ in sorted(interactions)]),
            storable_json([agent_columns(agents[id_]) for id_ in sorted(agents)]),
            storable_json(journal),
        )
        written = storable_json(more)
        checksum = _checksum((*payloads, written))
        try:
            answer = await self._database.rows(save_statement(what), *payloads, checksum, self._token, written)
        except WrittenBefore as before:
            if before.constraint != "journal_batch":
                raise
        else:
            self._refuse_fenced(answer)

    async def interaction(self, id_: InteractionId) -> Interaction | None:
        """Return one interaction, live or ended."""
        row = await self._database.row(_SQL["one"], id_)
        return interaction_of(row) if row else None

    async def waits(self, *, since: datetime, until: datetime, at_most: int) -> Sequence[WaitTold]:
        """Return the last waits that ended with an agent in that time, and what was expected of them; oldest first."""
        rows = await self._database.rows(_SQL["waits"], since, until, at_most)
        return [_wait_of(row) for row in rows]

    async def has_consented(self, medium: str, address: str, purpose: str) -> bool:
        """Whether somebody consented to that, and has not taken it back."""
        row = await self._database.row(_SQL["has_consented"], medium, address, purpose)
        return row is not None and bool(row["given"])

    async def followed_up_since(self, channel: str, address: str, flow: str, *, since: datetime) -> bool:
        """Whether a follow-up by this flow began with them from then on."""
        row = await self._database.row(_SQL["followed_up_since"], channel, address, flow, since)
        return row is not None and bool(row["told"])

    async def _offers(self) -> Mapping[OfferId, Mapping[str, Any]]:
        rows = await self._database.rows(_SQL["offers"])
        return {OfferId(row["facts"]["offer"]): row["facts"] for row in rows}

    async def _live(self) -> Iterable[Interaction]:
        return map(interaction_of, await self._database.rows(_SQL["live"]))


def _more_of(changes: Sequence[Change]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return what only some changes have; of one thing that is written twice the later."""
    messages = [message_columns(message) for change in changes for message in change.messages]
    outgoing = {each.id: each for change in changes for each in change.outgoing}
    opt_outs = {(each.medium, each.address): each for change in changes for each in change.opt_outs}
    consents = {(each.medium, each.address, each.purpose): each for change in changes for each in change.consents}
    reads = {(each.interaction, each.side): each for change in changes for each in change.reads}
    drafts = {each.interaction: each for change in changes for each in change.drafts}
    more: dict[str, Sequence[Mapping[str, Any]]] = {
        "messages": messages,
        "outgoing": [outgoing_columns(each) for each in outgoing.values()],
        "opt_outs": [opt_out_columns(each) for each in opt_outs.values()],
        "consents": [consent_columns(each) for each in consents.values()],
        "wishes_done": [{"id": each} for change in changes for each in change.wishes_done],
        "attached": [each for change in changes for message in change.messages for each in attached_to(message)],
        "reads": [read_columns(each) for each in reads.values()],
        "drafts": [draft_columns(each) for each in drafts.values()],
    }
    return {name: rows for name, rows in more.items() if rows}


def interaction_columns(interaction: Interaction) -> Mapping[str, Any]:
    """Return an interaction as the columns of its row, JSON-able."""
    call, entry, offer, voicemail = interaction.call, interaction.entry, interaction.offer, interaction.voicemail
    return {
        "id": interaction.id, "medium": interaction.medium, "work": interaction.work,
        "stage": interaction.stage, "stage_since": written(interaction.stage_since),
        "arrived_at": written(interaction.arrived_at),
        "address": interaction.address.raw, "e164": interaction.address.e164,
        "caller_name": interaction.caller_name, "dialled": interaction.dialled, "trunk": interaction.trunk,
        "thread": interaction.thread,
        "call_id": str(call.id) if call else None, "call_channel": call.channel if call else None,
        "customer_id": interaction.customer, "run": interaction.run,
        "queue": entry.queue if entry else None, "queued_at": written(entry.since) if entry else None,
        "entry": _entry_details(entry) if entry else None,
        "offer_id": offer.id if offer else None, "offered_to": offer.agent if offer else None,
        "offered_at": written(offer.since) if offer else None,
        "offer_expires_at": written(offer.expires_at) if offer else None,
        "agent_id": interaction.agent, "answered_at": written(interaction.answered_at),
        "held_since": written(interaction.held_since), "talk_ended_at": written(interaction.talk_ended_at),
        "wrap_up_until": written(interaction.wrap_up_until),
        "disposition": interaction.disposition, "note": interaction.note,
        "voicemail_file": voicemail.file if voicemail else None,
        "voicemail_length": _interval(voicemail.length) if voicemail else None,
        "outcome": interaction.outcome, "ended_at": written(interaction.ended_at),
        "offer_answered_at": written(offer.answered_at) if offer else None,
        "callback": _callback_details(interaction.callback) if interaction.callback else None,
        "place": _place_details(interaction.place) if interaction.place else None,
        "beside": [_offer_details(offer) for offer in interaction.beside] or None,
        "handed": _handed_details(interaction.handed) if interaction.handed else None,
        "follows": _follows_details(interaction.follows) if interaction.follows else None,
    }  # fmt: skip


def interaction_of(row: Row) -> Interaction:
    """Return the interaction whose row this is."""
    return Interaction(
        id=InteractionId(str(row["id"])), medium=row["medium"], work=Work(row["work"]),
        stage=Stage(row["stage"]), stage_since=row["stage_since"], arrived_at=row["arrived_at"],
        address=Address(row["address"], row["e164"]),
        caller_name=row["caller_name"], dialled=row["dialled"], trunk=row["trunk"],
        call=_call_of(row),
        customer=CustomerId(str(row["customer_id"])) if row["customer_id"] else None,
        run=row["run"], entry=_entry_of(row), offer=_offer_of(row), beside=tuple(map(_offer_with, row["beside"] or ())),
        agent=AgentId(row["agent_id"]) if row["agent_id"] else None,
        answered_at=row["answered_at"], held_since=row["held_since"], talk_ended_at=row["talk_ended_at"],
        wrap_up_until=row["wrap_up_until"], disposition=row["disposition"], note=row["note"],
        voicemail=voicemail_of(row), callback=_callback_of(row), place=_place_of(row["place"]),
        handed=_handed_of(row["handed"]), follows=_follows_of(row["follows"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None, ended_at=row["ended_at"], thread=row["thread"],
    )  # fmt: skip


def voicemail_of(row: Row) -> Voicemail | None:
    """Return the recording that a row names, if any."""
    return Voicemail(row["voicemail_file"], row["voicemail_length"]) if row["voicemail_file"] is not None else None


def written(at: datetime | None) -> str | None:
    """Return a moment as JSON carries it; PostgreSQL reads it to the microsecond."""
    return at.isoformat() if at else None


def _interval(length: timedelta) -> str:
    return f"{length.days} days {length.seconds} seconds {length.microseconds} microseconds"


def _call_of(row: Row) -> Call | None:
    return Call(CallId.parse(row["call_id"]), row["call_channel"]) if row["call_id"] is not None else None


def _offer_of(row: Row) -> Offer | None:
    if row["offer_id"] is None:
        return None
    return Offer(
        OfferId(str(row["offer_id"])), AgentId(row["offered_to"]), row["offered_at"], row["offer_expires_at"],
        row["offer_answered_at"],
    )  # fmt: skip


def _offer_details(offer: Offer) -> Mapping[str, Any]:
    return {
        "id": offer.id, "agent": offer.agent, "since": written(offer.since), "expires_at": written(offer.expires_at),
        "answered_at": written(offer.answered_at),
    }  # fmt: skip


def _offer_with(details: Mapping[str, Any]) -> Offer:
    return Offer(
        OfferId(details["id"]), AgentId(details["agent"]), datetime.fromisoformat(details["since"]),
        datetime.fromisoformat(details["expires_at"]), _moment(details["answered_at"]),
    )  # fmt: skip


def _entry_details(entry: Entry) -> Mapping[str, Any]:
    return {
        "priority": entry.priority,
        "overflow_at": written(entry.overflow_at),
        "music": entry.music,
        "announce": sorted(entry.announce),
        "announce_every_s": entry.announce_every.total_seconds(),
        "language": entry.language,
        "callback_key": entry.callback_key,
        "skills": dict(sorted(entry.skills)),
        "prefer": sorted(entry.prefer),
        "relax": [{"after_s": each.after.total_seconds(), "skills": dict(sorted(each.skills))} for each in entry.relax],
        "wanted": {"agent": entry.wanted.agent, "until": written(entry.wanted.until)} if entry.wanted else None,
        "moves": {"to": entry.moves.queue, "at": written(entry.moves.at)} if entry.moves else None,
    }


def _entry_of(row: Row) -> Entry | None:
    details = row["entry"]
    return _entry_with(details, QueueId(row["queue"]), row["queued_at"]) if details is not None else None


def _entry_with(details: Mapping[str, Any], queue: QueueId, since: datetime) -> Entry:
    return Entry(
        queue=queue, since=since,
        priority=details["priority"], overflow_at=_moment(details["overflow_at"]),
        music=details["music"], announce=frozenset(details["announce"]),
        announce_every=timedelta(seconds=details["announce_every_s"]),
        # An entry of an earlier release has none of these.
        language=details.get("language", "en-GB"), callback_key=details.get("callback_key"),
        skills=frozenset(details.get("skills", {}).items()), prefer=frozenset(details.get("prefer", ())),
        relax=tuple(
            Relaxed(timedelta(seconds=each["after_s"]), frozenset(each["skills"].items()))
            for each in details.get("relax", ())
        ),
        wanted=_wanted_of(details.get("wanted")), moves=_moves_of(details.get("moves")),
    )  # fmt: skip


def _wanted_of(details: Mapping[str, Any] | None) -> Wanted | None:
    return Wanted(AgentId(details["agent"]), _moment(details["until"])) if details else None


def _moves_of(details: Mapping[str, Any] | None) -> Moves | None:
    return Moves(QueueId(details["to"]), datetime.fromisoformat(details["at"])) if details else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _place_details(place: Entry) -> Mapping[str, Any]:
    return {"queue": place.queue, "since": written(place.since), **_entry_details(place)}


def _place_of(details: Mapping[str, Any] | None) -> Entry | None:
    if details is None:
        return None
    return _entry_with(details, QueueId(details["queue"]), datetime.fromisoformat(details["since"]))


def _handed_details(handed: Handed) -> Mapping[str, Any]:
    return {"by": handed.by, "back_to": _place_details(handed.back_to) if handed.back_to else None}


def _handed_of(details: Mapping[str, Any] | None) -> Handed | None:
    return Handed(AgentId(details["by"]), _place_of(details["back_to"])) if details else None


def _follows_details(follows: Follows) -> Mapping[str, Any]:
    every = follows.at_most_every
    return {
        "of": follows.of, "flow": follows.flow, "due_at": written(follows.due_at),
        "promised_at": written(follows.promised_at), "queue": follows.queue, "agent": follows.agent,
        "consent": follows.consent, "at_most_every": every.total_seconds() if every is not None else None,
    }  # fmt: skip


def _follows_of(details: Mapping[str, Any] | None) -> Follows | None:
    if details is None:
        return None
    queue, agent, every = details["queue"], details["agent"], details["at_most_every"]
    return Follows(
        InteractionId(details["of"]), details["flow"], datetime.fromisoformat(details["due_at"]),
        datetime.fromisoformat(details["promised_at"]), QueueId(queue) if queue else None,
        AgentId(agent) if agent else None, details["consent"],
        timedelta(seconds=every) if every is not None else None,
    )  # fmt: skip


def _callback_details(callback: Callback) -> Mapping[str, Any]:
    return {
        "number": callback.number, "due_at": written(callback.due_at), "tries": callback.tries,
        "asked_in": callback.asked_in,
        # The switch reads these two in the row: `visitor_endpoint`.
        **({"endpoint": phone.endpoint, "ha1": phone.ha1} if (phone := callback.phone) is not None else {}),
    }  # fmt: skip


def _callback_of(row: Row) -> Callback | None:
    details = row["callback"]
    if details is None:
        return None
    due_at = details["due_at"]
    return Callback(
        details["number"], datetime.fromisoformat(due_at) if due_at else None, details["tries"],
        asked_in=InteractionId(str(details["asked_in"])) if details.get("asked_in") else None,
        phone=BrowserPhone(details["endpoint"], details["ha1"]) if "endpoint" in details else None,
    )  # fmt: skip


def _journal_columns(entry: JournalEntry) -> Mapping[str, Any]:
    return {
        "at": written(entry.at), "kind": entry.kind, "interaction_id": entry.interaction, "agent_id": entry.agent,
        "facts": entry.facts,
    }  # fmt: skip


def _wait_of(row: Row) -> WaitTold:
    waited = timedelta(seconds=row["waited_s"])
    return WaitTold(QueueId(row["queue"]), row["at"], waited, row["by_queue_s"], row["by_last_s"])


def _checksum(payloads: Iterable[str]) -> str:
    # The moments in it, to the microsecond, make two saves of one checksum the same save.
    return str(uuid.UUID(bytes=hashlib.sha256("\n".join(payloads).encode()).digest()[:16]))
