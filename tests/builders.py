"""Records with sensible defaults: plain functions, named as the trade names what they make."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from trunkline.core.agent import Agent, members
from trunkline.core.call import Call
from trunkline.core.ids import (
    AgentId,
    AsteriskId,
    CallId,
    InteractionId,
    OfferId,
    QueueId,
    interaction_id_of,
    new_id,
    written_id_of,
)
from trunkline.core.interaction import Address, Callback, Entry, Interaction, Offer, Outcome, Stage, Voicemail, Work
from trunkline.core.message import Message, Side
from trunkline.ports.store import AgentRecord, SipCredentials

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When everything in the tests begins."""


def later(seconds: float) -> datetime:
    """Return a moment after noon."""
    return NOON + timedelta(seconds=seconds)


def a_call(uniqueid: str | None = None) -> Call:
    """Return a caller's leg; every one is another unless it is named."""
    uniqueid = uniqueid or f"trunkline-{new_id()}"
    return Call(CallId(AsteriskId("trunkline"), uniqueid), f"PJSIP/trunk-{uniqueid[-8:]}")


def an_entry(queue: str = "sales", **changes: Any) -> Entry:
    """Return a place in a queue since noon."""
    return replace(Entry(QueueId(queue), NOON), **changes)


def an_offer(agent: str = "ana", **changes: Any) -> Offer:
    """Return an offer that has just begun to ring, for 20 seconds."""
    return replace(Offer(OfferId(new_id()), AgentId(agent), later(10), later(30)), **changes)


def a_voicemail() -> Voicemail:
    """Return a recording of 12.5 seconds."""
    return Voicemail("2026-11-23/message.wav", timedelta(seconds=12.5))


def an_interaction(stage: Stage = Stage.IN_FLOW, *, agent: str | None = "ana", **changes: Any) -> Interaction:
    """Return a call in this stage, with all that an interaction there has; `changes` are fields of it."""
    call = changes.pop("call", None) or a_call()
    interaction = Interaction(
        id=interaction_id_of(call.id), medium="voice", address=Address("07700900123", "+447700900123"),
        caller_name="Chris", dialled="100", trunk="demo", arrived_at=NOON, stage=stage, stage_since=NOON, call=call,
        run={"flow": "main", "step": "menu", "answers": {"topic": "sales"}},
    )  # fmt: skip
    return replace(interaction, **(_had_by(stage, agent) | changes))


def a_chat(stage: Stage = Stage.IN_FLOW, **changes: Any) -> Interaction:
    """Return a chat in this stage, on the channel `web`."""
    changes = {"medium": "chat", "address": Address("visitor-1"), "dialled": "web", "trunk": ""} | changes
    return replace(an_interaction(stage), **({"id": InteractionId(new_id()), "call": None} | changes))


def a_message(chat: Interaction, side: str, text: str, *, key: str | None = None, **changes: Any) -> Message:
    """Return a message of a chat; `key` is its channel's name of it."""
    id_ = written_id_of(chat.dialled, key or new_id())
    return replace(Message(id_, chat.id, NOON, Side(side), text), **changes)


def a_callback(stage: Stage = Stage.WAITING, *, agent: str | None = "ana", **changes: Any) -> Interaction:
    """Return a callback in this stage; the customer's call is there only while they talk."""
    due_at = later(3600) if stage is Stage.SCHEDULED else None
    had = {"work": Work.CALLBACK, "callback": Callback("+447700900123", due_at), "entry": an_entry()}
    interaction = an_interaction(stage, agent=agent)
    call = interaction.call if stage is Stage.TALKING else None
    return replace(interaction, **(had | {"id": InteractionId(new_id()), "call": call} | changes))


def _had_by(stage: Stage, agent: str | None) -> dict[str, Any]:
    order = list(Stage)
    reached = order.index(stage)
    had: dict[str, Any] = {"stage_since": later(10 * reached)}
    if reached >= order.index(Stage.WAITING):
        had["entry"] = an_entry()
    if reached >= order.index(Stage.OFFERED):
        had["offer"] = an_offer(agent or "ana")
    if reached >= order.index(Stage.TALKING):
        had |= {"agent": AgentId(agent) if agent else None, "answered_at": later(30)}
    if reached >= order.index(Stage.WRAP_UP):
        had |= {"talk_ended_at": later(90), "wrap_up_until": later(150)}
    if stage is Stage.ENDED:
        had |= {
            "call": None, "wrap_up_until": None, "ended_at": later(120),
            "outcome": Outcome.HANDLED, "disposition": "resolved", "note": "All well.",
        }  # fmt: skip
    return had


def an_agent(id_: str = "ana", *, queues: Iterable[str] = ("sales",), **changes: Any) -> Agent:
    """Return an agent who has not logged in yet."""
    agent = Agent(AgentId(id_), id_.title(), members(queues))
    return replace(agent, **changes)


def an_agent_record(id_: str = "ana", *, queues: Iterable[str] = ("sales",), **changes: Any) -> AgentRecord:
    """Return an agent as the centre file names them."""
    credentials = SipCredentials(sip_ha1="0123456789abcdef" * 2, web_ha1="fedcba9876543210" * 2)
    record = AgentRecord(AgentId(id_), id_.title(), "agent", frozenset(queues), credentials)
    return replace(record, **changes)
