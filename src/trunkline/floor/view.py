"""What a desk shows, as plain JSON: pure projections of the floor, one for each thing on the screen."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from trunkline.core.agent import Agent
from trunkline.core.centre import Centre
from trunkline.core.customer import Customer, DayFigures, PastInteraction
from trunkline.core.decision import SOME
from trunkline.core.draft import Draft
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.interaction import Address, Interaction, Stage, Work
from trunkline.core.message import Message
from trunkline.core.outgoing import Outgoing, furthest_behind
from trunkline.core.phone import national
from trunkline.core.routing import Routing
from trunkline.floor.runs import run_of
from trunkline.floor.state import Floor, Profile
from trunkline.flows.run import Run

Json = dict[str, Any]

LONGEST_NAME = 200
MOST_AHEAD = 16
"""So many of a conversation's messages may wait to become durable, and be shown already."""


def is_on_desk_of(interaction: Interaction, agent: AgentId) -> bool:
    """Whether an agent has this interaction before them."""
    in_hand = interaction.stage in (Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP)
    return in_hand and interaction.offer_at(agent) is not None


def card(
    interaction: Interaction,
    profile: Profile | None,
    centre: Centre,
    agent: AgentId | None = None,
    offered: Mapping[str, Any] | None = None,
) -> Json:
    """Return everything the desk of an agent shows of one interaction: who, why, how long, and what was before.

    `offered` are the facts of the agent's offer: why it came to them.
    """
    profile = profile or Profile()
    run = run_of(interaction)
    path = [
        {"flow": visit.flow, "step": visit.step, "title": visit.title, "at": _time(visit.at), "answer": visit.answer}
        for visit in (run.path if run is not None else ())
    ]
    entry, voicemail = interaction.entry, interaction.voicemail
    offer = interaction.offer_at(agent) if agent is not None else interaction.offer
    return {
        "id": interaction.id,
        "medium": interaction.medium,
        "work": interaction.work.value,
        "stage": interaction.stage.value,
        "stage_since": _time(interaction.stage_since),
        "arrived_at": _time(interaction.arrived_at),
        "waiting_since": _time(entry.since) if entry is not None else None,
        "waited_s": _waited_s(interaction),
        "offer": {
            "id": offer.id,
            "expires_at": _time(offer.expires_at),
            "auto_answer": _answers_by_itself(interaction, centre),
        }
        if offer is not None
        else None,
        "queue": {"id": entry.queue, "title": centre.queue(entry.queue).title} if entry is not None else None,
        "routed": routed(offered, centre) if offered is not None and "by" in offered else None,
        "dialled": interaction.dialled,
        "language": _language(interaction, run, centre),
        "caller_name": interaction.caller_name[:LONGEST_NAME],
        "address": _address(interaction.address, centre.region),
        "customer": _customer(profile.customer, centre) if profile.customer is not None else None,
        "path": path,
        "answers": {name: str(value) for name, value in (run.values if run is not None else {}).items()},
        "held_since": _time(interaction.held_since),
        "wrap_up_until": _time(interaction.wrap_up_until),
        "note": interaction.note,
        "disposition": interaction.disposition,
        "voicemail": {
            "seconds": voicemail.length.total_seconds(),
            "url": f"/api/interactions/{interaction.id}/voicemail",
        }
        if voicemail is not None and interaction.work is Work.VOICEMAIL
        else None,
        "callback": _callback(interaction, centre.region),
        "timeline": [_past(past, centre) for past in profile.timeline],
    }


def watched(interaction: Interaction, profile: Profile | None, centre: Centre) -> Json:
    """Return a conversation as a supervisor sees it who looks into it: its card, and who has it."""
    agent = interaction.agent
    return {
        **card(interaction, profile, centre),
        "agent": {"id": agent, "name": _name(agent, centre)} if agent is not None else None,
    }


def routed(offered: Mapping[str, Any], centre: Centre) -> Json:
    """Return why something was offered to this agent. `able` of `at_most` means that many or more."""
    return {
        "by": offered["by"],
        "strategy": offered["strategy"],
        "able": offered["able"],
        "at_most": SOME,
        "asked": [{"title": centre.skills.get(id_, id_), "level": level} for id_, level in offered["asked"].items()],
        "preferred": [centre.skills.get(id_, id_) for id_ in offered.get("prefer", ())],
        "relaxed": offered.get("relaxed", 0) > 0,
    }


def not_reached(tried: Interaction, shown: Json) -> Json:
    """Return what came of a callback that nobody took: whom it was for, as its card showed them, and what comes next.

    `tried` is the interaction after it; `again_at` is null when it was given up.
    """
    callback = tried.callback
    assert callback is not None  # noqa: S101 - only a callback is not reached
    return {
        "id": tried.id,
        "address": shown["address"],
        "caller_name": shown["caller_name"],
        "customer": shown["customer"],
        # The last try is not counted any more: it is the end.
        "tries": callback.tries if tried.is_live else callback.tries + 1,
        "again_at": _time(callback.due_at),
    }


def who_waits(interaction: Interaction, profile: Profile | None, centre: Centre) -> Json:
    """Return who it is that waits, and for what, as a supervisor sees them."""
    customer = profile.customer if profile is not None else None
    return {
        "id": interaction.id,
        "medium": interaction.medium,
        "work": interaction.work.value,
        "caller_name": interaction.caller_name[:LONGEST_NAME],
        "address": _address(interaction.address, centre.region),
        "customer": _customer(customer, centre) if customer is not None else None,
    }


def queue_strip(id_: QueueId, routing: Routing, centre: Centre, *, mine: bool) -> Json:
    """Return a queue's figures, as those see them whose queue it is (`mine`), or those whose it is not."""
    longest = routing.longest_since(id_)
    return {
        "id": id_,
        "title": centre.queue(id_).title,
        "waiting": routing.waiting(id_),
        "longest_since": _time(longest),
        "ready": routing.agents.free_agents(id_),
        "mine": mine,
    }


def promise(floor: Floor) -> Json:
    """Return what routing promises of overtaking (docs/routing.md), and how it stands since the start."""
    routing = floor.routing
    return {
        "waiting": sum(map(routing.waiting, routing.queues())),
        "most_overtaken": routing.most_overtaken,
        "overtaken_at_most": floor.centre.overtaken_at_most,
    }


def me(agent: Agent, *, reachable: bool, sip: Mapping[str, Any]) -> Json:
    """Return an agent as they see themselves."""
    return {
        "id": agent.id,
        "name": agent.name,
        "role": agent.role,
        "presence": agent.presence.value,
        "reason": agent.reason,
        "since": _time(agent.since),
        "back_at": _time(agent.back_at),
        "busy": agent.busy,
        "phone": {"kind": agent.phone.value, "endpoint": agent.endpoint, "reachable": reachable, "sip": dict(sip)},
    }


def today(figures: DayFigures) -> Json:
    """Return an agent's own figures of the day."""
    return {
        "handled": figures.handled,
        "talk_s": figures.talk.total_seconds(),
        "wrap_s": figures.wrap_up.total_seconds(),
        "missed": figures.missed,
        "longest_talk_s": figures.longest_talk.total_seconds(),
    }


def centre_words(centre: Centre) -> Json:
    """Return what the desk needs of the centre file."""
    return {
        "name": centre.name,
        "region": centre.region,
        "replies": centre.replies_revision,
        "dispositions": [{"code": each.code, "title": each.title} for each in centre.dispositions],
        "reasons": [{"code": each.code, "title": each.title} for each in centre.reasons],
    }


def message(written: Message, centre: Centre, parts: Iterable[Outgoing] = (), *, read: bool = False) -> Json:
    """Return a message of a thread; `by` is the agent who wrote it, `parts` what its provider is given.

    `read`: it is the last one of ours that the customer has read.
    """
    return {
        "id": written.id,
        "at": _time(written.at),
        "side": written.side.value,
        "text": written.text,
        "by": _name(written.agent, centre),
        "choices": [choice.label for choice in written.choices],
        "hidden": written.hidden,
        "details": dict(written.details),
        "read": read,
        **delivery(parts),
    }


def draft(written: Draft, centre: Centre) -> Json:
    """Return what is written and not sent; `by` is the agent who wrote it last."""
    return {
        "version": written.version,
        "by": {"id": written.agent, "name": _name(written.agent, centre)},
        "at": _time(written.at),
        "text": written.text,
        "subject": written.subject,
        "cc": written.cc,
        "bcc": written.bcc,
        "files": [{"id": each.id, "name": each.name, "type": each.type, "size": each.size} for each in written.files],
        "replies": list(written.replies),
    }


def delivery(parts: Iterable[Outgoing]) -> Json:
    """Return how far a message has come, and why no further; null where nobody can tell."""
    worst = furthest_behind(parts)
    return {
        "delivery": worst.state.value if worst is not None else None,
        "why": worst.why if worst is not None else None,
        "due": _time(worst.due) if worst is not None and not worst.tries else None,
    }


def apply(state: Json, event: Mapping[str, Any]) -> Json:  # noqa: C901 - one case for each kind
    """Return the state after an event: the same rule as the browser's, so that snapshot + events = new snapshot."""
    parts: Json
    match event["kind"]:
        case "me" | "today" | "parts" | "flows" | "for_agents" | "not_reached" as part:
            parts = {part: event[part]}
        case "interaction":
            changed = event["interaction"]
            parts = {"interactions": {**state["interactions"], changed["id"]: changed}}
        case "thread" | "message" | "delivery" | "read":
            parts = {"threads": _written_in(state["threads"], event)}
        case "passed":
            parts = {}
        case "draft":
            parts = {"drafts": {**state.get("drafts", {}), event["id"]: event["draft"]}}
        case "interaction_gone":
            kept = ("interactions", "threads", "drafts")
            parts = {name: _without(state[name], event["id"]) for name in kept if name in state}
        case "watched":
            looked, now = state.get("watched"), event["watched"]
            parts = {"watched": now}
            if looked and looked["id"] not in state["interactions"] and (not now or now["id"] != looked["id"]):
                parts["threads"] = _without(state["threads"], looked["id"])
        case "queue":
            queue = event["queue"]
            parts = {"queues": {**state["queues"], queue["id"]: queue}}
        case "at_steps":
            flows = {**state.get("at_steps", {}), **event["flows"]}
            parts = {"at_steps": {flow: steps for flow, steps in flows.items() if steps}}
        case unknown:
            raise ValueError(f"no event of the desk is called {unknown!r}")
    return {**state, **parts}


def _written_in(threads: Json, event: Mapping[str, Any]) -> Json:
    """Return the threads after something was written in one, came further, or was read."""
    thread = threads.get(event["id"], [])
    match event["kind"]:
        case "thread":
            thread = event["messages"]
        case "message":
            said = event["message"]
            # The thread that came with the card may have it already, among its last: it was not durable then.
            known = any(each["id"] == said["id"] for each in islice(reversed(thread), MOST_AHEAD))
            thread = thread if known else [*thread, said]
        case _ if not thread:
            return threads
        case "read":
            thread = [{**each, "read": each["id"] == event["message"]} for each in thread]
        case _:
            told = {name: event[name] for name in ("delivery", "why", "due")}
            thread = [{**each, **told} if each["id"] == event["message"] else each for each in thread]
    return {**threads, event["id"]: thread}


def _without(part: Json, gone: str) -> Json:
    return {id_: each for id_, each in part.items() if id_ != gone}


def _callback(interaction: Interaction, region: str) -> Json | None:
    callback, offer = interaction.callback, interaction.offer
    if callback is None:
        return None
    number = _address(Address(callback.number, callback.number), region) if callback.phone is None else None
    on_phone = offer is not None and offer.answered_at is not None
    return {
        # None where a visitor's browser is rung.
        "number": {"national": number["national"], "e164": callback.number} if number is not None else None,
        "tries": callback.tries,
        # Whether it was asked for in writing, which can be read then.
        "written": callback.asked_in is not None,
        "dialling": on_phone and interaction.stage is Stage.OFFERED,
        # A callback arrives when it is asked for.
        "asked_at": _time(interaction.arrived_at),
    }


def _answers_by_itself(interaction: Interaction, centre: Centre) -> bool:
    entry = interaction.entry
    return (
        interaction.work is Work.CALL
        and interaction.rings
        and entry is not None
        and centre.queue(entry.queue).auto_answer
    )


def _language(interaction: Interaction, run: Run | None, centre: Centre) -> str:
    """Return in which language somebody is spoken to: as their flow does, where they were in one."""
    if run is None:
        return centre.language
    entry = interaction.entry
    return run.language or (entry.language if entry is not None else centre.language)


def _waited_s(interaction: Interaction) -> float | None:
    if interaction.entry is None:
        return None
    until = interaction.answered_at or interaction.stage_since
    return (until - interaction.entry.since).total_seconds()


def _address(address: Address, region: str) -> Json:
    return {
        "raw": address.raw[:LONGEST_NAME],
        "e164": address.e164,
        "national": national(address, region)[:LONGEST_NAME],
        "anonymous": address.anonymous,
    }


def _customer(customer: Customer, centre: Centre) -> Json:
    return {
        "id": customer.id,
        "name": customer.name,
        "tags": list(customer.tags),
        "addresses": list(customer.addresses),
        "notes": [{"at": _time(note.at), "by": _name(note.by, centre), "text": note.text} for note in customer.notes],
    }


def _past(past: PastInteraction, centre: Centre) -> Json:
    queue = centre.queues.get(past.queue) if past.queue is not None else None
    return {
        "id": past.id,
        "at": _time(past.at),
        "medium": past.medium,
        "queue": queue.title if queue is not None else past.queue,
        "agent": _name(past.agent, centre),
        "disposition": past.disposition,
        "note": past.note,
        "talked_s": past.talked.total_seconds(),
        "outcome": past.outcome.value if past.outcome is not None else None,
    }


def _name(id_: AgentId | None, centre: Centre) -> str | None:
    """Return an agent's name; one who has left the centre keeps the log-in name."""
    agent = centre.agents.get(id_) if id_ is not None else None
    return agent.name if agent is not None else id_


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
