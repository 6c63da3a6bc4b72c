"""A carrier at the far end of a trunk: it is always there, and knows the one telephone behind it, if there is one."""

import socket
import threading
from types import TracebackType

_READ = 65536


class Carrier:
    """Answers OPTIONS by itself, and passes all else on between the switch and a phone on the port after its own.

    What is said within a call goes past it: each side knows the other's Contact.
    """

    def __init__(self, port: int) -> None:
        self.port, self.phone_port = port, port + 1
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._switch: tuple[str, int] | None = None

    def __enter__(self) -> "Carrier":
        threading.Thread(target=self._carry, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _carry(self) -> None:
        try:
            while True:
                self._take(*self._socket.recvfrom(_READ))
        except OSError:
            return  # closed

    def _take(self, data: bytes, source: tuple[str, int]) -> None:
        if source[1] == self.phone_port:
            if self._switch is not None:
                self._socket.sendto(data, self._switch)
        elif data.startswith(b"OPTIONS "):
            self._socket.sendto(_ok(data), source)
        else:
            self._switch = source
            try:
                self._socket.sendto(data, ("127.0.0.1", self.phone_port))
            except ConnectionRefusedError:
                return


def _ok(options: bytes) -> bytes:
    """Return the 200 to a request: the headers that name it, as they came (RFC 3261 section 8.2.6)."""
    named = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
    lines = [line for line in options.split(b"\r\n") if line.lower().startswith(named)]
    lines = [line + b";tag=carrier" if line.lower().startswith(b"to:") else line for line in lines]
    return b"\r\n".join([b"SIP/2.0 200 OK", *lines, b"Content-Length: 0", b"", b""])
