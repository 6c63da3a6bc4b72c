"""Web services on loopback that do what they are told, byte by byte."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

Writes = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Book:
    """Names that lead where a test says: a list of answers for each name, the last one for ever."""

    leads: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answers = self.leads.get(host)
        if answers is None:
            raise OSError("nobody knows it")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    line: str
    headers: Mapping[str, str]
    body: bytes
    at: str
    """The address that was connected to."""


@dataclass
class FarEnd:
    """A web service: bytes for each path, or a function that writes them; look at `.asked`."""

    replies: dict[str, bytes | Writes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    greeting: bytes = b""
    """What it says before it is asked."""
    port: int = 0
    connected: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has left
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append(Asked(head[0], headers, body, writer.get_extra_info("sockname")[0]))
        reply = self.replies[head[0].split()[1].partition("?")[0]]
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(writer)


@asynccontextmanager
async def a_far_end(
    *, on: str = "127.0.0.1", tls: SSLContext | None = None, greeting: bytes = b"", **replies: bytes | Writes
) -> AsyncIterator[FarEnd]:
    """Serve until left; a reply's name is its path: `page=…` answers /page."""
    far_end = FarEnd({f"/{name}": reply for name, reply in replies.items()}, greeting=greeting)
    server = await asyncio.start_server(far_end.serve, on, 0, ssl=tls)
    far_end.port = server.sockets[0].getsockname()[1]
    try:
        yield far_end
    finally:
        server.close()


def a_reply(body: bytes = b"{}", status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer."""
    own = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in own.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def a_redirect(to: str, status: str = "302 Found") -> bytes:
    """Return one."""
    return a_reply(b"", status, Location=to)


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return a certificate for a name, signed by itself, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        ["openssl", "req", *made, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    return certificate, key
