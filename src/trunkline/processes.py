"""What runs on this machine, read from /proc: who holds a port, and whether a process is still the one we started.

A process id alone says nothing after a `kill -9`: the number may belong to somebody else by now. So a pid file of ours
keeps the start time with it (field 22 of /proc/<pid>/stat, proc_pid_stat(5)).
"""

import asyncio
import contextlib
import errno
import os
import pwd
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Self

Protocol = Literal["tcp", "udp"]

_NICENESS = -10
"""As sched(7) has it, -20 to 19: every process begins at 0."""


class _Child(subprocess.Popen[bytes]):
    """A child that may outlive us, which is no oversight: Popen would warn of it."""

    def __del__(self) -> None:
        """Leave it be."""


_NAME = re.compile(r"(?P<pid>\d{1,9})@\S* (?P<started>\d{1,20})/(?P<kernel>\S+)")

# Our own children by number, until their end has been taken note of; else they would stay as zombies.
_children: dict[int, _Child] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """One process, told from any later one with the same number by its start time (clock ticks since boot)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The living process with this number; None when there is none, or only its remains (a zombie)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return Process.of(self.pid) == self

    @property
    def name(self) -> str:
        """What names it on every machine: number and host for people, then what no other process ever had."""
        return f"{self.pid}@{socket.gethostname()} {self.started}/{_our_kernel()}"

    @property
    def command(self) -> str:
        """Its command line on one line, at most 120 characters."""
        try:
            raw = Path(f"/proc/{self.pid}/cmdline").read_bytes()
            name = Path(f"/proc/{self.pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return "?"
        words = raw.replace(b"\0", b" ").decode(errors="replace").split()
        return " ".join(words)[:120] if words else name

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal to this process, and to no other that has its number now."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)

    async def ended(self) -> None:
        """Return once it has ended; works for any process, ours or not."""
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(self.pid)
            try:
                await self._ended(descriptor)
            finally:
                os.close(descriptor)
        if (child := _children.pop(self.pid, None)) is not None:
            child.wait()

    async def _ended(self, descriptor: int) -> None:
        if not self.alive:
            return
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)

    @contextlib.asynccontextmanager
    async def brought_up(
        self, *, ask: signal.Signals = signal.SIGTERM, patience_s: float = 10.0
    ) -> AsyncIterator[None]:
        """Stop it when what is done within, its coming up, fails or is cancelled: nobody else would know of it."""
        try:
            yield
        except BaseException:
            await self.stop(ask=ask, patience_s=patience_s)
            raise

    async def stop(self, *, ask: signal.Signals = signal.SIGTERM, patience_s: float = 10.0) -> None:
        """Ask it to end, and kill it when it has not after `patience_s` seconds."""
        self.send(ask)
        try:
            async with asyncio.timeout(patience_s):
                await self.ended()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.ended()


def spawn(
    argv: Sequence[str | Path],
    *,
    out: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
) -> Process:
    """Start a process that outlives us, in a session of its own: a Ctrl-C in our terminal is not for it.

    `user` is the user and group number to run as, for which we must be root; `stdin` is a descriptor of what it reads.
    Raises OSError when it cannot be started.
    Where we may say so (as root), the machine serves it before all that is not ours: somebody is on the line.
    """
    # Not asyncio's: its transport kills the process when the loop is closed.
    child = _Child(
        [str(word) for word in argv],
        stdin=stdin,
        stdout=out,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=True,
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
    )
    _children[child.pid] = child
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
    # Our own child keeps its number until we take note of its end, so its start time can always be read.
    stat = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8", errors="replace")
    return Process(child.pid, int(stat.rpartition(")")[2].split()[19]))


def ourselves() -> Process:
    """The process that asks."""
    process = Process.of(os.getpid())
    assert process is not None  # noqa: S101 - who asks is alive
    return process


def is_known_dead(name: str) -> bool:
    """Whether `name` is that of a process of this machine, since its start, which lives no more."""
    match = _NAME.fullmatch(name)
    if match is None or match["kernel"] != _our_kernel():
        return False
    return not Process(int(match["pid"]), int(match["started"])).alive


def _our_kernel() -> str:
    """What machine this is since when, and which of its process numbers we see (those of a container are its own)."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"


def note(path: Path, process: Process) -> None:
    """Keep a process in a pid file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(f"{process.pid} {process.started}\n", encoding="utf-8")
    draft.replace(path)


def noted(path: Path) -> Process | None:
    """The process of a pid file, when it is still the one that was noted."""
    try:
        pid, started = (int(word) for word in path.read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return None
    process = Process(pid, started)
    return process if process.alive else None


def processes() -> Iterator[Process]:
    """Every living process that we may see."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (process := Process.of(int(entry.name))):
            yield process


def working_in(folder: Path) -> list[Process]:
    """The processes whose working directory is this folder."""
    found = []
    for process in processes():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process.pid}/cwd").readlink() == folder:
                found.append(process)
    return found


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a port: the process where we may know it, else the user."""

    process: Process | None
    user: str

    def __str__(self) -> str:
        if self.process is None:
            return f"a process of user {self.user}"
        return f"process {self.process.pid} of user {self.user} ({self.process.command})"


def port_is_free(host: str, port: int, protocol: Protocol) -> bool:
    """Whether we could listen there now; an address that is not of this machine counts as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as probe:
        if protocol == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def holder_of(port: int, protocol: Protocol) -> Holder | None:
    """Who listens on a port of this machine, on whatever address; None when nobody does."""
    for table in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            # 0A is LISTEN; a bound UDP socket is 07 or, once connected, 01.
            if int(fields[1].rpartition(":")[2], 16) == port and (protocol == "udp" or fields[3] == "0A"):
                return Holder(_owner_of_socket(fields[9]), _user_name(int(fields[7])))
    return None


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _owner_of_socket(inode: str) -> Process | None:
    target = f"socket:[{inode}]"
    for process in processes():
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor) == target:  # noqa: PTH115 - a socket's link is not a path
                        return process
    return None
