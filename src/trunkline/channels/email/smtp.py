"""Mails out: one SMTP conversation for each (RFC 5321), and what its answers mean for a message."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import aiosmtplib

from trunkline.channels.email.oauth import Tokens
from trunkline.core.errors import Unavailable
from trunkline.ports.channel import NotTaken, Refused

Security = Literal["tls", "starttls", "none"]
_CONNECT_WITHIN_S, _TAKEN_WITHIN_S = 15.0, 240.0
_GOODBYE_S = 2.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mail server is, and how it is spoken to."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Login:
    """As whom: by a password, or by tokens (OAuth 2)."""

    user: str
    password: str = ""
    tokens: Tokens | None = None


async def send_mail(raw: bytes, *, sender: str, recipients: Sequence[str], server: Server, login: Login | None) -> None:
    """Give a mail to a server; raises NotTaken, Refused, and Unavailable where the outcome is not known."""
    client = aiosmtplib.SMTP(
        hostname=server.host, port=server.port, use_tls=server.security == "tls",
        start_tls=server.security == "starttls", timeout=_TAKEN_WITHIN_S,
        tls_context=ssl.create_default_context() if server.security != "none" else None,
    )  # fmt: skip
    try:
        await _connected(client, login)
        await _given(client, raw, sender, recipients)
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=_GOODBYE_S)
    finally:
        client.close()


async def _connected(client: aiosmtplib.SMTP, login: Login | None) -> None:
    try:
        await client.connect(timeout=_CONNECT_WITHIN_S)
        if login is not None:
            if login.tokens is not None:
                await client.auth_xoauth2(login.user, await login.tokens.token())
            else:
                await client.login(login.user, login.password)
    except aiosmtplib.SMTPAuthenticationError as fault:
        if login is not None and login.tokens is not None:
            login.tokens.forget()
        raise NotTaken(f"the mail server does not let us in: {_words(fault)}") from fault
    except (aiosmtplib.SMTPException, OSError, Unavailable) as fault:
        raise NotTaken(f"the mail server cannot be reached: {_words(fault)}") from fault


async def _given(client: aiosmtplib.SMTP, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
    try:
        refused, _ = await client.sendmail(sender, list(recipients), raw)
    except aiosmtplib.SMTPRecipientsRefused as fault:
        worst = min(fault.recipients, key=lambda each: each.code // 100, default=None)
        raise _refusal(worst.code if worst else 550, "; ".join(map(_words, fault.recipients))) from fault
    except aiosmtplib.SMTPResponseException as fault:
        raise _refusal(fault.code, _words(fault)) from fault
    except (aiosmtplib.SMTPException, OSError) as fault:
        raise Unavailable(f"the mail server was lost in the middle of a mail: {_words(fault)}") from fault
    if recipients[0] in refused:
        raise Refused(f"{recipients[0]}: {refused[recipients[0]].message}")


def _refusal(code: int, why: str) -> NotTaken | Refused:
    """Return what an answer means: 4xx is for now, 5xx for ever (RFC 5321 section 4.2.1)."""
    return Refused(why) if code >= 500 else NotTaken(why)


def _words(fault: object) -> str:
    return " ".join(str(getattr(fault, "message", None) or fault or type(fault).__name__).split())[:300]
