"""Mails as the desk shows them, taken apart in a thread: a large one holds up nobody else."""

import asyncio

from trunkline.channels.email.mail import read_mail
from trunkline.channels.email.markup import safe_html
from trunkline.channels.email.rich import rich_html
from trunkline.ports.mails import MailPage, MailPart


class MailViewing:
    """MailViewer."""

    async def page(self, raw: bytes, *, remote: bool) -> MailPage:
        """Return a mail's HTML as it may be shown."""
        safe = await asyncio.to_thread(lambda: safe_html(read_mail(raw), remote=remote))
        return MailPage(safe.html, safe.remote)

    async def preview(self, text: str) -> MailPage:
        """Return what an agent writes as its HTML would be."""
        return MailPage(await asyncio.to_thread(rich_html, text), 0)

    async def part(self, raw: bytes, number: int) -> MailPart | None:
        """Return what is attached under a number."""
        mail = await asyncio.to_thread(read_mail, raw)
        part = next((each for each in mail.parts if each.number == number), None)
        return MailPart(part.name, part.type, part.data) if part is not None else None
