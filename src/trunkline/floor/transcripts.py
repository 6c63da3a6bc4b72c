"""Sends a conversation by mail to whoever had it, and to nobody who has not: few, plain, and only once each."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from trunkline.core.ids import written_id_of
from trunkline.core.mail_address import is_mail_address
from trunkline.core.message import Message, Side
from trunkline.floor.outbox import Outbox
from trunkline.floor.state import Floor
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId
from trunkline.ports.store import Store
from trunkline.ports.transcripts import Asked
from trunkline.ports.transcripts import Transcripts as Kept

A_DAY = timedelta(days=1)
MOST_OF_ONE, MOST_TO_ONE, MOST_OF_ALL = 3, 3, 200
"""Within a day: of one visitor, to one address, and of one channel."""
MOST_MESSAGES = 500
_DOT = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    lead: str
    visitor: str
    automatic: str
    hidden: str


_WORDS: Mapping[str, _Words] = {
    "en": _Words(
        "Your conversation with {centre}",
        "You get this mail because somebody who talked with us on our site asked for it, and gave this address. If it "
        "was not you, you need do nothing: no more will come by itself. Web addresses that did not come from our "
        "people cannot be clicked.",
        "Visitor", "Automatic", "(hidden)",
    ),
    "es": _Words(
        "Su conversación con {centre}",
        "Recibe este correo porque alguien que habló con nosotros en nuestro sitio lo pidió y dio esta dirección. Si "
        "no fue usted, no tiene que hacer nada: no llegará nada más. Las direcciones web que no son de nuestro equipo "
        "no se pueden pulsar.",
        "Visitante", "Automático", "(oculto)",
    ),
}  # fmt: skip


class Transcripts:
    """The conversations of channels for which the channels file names a mailbox."""

    def __init__(self, floor: Floor, store: Store, kept: Kept, outbox: Outbox, mailboxes: Mapping[str, str]) -> None:
        """`mailboxes` names the email channel by which each channel's conversations are sent."""
        self._floor = floor
        self._store = store
        self._kept = kept
        self._outbox = outbox
        self._mailboxes = mailboxes
        self._one_at_a_time = asyncio.Lock()

    async def send(self, where: ConversationId, to: str, /, *, key: str, language: str) -> str | None:
        """Have somebody's latest conversation with an agent sent to an address; return why it is not, None where it is.

        That is `no_address`, `nothing` (no agent has written), `wants_nothing`, or `too_many`. What is asked for again
        under the same `key` is one mail. Raises Unavailable.
        """
        address = to.strip().lower()
        if not is_mail_address(address):
            return "no_address"
        if ("email", address) in self._floor.opted_out:
            return "wants_nothing"
        thread = _latest_with_an_agent(
            await self._store.thread(where.channel, where.address, at_most=MOST_MESSAGES)
        )  # fmt: skip
        if not thread:
            return "nothing"
        name = f"{where.channel}/{where.address}/{key}/transcript"
        mailbox, now = self._mailboxes[where.channel], self._floor.clock.now()
        asked = Asked(written_id_of(mailbox, name), where.channel, where.address, address, now)
        async with self._one_at_a_time:  # two at once would both be the last that is allowed
            counted = await self._kept.transcripts(asked, since=now - A_DAY)
            if counted.visitor >= MOST_OF_ONE or counted.address >= MOST_TO_ONE or counted.channel >= MOST_OF_ALL:
                return "too_many"
            await self._kept.keep_transcript(asked)
        words = _WORDS.get(language[:2].lower(), _WORDS["en"])
        text = self._written(thread, words)
        letters = self._outbox.letters(
            ConversationId(mailbox, address), Shown((text,), language), key=name,
            details={"subject": words.subject.format(centre=self._floor.centre.name)},
        )  # fmt: skip
        await self._outbox.send_once(letters)
        return None

    def _written(self, thread: Sequence[Message], words: _Words) -> str:
        zone = self._floor.centre.zone or UTC
        lines = [words.lead, "", f"{thread[0].at.astimezone(zone):%Y-%m-%d}, {self._floor.centre.name}", ""]
        for message in thread:
            by = {Side.CUSTOMER: words.visitor, Side.FLOW: words.automatic}.get(message.side) or self._name(message)
            said = words.hidden if message.hidden else message.text
            files = " ".join(f"[{file['name']}]" for file in message.details.get("files", ()))
            said = "\n".join(filter(None, (said, files)))
            # A flow may say again what a visitor wrote.
            shown = said if message.side is Side.AGENT else inert(said)
            indented = shown.replace("\n", "\n    ")
            lines.append(f"{message.at.astimezone(zone):%H:%M} {by}: {indented}")
        return "\n".join(lines)

    def _name(self, message: Message) -> str:
        agent = self._floor.centre.agents.get(message.agent) if message.agent is not None else None
        return agent.name if agent is not None else self._floor.centre.name


def inert(text: str) -> str:
    """Return a text in which mail programs find nothing to click: `shop.example` becomes `shop[.]example`.

    What would turn the direction of writing, or be seen by nobody, is gone.
    """
    plain = "".join(each if each.isprintable() or each == "\n" else " " for each in text)
    return _DOT.sub("[.]", plain.replace("://", "[:]//").replace("@", "[@]"))


def _latest_with_an_agent(thread: Sequence[Message]) -> Sequence[Message]:
    """Return the messages of the latest conversation in which an agent has written."""
    latest = next((each.interaction for each in reversed(thread) if each.side is Side.AGENT), None)
    return [each for each in thread if each.interaction == latest]
