"""A mail server that takes mails on a port of ours, and misbehaves on order."""

import asyncio
from base64 import b64decode
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class SmtpPeer:
    """Look at `.mails`. `orders` is what the next conversations come to: an answer to the mail, or to a `rcpt `.

    `stranger` lets nobody in, `cut` closes before the mail is taken, `silent` takes it and closes without a word.
    """

    port: int = 0
    orders: deque[str] = field(default_factory=deque)
    logins: list[tuple[str, bytes]] = field(default_factory=list)
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        order = self.orders.popleft() if self.orders else ""
        try:
            await self._talk(reader, writer, order)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: str) -> None:
        sender, recipients = "", list[str]()
        writer.write(b"220 peer\r\n")
        while line := await reader.readline():
            command = line.decode().strip()
            word = command.upper()
            if word.startswith(("EHLO", "HELO")):
                writer.write(b"250-peer\r\n250 AUTH PLAIN XOAUTH2\r\n")
            elif word.startswith("AUTH "):
                _, mechanism, told = command.split(" ", 2)
                self.logins.append((mechanism.upper(), b64decode(told)))
                writer.write(b"535 no\r\n" if order == "stranger" else b"235 come in\r\n")
            elif word.startswith("MAIL FROM:"):
                sender = command[10:].split(">")[0].strip(" <")
                writer.write(b"250 good\r\n")
            elif word.startswith("RCPT TO:"):
                address = command[8:].split(">")[0].strip(" <")
                if order.startswith("rcpt ") and not recipients:
                    writer.write(f"{order.removeprefix('rcpt ')}\r\n".encode())
                    order = ""
                else:
                    recipients.append(address)
                    writer.write(b"250 good\r\n")
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                if order == "cut":
                    return
                if not order or order == "silent":
                    self.mails.append((sender, recipients, body[:-5] + b"\r\n"))
                if order == "silent":
                    return
                writer.write(f"{order or '250 taken'}\r\n".encode())
            elif word == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 good\r\n")


@asynccontextmanager
async def smtp_peer() -> AsyncIterator[SmtpPeer]:
    """Open it."""
    peer = SmtpPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await server.wait_closed()
