"""An IMAP server whose answers a test writes: it says what they ask for, in as many pieces as they ask for."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[str, str], list[str]]
"""Takes a tag and a command; returns what is sent, each piece by itself."""


class ImapPeer:
    """One connection at a time; `commands` is what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._wire: socket.socket | None = None
        self.port: int = self._listening.getsockname()[1]
        self.commands: list[str] = []
        self.idles = threading.Event()
        """Set while somebody waits to be told."""
        threading.Thread(target=self._serve, daemon=True).start()

    def says(self, text: str) -> None:
        """Say something unasked."""
        assert self._wire is not None
        self._wire.sendall(text.encode())

    def close(self) -> None:
        """End it."""
        self._listening.close()
        if self._wire is not None:
            self._wire.close()

    def _serve(self) -> None:
        with suppress(OSError):
            self._wire, _ = self._listening.accept()
            self.says("* OK here\r\n")
            tag = ""
            for line in self._wire.makefile("r", encoding="utf-8", newline="\r\n"):
                if line == "DONE\r\n":
                    self.idles.clear()
                    self.says(f"{tag} OK done\r\n")
                    continue
                tag, _, command = line.rstrip().partition(" ")
                self.commands.append(command)
                for piece in self._answer(tag, command):
                    self.says(piece)
                if command == "IDLE":
                    self.idles.set()


@contextmanager
def imap_peer(mailbox: Answer) -> Iterator[ImapPeer]:
    """Serve a mailbox: what it does not answer is answered as by one that is empty."""

    def answer(tag: str, command: str) -> list[str]:
        if given := mailbox(tag, command):
            return given
        if command.startswith("CAPABILITY"):
            return [f"* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n"]
        if command.startswith("SELECT"):
            return [
                "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 1] next\r\n",
                f"{tag} OK [READ-WRITE] done\r\n",
            ]
        if command == "IDLE":
            return ["+ idling\r\n"]
        return [f"{'* SEARCH' if 'SEARCH' in command else '* OK'}\r\n{tag} OK done\r\n"]

    peer = ImapPeer(answer)
    try:
        yield peer
    finally:
        peer.close()
