"""A flow hands a caller to a number outside: the switch calls it, and the flow goes on only where nobody takes it."""

import logging
from datetime import datetime
from functools import partial

from trunkline.core.errors import Misconfigured, Rejected
from trunkline.core.interaction import Interaction, Outcome, Stage, end
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.phone import e164
from trunkline.core.record import changed
from trunkline.floor.runs import Runs, run_of, steps_taken, stored
from trunkline.floor.state import Floor
from trunkline.flows.talk import Transfer, TransferFailed
from trunkline.ports.call_control import CallControl, CallTransferred, TransferEnded

log = logging.getLogger(__name__)


class Transfers:
    """Starts transfers, and makes true what came of them."""

    def __init__(self, floor: Floor, switch: CallControl, runs: Runs) -> None:
        self._floor = floor
        self._switch = switch
        self._runs = runs

    async def start(self, interaction: Interaction, want: Transfer) -> TransferFailed | None:
        """Have the number called; None: it rings there now, and the caller is out of our hands until it is decided."""
        number = e164(want.number, self._floor.centre.region)
        if number is None or not self._switch.may_call(number):
            why = "not a number" if number is None else "not allowed"
            log.warning("a transfer was refused", extra={"interaction": interaction.id, "why": why})
            return TransferFailed(why)
        assert interaction.call is not None  # noqa: S101 - a line is open to this very caller
        entry = JournalEntry(Happened.TRANSFER_STARTED, self._floor.clock.now(), interaction.id)
        transfer = partial(self._switch.transfer, interaction.call, number, ring_for=want.timeout)
        await self._floor.commit(journal=[entry], then=transfer)
        return None

    def taken(self, event: CallTransferred) -> None:
        """Somebody outside has the caller: what they say to each other is no matter of ours."""
        interaction = self._floor.of_call(event.call)
        if interaction is not None and interaction.stage is Stage.IN_FLOW:
            self.taken_outside(interaction, at=event.at)

    def taken_outside(self, interaction: Interaction, *, at: datetime) -> None:
        """Make true that a caller has been taken outside."""
        self._floor.commit(
            interactions=[end(interaction, Outcome.TRANSFERRED, at=at)],
            journal=[JournalEntry(Happened.TRANSFERRED, at, interaction.id)],
        )

    def ended(self, event: TransferEnded) -> None:
        """Nobody took it: the flow moves on now, and speaks when the line is open again, which follows."""
        interaction = self._floor.of_call(event.call)
        if interaction is None or interaction.stage is not Stage.IN_FLOW:
            return
        journal = [JournalEntry(Happened.TRANSFER_FAILED, event.at, interaction.id, facts={"why": event.why})]
        before = run_of(interaction)
        try:
            moved = self._runs.advance(interaction, TransferFailed(event.why))
        except (Misconfigured, Rejected) as fault:
            log.error("a caller cannot go on", extra={"interaction": interaction.id, "why": str(fault)})
            return
        if moved is not None:
            journal += steps_taken(interaction.id, before, moved.run)
            interaction = changed(interaction, run=stored(moved.run))
        self._floor.commit(interactions=[interaction], journal=journal)
