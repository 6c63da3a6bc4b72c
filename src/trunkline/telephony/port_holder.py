"""Who holds a port that we want: read from /proc, so that the message can name it."""

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trunkline.core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that Asterisk will listen on, and the option that moves it."""

    kind: Literal["tcp", "udp"]
    host: str
    port: int
    option: str


def refuse_taken(wanted: Sequence[Wanted]) -> None:
    """Raise Misconfigured naming each port that is taken, its holder, and the option that moves ours."""
    lines = [
        f"{want.kind.upper()} port {want.port} is taken by {holder(want.kind, want.port) or 'another user'}: "
        f"stop it, or move ours with TRUNKLINE_{want.option.upper()} (--{want.option.replace('_', '-')})"
        for want in wanted
        if _is_taken(want)
    ]
    if lines:
        raise Misconfigured("\n".join(lines))


def holder(kind: Literal["tcp", "udp"], port: int) -> str | None:
    """Return `name (pid n)` of the process that listens on a port, None when we may not see it."""
    inodes = {inode for table in (kind, f"{kind}6") for inode in _inodes(Path("/proc/net") / table, port, kind)}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text(encoding='utf-8').strip()} (pid {process.name})"
    return None


def _is_taken(want: Wanted) -> bool:
    family = socket.AF_INET6 if ":" in want.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if want.kind == "tcp" else socket.SOCK_DGRAM) as probe:
        if want.kind == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((want.host, want.port))
        except OSError:
            return True
    return False


def _inodes(table: Path, port: int, kind: str) -> list[str]:
    """The sockets of a /proc/net table that hold a port, as `/proc/<pid>/fd` names them (see proc(5))."""
    try:
        rows = [line.split() for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    except OSError:
        return []
    listening = "0A" if kind == "tcp" else "07"
    return [f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] == listening]
