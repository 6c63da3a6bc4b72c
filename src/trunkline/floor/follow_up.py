"""Follow-ups: what customers are asked or told after an agent was done with them, where they may be."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from trunkline.core import follow_up
from trunkline.core.centre import FollowUp
from trunkline.core.errors import Misconfigured
from trunkline.core.hours import opens_after
from trunkline.core.interaction import Address, Follows, Interaction, Work
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.mail_address import is_mail_address
from trunkline.core.phone import e164
from trunkline.floor.runs import Runs, steps_taken
from trunkline.floor.state import Floor
from trunkline.floor.text_state import Standing, stored_with
from trunkline.flows.run import Moved
from trunkline.flows.talk import Pause, Resumed
from trunkline.ports.channel import Channel
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

WHILE_BUSY = timedelta(minutes=30)
"""So much later it is tried again with somebody who writes with us at the moment."""
LONGEST_PUT_OFF = timedelta(days=3)
"""So long after it was due a follow-up is about something that is forgotten, and does not begin any more."""

Planned = tuple[list[Interaction], list[JournalEntry]]


class FollowUps:
    """Plans them with what ends, and lets each begin or be dropped when its time has come."""

    def __init__(
        self, floor: Floor, store: Store, runs: Runs, channels: Mapping[str, Channel], within: Mapping[str, str]
    ) -> None:
        """`within` names the calendar of each channel that writes to people by day only."""
        self._floor = floor
        self._store = store
        self._runs = runs
        self._channels = channels
        self._within = within

    def planned(self, done: Interaction, disposition: str | None) -> Planned:
        """Return what follows an interaction that its agent is done with: it is written down with its end."""
        queue = self._floor.centre.queues.get(done.entry.queue) if done.entry is not None else None
        if done.follows is not None or done.work is Work.VOICEMAIL:
            # What is a follow-up itself would go round for ever; and who left a message was talked to by nobody.
            return [], []
        interactions, journal, at = list[Interaction](), list[JournalEntry](), self._floor.clock.now()
        for rule in follow_up.fitting(queue.follow_ups if queue is not None else (), disposition):
            planned = self._plan(done, rule, at)
            if planned is None:
                why = {"flow": rule.flow, "why": "no_address"}
                journal.append(JournalEntry(Happened.FOLLOW_UP_DROPPED, at, done.id, facts=why))
            elif planned.id not in self._floor.interactions:
                facts = {"of": done.id, "flow": rule.flow, "due_at": (at + rule.after).isoformat()}
                interactions.append(planned)
                journal.append(JournalEntry(Happened.FOLLOW_UP_PLANNED, at, planned.id, facts=facts))
        return interactions, journal

    async def come_due(self, planned: Interaction, *, in_touch: bool) -> Interaction | None:
        """Let a follow-up begin, and return it; None where it does not, or not now. Raises Unavailable.

        `in_touch`: the customer writes with us at the moment, in the same conversation.
        """
        follows, at = planned.follows, self._floor.clock.now()
        assert follows is not None  # noqa: S101 - whoever calls has seen it
        later = at + WHILE_BUSY if in_touch else self._opens(planned.dialled, at)
        if later is not None and later - follows.promised_at <= LONGEST_PUT_OFF:
            facts = {"why": "in_touch" if in_touch else "hours", "until": later.isoformat()}
            entry = JournalEntry(Happened.FOLLOW_UP_PUT_OFF, at, planned.id, facts=facts)
            await self._floor.commit(interactions=[follow_up.put_off(planned, later)], journal=[entry])
            return None
        why = "too_late" if later is not None else await self._why_not(planned, follows, at)
        moved = self._moved(planned, follows) if why is None else None
        if moved is None:
            entry = JournalEntry(Happened.FOLLOW_UP_DROPPED, at, planned.id, facts={"why": why or "no_flow"})
            await self._floor.commit(interactions=[follow_up.drop(planned, at=at)], journal=[entry])
            return None
        begun = follow_up.begin(planned, stored_with(moved.run, Standing(turn=1)), at=at)
        began = JournalEntry(Happened.FOLLOW_UP_BEGAN, at, planned.id, facts={"of": follows.of, "flow": follows.flow})
        await self._floor.commit(interactions=[begun], journal=[began, *steps_taken(planned.id, None, moved.run)])
        return begun

    # --- while it goes on ---

    async def ends(self, interaction: Interaction) -> str | None:
        """Return why a follow-up whose rest is over ends there, without another word; None where it goes on.

        To ask again somebody who said nothing is a nuisance, and who wants no more is not written to.
        Raises Unavailable.
        """
        moved = self._runs.go_on(interaction, Resumed())
        if moved is not None and not isinstance(moved.action, Pause):
            return "unanswered"
        consent = interaction.follows.consent if interaction.follows is not None else None
        return await self._unwanted(interaction.medium, interaction.address.raw, consent)

    def opens(self, interaction: Interaction) -> datetime | None:
        """Return when a follow-up may write again; None where that is now."""
        return self._opens(interaction.dialled, self._floor.clock.now())

    def _plan(self, done: Interaction, rule: FollowUp, at: datetime) -> Interaction | None:
        if rule.by == "same" and done.is_written:
            return follow_up.plan(
                done, rule, medium=done.medium, channel=done.dialled, address=done.address, thread=done.thread, at=at
            )
        medium = "email" if rule.by == "email" else "sms"
        channel = next((name for name, each in self._channels.items() if each.medium == medium), None)
        address = self._mail_address(done) if medium == "email" else self._number(done)
        if channel is None or address is None:
            return None
        # A mail begins a thread of its own; a number has one conversation.
        return follow_up.plan(
            done, rule, medium=medium, channel=channel, address=address, thread=None if medium == "email" else "",
            at=at,
        )  # fmt: skip

    def _addresses(self, done: Interaction) -> tuple[str, ...]:
        profile = self._floor.profiles.get(done.id)
        known = profile.customer.addresses if profile is not None and profile.customer is not None else ()
        return (done.address.raw, *known)

    def _number(self, done: Interaction) -> Address | None:
        number = done.address.e164 or next(
            (found for each in self._addresses(done) if (found := e164(each, self._floor.centre.region))), None
        )
        return Address(number, number) if number is not None else None

    def _mail_address(self, done: Interaction) -> Address | None:
        addresses = (each.strip().lower() for each in self._addresses(done))
        return next((Address(each) for each in addresses if is_mail_address(each)), None)

    def _opens(self, channel: str, at: datetime) -> datetime | None:
        """Return when a channel may write to somebody who did not write; None where that is now."""
        calendar = self._floor.centre.hours.get(self._within.get(channel, ""))
        opens = opens_after(calendar, at) if calendar is not None else None
        return opens if opens is not None and opens > at else None

    async def _why_not(self, planned: Interaction, follows: Follows, at: datetime) -> str | None:
        """Return what speaks against it; None for nothing."""
        medium, address = planned.medium, planned.address.raw
        if (why := await self._unwanted(medium, address, follows.consent)) is not None:
            return why
        if follows.at_most_every is not None and await self._store.followed_up_since(
            planned.dialled, address, follows.flow, since=at - follows.at_most_every
        ):
            return "asked_lately"
        return None if planned.dialled in self._channels else "no_channel"

    async def _unwanted(self, medium: str, address: str, consent: str | None) -> str | None:
        if (medium, address) in self._floor.opted_out:
            return "do_not_contact"
        if consent is not None and not await self._store.has_consented(medium, address, consent):
            return "no_consent"
        return None

    def _moved(self, planned: Interaction, follows: Follows) -> Moved | None:
        try:
            moved = self._runs.begin_follow_up(planned, follows.flow)
        except Misconfigured as fault:
            log.error("a follow-up cannot begin", extra={"interaction": planned.id, "why": str(fault)})
            return None
        if moved is None:
            log.error("a follow-up has no flow", extra={"interaction": planned.id, "flow": follows.flow})
        return moved
