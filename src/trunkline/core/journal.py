"""The journal: the append-only list of everything that happened. All figures are computed from it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.record import record


class Happened(StrEnum):
    """What kind of thing happened. The values are stored: never rename one."""

    ARRIVED = "arrived"
    STEP_REACHED = "step_reached"
    ANSWERED_STEP = "answered_step"
    QUEUED = "queued"
    OVERFLOWED = "overflowed"
    MOVED_ON = "moved_on"
    ASSIGNED = "assigned"
    OFFERED = "offered"
    RINGING = "ringing"
    DECLINED = "declined"
    RANG_OUT = "rang_out"
    PHONE_UNREACHABLE = "phone_unreachable"
    OFFER_WITHDRAWN = "offer_withdrawn"
    ACCEPTED = "accepted"
    HELD = "held"
    RESUMED = "resumed"
    TALK_ENDED = "talk_ended"
    PASSED_ON = "passed_on"
    """An agent has given it to another queue; it waits there from the next line on."""
    HANDED_TO_FLOW = "handed_to_flow"
    """An agent has handed it to a flow: `back`, whether it comes back to them."""
    ANSWERED = "answered"
    """Somebody here has written to a customer who waited for it: how long, and whether in time (null: no target)."""
    WATCHED = "watched"
    """A supervisor has begun to look into it."""
    TAKEN_OVER = "taken_over"
    """A supervisor has it from now on: `from` an agent, or out of the line or a flow (null)."""
    REOPENED = "reopened"
    """The customer wrote once more before the wrap-up was over: the talk goes on."""
    WRAP_UP_EXTENDED = "wrap_up_extended"
    WRAPPED_UP = "wrapped_up"
    WRAP_UP_TIMED_OUT = "wrap_up_timed_out"
    ABANDONED = "abandoned"
    ENDED_IN_FLOW = "ended_in_flow"
    SERVED_BY_FALLBACK = "served_by_fallback"
    VOICEMAIL_LEFT = "voicemail_left"
    PRESENCE_CHANGED = "presence_changed"
    PHONE_CHOSEN = "phone_chosen"
    PHONE_CAME = "phone_came"
    PHONE_GONE = "phone_gone"
    RELEASED = "released"
    """An agent has no more in hand what they were not served with: off the phone, or it was gone."""
    HOURS_CHANGED = "hours_changed"
    ROLL_CALLED = "roll_called"
    """Everybody at work and everything that waits, whole: what the lines after it change."""
    LOGGED_IN = "logged_in"
    LOG_IN_REFUSED = "log_in_refused"
    LOGGED_OUT = "logged_out"
    RECONCILED = "reconciled"
    DISPATCHER_TOOK_OVER = "dispatcher_took_over"
    RECORDING_PLAYED = "recording_played"
    RATED = "rated"
    CUSTOMER_FOUND = "customer_found"
    WEB_SERVICE_ASKED = "web_service_asked"
    REPLY_USED = "reply_used"
    """A message was sent that began as one of the centre's replies."""
    MESSAGE_SENT = "message_sent"
    FOLLOW_UP_PLANNED = "follow_up_planned"
    FOLLOW_UP_BEGAN = "follow_up_began"
    FOLLOW_UP_PUT_OFF = "follow_up_put_off"
    FOLLOW_UP_DROPPED = "follow_up_dropped"
    """`why`: what kept it from being planned, or from beginning."""
    CONSENT_CHANGED = "consent_changed"
    OPTED_OUT = "opted_out"
    """An admin has written down that somebody wants nothing on a medium, or (OPTED_IN) something again."""
    OPTED_IN = "opted_in"
    CALLBACK_WANTED = "callback_wanted"
    CALLBACK_PLANNED = "callback_planned"
    CALLBACK_DUE = "callback_due"
    CALLBACK_ANSWERED = "callback_answered"
    CALLBACK_NOT_REACHED = "callback_not_reached"
    TRANSFER_STARTED = "transfer_started"
    TRANSFERRED = "transferred"
    TRANSFER_FAILED = "transfer_failed"
    CENTRE_CHANGED = "centre_changed"


@record
class JournalEntry:
    """One line of the journal. `facts` is JSON-able and holds nothing that the ids already say."""

    kind: Happened
    at: datetime
    interaction: InteractionId | None = None
    agent: AgentId | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
